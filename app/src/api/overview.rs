//! `/overview`, and what else the overview page shows.

use colloquy_protocol::{
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
const LATEST: u32 = 12;

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
    let told = Filter { event: Some(events::NO_RECEIPTS.to_owned()), ..Filter::default() };
    let latest = events::newest(&told, LATEST).await?;
    let limit = TROUBLES.to_string();
    let stuck =
        entity::list::<Agent>(&[("status", Some("error")), ("limit", Some(&limit))]).await?;
    let notifications = events::newest(&recent_notifications(now), events::PAGE).await?;
    let all = together(together(overview, latest)?, together(stuck, notifications)?)?;
    Ok(all.map(|((overview, latest), (stuck, notifications))| {
        let mut warnings = serious(notifications.items);
        let surplus = warnings.len().saturating_sub(TROUBLES);
        Summary {
            overview,
            latest: latest.items,
            stuck: stuck.items,
            warning_count: warnings.len() as u64,
            warnings: warnings.split_off(surplus),
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
