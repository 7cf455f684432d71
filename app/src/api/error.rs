//! Why a request did not succeed.

use colloquy_protocol::{
    problem::{FieldError, Problem},
    rest,
};
use serde::{Deserialize, Serialize};

/// Why a request did not succeed, in words that a page can show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum ApiError {
    /// The server refused and said why, or a proxy before it did not.
    #[error("{}", say(.0))]
    Refused(Problem),
    /// No answer came.
    #[error("The server cannot be reached. Is it running?")]
    Unreachable,
    /// Nobody waited for the answer any longer.
    #[error("The server, or the network, took too long to answer.")]
    Late,
    /// An answer came that this page does not understand.
    #[error("The server gave an answer that this page does not understand: {0}")]
    Unexpected(String),
}

impl ApiError {
    /// Whether what was asked for does not exist.
    pub fn is_missing(&self) -> bool {
        self.status() == Some(404)
    }

    /// Whether whoever asked is not known: the session has ended.
    pub fn is_unauthenticated(&self) -> bool {
        self.status() == Some(401)
    }

    /// Whether whoever asked may not do that.
    pub fn is_forbidden(&self) -> bool {
        self.status() == Some(403)
    }

    /// Whether somebody else was faster: the version that was to be changed is no longer the last.
    pub fn is_conflict(&self) -> bool {
        self.status() == Some(412)
    }

    /// Whether what was sent was understood, and is not acceptable.
    pub fn is_invalid(&self) -> bool {
        self.status() == Some(422)
    }

    /// Whether the same request may succeed in a while.
    pub fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable | Self::Late => true,
            Self::Refused(problem) => rest::may_pass(problem.status),
            Self::Unexpected(_) => false,
        }
    }

    fn status(&self) -> Option<u16> {
        match self {
            Self::Refused(problem) => Some(problem.status),
            _ => None,
        }
    }
}

/// What the server says, as a page says it: other programs read it in the middle of a sentence.
pub(crate) fn sentence(words: &str) -> String {
    let mut sentence = words.to_owned();
    if let Some(first) = sentence.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    if !sentence.ends_with(['.', '?', '!']) {
        sentence.push('.');
    }
    sentence
}

/// A refusal as a page says it.
fn say(problem: &Problem) -> String {
    if problem.errors.is_empty() {
        let Problem { title, detail, .. } = problem;
        return sentence(if detail.is_empty() { title.as_ref() } else { detail });
    }
    // The detail says the same in the API's words.
    sentence(&problem.errors.iter().map(say_of_field).collect::<Vec<_>>().join("; "))
}

/// What is wrong with a field: most messages go on where its name ends.
fn say_of_field(FieldError { field, message }: &FieldError) -> String {
    let goes_on = ["is ", "has ", "must "].iter().any(|verb| message.starts_with(verb));
    let colon = if goes_on { "" } else { ":" };
    format!("{}{colon} {message}", in_words(field))
}

/// A field's name as people write it: `replyTo` is "Reply to", and `participantId`, which names a
/// participant, "Participant". Headers stay as they are.
fn in_words(field: &str) -> String {
    let field = field.strip_suffix("Id").unwrap_or(field);
    let is_header = field.contains('-');
    let mut words = String::with_capacity(field.len());
    for (place, letter) in field.char_indices() {
        match letter {
            _ if place == 0 => words.push(letter.to_ascii_uppercase()),
            'A'..='Z' if !is_header => words.extend([' ', letter.to_ascii_lowercase()]),
            _ => words.push(letter),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_each_field_once_and_in_words() {
        let said = |errors: &[(&str, &str)]| {
            let error = |(field, message): &(&str, &str)| FieldError::new(*field, *message);
            let detail = "no chat has the id \"plan\"";
            let errors = errors.iter().map(error).collect();
            let problem = Problem { errors, ..Problem::new(409, "Conflict", detail) };
            ApiError::Refused(problem).to_string()
        };
        let taken = said(&[("participantId", "is in the chat already")]);
        assert_eq!(taken, "Participant is in the chat already.");
        let other = said(&[("id", "there is another agent with this id")]);
        assert_eq!(other, "Id: there is another agent with this id.");
        let both = said(&[("replyTo", "is empty"), ("If-Match", "is no list")]);
        assert_eq!(both, "Reply to is empty; If-Match is no list.");
        assert_eq!(said(&[]), "No chat has the id \"plan\".");
        let untold = ApiError::Refused(Problem::new(502, "Bad Gateway", ""));
        assert_eq!(untold.to_string(), "Bad Gateway.");
    }

    #[test]
    fn what_the_server_says_is_a_sentence() {
        assert_eq!(sentence("must not be empty"), "Must not be empty.");
        assert_eq!(sentence("Is it running?"), "Is it running?");
        assert_eq!(sentence("ähnlich"), "ähnlich.");
    }
}
