//! `/events`: the log itself.

use colloquy_protocol::{
    model::{LogEntry, NotificationType, Page},
    position::Offset,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use super::{ApiError, Seen, get, with_query};

/// How many events a page of the log has.
pub const PAGE: u32 = 100;

/// The greatest offset there can be: everything is before it.
const END: Offset = i64::MAX as Offset;

/// No further page is read when so many events were counted.
const COUNTED: usize = 1_000;

/// All events but receipts, of which each message has many, as the filter `event` takes it.
pub const NO_RECEIPTS: &str = "-chat:receiptUpdated";

/// Which events are wanted, each as the REST API takes it; `None`: whatever it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// An event's name; with `-` in front, all but those.
    pub event: Option<String>,
    /// An entity's topic.
    pub topic: Option<String>,
    /// Who acted, by id.
    pub actor: Option<String>,
    /// At or after this moment.
    pub from: Option<String>,
    /// Before this moment.
    pub to: Option<String>,
    /// Text that the payload has.
    pub q: Option<String>,
    /// Before this place in the log.
    pub before: Option<String>,
}

impl Filter {
    /// What is wanted, as the REST API takes it, wherever in the log it is.
    pub fn parameters(&self) -> Vec<(&'static str, Option<&str>)> {
        vec![
            ("event", self.event.as_deref()),
            ("topic", self.topic.as_deref()),
            ("actor", self.actor.as_deref()),
            ("from", self.from.as_deref()),
            ("to", self.to.as_deref()),
            ("q", self.q.as_deref()),
        ]
    }
}

/// The newest events that fit, oldest first.
///
/// # Errors
/// As [`get`].
pub async fn newest(filter: &Filter, limit: u32) -> Result<Seen<Page<LogEntry>>, ApiError> {
    let end = END.to_string();
    read(filter, filter.before.as_deref().unwrap_or(&end), limit).await
}

/// The newest events before that place that fit, oldest first.
///
/// # Errors
/// As [`get`].
pub async fn before(filter: &Filter, place: Offset) -> Result<Seen<Page<LogEntry>>, ApiError> {
    read(filter, &place.to_string(), PAGE).await
}

/// The moments of the events since that moment; the latest, when there are very many.
///
/// # Errors
/// As [`get`].
pub async fn moments(since: Timestamp) -> Result<Seen<Vec<Timestamp>>, ApiError> {
    let filter = Filter { from: Some(since.to_string()), ..Filter::default() };
    let Seen { value: mut page, position } = newest(&filter, PAGE).await?;
    let mut moments = timestamps(&page);
    while let Some(cursor) = page.next_cursor.filter(|_| moments.len() < COUNTED) {
        page = read(&filter, &cursor, PAGE).await?.value;
        moments.extend(timestamps(&page));
    }
    Ok(Seen { value: moments, position })
}

/// How serious a notification is; none for any other event.
pub fn notification_type(entry: &LogEntry) -> Option<NotificationType> {
    let named = entry.payload.get("type").filter(|_| entry.topic.is_none())?;
    NotificationType::deserialize(named).ok()
}

fn timestamps(page: &Page<LogEntry>) -> Vec<Timestamp> {
    page.items.iter().map(|entry| entry.timestamp).collect()
}

async fn read(filter: &Filter, before: &str, limit: u32) -> Result<Seen<Page<LogEntry>>, ApiError> {
    let limit = limit.to_string();
    let mut parameters = filter.parameters();
    parameters.extend([("before", Some(before)), ("limit", Some(limit.as_str()))]);
    get(&with_query("/events", &parameters)).await
}
