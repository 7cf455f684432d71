//! What Prometheus is told: the names, and the recorder that counts for the whole process.

use std::{
    sync::{LazyLock, OnceLock},
    thread,
    time::{Duration, Instant},
};

use colloquy_protocol::{close::CloseCode, event::ServerEvent};
use metrics::{
    Histogram, Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge,
    histogram,
};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::limits::Limit;

/// Gauge: open WebSocket connections.
pub const CONNECTIONS: &str = "colloquy_connections";
/// Gauge: subscriptions of all connections.
pub const SUBSCRIPTIONS: &str = "colloquy_subscriptions";
/// Counter by `event`: events appended to the log.
pub const EVENTS: &str = "colloquy_events_total";
/// Counter: events put into a connection's queue.
pub const DELIVERIES: &str = "colloquy_deliveries_total";
/// Histogram, seconds: from asking for a change to its commit.
pub const COMMIT_SECONDS: &str = "colloquy_commit_seconds";
/// Histogram, seconds: from commit to a connection's socket; the longest of what one turn writes.
pub const DELIVERY_SECONDS: &str = "colloquy_delivery_seconds";
/// Counter by `method`, `route` and `status`: HTTP requests answered.
pub const HTTP_REQUESTS: &str = "colloquy_http_requests_total";
/// Histogram by `method` and `route`, seconds: from a request's headers to its answer's.
pub const HTTP_SECONDS: &str = "colloquy_http_request_seconds";

/// Counter by `limit`: what was refused or cut off because of a limit.
pub const LIMITED: &str = "colloquy_limited_total";
/// Gauge: open connections, of which WebSockets are a part.
pub const OPEN_CONNECTIONS: &str = "colloquy_open_connections";
/// Gauge: how many connections there may be.
pub const OPEN_CONNECTIONS_LIMIT: &str = "colloquy_open_connections_limit";
/// Gauge: WebSocket connections that are more than 100 events behind the log.
pub const CONNECTIONS_BEHIND: &str = "colloquy_connections_behind";
/// Counter by `code`: WebSocket connections that the hub closed.
pub const CLOSES: &str = "colloquy_closes_total";
/// Counter: groups of changes that could not be committed.
pub const COMMIT_FAILURES: &str = "colloquy_commit_failures_total";
/// Gauge: changes that wait to be written.
pub const WAITING_CHANGES: &str = "colloquy_waiting_changes";
/// Gauge: the offset of the log's last event.
pub const LOG_HEAD: &str = "colloquy_log_head";
/// Gauge, bytes: the database, with the part of it that is still in its write-ahead log.
pub const DATABASE_BYTES: &str = "colloquy_database_bytes";
/// Gauge, seconds since 1970: when the certificate ends that connections are encrypted with.
pub const CERTIFICATE_END: &str = "colloquy_tls_certificate_end_timestamp_seconds";
/// Counter: log lines that were dropped because nobody took them.
pub const LOST_LOG_LINES: &str = "colloquy_lost_log_lines_total";
/// Gauge by `version`, always 1.
pub const BUILD_INFO: &str = "colloquy_build_info";

/// Counts that a limit was reached.
pub fn limited(limit: Limit) {
    counter!(LIMITED, "limit" => limit.name()).increment(1);
}

/// Counts a connection that the hub closed.
pub(crate) fn closed(code: CloseCode) {
    counter!(CLOSES, "code" => code.code().to_string()).increment(1);
}

/// What is written in one turn, to one connection or to many. When it is dropped, how long the oldest
/// of these events took from its commit is counted: to count every delivery would cost a good part
/// of each.
#[derive(Debug, Default)]
pub(crate) struct Written {
    oldest: Option<Instant>,
}

impl Written {
    /// An event that was committed then was written.
    pub(crate) fn add(&mut self, committed: Instant) {
        self.oldest = Some(self.oldest.map_or(committed, |oldest| oldest.min(committed)));
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        // It is asked for once: looking it up would cost a good part of a delivery.
        static DELIVERED: LazyLock<Histogram> = LazyLock::new(|| histogram!(DELIVERY_SECONDS));
        if let Some(committed) = self.oldest {
            DELIVERED.record(committed.elapsed());
        }
    }
}

/// The process's recorder, installed by the first call: servers of one process share it.
pub fn recorder() -> &'static PrometheusHandle {
    static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();
    RECORDER.get_or_init(install)
}

const BUCKETS: &[f64] = &[
    0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0,
];

const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

fn install() -> PrometheusHandle {
    #[expect(clippy::expect_used, reason = "only an empty list of buckets is refused")]
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), BUCKETS)
        .expect("there are buckets")
        .build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::warn!("The process has another metrics recorder; /metrics stays empty.");
    }
    describe();
    begin_at_zero();
    keep_up(handle.clone());
    handle
}

/// Folds recorded samples into the histograms: without it they pile up until the next scrape.
fn keep_up(handle: PrometheusHandle) {
    let upkeep = move || {
        loop {
            thread::sleep(UPKEEP_INTERVAL);
            handle.run_upkeep();
        }
    };
    if let Err(error) = thread::Builder::new().name("metrics".to_owned()).spawn(upkeep) {
        tracing::warn!(%error, "Metrics are folded only when /metrics is read.");
    }
}

fn describe() {
    describe_gauge!(CONNECTIONS, "Open WebSocket connections.");
    describe_gauge!(SUBSCRIPTIONS, "Subscriptions of all connections.");
    describe_counter!(EVENTS, "Events appended to the log.");
    describe_counter!(DELIVERIES, "Events put into a connection's queue.");
    describe_histogram!(COMMIT_SECONDS, Unit::Seconds, "From asking for a change to its commit.");
    describe_histogram!(
        DELIVERY_SECONDS,
        Unit::Seconds,
        "From commit to a connection's socket; the longest of what one turn writes."
    );
    describe_counter!(HTTP_REQUESTS, "HTTP requests answered.");
    describe_histogram!(HTTP_SECONDS, Unit::Seconds, "From a request's headers to its answer's.");
    describe_counter!(LIMITED, "What was refused or cut off because of a limit.");
    describe_gauge!(OPEN_CONNECTIONS, "Open connections, of which WebSockets are a part.");
    describe_gauge!(OPEN_CONNECTIONS_LIMIT, "How many connections there may be.");
    describe_gauge!(CONNECTIONS_BEHIND, "Connections more than 100 events behind the log.");
    describe_counter!(CLOSES, "WebSocket connections that the hub closed.");
    describe_counter!(COMMIT_FAILURES, "Groups of changes that could not be committed.");
    describe_gauge!(WAITING_CHANGES, "Changes that wait to be written.");
    describe_gauge!(LOG_HEAD, "The offset of the log's last event.");
    describe_gauge!(DATABASE_BYTES, Unit::Bytes, "The database with its write-ahead log.");
    describe_gauge!(CERTIFICATE_END, Unit::Seconds, "When the certificate ends, since 1970.");
    describe_counter!(LOST_LOG_LINES, "Log lines that were dropped because nobody took them.");
    describe_gauge!(BUILD_INFO, "Which version this is.");
    metrics_process::Collector::default().describe();
}

/// What has not happened yet is told as zero: only then can a rate be taken of its first time.
fn begin_at_zero() {
    gauge!(CONNECTIONS).set(0);
    gauge!(SUBSCRIPTIONS).set(0);
    for event in ServerEvent::NAMES {
        counter!(EVENTS, "event" => *event).increment(0);
    }
    counter!(DELIVERIES).increment(0);
    for histogram in [COMMIT_SECONDS, DELIVERY_SECONDS] {
        // Naming it is enough.
        let _ = histogram!(histogram);
    }
    for limit in Limit::ALL {
        counter!(LIMITED, "limit" => limit.name()).increment(0);
    }
    gauge!(OPEN_CONNECTIONS).set(0);
    gauge!(BUILD_INFO, "version" => env!("CARGO_PKG_VERSION")).set(1);
    counter!(COMMIT_FAILURES).increment(0);
    for code in CloseCode::ALL {
        counter!(CLOSES, "code" => code.code().to_string()).increment(0);
    }
}
