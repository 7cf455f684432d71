//! What a change works on: the transaction of its group, and what comes of the group's commit.
//!
//! Changes that run one after the other share a transaction. What one of them wrote is undone by
//! its savepoint, which it gets when it first asks for the connection. Rows that nobody has to see
//! before the commit (events, messages) are kept back and written together, many to a statement,
//! so a change that does nothing else needs no savepoint, and costs the database next to nothing
//! beside its rows.

use std::{fmt, mem, sync::Arc, time::Instant};

use colloquy_protocol::{
    event::ServerEvent,
    id::{ChatId, Principal},
    model::Message,
    position::Offset,
    time::Timestamp,
    topic::Topic,
};
use sqlx::{Connection, SqliteConnection};

use super::{
    Database, Logged,
    audiences::ChatAudiences,
    batch::Batch,
    clock::Clock,
    events, messages,
    visibility::{ChatAudience, Turn},
};
use crate::{
    error::{Error, Result},
    ws::Frame,
};

/// Why a whole group failed; every one of its changes is told.
pub(super) type Cause = Arc<sqlx::Error>;

/// Something that is to be done once a change is committed.
type Consequence = Box<dyn FnOnce() + Send>;

/// The open transaction, and what the changes in it made so far.
pub(crate) struct WriteTx {
    database: Database,
    /// None after a failure of the database: it is opened again for the next group.
    connection: Option<SqliteConnection>,
    /// The last event, committed or not.
    head: Offset,
    clock: Clock,
    audiences: ChatAudiences,
    actors: events::Actors,
    later: Later,
    appended: Vec<Logged>,
    /// Each is done once that many of `appended` went live.
    consequences: Vec<(usize, Consequence)>,
    /// What was there before the group.
    group: Extent,
    /// What was there before the change that runs.
    change: Extent,
    /// Whether the database knows of the transaction.
    begun: bool,
    /// Whether the change that runs has a savepoint.
    savepoint: bool,
    /// Why the group cannot be committed any more.
    failure: Option<Cause>,
    /// Whether the storage failed somebody, so that the connection is not to be relied on.
    suspect: bool,
}

/// Rows that are in the transaction, but not written yet.
#[derive(Debug, Default)]
struct Later {
    messages: Vec<(Offset, Message)>,
    events: Vec<events::New>,
}

impl Later {
    fn is_empty(&self) -> bool {
        self.messages.is_empty() && self.events.is_empty()
    }
}

/// How much there was at some time.
#[derive(Debug, Default, Clone, Copy)]
struct Extent {
    head: Offset,
    messages: usize,
    events: usize,
    appended: usize,
    consequences: usize,
}

impl fmt::Debug for WriteTx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteTx").field("head", &self.head).finish_non_exhaustive()
    }
}

impl WriteTx {
    /// What the changes of that database will work on.
    pub(super) async fn open(database: &Database) -> sqlx::Result<Self> {
        let mut connection = database.writing_connection().await?;
        let head = events::head(&mut connection).await?;
        let clock = Clock::at(events::last_moment(&mut connection).await?);
        Ok(Self {
            database: database.clone(),
            connection: Some(connection),
            head,
            clock,
            audiences: ChatAudiences::default(),
            actors: events::Actors::default(),
            later: Later::default(),
            appended: Vec::new(),
            consequences: Vec::new(),
            group: Extent::default(),
            change: Extent::default(),
            begun: false,
            savepoint: false,
            failure: None,
            suspect: false,
        })
    }

    /// What to query. What is read sees everything that was changed before.
    ///
    /// # Errors
    /// Those of SQLite.
    pub(crate) async fn connection(&mut self) -> Result<&mut SqliteConnection> {
        if let Err(cause) = self.prepare().await {
            // What was not written is not this change's alone.
            return Err(self.fail(cause).into());
        }
        Ok(open(&mut self.connection)?)
    }

    /// The moment of this change; never earlier than that of an event before it.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The offset that the next appended event will have, and so the version of its entity.
    pub(crate) fn next_offset(&self) -> Offset {
        self.head + 1
    }

    /// The last event that this change appended, if it is one of a private chat.
    pub(crate) fn private_event(&self) -> Option<(ChatId, Offset)> {
        let own = &self.appended[self.change.appended..];
        let event = own.last().filter(|event| event.audience.is_some())?;
        match &event.topic {
            Some(Topic::Chat(chat)) => Some((chat.clone(), event.offset)),
            _ => None,
        }
    }

    /// Whether there is a chat of that id for somebody.
    ///
    /// # Errors
    /// Those of SQLite.
    pub(crate) async fn sees_chat(&mut self, chat: &ChatId, viewer: &Principal) -> Result<bool> {
        Ok(self.audience(chat).await?.is_some_and(|audience| audience.is_seen_by(viewer)))
    }

    /// Adds a message at that place of the log.
    pub(crate) fn insert_message(&mut self, message: Message, place: Offset) {
        self.later.messages.push((place, message));
    }

    /// Appends an event to the log; it goes live after the commit. Who may receive it is read from
    /// the rows: those of its chat must still be there, and who left must be gone from them. `turn`
    /// is what the event does to somebody's place in its chat.
    ///
    /// # Errors
    /// Those of SQLite.
    pub(crate) async fn append(
        &mut self,
        event: &ServerEvent,
        actor: &Principal,
        turn: Option<Turn>,
    ) -> Result<Offset> {
        let offset = self.next_offset();
        let payload = event.payload_json()?;
        let topic = event.topic();
        let audience = match &topic {
            Some(Topic::Chat(chat)) => {
                if !leaves_audience_as_it_is(event) {
                    self.audiences.change(chat);
                }
                self.audience(chat).await?.and_then(|audience| audience.of_event(turn))
            }
            _ => None,
        };
        self.head = offset;
        self.appended.push(Logged {
            offset,
            name: event.name(),
            topic,
            audience: audience.clone(),
            frame: Frame::event(event.name(), &payload, offset),
            committed: Instant::now(),
        });
        self.later.events.push(events::New::of(offset, event, payload, actor, audience.as_ref()));
        Ok(offset)
    }

    /// Does something when, and only when, the change is committed: after its events went live and
    /// before those of any later change, whether or not anybody still waits for the answer. It must
    /// be quick.
    pub(crate) fn after_commit(&mut self, consequence: impl FnOnce() + Send + 'static) {
        self.consequences.push((usize::MAX, Box::new(consequence)));
    }

    /// Begins a group of changes.
    pub(super) async fn begin(&mut self) -> Result<(), Cause> {
        self.group = self.extent();
        self.reopen().await.map_err(|cause| self.fail(cause))
    }

    /// Begins the next change of the group.
    pub(super) fn begin_change(&mut self) {
        self.clock.go_on(Timestamp::now());
        self.change = self.extent();
    }

    /// Ends a change: keeps what it did, or undoes it when it failed. The cause when it is the whole
    /// group that failed.
    pub(super) async fn end_change(&mut self, failed: Option<&Error>) -> Result<(), Cause> {
        if let Some(cause) = &self.failure {
            return Err(cause.clone());
        }
        let storage = failed.and_then(Error::storage);
        self.suspect |= storage.is_some();
        self.audiences.settle(failed.is_none());
        if failed.is_none() {
            let live = self.appended.len();
            for (after, _) in &mut self.consequences[self.change.consequences..] {
                *after = live;
            }
        } else {
            self.cut(self.change);
        }
        if !mem::take(&mut self.savepoint) {
            return Ok(());
        }
        let undo = "ROLLBACK TO change; RELEASE change";
        let ended = self.execute(if failed.is_none() { "RELEASE change" } else { undo }).await;
        // There is no savepoint any more when SQLite gave up the transaction by itself, as it may
        // when the disk is full: then nothing is left of what the changes before did, either.
        ended.map_err(|cause| match storage {
            Some(why) => self.failure.insert(why.clone()).clone(),
            None => self.fail(cause),
        })
    }

    /// Makes the group durable; what comes of it is then to be told.
    pub(super) async fn commit(&mut self) -> Result<Committed, Cause> {
        if self.begun || !self.later.is_empty() {
            let committed = self.flush(usize::MAX, usize::MAX, Some("COMMIT")).await;
            committed.map_err(|cause| self.fail(cause))?;
            self.begun = false;
        }
        if mem::take(&mut self.suspect) {
            self.close().await;
        }
        let moment = Instant::now();
        for event in &mut self.appended {
            event.committed = moment;
        }
        Ok(Committed {
            events: mem::take(&mut self.appended),
            consequences: mem::take(&mut self.consequences),
        })
    }

    /// Gives a group up that failed: nothing of it remains. The connection goes with it: after a
    /// failure of the disk, what it believes of the file cannot be relied on.
    pub(super) async fn give_up(&mut self) {
        self.cut(self.group);
        self.later = Later::default();
        self.audiences = ChatAudiences::default();
        (self.begun, self.savepoint) = (false, false);
        (self.failure, self.suspect) = (None, false);
        self.close().await;
    }

    /// Closes the connection; an open transaction is rolled back by that.
    pub(super) async fn close(&mut self) {
        if let Some(connection) = self.connection.take()
            && let Err(cause) = connection.close().await
        {
            tracing::error!(%cause, "The database did not close cleanly.");
        }
    }

    /// Writes what was kept back, and sees to it that what the change does can be undone.
    async fn prepare(&mut self) -> sqlx::Result<()> {
        if self.failure.is_some() {
            return Err(sqlx::Error::WorkerCrashed);
        }
        if !self.savepoint {
            let Extent { messages, events, .. } = self.change;
            self.flush(messages, events, Some("SAVEPOINT change")).await?;
            (self.change.messages, self.change.events) = (0, 0);
            self.savepoint = true;
        }
        if self.later.is_empty() {
            return Ok(());
        }
        self.flush(usize::MAX, usize::MAX, None).await
    }

    /// Opens the connection again when it was given up.
    async fn reopen(&mut self) -> sqlx::Result<()> {
        if self.connection.is_none() {
            let mut connection = self.database.writing_connection().await?;
            let head = events::head(&mut connection).await?;
            if head != self.head {
                let moved = format!("the log ends at {head}, and should at {}", self.head);
                return Err(sqlx::Error::Protocol(moved));
            }
            self.connection = Some(connection);
        }
        Ok(())
    }

    /// Who sees what happens in a chat; none: there is no such chat.
    async fn audience(&mut self, chat: &ChatId) -> Result<Option<ChatAudience>> {
        if let Some(known) = self.audiences.get(chat) {
            return Ok(Some(known));
        }
        let audience = ChatAudience::read(self.connection().await?, chat).await?;
        if let Some(audience) = &audience {
            self.audiences.keep(chat, audience);
        }
        Ok(audience)
    }

    /// Writes that many of the rows that were kept back, and runs a statement after them.
    async fn flush(
        &mut self,
        messages: usize,
        events: usize,
        then: Option<&'static str>,
    ) -> sqlx::Result<()> {
        let connection = open(&mut self.connection)?;
        let mut batch = Batch::default();
        if !self.begun {
            batch.push("BEGIN IMMEDIATE");
        }
        let Later { messages: new, events: happened } = &mut self.later;
        messages::insert(&mut batch, new.drain(..messages.min(new.len())));
        let happened = happened.drain(..events.min(happened.len()));
        events::insert(&mut batch, happened, &mut self.actors);
        if let Some(then) = then {
            batch.push(then);
        }
        batch.run(connection).await?;
        self.begun = true;
        Ok(())
    }

    async fn execute(&mut self, sql: &'static str) -> sqlx::Result<()> {
        sqlx::query(sql).execute(open(&mut self.connection)?).await.map(drop)
    }

    fn fail(&mut self, cause: sqlx::Error) -> Cause {
        self.failure.get_or_insert_with(|| Arc::new(cause)).clone()
    }

    fn extent(&self) -> Extent {
        Extent {
            head: self.head,
            messages: self.later.messages.len(),
            events: self.later.events.len(),
            appended: self.appended.len(),
            consequences: self.consequences.len(),
        }
    }

    fn cut(&mut self, to: Extent) {
        self.head = to.head;
        self.later.messages.truncate(to.messages);
        self.later.events.truncate(to.events);
        self.appended.truncate(to.appended);
        self.consequences.truncate(to.consequences);
        // Some of them may have been met in what is undone.
        self.actors = events::Actors::default();
    }
}

/// What comes of a group that is durable.
pub(super) struct Committed {
    events: Vec<Logged>,
    consequences: Vec<(usize, Consequence)>,
}

impl Committed {
    /// Whether anything happened.
    pub(super) fn has_events(&self) -> bool {
        !self.events.is_empty()
    }

    /// Publishes the events in log order, and does after each change's what it has as consequence.
    pub(super) fn tell(self, publish: &impl Fn(Vec<Logged>)) {
        let mut events = self.events.into_iter();
        let mut live = 0;
        for (after, consequence) in self.consequences {
            publish(events.by_ref().take(after - live).collect());
            live = after;
            consequence();
        }
        publish(events.collect());
    }
}

fn open(connection: &mut Option<SqliteConnection>) -> sqlx::Result<&mut SqliteConnection> {
    connection.as_mut().ok_or(sqlx::Error::WorkerCrashed)
}

/// Whether who sees a chat is the same after an event of it as before.
fn leaves_audience_as_it_is(event: &ServerEvent) -> bool {
    matches!(event, ServerEvent::ChatMessageCreated(_) | ServerEvent::ChatReceiptUpdated(_))
}
