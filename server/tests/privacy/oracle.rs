//! Who may see what, told in the simplest way: everything that happened, with who was where.

use std::collections::{BTreeMap, BTreeSet};

/// Somebody who takes part. An agent and a person may have the same id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Who {
    pub(crate) id: &'static str,
    pub(crate) is_agent: bool,
}

impl Who {
    pub(crate) const fn agent(id: &'static str) -> Self {
        Self { id, is_agent: true }
    }

    pub(crate) const fn person(id: &'static str) -> Self {
        Self { id, is_agent: false }
    }

    pub(crate) fn kind(self) -> &'static str {
        if self.is_agent { "agent" } else { "user" }
    }
}

/// A chat, from its creation on; one for each time that an id was used.
#[derive(Debug)]
pub(crate) struct Life {
    pub(crate) id: &'static str,
    pub(crate) is_private: bool,
    pub(crate) is_over: bool,
    /// Who is in it, or was when it was deleted, and which join of all that was.
    pub(crate) members: Vec<(Who, usize)>,
    /// The mark in its title.
    pub(crate) title: u64,
    pub(crate) messages: Vec<Message>,
}

#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) id: String,
    /// The mark in its content.
    pub(crate) mark: u64,
    /// Who has it, and whether they read it.
    pub(crate) receipts: BTreeMap<Who, bool>,
}

/// One row of the log.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) name: &'static str,
    pub(crate) topic: String,
    /// The chat it is about.
    pub(crate) life: Option<usize>,
    /// Who saw it when it happened; none: everybody.
    pub(crate) audience: Option<BTreeSet<Who>>,
    /// Who left a private chat with it.
    pub(crate) left: Option<Who>,
    /// Who joined a private chat with it.
    pub(crate) joined: Option<Who>,
    /// The marks in it.
    pub(crate) marks: Vec<u64>,
}

/// Everything that happened.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    pub(crate) agents: BTreeSet<&'static str>,
    pub(crate) lives: Vec<Life>,
    /// The event at offset 1 first.
    log: Vec<Event>,
    /// The chat that each mark belongs to.
    marks: Vec<usize>,
    joins: usize,
}

/// What somebody's connection is to be sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Sent {
    Event { offset: usize, replay: bool },
    Unsubscribed(String),
}

/// What a connection covers, and what it was sent.
#[derive(Debug, Default)]
pub(crate) struct Coverage {
    pub(crate) topics: BTreeSet<String>,
    sent: BTreeSet<usize>,
}

impl Oracle {
    pub(crate) fn head(&self) -> usize {
        self.log.len()
    }

    /// Whether somebody can act: agents come and go.
    pub(crate) fn is_there(&self, who: Who) -> bool {
        !who.is_agent || self.agents.contains(who.id)
    }

    /// The chat of that id that there is for somebody.
    pub(crate) fn chat(&self, id: &str, who: Who) -> Option<usize> {
        self.alive(id).filter(|life| self.is_in_or_open(*life, who))
    }

    /// The chat of that id.
    pub(crate) fn alive(&self, id: &str) -> Option<usize> {
        self.lives.iter().position(|life| life.id == id && !life.is_over)
    }

    /// The chats that there are for somebody.
    pub(crate) fn chats(&self, who: Who) -> impl Iterator<Item = &Life> {
        let seen =
            move |(index, life): &(usize, &Life)| !life.is_over && self.is_in_or_open(*index, who);
        self.lives.iter().enumerate().filter(seen).map(|(_, life)| life)
    }

    /// Whether a mark may reach somebody now, in anything but that they left.
    pub(crate) fn may_read(&self, mark: u64, who: Who) -> bool {
        let life = usize::try_from(mark).ok().and_then(|mark| self.marks.get(mark));
        life.is_some_and(|life| *life < self.lives.len() && self.is_in_or_open(*life, who))
    }

    /// Whether somebody sees a row of the log now.
    pub(crate) fn sees(&self, offset: usize, who: Who) -> bool {
        let event = self.event(offset);
        event.left == Some(who) || event.life.is_none_or(|life| self.is_in_or_open(life, who))
    }

    /// Whether somebody sees what an answer told of that is kept since that event.
    pub(crate) fn sees_answer(&self, offset: usize, who: Who) -> bool {
        self.event(offset).life.is_none_or(|life| self.is_in_or_open(life, who))
    }

    pub(crate) fn event(&self, offset: usize) -> &Event {
        &self.log[offset - 1]
    }

    /// The rows of the log that somebody sees now and that fit.
    pub(crate) fn events(&self, who: Who, fits: impl Fn(usize, &Event) -> bool) -> Vec<usize> {
        (1..=self.head())
            .filter(|offset| self.sees(*offset, who) && fits(*offset, self.event(*offset)))
            .collect()
    }

    /// A message of a chat that there is for somebody: the chat, and its place there.
    pub(crate) fn message(&self, id: &str, who: Who) -> Option<(usize, usize)> {
        let lives = (0..self.lives.len()).filter(|life| !self.lives[*life].is_over);
        lives.filter(|life| self.is_in_or_open(*life, who)).find_map(|life| {
            let place = self.lives[life].messages.iter().position(|one| one.id == id)?;
            Some((life, place))
        })
    }

    /// A new mark, of a chat that is about to begin or to go on.
    pub(crate) fn mark(&mut self, life: usize) -> u64 {
        self.marks.push(life);
        self.marks.len() as u64 - 1
    }

    /// What carried a mark was refused: nobody may ever see it.
    pub(crate) fn disown(&mut self, mark: u64) {
        if let Some(life) = usize::try_from(mark).ok().and_then(|mark| self.marks.get_mut(mark)) {
            *life = usize::MAX;
        }
    }

    pub(crate) fn agent_created(&mut self, id: &'static str) {
        self.agents.insert(id);
        self.happened_to_agent("agent:created", id);
    }

    /// An agent leaves its chats, in the order in which it joined, and is gone. Who gets its id
    /// later is another one; until [`Oracle::forget`] is called, it sees what it saw.
    pub(crate) fn agent_deleted(&mut self, id: &'static str) {
        self.agents.remove(id);
        let joined = |life: &Life| {
            let of = |(who, join): &(Who, usize)| (*who == Who::agent(id)).then_some(*join);
            (!life.is_over).then(|| life.members.iter().find_map(of)).flatten()
        };
        let mut its: Vec<(usize, usize)> = self
            .lives
            .iter()
            .enumerate()
            .filter_map(|(index, life)| Some((joined(life)?, index)))
            .collect();
        its.sort_unstable();
        for (_, life) in its {
            self.left(life, Who::agent(id));
        }
        self.happened_to_agent("agent:deleted", id);
    }

    /// What an agent saw is nobody's any more.
    pub(crate) fn forget(&mut self, id: &'static str) {
        for life in &mut self.lives {
            life.members.retain(|(who, _)| *who != Who::agent(id));
        }
        for event in &mut self.log {
            event.left = event.left.filter(|who| *who != Who::agent(id));
        }
    }

    pub(crate) fn created(&mut self, id: &'static str, is_private: bool, title: u64, who: &[Who]) {
        let members = who.iter().map(|who| (*who, self.next_join())).collect();
        let messages = Vec::new();
        self.lives.push(Life { id, is_private, is_over: false, members, title, messages });
        let life = self.lives.len() - 1;
        self.happened("chat:created", life, vec![title]);
    }

    pub(crate) fn updated(&mut self, life: usize, title: u64) {
        self.lives[life].title = title;
        self.happened("chat:updated", life, vec![title]);
    }

    pub(crate) fn deleted(&mut self, life: usize) {
        self.lives[life].is_over = true;
        self.happened("chat:deleted", life, Vec::new());
    }

    pub(crate) fn joined(&mut self, life: usize, who: Who) {
        let join = self.next_join();
        self.lives[life].members.push((who, join));
        self.happened("chat:participantJoined", life, vec![self.lives[life].title]);
        let is_private = self.lives[life].is_private;
        self.last().joined = is_private.then_some(who);
    }

    pub(crate) fn left(&mut self, life: usize, who: Who) {
        self.lives[life].members.retain(|(one, _)| *one != who);
        self.happened("chat:participantLeft", life, vec![self.lives[life].title]);
        let is_private = self.lives[life].is_private;
        let event = self.last();
        event.left = is_private.then_some(who);
        event.audience.iter_mut().for_each(|all| all.extend([who]));
        if is_private && self.lives[life].members.is_empty() {
            self.deleted(life);
        }
    }

    pub(crate) fn said(&mut self, life: usize, id: String, mark: u64) {
        self.lives[life].messages.push(Message { id, mark, receipts: BTreeMap::new() });
        self.happened("chat:messageCreated", life, vec![mark]);
    }

    /// Somebody received or read a message; nothing happens when that was known.
    pub(crate) fn acknowledged(&mut self, life: usize, place: usize, who: Who, read: bool) {
        let receipts = &mut self.lives[life].messages[place].receipts;
        let before = receipts.get(&who).copied();
        let now = read || before == Some(true);
        receipts.insert(who, now);
        if before != Some(now) {
            self.happened("chat:receiptUpdated", life, Vec::new());
        }
    }

    /// What a connection that is live is sent of what happened after that offset.
    pub(crate) fn live(&self, who: Who, coverage: &mut Coverage, after: usize) -> Vec<Sent> {
        let mut sent = Vec::new();
        for offset in after + 1..=self.head() {
            let event = self.event(offset);
            if event.joined == Some(who) {
                // All of the chat is new to who joins.
                coverage.sent.retain(|one| self.event(*one).life != event.life);
            }
            let audience = event.audience.as_ref();
            if coverage.covers(event) && audience.is_none_or(|all| all.contains(&who)) {
                coverage.sent.insert(offset);
                sent.push(Sent::Event { offset, replay: false });
            }
            if event.left == Some(who) && coverage.topics.remove(&event.topic) {
                sent.push(Sent::Unsubscribed(event.topic.clone()));
            }
        }
        sent
    }

    /// What a connection is sent that wants what came after that offset, of one topic or of all.
    pub(crate) fn replay(
        &self,
        who: Who,
        coverage: &mut Coverage,
        after: usize,
        topic: Option<&str>,
    ) -> Vec<Sent> {
        let wanted = |event: &Event| match topic {
            Some(topic) => covers(topic, event),
            None => coverage.covers(event),
        };
        let mut offsets = self.events(who, |offset, event| offset > after && wanted(event));
        offsets.retain(|offset| coverage.sent.insert(*offset));
        offsets.into_iter().map(|offset| Sent::Event { offset, replay: true }).collect()
    }

    fn is_in_or_open(&self, life: usize, who: Who) -> bool {
        let life = &self.lives[life];
        !life.is_private || life.members.iter().any(|(one, _)| *one == who)
    }

    fn next_join(&mut self) -> usize {
        self.joins += 1;
        self.joins
    }

    fn happened(&mut self, name: &'static str, life: usize, marks: Vec<u64>) {
        let chat = &self.lives[life];
        let audience = chat.is_private.then(|| chat.members.iter().map(|(who, _)| *who).collect());
        let topic = format!("chat:{}", chat.id);
        self.log.push(Event {
            name,
            topic,
            life: Some(life),
            audience,
            left: None,
            joined: None,
            marks,
        });
    }

    fn happened_to_agent(&mut self, name: &'static str, id: &str) {
        let topic = format!("agent:{id}");
        let (life, audience, left, joined, marks) = (None, None, None, None, Vec::new());
        self.log.push(Event { name, topic, life, audience, left, joined, marks });
    }

    fn last(&mut self) -> &mut Event {
        self.log.last_mut().unwrap()
    }
}

impl Coverage {
    fn covers(&self, event: &Event) -> bool {
        self.topics.iter().any(|topic| covers(topic, event))
    }
}

fn covers(topic: &str, event: &Event) -> bool {
    let all = topic.strip_suffix('*');
    topic == event.topic || all.is_some_and(|kind| event.topic.starts_with(kind))
}
