//! Limits on what clients send. Every field at fault is named, not only the first.

use colloquy_protocol::{model::Metadata, problem::FieldError};
use serde_json::Value;

use crate::error::{Error, Result};

/// The most participants that a chat may have.
pub(super) const MAX_PARTICIPANTS: usize = 1_000;

/// The most bytes that metadata and details may have as JSON.
const MAX_JSON_BYTES: usize = 64 * 1024;

/// Gathers what is wrong with a request.
#[derive(Debug, Default)]
pub(super) struct Check(Vec<FieldError>);

impl Check {
    /// Something is wrong with a field.
    pub(super) fn fail(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(FieldError::new(field, message));
    }

    /// A text that must be there: 1 to `most` characters.
    pub(super) fn text(&mut self, field: &str, text: &str, most: usize) {
        if text.is_empty() {
            self.fail(field, "must not be empty");
        } else {
            self.at_most(field, text, most);
        }
    }

    /// A text that may be empty, of at most `most` characters.
    pub(super) fn at_most(&mut self, field: &str, text: &str, most: usize) {
        if text.chars().count() > most {
            self.fail(field, format!("must have at most {most} characters"));
        }
    }

    /// An e-mail address.
    pub(super) fn email(&mut self, email: &str) {
        if let Some(fault) = fault_of_email(email) {
            self.fail("email", fault);
        }
    }

    /// What an agent says that it can do.
    pub(super) fn capabilities(&mut self, capabilities: &[String]) {
        if capabilities.len() > 100 {
            self.fail("capabilities", "must have at most 100 items");
        }
        for (index, capability) in capabilities.iter().enumerate() {
            self.text(&format!("capabilities[{index}]"), capability, 200);
        }
    }

    /// An entity's metadata.
    pub(super) fn metadata(&mut self, metadata: &Metadata) {
        self.json_size("metadata", serde_json::to_string(metadata));
    }

    /// A notification's details.
    pub(super) fn details(&mut self, details: &Value) {
        self.json_size("details", serde_json::to_string(details));
    }

    /// Nothing was wrong.
    ///
    /// # Errors
    /// [`Error::Invalid`] with everything that was.
    pub(super) fn done(self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Error::Invalid(self.0)) }
    }

    fn json_size(&mut self, field: &str, json: serde_json::Result<String>) {
        if json.is_ok_and(|json| json.len() > MAX_JSON_BYTES) {
            self.fail(field, format!("must have at most {MAX_JSON_BYTES} bytes as JSON"));
        }
    }
}

/// What is wrong with an e-mail address, which has something on both sides of its one `@`.
pub(crate) fn fault_of_email(email: &str) -> Option<&'static str> {
    let sides = email.split_once('@');
    let has_both = sides
        .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
    if !has_both || email.chars().any(|one| one.is_whitespace() || one.is_control()) {
        Some("must be an e-mail address, such as ada@example.org")
    } else if email.len() > 254 {
        Some("must have at most 254 bytes")
    } else {
        None
    }
}

/// Merges a patch into metadata (RFC 7396); `None` empties it.
pub(super) fn merge_metadata(into: &mut Metadata, patch: Option<Metadata>) {
    let mut merged = Value::Object(std::mem::take(into));
    if let Some(patch) = patch {
        json_patch::merge(&mut merged, &Value::Object(patch));
        if let Value::Object(merged) = merged {
            *into = merged;
        }
    }
}
