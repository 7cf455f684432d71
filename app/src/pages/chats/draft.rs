//! What somebody is writing: kept by the browser until the server has it.

use colloquy_protocol::{
    id::{ChatId, MessageId},
    request::NewMessage,
};
use serde::{Deserialize, Serialize};

use crate::{
    api::{Attempt, RequestKey},
    tab_storage,
};

/// What is being written in a chat.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Draft {
    pub(super) text: String,
    /// The message that it answers.
    pub(super) reply_to: Option<MessageId>,
    attempt: Attempt<NewMessage>,
}

impl Draft {
    /// What the browser kept of this chat, in this tab.
    pub(super) fn kept(chat: &ChatId) -> Self {
        tab_storage::read(&place(chat)).unwrap_or_default()
    }

    /// Lets the browser keep it.
    pub(super) fn keep(&self, chat: &ChatId) {
        if *self == Self::default() {
            tab_storage::forget(&place(chat));
        } else {
            tab_storage::keep(&place(chat), self);
        }
    }

    /// The request that sends it: the same as before, if it is the same that was tried before.
    pub(super) fn request(&mut self) -> (NewMessage, RequestKey) {
        let message = NewMessage {
            content: self.text.clone(),
            reply_to: self.reply_to.clone(),
            ..NewMessage::default()
        };
        let key = self.attempt.key(&message);
        (message, key)
    }

    /// What is left of it once that was sent: what was written meanwhile.
    pub(super) fn without(mut self, sent: &NewMessage) -> Self {
        self.attempt.done();
        if let Some(rest) = self.text.strip_prefix(&sent.content) {
            self.text = rest.trim_start().to_owned();
        }
        if self.reply_to == sent.reply_to {
            self.reply_to = None;
        }
        self
    }
}

fn place(chat: &ChatId) -> String {
    format!("draft:{chat}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_meanwhile_stays() {
        let sent = NewMessage { content: "one".to_owned(), ..NewMessage::default() };
        let left =
            |text: &str| Draft { text: text.to_owned(), ..Draft::default() }.without(&sent).text;
        assert_eq!(left("one"), "");
        assert_eq!(left("one\ntwo"), "two");
        assert_eq!(left("another"), "another");
    }
}
