//! `/overview`, and what else the overview page shows.

use colloquy_protocol::{
    event::{ServerEventKind, server::ChatReceiptUpdated},
    model::{Agent, LogEntry, NotificationType, Overview},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

use super::{
    ApiError, Seen, entity,
    events::{self, Filter},
    get, together,
};

/// How many of the latest events are shown.
const LATEST: usize = 12;

/// Of how many events those are: the others are receipts, of which each message has many.
const LOOKED_AT: u32 = 50;

/// The most agents, warnings and errors that are told one by one.
pub const TROUBLES: usize = 5;

/// How long a warning counts as recent, in milliseconds.
const RECENT: i64 = 60 * 60 * 1_000;

/// What the overview page shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// What there is, and how the hub is.
    pub overview: Overview,
    /// The latest events, oldest first.
    pub latest: Vec<LogEntry>,
    /// Some of the agents that are stuck.
    pub stuck: Vec<Agent>,
    /// The last warnings and errors that everybody was told within the last hour, oldest first.
    pub warnings: Vec<LogEntry>,
    /// How many there were among the latest notifications of that hour.
    pub warning_count: u64,
}

/// Reads all that the overview page shows at that moment.
///
/// # Errors
/// As [`get`].
pub async fn summary(now: Timestamp) -> Result<Seen<Summary>, ApiError> {
    let overview = get::<Overview>("/overview").await?;
    let latest = events::newest(&Filter::default(), LOOKED_AT).await?;
    let limit = TROUBLES.to_string();
    let stuck =
        entity::list::<Agent>(&[("status", Some("error")), ("limit", Some(&limit))]).await?;
    let notifications = events::newest(&recent_notifications(now), events::PAGE).await?;
    let all = together(together(overview, latest)?, together(stuck, notifications)?)?;
    Ok(all.map(|((overview, latest), (stuck, notifications))| {
        let warnings = serious(notifications.items);
        Summary {
            overview,
            latest: worth_telling(latest.items),
            stuck: stuck.items,
            warning_count: warnings.len() as u64,
            warnings: last(warnings, TROUBLES),
        }
    }))
}

fn recent_notifications(now: Timestamp) -> Filter {
    let from = Timestamp::from_millis(now.as_millis() - RECENT);
    Filter {
        event: Some("system:notification".to_owned()),
        from: Some(from.to_string()),
        ..Filter::default()
    }
}

/// Those that are warnings or errors.
fn serious(mut notifications: Vec<LogEntry>) -> Vec<LogEntry> {
    notifications.retain(|entry| {
        matches!(
            events::notification_type(entry),
            Some(NotificationType::Warning | NotificationType::Error)
        )
    });
    notifications
}

/// The latest of some events that are no receipts; of nothing but receipts, the latest.
fn worth_telling(all: Vec<LogEntry>) -> Vec<LogEntry> {
    let (receipts, others): (Vec<_>, Vec<_>) =
        all.into_iter().partition(|entry| entry.event == ChatReceiptUpdated::NAME);
    last(if others.is_empty() { receipts } else { others }, LATEST)
}

/// At most so many of them, from the end.
fn last(mut all: Vec<LogEntry>, most: usize) -> Vec<LogEntry> {
    all.split_off(all.len().saturating_sub(most))
}

#[cfg(test)]
mod tests {
    use colloquy_protocol::id::PrincipalKind;

    use super::*;

    fn entries(event: &str, offsets: std::ops::Range<u64>) -> Vec<LogEntry> {
        let entry = |offset| LogEntry {
            offset,
            event: event.to_owned(),
            payload: serde_json::Value::Null,
            topic: None,
            actor_id: "ada".parse().unwrap(),
            actor_kind: PrincipalKind::Agent,
            timestamp: Timestamp::from_millis(0),
        };
        offsets.map(entry).collect()
    }

    #[test]
    fn receipts_are_told_when_there_is_nothing_else() {
        let (receipts, others) =
            (entries("chat:receiptUpdated", 1..40), entries("agent:updated", 40..60));
        let offsets =
            |told: Vec<LogEntry>| told.into_iter().map(|entry| entry.offset).collect::<Vec<_>>();
        assert_eq!(offsets(worth_telling(receipts.clone())), (28..40).collect::<Vec<_>>());
        let few = [receipts.clone(), others[..2].to_vec()].concat();
        assert_eq!(offsets(worth_telling(few)), [40, 41]);
        let many = [receipts, others].concat();
        assert_eq!(offsets(worth_telling(many)), (48..60).collect::<Vec<_>>());
    }
}
