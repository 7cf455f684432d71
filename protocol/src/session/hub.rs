//! What the hub says, and what that means for the session.

use std::{sync::Arc, time::Duration};

use serde::de::DeserializeOwned;

use super::{
    Ended, Notice, RequestError, RequestId, Session,
    phase::{Link, Phase, Stage},
};
use crate::{
    PROTOCOL_VERSION,
    close::CloseCode,
    event::{ClientEvent, Ready, Started},
    frame::{EventFrame, Outcome, Reply, Welcome},
    position::{Offset, Position},
    topic::Topic,
};

impl Session {
    /// The first message of a connection: say what is wanted, then that we are ready, then again
    /// what the last connection left unanswered.
    pub(super) fn welcomed(&mut self, welcome: Welcome, now: Duration) {
        if !matches!(self.phase, Phase::Opening { .. }) {
            return;
        }
        if welcome.protocol != PROTOCOL_VERSION {
            self.close(CloseCode::Normal, now);
            self.end(Ended::OtherProtocol(welcome.protocol));
            return;
        }
        let ready = self.next_request();
        self.enter(Phase::Open(Link::new(welcome, ready, now)));
        for topic in self.subscriptions.topics().cloned().collect::<Vec<_>>() {
            self.ask(&topic);
        }
        let since = self.cursor.position().cloned().map(|since| Ready { since: Some(since) });
        self.send(ClientEvent::ClientReady(since), Some(ready));
        self.acknowledgements.begin_anew();
        self.send_acknowledgements();
    }

    pub(super) fn replied(&mut self, reply: Reply, now: Duration) {
        let Some(request) = reply.reply.as_u64().map(RequestId) else { return };
        let Phase::Open(link) = &mut self.phase else { return };
        link.answered(request, now);
        if matches!(link.stage, Stage::Starting { ready, .. } if ready == request) {
            match read::<Started>(reply.outcome) {
                Ok(started) => self.started(started, now),
                Err(RequestError::Refused(error)) if !error.retryable => {
                    self.notify(Notice::Error(error));
                    self.close(CloseCode::Normal, now);
                    self.end(Ended::ByHub(CloseCode::Unauthorised));
                }
                Err(error) => self.give_up(error, now),
            }
        } else if matches!(&reply.outcome, Outcome::Error(error) if error.retryable)
            && self.acknowledgements.refused(request, now)
        {
            // It goes again, when the pause is over.
        } else if let Some((message, what)) = self.acknowledgements.answered(request) {
            self.acknowledged(message, what, read(reply.outcome));
            self.send_acknowledgements();
        } else if let Some(topic) = self.subscriptions.waiting_for(request) {
            match read::<Started>(reply.outcome) {
                Ok(started) => self.subscribed(topic, started),
                Err(RequestError::Refused(error)) if !error.retryable => {
                    self.subscriptions.end(&topic);
                    self.notify(Notice::Unsubscribed { topic, reason: error.message });
                }
                Err(error) => self.give_up(error, now),
            }
        }
    }

    /// The answer to `client:ready`: from here on events come.
    fn started(&mut self, started: Started, now: Duration) {
        let recovered = started.recovered == Some(true);
        let position = Position { epoch: started.epoch, offset: started.offset };
        match self.cursor.position().map(|cursor| cursor.offset) {
            Some(from) if recovered && from < position.offset => {
                self.enter_stage(Stage::Recovering { to: position.offset, count: 0 });
            }
            Some(_) if recovered => self.recovered(0, now),
            lost => {
                self.cursor.restart(position.clone());
                self.enter_stage(Stage::Live { since: now });
                if lost.is_some() {
                    self.lost_at = None;
                    self.notify(Notice::Reload { topic: None, position: position.clone() });
                }
            }
        }
        for topic in self.subscriptions.answered() {
            self.in_force(topic, position.clone());
        }
    }

    /// The answer to a subscribe event. Before `client:ready` is answered it only says whether
    /// the topic will be replayed.
    fn subscribed(&mut self, topic: Topic, started: Started) {
        self.subscriptions.answer(&topic, started.recovered != Some(false));
        if self.phase.is_started() {
            self.in_force(topic, Position { epoch: started.epoch, offset: started.offset });
        }
    }

    fn in_force(&mut self, topic: Topic, position: Position) {
        let reload = self.subscriptions.in_force(&topic, position.offset);
        self.notify(Notice::Subscribed { topic: topic.clone(), position: position.clone() });
        if reload {
            self.notify(Notice::Reload { topic: Some(topic), position });
        }
    }

    /// Replayed events move the cursor only while they surely come in the order of the log.
    pub(super) fn event(&mut self, frame: EventFrame, now: Duration) {
        let Phase::Open(link) = &mut self.phase else { return };
        let EventFrame { offset, replay, .. } = frame;
        let moves_cursor = match link.stage {
            Stage::Starting { .. } => return,
            Stage::Recovering { .. } => link.in_order || !replay,
            Stage::Live { .. } => !replay,
        };
        if self.cursor.admit(offset) {
            if let Stage::Recovering { count, .. } = &mut link.stage {
                *count += u64::from(replay);
            }
            self.notify(Notice::Event(Arc::new(frame)));
        }
        if moves_cursor {
            self.reached(offset, now);
        }
        if !self.subscriptions.catching_up() {
            self.cursor.trim();
        }
    }

    /// Before `client:ready` is answered, a heartbeat says nothing about what was sent.
    pub(super) fn heartbeat(&mut self, offset: Offset, now: Duration) {
        if self.phase.is_started() {
            self.subscriptions.sent_up_to(offset);
            self.reached(offset, now);
            self.probe(now);
        }
    }

    /// Everything covered up to this offset came.
    fn reached(&mut self, offset: Offset, now: Duration) {
        self.cursor.advance(offset);
        if let Phase::Open(link) = &self.phase
            && let Stage::Recovering { to, count } = link.stage
            && offset >= to
        {
            self.recovered(count, now);
        }
    }

    fn recovered(&mut self, count: u64, now: Duration) {
        let gap = self.lost_at.take().map_or(Duration::ZERO, |lost| now.saturating_sub(lost));
        self.notify(Notice::Recovered { count, gap });
        self.enter_stage(Stage::Live { since: now });
    }

    /// The hub cannot serve this connection; another one may fare better.
    fn give_up(&mut self, error: RequestError, now: Duration) {
        self.notify(match error {
            RequestError::Refused(error) => Notice::Error(error),
            other => Notice::Unreadable(other.to_string()),
        });
        self.close(CloseCode::Normal, now);
        self.wait(now, Duration::ZERO);
    }
}

fn read<T: DeserializeOwned>(outcome: Outcome) -> Result<T, RequestError> {
    match outcome {
        Outcome::Ok(value) => serde_json::from_value(value)
            .map_err(|error| RequestError::Unreadable(error.to_string())),
        Outcome::Error(error) => Err(error.into()),
    }
}
