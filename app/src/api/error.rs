//! Why a request did not succeed.

use std::fmt::Write;

use serde::{Deserialize, Serialize};

/// Why a request did not succeed, in words that a page can show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum ApiError {
    /// The server refused, and said why.
    #[error("{0}")]
    Refused(Problem),
    /// No answer came.
    #[error("The server can not be reached. Is it running?")]
    Unreachable,
    /// An answer came that this page does not understand.
    #[error("The server gave an answer that this page does not understand: {0}")]
    Unexpected(String),
}

impl ApiError {
    /// Whether what was asked for does not exist.
    pub fn is_missing(&self) -> bool {
        self.status() == Some(404)
    }

    /// Whether whoever asked may not do that.
    pub fn is_forbidden(&self) -> bool {
        self.status() == Some(403)
    }

    /// Whether somebody else was faster: the version that was to be changed is no longer the last.
    pub fn is_conflict(&self) -> bool {
        self.status() == Some(412)
    }

    /// Whether the same request may succeed in a while.
    pub fn may_pass(&self) -> bool {
        *self == Self::Unreachable || matches!(self.status(), Some(429 | 502..=504))
    }

    /// What is wrong with that field, if it is at fault.
    pub fn of_field(&self, field: &str) -> Option<&str> {
        let Self::Refused(problem) = self else { return None };
        let error = problem.errors.iter().find(|error| error.field == field)?;
        Some(&error.message)
    }

    fn status(&self) -> Option<u16> {
        match self {
            Self::Refused(problem) => Some(problem.status),
            _ => None,
        }
    }
}

/// What the server says when it refuses: RFC 9457, `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// The kind of problem.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened this time.
    #[serde(default)]
    pub detail: Option<String>,
    /// Which fields are at fault.
    #[serde(default)]
    pub errors: Vec<FieldProblem>,
}

/// A field at fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldProblem {
    /// Its name.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.errors.is_empty() {
            return f.write_str(self.detail.as_deref().unwrap_or(&self.title));
        }
        // The detail says the same in the API's words.
        for (place, error) in self.errors.iter().enumerate() {
            f.write_str(if place == 0 { "" } else { "; " })?;
            in_words(&error.field, f)?;
            write!(f, ": {}", error.message)?;
        }
        Ok(())
    }
}

/// A field's name as people write it: `participantId` is "Participant id". Headers stay as they are.
fn in_words(field: &str, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    for (place, letter) in field.char_indices() {
        match letter {
            _ if place == 0 => f.write_char(letter.to_ascii_uppercase())?,
            'A'..='Z' if !field.contains('-') => write!(f, " {}", letter.to_ascii_lowercase())?,
            _ => f.write_char(letter)?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_each_field_once_and_in_words() {
        let problem = |errors: &[(&str, &str)]| {
            let error = |(field, message): &(&str, &str)| FieldProblem {
                field: (*field).to_owned(),
                message: (*message).to_owned(),
            };
            Problem {
                title: "Conflict".to_owned(),
                status: 409,
                detail: Some("participantId: is in the chat already".to_owned()),
                errors: errors.iter().map(error).collect(),
            }
        };
        let said = problem(&[("participantId", "is in the chat already")]).to_string();
        assert_eq!(said, "Participant id: is in the chat already");
        let said = problem(&[("name", "is empty"), ("If-Match", "is no list")]).to_string();
        assert_eq!(said, "Name: is empty; If-Match: is no list");
        assert_eq!(problem(&[]).to_string(), "participantId: is in the chat already");
    }
}
