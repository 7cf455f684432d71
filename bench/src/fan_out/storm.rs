//! Everybody is cut off, misses two seconds of what goes on, and comes back at once.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, Result, ensure};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep},
};

use super::{
    Figures,
    visit::{Crowd, OwnCpu, finish},
};
use crate::{figures::percentile, publisher::Publisher, stamp::now, tally::Reached};

/// For how long everybody listens before they are cut off.
const BEFORE: Duration = Duration::from_secs(2);
/// For how long nobody is there.
const AWAY: Duration = Duration::from_secs(2);
/// For how long is published after they began to come back.
const AFTER: Duration = Duration::from_secs(10);

/// Publishes so many times a second, cuts everybody off meanwhile, and has them come back for what
/// they missed: 128 at a time, without a pause.
///
/// # Errors
/// When somebody is refused what they missed, or it is not all back while publishing goes on.
pub(super) async fn storm(
    publisher: &Arc<Publisher>,
    per_second: f64,
    crowd: &Crowd<'_>,
    listening: &mut JoinSet<()>,
) -> Result<Figures> {
    let until = Instant::now() + BEFORE + AWAY + AFTER;
    let publishing = tokio::spawn({
        let publisher = publisher.clone();
        async move { publisher.at_rate(per_second, until).await }
    });
    sleep(BEFORE).await;
    listening.shutdown().await;
    sleep(AWAY).await;
    let places = publisher.tally.lock().places.clone().context("nobody noted how far they got")?;
    let since: Vec<_> = places.into_iter().map(|reached| reached.position).collect();
    ensure!(since.iter().all(Option::is_some), "the server has told some clients no position");
    let (begun, own) = (now(), OwnCpu::begin());
    *listening = crowd.connect(&since).await?;
    let generator = own.share();
    finish(publisher, publishing).await?;
    let places = publisher.tally.lock().places.clone().unwrap_or_default();
    let mut took: Vec<u32> = Vec::with_capacity(places.len());
    let mut last = begun;
    for Reached { returned, replayed, .. } in places {
        let (returned, replayed) = returned.zip(replayed).context("somebody missed nothing")?;
        took.push(u32::try_from((replayed - returned) / 1_000).unwrap_or(u32::MAX));
        last = last.max(replayed);
    }
    took.sort_unstable();
    let whole_seconds = Duration::from_nanos(last - begun).as_secs_f64();
    ensure!(whole_seconds < AFTER.as_secs_f64(), "the last was back after {whole_seconds:.1} s");
    Ok(Figures::Recovering {
        clients: took.len(),
        p50_micros: percentile(&took, 0.5),
        p99_micros: percentile(&took, 0.99),
        whole_seconds,
        generator,
    })
}
