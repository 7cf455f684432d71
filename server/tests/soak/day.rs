//! What a day leaves behind.

use std::{fs, path::Path, process};

use serde_json::json;
use tokio::task::JoinSet;

use crate::{
    fault::{Fault, count, memory},
    reader::followed,
    support::Server,
};

const HOURS: usize = 24;
const WRITERS: usize = 8;

/// By how much a later hour may be above an earlier one, in percent.
const SLACK: u64 = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_of_events_leaves_memory_and_files_as_they_were() {
    let fault = Fault::begin(11, "a day's events in one run");
    // One event each second, but of sixty seconds to the hour in the short form.
    let per_hour = count(64, 3_600);
    let keep = 2 * per_hour as u64;
    let server = Server::start_with(|set| set.retention_events = keep).await;
    let client = server.client();
    let (agents, readers) = followed(&server, WRITERS).await;
    let data = server.state.settings.data_dir.clone();
    let mut hours = Vec::new();
    for hour in 0..HOURS {
        let mut writers = JoinSet::new();
        for id in agents.clone() {
            let client = client.clone();
            writers.spawn(async move {
                for minute in 0..per_hour / WRITERS {
                    let patch = json!({ "description": format!("hour {hour}, {minute}") });
                    client.update_agent(&id, &patch).await.unwrap();
                }
            });
        }
        writers.join_all().await;
        server.state.keep_house().await;
        hours.push((memory(process::id()), files(&data)));
    }
    let end = client.agents().await.unwrap().position.offset;
    for reader in readers {
        let log = reader.end(end).await;
        assert_eq!((log.events, log.reloads), ((HOURS * per_hour) as u64, 0));
    }
    // By the sixth hour the log has been as long as it gets.
    let most = |hours: &[(u64, u64)]| {
        let memory = hours.iter().map(|hour| hour.0).max().unwrap();
        (memory, hours.iter().map(|hour| hour.1).max().unwrap())
    };
    let (early, late) = (most(&hours[5..12]), most(&hours[18..]));
    for (early, late) in [(early.0, late.0), (early.1, late.1)] {
        assert!(late * 100 <= early * (100 + SLACK), "{hours:?}");
    }
    fault.survived(
        format!("{} events by {WRITERS} writers to 4 readers, {keep} kept", HOURS * per_hour),
        format!(
            "memory (clients included) {} MiB in hours 6 to 12, {} MiB in the last six; files \
             {} KiB, {} KiB",
            early.0,
            late.0,
            early.1 / 1024,
            late.1 / 1024
        ),
    );
}

/// How large everything in a folder is, in bytes.
fn files(folder: &Path) -> u64 {
    let files = fs::read_dir(folder).unwrap();
    files.map(|file| file.unwrap().metadata().unwrap().len()).sum()
}
