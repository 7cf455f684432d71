//! Reading the log, adding a notification to it, and forgetting what is too old.

use colloquy_protocol::{
    access::Action,
    event::Notification,
    model::{LogEntry, Page},
    position::{Offset, Seen},
    request::NewNotification,
    time::Timestamp,
};
use futures_util::FutureExt;

use super::{Change, EventQuery, NotificationService, Services, valid::Check};
use crate::{
    access::Caller,
    error::Result,
    hub::Hub,
    store::{events, idempotency, links, logins, tokens, visibility},
};

/// Rows that one transaction forgets of each kind, so that no change waits long behind it.
const FORGET_AT_ONCE: u32 = 5_000;

/// The write-ahead log is left alone up to that many bytes: emptied, it has to grow again.
const LOG_BYTES: u64 = 64 * 1024 * 1024;

/// For that long one sees which token it was that has expired.
const MONTH_MILLIS: i64 = 30 * 24 * 60 * 60 * 1_000;

/// For how long and how many events the log is kept; whichever is reached first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Retention {
    /// In milliseconds.
    pub(crate) age_millis: i64,
    /// The most events.
    pub(crate) events: u64,
}

impl Services {
    /// The log itself, oldest first. `nextCursor` is the offset to give as `before` when the query
    /// has a `before` and no `since`, otherwise the one to give as `since`.
    ///
    /// # Errors
    /// Only the server's own.
    pub async fn events(&self, caller: &Caller, query: EventQuery) -> Result<Seen<Page<LogEntry>>> {
        caller.require(Action::Read)?;
        let viewer = caller.principal.clone();
        self.read(query.q.as_ref().map(|_| &caller.principal), move |snapshot| {
            async move {
                let (items, more) = events::list(snapshot.connection(), &query, &viewer).await?;
                let end = if query.goes_back() { items.first() } else { items.last() };
                let next_cursor = end.filter(|_| more).map(|entry| entry.offset.to_string());
                Ok(Page { items, next_cursor })
            }
            .boxed()
        })
        .await
    }

    /// Tells everybody something. Its offset is the place of the notification in the log.
    ///
    /// # Errors
    /// [`crate::error::Error::Invalid`].
    pub async fn notify(
        &self,
        change: Change,
        new: NewNotification,
    ) -> Result<(Notification, Offset)> {
        change.require(Action::Notify)?;
        let mut check = Check::default();
        check.text("message", &new.message, 2_000);
        check.details(&new.details);
        check.done()?;
        self.create(change, move |tx, actor| {
            async move {
                let notification = Notification {
                    notification_type: new.notification_type,
                    message: new.message,
                    details: new.details,
                    timestamp: tx.now(),
                };
                let offset = NotificationService::new(tx)
                    .send_system_notification(
                        notification.notification_type,
                        notification.message.clone(),
                        notification.details.clone(),
                        &actor,
                    )
                    .await?;
                Ok((notification, offset))
            }
            .boxed()
        })
        .await
    }

    /// Empties the database's write-ahead log when it has become large.
    ///
    /// # Errors
    /// Only the server's own.
    pub(crate) async fn empty_write_ahead_log(&self) -> Result<()> {
        Ok(self.database.empty_log(LOG_BYTES).await?)
    }

    /// Renews what tells this history from a copy of it.
    ///
    /// # Errors
    /// Only the server's own.
    pub(crate) async fn renew_mark(&self) -> Result<()> {
        let database = self.database.clone();
        self.writer
            .write(move |tx| {
                async move {
                    let epoch = database.epoch();
                    let renewed = database.mark().renew(tx.connection().await?, epoch).await?;
                    tx.after_commit(|| renewed.forget());
                    Ok(())
                }
                .boxed()
            })
            .await
    }

    /// Forgets the events that need not be kept any longer, but none that a replay under way still
    /// needs, the answers of old idempotency keys, login sessions and links that ended, and tokens that
    /// expired a month ago. How many events were forgotten.
    ///
    /// # Errors
    /// Only the server's own.
    pub(crate) async fn forget_old(&self, hub: &Hub, keep: Retention) -> Result<u64> {
        self.writer
            .write(|tx| {
                async move {
                    // These end by the wall clock, which may have been set back.
                    let today = Timestamp::now();
                    let month_ago = Timestamp::from_millis(today.as_millis() - MONTH_MILLIS);
                    tokens::forget(tx.connection().await?, month_ago).await?;
                    logins::forget(tx.connection().await?, today).await?;
                    Ok(links::forget(tx.connection().await?, today).await?)
                }
                .boxed()
            })
            .await?;
        let mut forgotten = 0;
        loop {
            let hub = hub.clone();
            let [events, answers, participants] = self
                .writer
                .write(move |tx| {
                    async move {
                        // The log's moment is ahead after the clock was.
                        let now = tx.now().min(Timestamp::now());
                        let oldest = Timestamp::from_millis(now.as_millis() - keep.age_millis);
                        let connection = tx.connection().await?;
                        let expired = events::expired(connection, keep.events, oldest).await?;
                        let start = hub.move_log_start(expired);
                        Ok([
                            events::forget(connection, start, FORGET_AT_ONCE).await?,
                            idempotency::forget(connection, now, FORGET_AT_ONCE).await?,
                            visibility::forget_old(connection, FORGET_AT_ONCE).await?,
                        ])
                    }
                    .boxed()
                })
                .await?;
            forgotten += events;
            if events.max(answers).max(participants) < u64::from(FORGET_AT_ONCE) {
                return Ok(forgotten);
            }
        }
    }
}
