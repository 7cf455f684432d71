//! A part of a chat, as it is read: messages that follow each other, and who has them.
//!
//! A chat may be longer than a page can hold. What is held is a window: it grows where somebody
//! reads and shrinks at the other end, so that it never has more than [`CAPACITY`] messages.
//!
//! Of a list of chats, [`follow_list`] is all that there is.

use std::{
    collections::{BTreeSet, HashMap, HashSet, VecDeque},
    sync::Arc,
};

use colloquy_protocol::{
    event::{
        ServerEvent, ServerEventKind,
        server::{ChatMessageCreated, ChatReceiptUpdated},
    },
    frame::EventFrame,
    id::{MessageId, Principal, PrincipalId, PrincipalKind},
    model::{Chat, Message, Page, Participant, Receipt},
    topic::{Kind, Topic},
};

use super::live::Outcome;
use crate::api::messages::Part;

/// The most messages that are held at a time.
pub const CAPACITY: usize = 400;

/// A chat with a window of its messages.
#[derive(Debug, Clone)]
pub struct Conversation {
    chat: Chat,
    /// Who reads it.
    me: Option<Principal>,
    is_deleted: bool,
    /// The oldest first.
    messages: VecDeque<Arc<Message>>,
    receipts: HashMap<MessageId, Vec<Receipt>>,
    /// Whether there are messages before the window.
    has_older: bool,
    /// Whether there are messages after the window.
    has_newer: bool,
    /// Whether the end of the chat is being read.
    at_end: bool,
    /// How many messages came since the end was last read.
    unseen: usize,
    /// While a part is being read: what came in between.
    meanwhile: Option<Meanwhile>,
}

#[derive(Debug, Clone, Default)]
struct Meanwhile {
    messages: Vec<Arc<Message>>,
    receipts: Vec<Receipt>,
}

/// At which end of the window messages are added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Before the oldest that is held.
    Older,
    /// After the newest that is held.
    Newer,
}

impl Conversation {
    /// The newest messages of a chat, and their end being read.
    pub fn new((chat, part): (Chat, Part), me: Option<Principal>) -> Self {
        let mut conversation = Self {
            chat,
            me,
            is_deleted: false,
            messages: part.messages.into_iter().map(Arc::new).collect(),
            receipts: HashMap::new(),
            has_older: part.more,
            has_newer: false,
            at_end: true,
            unseen: 0,
            meanwhile: None,
        };
        conversation.add_receipts(part.receipts);
        conversation
    }

    /// The chat as it is now, or as it was last.
    pub fn chat(&self) -> &Chat {
        &self.chat
    }

    /// The chat was changed, by a request of this page: the event that says the same is on its way.
    pub fn changed(&mut self, chat: Chat) {
        if chat.version > self.chat.version {
            self.chat = chat;
        }
    }

    /// This was said, by a request of this page. Its event may be there already, is on its way, or does
    /// not come while there is no connection. Where newer messages are not held, there is no place for it.
    pub fn sent(&mut self, message: Message) {
        if !self.has_newer {
            self.arrives(Arc::new(message));
        }
    }

    /// Somebody joined, by a request of this page, of which the same holds.
    pub fn joined(&mut self, who: Participant) {
        let is_it = |one: &Participant| one.participant_id == who.participant_id;
        if !self.chat.participants.iter().any(is_it) {
            self.chat.participants.push(who);
        }
    }

    /// Somebody left, by a request of this page, of which the same holds.
    pub fn left(&mut self, who: &PrincipalId) {
        self.chat.participants.retain(|one| one.participant_id != *who);
        self.is_deleted |= !self.is_seen();
    }

    /// Whether it does not exist any more for who reads it: it was deleted meanwhile, or it is
    /// private and they left it.
    pub fn is_deleted(&self) -> bool {
        self.is_deleted
    }

    /// Whether the chat, as it was last, exists for who reads it: others do not see a private one.
    pub fn is_seen(&self) -> bool {
        self.sees(&self.chat)
    }

    /// What is held, the oldest first.
    pub fn messages(&self) -> impl DoubleEndedIterator<Item = &Arc<Message>> {
        self.messages.iter()
    }

    /// A message, if it is held.
    pub fn message(&self, id: &MessageId) -> Option<&Arc<Message>> {
        // What is asked for is mostly among the newest.
        self.messages.iter().rev().find(|message| message.id == *id)
    }

    /// Who has a message, in the order in which they received it.
    pub fn receipts(&self, id: &MessageId) -> &[Receipt] {
        self.receipts.get(id).map_or(&[], Vec::as_slice)
    }

    /// Somebody's receipt of a message. An agent and a person may have the same id.
    pub fn receipt(&self, id: &MessageId, of: &Principal) -> Option<&Receipt> {
        let is_theirs =
            |receipt: &&Receipt| receipt.principal_kind == of.kind && receipt.principal_id == of.id;
        self.receipts(id).iter().find(is_theirs)
    }

    /// Whether there are more messages at that end of the window.
    pub fn has_more(&self, end: End) -> bool {
        match end {
            End::Older => self.has_older,
            End::Newer => self.has_newer,
        }
    }

    /// Whether the end of the chat is being read.
    pub fn is_at_end(&self) -> bool {
        self.at_end && !self.has_newer
    }

    /// How many messages came since the end of the chat was last read.
    pub fn unseen(&self) -> usize {
        self.unseen
    }

    /// Says whether the end of the window is being read.
    pub fn reads_end(&mut self, at_end: bool) {
        self.at_end = at_end;
        if self.is_at_end() {
            self.unseen = 0;
        }
    }

    /// A part is being read: what comes from here on is kept for it.
    pub fn begins_part(&mut self) {
        self.meanwhile = Some(Meanwhile::default());
    }

    /// No part is being read any more.
    pub fn ends_part(&mut self) {
        self.meanwhile = None;
    }

    /// The message at that end of the window.
    pub fn edge(&self, end: End) -> Option<&MessageId> {
        let message = match end {
            End::Older => self.messages.front(),
            End::Newer => self.messages.back(),
        };
        message.map(|message| &message.id)
    }

    /// Adds a part that was read from an edge on, and what came meanwhile; nothing when the edge
    /// has moved since.
    pub fn add(&mut self, end: End, edge: &MessageId, part: Part) {
        let meanwhile = self.meanwhile.take().unwrap_or_default();
        if self.edge(end) != Some(edge) {
            return;
        }
        self.add_receipts(part.receipts);
        self.add_receipts(meanwhile.receipts);
        let messages = part.messages.into_iter().map(Arc::new);
        match end {
            End::Older => {
                self.has_older = part.more;
                messages.rev().for_each(|message| self.messages.push_front(message));
                while self.messages.len() > CAPACITY {
                    self.messages.pop_back();
                    self.has_newer = true;
                }
            }
            End::Newer => {
                self.has_newer = part.more;
                self.messages.extend(messages);
                meanwhile.messages.into_iter().for_each(|message| self.push(message));
                self.drop_oldest();
            }
        }
        self.forget_receipts();
        self.reads_end(self.at_end);
    }

    /// Brings everything up to date with one event.
    pub fn follow(&mut self, frame: &EventFrame) -> Outcome {
        use ServerEvent as Event;
        if frame.topic() != Some(Topic::Chat(self.chat.id.clone())) {
            return Outcome::None;
        }
        let Ok(event) = frame.event() else { return Outcome::Stale };
        match event {
            // Its id is used again: it is another chat, with other messages.
            Event::ChatCreated(_) => return Outcome::Stale,
            Event::ChatUpdated(p) => self.chat = p.chat,
            Event::ChatParticipantJoined(p) | Event::ChatParticipantLeft(p) => {
                // Who left a private chat reads no more of it, and afresh once they are in it again.
                let is_seen = self.sees(&p.chat);
                if self.is_deleted && is_seen {
                    return Outcome::Stale;
                }
                self.is_deleted = !is_seen;
                self.chat = p.chat;
            }
            Event::ChatDeleted(_) => self.is_deleted = true,
            Event::ChatMessageCreated(p) => self.arrives(Arc::new(p.message)),
            Event::ChatReceiptUpdated(p) => self.is_had(p.receipt),
            _ => return Outcome::None,
        }
        Outcome::Changed
    }

    fn sees(&self, chat: &Chat) -> bool {
        self.me.as_ref().is_some_and(|me| chat.is_visible_to(me))
    }

    fn arrives(&mut self, message: Arc<Message>) {
        if self.message(&message.id).is_some() {
            return;
        }
        if let Some(meanwhile) = &mut self.meanwhile {
            meanwhile.messages.push(message.clone());
        }
        if !self.is_at_end() {
            self.unseen += 1;
            // Where somebody reads, nothing is taken away.
            self.has_newer |= self.messages.len() >= CAPACITY;
        }
        self.push(message);
        if self.is_at_end() {
            self.drop_oldest();
            self.forget_receipts();
        }
    }

    /// Adds the message that comes next, if it does come next and is not there. What this page said
    /// later stays after it: without a connection that is there before the events of others.
    fn push(&mut self, message: Arc<Message>) {
        if !self.has_newer && self.message(&message.id).is_none() {
            let is_later = |one: &&Arc<Message>| one.created_at > message.created_at;
            let later = self.messages.iter().rev().take_while(is_later).count();
            self.messages.insert(self.messages.len() - later, message);
        }
    }

    fn is_had(&mut self, receipt: Receipt) {
        if let Some(meanwhile) = &mut self.meanwhile {
            meanwhile.receipts.push(receipt.clone());
        }
        if self.message(&receipt.message_id).is_some() {
            self.add_receipts([receipt]);
        }
    }

    /// Adds receipts; one that is known already never goes back.
    fn add_receipts(&mut self, receipts: impl IntoIterator<Item = Receipt>) {
        for receipt in receipts {
            let known = self.receipts.entry(receipt.message_id.clone()).or_default();
            let is_it = |one: &&mut Receipt| {
                one.principal_kind == receipt.principal_kind
                    && one.principal_id == receipt.principal_id
            };
            match known.iter_mut().find(is_it) {
                Some(one) if one.read_at.is_none() => *one = receipt,
                Some(_) => {}
                None => known.push(receipt),
            }
        }
    }

    fn drop_oldest(&mut self) {
        while self.messages.len() > CAPACITY {
            self.messages.pop_front();
            self.has_older = true;
        }
    }

    /// Forgets the receipts of messages that are not held, now and then.
    fn forget_receipts(&mut self) {
        if self.receipts.len() > 2 * self.messages.len() {
            let held: HashSet<_> = self.messages.iter().map(|message| &message.id).collect();
            self.receipts.retain(|id, _| held.contains(id));
        }
    }
}

/// The agents that are in a chat, and those that wrote these messages of it or have them.
pub fn agents_in(chat: &Chat, part: &Part) -> BTreeSet<PrincipalId> {
    let inside = chat.participants.iter().map(|one| (&one.participant_id, one.kind));
    let authors = part.messages.iter().map(|message| (&message.sender_id, message.sender_kind));
    let readers = part.receipts.iter().map(|one| (&one.principal_id, one.principal_kind));
    let everybody = inside.chain(authors).chain(readers);
    everybody.filter(|(_, kind)| *kind == PrincipalKind::Agent).map(|(id, _)| id.clone()).collect()
}

/// Brings a list of chats up to date with one event: a message changes nothing in it; which chats fit,
/// and in which order, only the server knows.
pub fn follow_list(_: &mut Page<Chat>, frame: &EventFrame) -> Outcome {
    let is_in_chat = [ChatMessageCreated::NAME, ChatReceiptUpdated::NAME].contains(&frame.name);
    if frame.kind() == Some(Kind::Chat) && !is_in_chat { Outcome::Stale } else { Outcome::None }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const AT: &str = "2026-01-01T00:00:00.000Z";

    fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
        serde_json::from_value(value).unwrap()
    }

    fn message(number: usize) -> Message {
        read(json!({
            "id": format!("m{number}"), "chatId": "c", "senderId": "ada", "senderKind": "agent",
            "content": "", "replyTo": null, "createdAt": AT,
        }))
    }

    fn receipt(number: usize, read_at: Option<&str>) -> Receipt {
        read(json!({
            "messageId": format!("m{number}"), "principalId": "bob", "principalKind": "agent",
            "receivedAt": AT, "readAt": read_at,
        }))
    }

    fn part(numbers: std::ops::Range<usize>, more: bool) -> Part {
        Part { messages: numbers.map(message).collect(), more, receipts: Vec::new() }
    }

    fn conversation(numbers: std::ops::Range<usize>) -> Conversation {
        let more = numbers.start > 0;
        Conversation::new((read(chat()), part(numbers, more)), Some(Principal::local()))
    }

    fn chat() -> Value {
        json!({
            "id": "c", "title": "C", "participants": [], "metadata": {},
            "createdAt": AT, "updatedAt": AT, "version": 1,
        })
    }

    fn arrive(held: &mut Conversation, number: usize) {
        let text = json!({
            "event": "chat:messageCreated", "offset": number,
            "payload": {
                "chatId": "c", "messageId": format!("m{number}"), "message": message(number),
                "userId": "ada", "timestamp": AT,
            },
        });
        held.follow(&read(text));
    }

    fn numbers(held: &Conversation) -> Vec<usize> {
        held.messages().map(|message| message.id.as_str()[1..].parse().unwrap()).collect()
    }

    #[test]
    fn at_the_end_the_oldest_make_room() {
        let mut held = conversation(0..CAPACITY);
        arrive(&mut held, CAPACITY);
        arrive(&mut held, CAPACITY);

        assert_eq!(numbers(&held), (1..=CAPACITY).collect::<Vec<_>>());
        assert!(held.has_more(End::Older) && held.is_at_end());
        assert_eq!(held.unseen(), 0);
    }

    #[test]
    fn who_reads_further_up_keeps_what_is_read() {
        let mut held = conversation(10..CAPACITY);
        held.reads_end(false);
        held.add(End::Older, &message(10).id, part(0..10, false));
        arrive(&mut held, CAPACITY);
        arrive(&mut held, CAPACITY + 1);

        assert_eq!(numbers(&held), (0..CAPACITY).collect::<Vec<_>>());
        assert!(held.has_more(End::Newer) && !held.has_more(End::Older));
        assert_eq!(held.unseen(), 2);
    }

    #[test]
    fn newer_ones_are_added_with_what_came_meanwhile() {
        let mut held = conversation(0..CAPACITY);
        held.reads_end(false);
        arrive(&mut held, CAPACITY);
        held.reads_end(true);
        assert!(!held.is_at_end());

        held.begins_part();
        arrive(&mut held, CAPACITY + 1);
        let edge = held.edge(End::Newer).cloned().unwrap();
        held.add(End::Newer, &edge, part(CAPACITY..CAPACITY + 1, false));

        assert_eq!(numbers(&held), (2..=CAPACITY + 1).collect::<Vec<_>>());
        assert!(held.is_at_end());
    }

    #[test]
    fn what_this_page_said_is_there_once_and_in_its_place() {
        let at = |number: usize| Message {
            created_at: format!("2026-01-01T00:00:00.{number:03}Z").parse().unwrap(),
            ..message(number)
        };
        let mut held = conversation(0..2);
        held.sent(at(9));
        held.sent(at(9));
        assert_eq!(numbers(&held), [0, 1, 9]);
        // What others said before it comes once there is a connection, and its own event, too.
        for number in [7, 8, 9, 10] {
            held.arrives(Arc::new(at(number)));
        }
        assert_eq!(numbers(&held), [0, 1, 7, 8, 9, 10]);
        assert_eq!(held.unseen(), 0);

        let mut elsewhere = conversation(0..CAPACITY);
        elsewhere.reads_end(false);
        arrive(&mut elsewhere, CAPACITY);
        elsewhere.sent(message(CAPACITY + 1));
        assert_eq!((elsewhere.unseen(), numbers(&elsewhere).len()), (1, CAPACITY));
    }

    #[test]
    fn who_this_page_let_in_is_there_once_and_goes() {
        let who: Participant =
            read(json!({ "participantId": "bob", "kind": "agent", "joinedAt": AT }));
        let mut held = conversation(0..1);
        held.joined(who.clone());
        held.joined(who.clone());
        assert_eq!(held.chat().participants, std::slice::from_ref(&who));
        held.left(&who.participant_id);
        assert!(held.chat().participants.is_empty() && !held.is_deleted());
    }

    #[test]
    fn a_part_of_what_is_no_longer_held_is_left_out() {
        let mut held = conversation(50..100);
        held.add(End::Older, &message(40).id, part(30..40, true));
        assert_eq!(numbers(&held), (50..100).collect::<Vec<_>>());
    }

    #[test]
    fn who_leaves_a_private_chat_reads_it_afresh_after_joining_again() {
        let mut held = conversation(0..2);
        let turn = |name: &str, participants: Value| -> EventFrame {
            let chat = json!({
                "id": "c", "title": "C", "visibility": "participants",
                "participants": participants, "metadata": {}, "createdAt": AT, "updatedAt": AT,
                "version": 5,
            });
            read(json!({
                "event": name, "offset": 5,
                "payload": {
                    "chatId": "c", "participantId": "local", "chat": chat, "userId": "ada",
                    "timestamp": AT,
                },
            }))
        };
        let left = turn("chat:participantLeft", json!([]));
        assert_eq!(held.follow(&left), Outcome::Changed);
        assert!(held.is_deleted());
        let me = json!({ "participantId": "local", "kind": "user", "joinedAt": AT });
        let joined = turn("chat:participantJoined", json!([me]));
        assert_eq!(held.follow(&joined), Outcome::Stale);
    }

    #[test]
    fn a_chat_whose_id_is_used_again_is_read_afresh() {
        let mut held = conversation(0..2);
        let turn = |name: &str| -> EventFrame {
            read(json!({
                "event": name, "offset": 5,
                "payload": { "chatId": "c", "chat": chat(), "userId": "ada", "timestamp": AT },
            }))
        };
        assert_eq!(held.follow(&turn("chat:deleted")), Outcome::Changed);
        assert!(held.is_deleted());
        assert_eq!(held.follow(&turn("chat:created")), Outcome::Stale);
        assert_eq!(held.follow(&turn("chat:updated")), Outcome::Changed);
    }

    #[test]
    fn a_receipt_never_goes_back() {
        let mut held = conversation(0..2);
        held.add_receipts([receipt(1, None)]);
        held.add_receipts([receipt(1, Some(AT))]);
        held.add_receipts([receipt(1, None)]);
        assert_eq!(held.receipts(&message(1).id), [receipt(1, Some(AT))]);
    }
}
