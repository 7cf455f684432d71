//! What people typed of what is to happen.

use colloquy_protocol::{
    id::{InvalidId, Principal, PrincipalKind},
    request::NewParticipant,
    topic::{Kind, Topic},
};
use leptos::prelude::*;

use crate::{
    api::{
        acts::{Act, Ask},
        sentence,
    },
    session::{CurrentSession, use_session},
    stores::choices::{LiveChoices, name_of, of_kind},
};

/// What people typed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    session: CurrentSession,
    choices: LiveChoices,
    /// What it is about; none: a notification.
    pub(super) kind: RwSignal<Option<Kind>>,
    pub(super) agent: RwSignal<String>,
    pub(super) chat: RwSignal<String>,
    pub(super) collection: RwSignal<String>,
    pub(super) text: RwSignal<String>,
    pub(super) who: RwSignal<String>,
    /// What the fields named before anybody typed.
    offered: StoredValue<Vec<Topic>>,
    /// What was created here.
    created: StoredValue<Vec<Topic>>,
}

impl Form {
    /// Begins with the newest of each kind.
    pub(super) fn new(choices: LiveChoices) -> Self {
        let newest: Vec<_> =
            Kind::ALL.into_iter().filter_map(|kind| newest(choices, kind)).collect();
        let id_of = |kind: Kind| {
            let topic = newest.iter().find(|topic| topic.kind() == kind);
            RwSignal::new(topic.map(|topic| topic.id().to_owned()).unwrap_or_default())
        };
        Self {
            session: use_session(),
            choices,
            kind: RwSignal::new(Some(Kind::Agent)),
            agent: id_of(Kind::Agent),
            chat: id_of(Kind::Chat),
            collection: id_of(Kind::Collection),
            text: RwSignal::new(String::new()),
            who: RwSignal::new(String::new()),
            offered: StoredValue::new(newest),
            created: StoredValue::default(),
        }
    }

    /// What is asked for, in the words that were typed.
    pub(super) fn ask(self, act: Act) -> Result<Ask, String> {
        let invalid = |error: InvalidId| sentence(&error.to_string());
        let topic = match self.kind.get_untracked() {
            Some(kind) => match self.target(kind).get_untracked().trim() {
                "" if act.creates().is_none() => {
                    return Err(format!("Say which {}, or create one.", kind.as_str()));
                }
                "" => None,
                id => Some(Topic::of(kind, id).map_err(invalid)?),
            },
            None => None,
        };
        let participant = matches!(act, Act::Join | Act::Leave).then(|| self.participant());
        let text = self.typed();
        Ok(Ask { act, topic, text, participant: participant.transpose().map_err(invalid)? })
    }

    fn typed(self) -> String {
        self.text.with_untracked(|text| text.trim().to_owned())
    }

    /// Goes on with what was created; or, when that was deleted, with nothing: whatever else there is
    /// belongs to somebody. What was typed since stays.
    pub(super) fn follow(self, typed: &Ask, ask: &Ask) {
        if self.typed() == typed.text {
            self.text.set(String::new());
        }
        let Some(topic) = &ask.topic else { return };
        let target = self.target(topic.kind());
        if ask.act.creates().is_some() {
            target.set(topic.id().to_owned());
            self.created.update_value(|created| created.push(topic.clone()));
        } else if ask.act.deletes() {
            target.set(String::new());
            for known in [self.offered, self.created] {
                known.update_value(|topics| topics.retain(|one| one != topic));
            }
        }
    }

    /// Whether somebody typed the id of what does not exist yet.
    pub(super) fn is_new(self, topic: &Topic) -> bool {
        let is_in = |topics: StoredValue<Vec<Topic>>| topics.with_value(|all| all.contains(topic));
        let is_known = is_in(self.offered) || is_in(self.created);
        let is_one = !matches!(topic, Topic::All(_));
        is_one && !is_known && name_of(self.choices, topic).is_none()
    }

    /// Whether it deletes what was not created here.
    pub(super) fn takes_from_others(self, ask: &Ask) -> bool {
        let is_own = |topic: &Topic| self.created.with_value(|created| created.contains(topic));
        ask.act.deletes() && !ask.topic.as_ref().is_some_and(is_own)
    }

    fn target(self, kind: Kind) -> RwSignal<String> {
        match kind {
            Kind::Agent => self.agent,
            Kind::Chat => self.chat,
            Kind::Collection => self.collection,
        }
    }

    /// Whoever was named, an agent; or else the person at this page.
    fn participant(self) -> Result<NewParticipant, InvalidId> {
        let who = self.who.get_untracked();
        if !who.trim().is_empty() {
            let participant_id = who.trim().parse()?;
            return Ok(NewParticipant { participant_id, kind: PrincipalKind::Agent });
        }
        let me = self.session.principal().unwrap_or_else(Principal::local);
        Ok(NewParticipant { participant_id: me.id, kind: me.kind })
    }
}

/// The newest entity of that kind; none when there is none.
fn newest(choices: LiveChoices, kind: Kind) -> Option<Topic> {
    let newest = untrack(|| of_kind(choices, kind)).into_iter().next();
    newest.map(|choice| choice.topic)
}
