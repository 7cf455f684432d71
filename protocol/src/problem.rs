//! Why a REST request was not done.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// The body of every REST answer from 400 on: RFC 9457, `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[error("{status} {title}: {detail}")]
pub struct Problem {
    /// `about:blank`: the status says it all (RFC 9457, section 4.2.1).
    #[serde(rename = "type", default = "no_type")]
    #[cfg_attr(feature = "openapi", schema(required))]
    pub problem_type: Cow<'static, str>,
    /// The status in words.
    pub title: Cow<'static, str>,
    /// The status.
    #[cfg_attr(feature = "openapi", schema(minimum = 400, maximum = 599))]
    pub status: u16,
    /// What is wrong with this request, for people.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required))]
    pub detail: String,
    /// Which fields, parameters or headers are at fault, and why.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(required))]
    pub errors: Vec<FieldError>,
}

impl Problem {
    /// A problem with that status, its name in words and an explanation; no field is at fault.
    pub fn new(
        status: u16,
        title: impl Into<Cow<'static, str>>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            problem_type: no_type(),
            title: title.into(),
            status,
            detail: detail.into(),
            errors: Vec::new(),
        }
    }
}

fn no_type() -> Cow<'static, str> {
    "about:blank".into()
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[error("{field}: {message}")]
pub struct FieldError {
    /// Its path in the body (`participants[0].kind`), or the name of the parameter or header.
    pub field: String,
    /// What is wrong with it, for people.
    pub message: String,
}

impl FieldError {
    /// The field at fault, and what is wrong with it.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_title_and_status_are_needed() {
        let problem: Problem = serde_json::from_str(r#"{"title": "Gone", "status": 410}"#).unwrap();
        assert_eq!(problem, Problem::new(410, "Gone", ""));
    }

    #[test]
    fn a_field_at_fault_is_written_as_it_is_documented() {
        let problem = Problem {
            errors: vec![FieldError::new("name", "must not be blank")],
            ..Problem::new(422, "Unprocessable Entity", "name: must not be blank")
        };
        assert_eq!(
            serde_json::to_value(&problem).unwrap(),
            serde_json::json!({
                "type": "about:blank",
                "title": "Unprocessable Entity",
                "status": 422,
                "detail": "name: must not be blank",
                "errors": [{"field": "name", "message": "must not be blank"}],
            })
        );
    }
}
