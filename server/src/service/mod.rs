//! The rules of each entity: what may be created, changed and deleted, and which events that makes.
//!
//! - [`agents`], [`chats`], [`messages`], [`collections`]: one entity each
//! - [`log`]: reading the log, sending notifications, forgetting what is too old
//! - [`people`], [`sign_in`], [`tokens`], [`identity`]: who may come in, how, and who asks;
//!   [`passwords`], [`secrets`]: what they show for it; [`known`]: what of it is remembered
//! - [`notification`]: [`NotificationService`], one typed method per server event
//! - [`overview`]: how much there is of everything
//! - [`valid`]: limits on what clients send

mod agents;
mod chats;
mod collections;
pub(crate) mod identity;
mod known;
mod log;
mod messages;
mod notification;
mod overview;
mod passwords;
mod people;
pub(crate) mod secrets;
mod sign_in;
mod tokens;
mod valid;

use std::{ops::Deref, sync::Arc};

use colloquy_protocol::{
    access::Action,
    close::CloseCode,
    id::Principal,
    position::{Offset, Seen},
    rest,
    time::Timestamp,
};
use futures_util::{FutureExt, future::BoxFuture};
use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

pub use self::notification::NotificationService;
use self::{known::KnownTokens, passwords::Passwords};
pub(crate) use self::{log::Retention, passwords::Acquaintance, valid::fault_of_email};
pub use crate::store::{
    agents::AgentFilter,
    events::{EventQuery, Named},
    idempotency::Idempotency,
    list::ListQuery,
    messages::MessageQuery,
};
use crate::{
    access::{Caller, Credential},
    error::{Error, Result},
    hub::Hub,
    mode::Mode,
    store::{Database, Search, Snapshot, WriteTx, Writer, idempotency},
};

/// Who asks for a change, and under which conditions.
#[derive(Debug, Clone)]
pub struct Change {
    /// Who asks. They act: the `userId` of the events.
    pub caller: Caller,
    /// The versions of which the entity must have one (`If-Match`).
    pub if_match: Option<Vec<Offset>>,
    /// When given, the same request is done once however often it comes.
    pub idempotency: Option<Idempotency>,
}

impl Change {
    /// A change without conditions.
    pub fn by(caller: Caller) -> Self {
        Self { caller, if_match: None, idempotency: None }
    }

    /// Goes on only if who asks may do that.
    fn require(&self, action: Action) -> Result<()> {
        self.caller.require(action)
    }

    fn allows(&self, current: Offset) -> Result<()> {
        match &self.if_match {
            Some(versions) if !versions.contains(&current) => {
                Err(Error::PreconditionFailed { current })
            }
            _ => Ok(()),
        }
    }
}

/// Everything that can be asked of the hub's data. Cheap to clone: each request does so many times.
#[derive(Debug, Clone)]
pub struct Services(Arc<Parts>);

/// What is in [`Services`].
#[derive(Debug)]
pub struct Parts {
    database: Database,
    writer: Writer,
    /// Whose sockets are closed when something is taken away.
    hub: Hub,
    mode: Mode,
    known: KnownTokens,
    passwords: Passwords,
    /// Where people reach the server.
    url: String,
    started_at: Timestamp,
}

impl Deref for Services {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Services {
    pub(crate) fn new(
        database: Database,
        writer: Writer,
        hub: Hub,
        mode: Mode,
        url: String,
    ) -> Self {
        let (known, passwords) = (KnownTokens::default(), Passwords::new());
        let started_at = Timestamp::now();
        Self(Arc::new(Parts { database, writer, hub, mode, known, passwords, url, started_at }))
    }

    /// Whether the database answers.
    ///
    /// # Errors
    /// [`Error::Internal`] when nothing is written any more, or the file is gone;
    /// [`Error::Unavailable`] when every reader is busy, and [`Error::StorageFailed`] when the disk
    /// fails.
    pub async fn ping(&self) -> Result<()> {
        if self.writer.has_ended() {
            return Err(Error::internal("nothing is written any more"));
        }
        if !self.database.is_in_place() {
            return Err(Error::internal("the database's file is not where it was opened any more"));
        }
        self.snapshot().await.map(drop)
    }

    /// How many changes wait to be written.
    pub(crate) fn waiting_changes(&self) -> usize {
        self.writer.waiting()
    }

    /// How many bytes the database has, with its write-ahead log.
    pub(crate) fn database_bytes(&self) -> u64 {
        self.database.bytes()
    }

    /// Finishes the changes under way and closes the database. What is asked later is refused as
    /// unavailable. The writer is last, because only it can fold SQLite's journal into the file.
    ///
    /// # Errors
    /// When the history's mark could not be renewed; the database is closed all the same.
    pub(crate) async fn close(&self) -> Result<()> {
        let renewed = self.renew_mark().await;
        self.database.close().await;
        self.writer.stop().await;
        renewed
    }

    async fn snapshot(&self) -> Result<Snapshot> {
        Ok(self.database.snapshot().await?)
    }

    /// Reads something at one position of the log, as a search of that principal if it is one. What is
    /// searched for goes on when who asked hangs up, because SQLite does.
    ///
    /// # Errors
    /// Those of `read`; [`Error::Invalid`] that names `q` when searching takes too long, and
    /// [`Error::TooMany`] when it is not their turn for too long.
    async fn read<T, F>(&self, searcher: Option<&Principal>, read: F) -> Result<Seen<T>>
    where
        T: Send + 'static,
        F: for<'a> FnOnce(&'a mut Snapshot) -> BoxFuture<'a, Result<T>> + Send + 'static,
    {
        let Some(searcher) = searcher else {
            let mut snapshot = self.snapshot().await?;
            let value = read(&mut snapshot).await?;
            return Ok(Seen { value, position: snapshot.into_position() });
        };
        let mut search = self.database.search(searcher).await?;
        let done = tokio::spawn(async move {
            let value = read(&mut search.snapshot).await?;
            let Search { snapshot, .. } = search;
            Ok(Seen { value, position: snapshot.into_position() })
        });
        done.await.map_err(Error::internal)?
    }

    /// Forgets, once the change is committed, everybody from whom it takes what they came with, or
    /// whose rights it changes, and closes their sockets.
    fn take_away(
        &self,
        tx: &mut WriteTx,
        is_theirs: impl Fn(&Caller) -> bool + Send + 'static,
        code: CloseCode,
    ) {
        let (hub, known) = (self.hub.clone(), self.known.clone());
        tx.after_commit(move || {
            known.forget_where(&is_theirs);
            hub.close_where(is_theirs, code);
        });
    }

    /// The same, of who came with that.
    fn end_credential(&self, tx: &mut WriteTx, credential: Credential) {
        let is_it = move |caller: &Caller| caller.credential == credential;
        self.take_away(tx, is_it, CloseCode::Unauthorised);
    }

    /// Runs a change that creates something. With an idempotency key the answer is kept with the
    /// rows, and given again to the same request.
    async fn create<T, F>(&self, change: Change, make: F) -> Result<T>
    where
        T: Serialize + DeserializeOwned + Send + 'static,
        F: for<'a> FnOnce(&'a mut WriteTx, Principal) -> BoxFuture<'a, Result<T>> + Send + 'static,
    {
        let Change { caller: Caller { principal: actor, .. }, idempotency, .. } = change;
        let Some(request) = idempotency else {
            return self.writer.write(move |tx| make(tx, actor)).await;
        };
        self.writer
            .write(move |tx| {
                async move {
                    let now = tx.now();
                    let before =
                        idempotency::recall(tx.connection().await?, &actor, &request, now).await?;
                    if let Some(before) = before {
                        if before.request_hash != request.request_hash {
                            return Err(Error::conflict(
                                rest::IDEMPOTENCY_KEY,
                                "this key was used for another request",
                            ));
                        }
                        // What one does not see any more is not shown again.
                        let answer = before.answer.ok_or_else(|| {
                            let gone = "what it was used for does not exist for you any more";
                            Error::conflict(rest::IDEMPOTENCY_KEY, gone)
                        })?;
                        return Ok(serde_json::from_str(&answer)?);
                    }
                    let made = make(tx, actor.clone()).await?;
                    let answer = serde_json::to_string(&made)?;
                    let private = tx.private_event();
                    let connection = tx.connection().await?;
                    idempotency::remember(connection, &actor, &request, &answer, private, now)
                        .await?;
                    Ok(made)
                }
                .boxed()
            })
            .await
    }
}

/// A new id: UUID v7, so ids sort by the time at which they were made.
pub(crate) fn new_id<T: TryFrom<String, Error: std::error::Error + Send + Sync + 'static>>()
-> Result<T> {
    T::try_from(Uuid::now_v7().to_string()).map_err(Error::internal)
}

fn taken(what: &'static str) -> Error {
    Error::conflict("id", format!("there is another {what} with this id"))
}

fn not_found(what: &'static str, id: impl Into<String>) -> Error {
    Error::NotFound { what, id: id.into() }
}
