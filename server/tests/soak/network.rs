//! A network that loses a tenth of what it carries, and carries little.

use std::{
    env,
    process::{Command, Stdio},
};

use serde_json::json;
use tokio::{runtime::Runtime, task::JoinSet};

use crate::{
    fault::{Fault, count},
    reader::followed,
    support::Server,
};

/// Tells the second run of the test that it is in a namespace of its own.
const INSIDE: &str = "SOAK_INSIDE";

/// Makes the network bad, and runs the program that is named then in it.
const SCRIPT: &str = "
    ip link set lo mtu 1500 up &&
    tc qdisc add dev lo root tbf rate 1mbit burst 32kb latency 400ms &&
    nft add table inet soak &&
    nft add chain inet soak lossy '{ type filter hook input priority 0; }' &&
    nft add rule inet soak lossy numgen random mod 10 == 0 counter drop || exit 77
    exec \"$@\"
";
const NOT_POSSIBLE: i32 = 77;

const WRITERS: usize = 8;

#[test]
#[ignore = "needs the right to make a network namespace, tc and nft: cargo xtask soak"]
fn a_bad_network_loses_nothing() {
    if env::var_os(INSIDE).is_some() {
        return Runtime::new().unwrap().block_on(talk());
    }
    let fault = Fault::begin(5, "a bad network");
    let mut unshare = Command::new("unshare");
    unshare.args(["--net", "sh", "-c", SCRIPT, "sh"]).arg(env::current_exe().unwrap());
    unshare.args(["--exact", "network::a_bad_network_loses_nothing", "--ignored", "--nocapture"]);
    let run = unshare.env(INSIDE, "1").stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    let said = run.as_ref().map(|run| String::from_utf8_lossy(&run.stdout)).unwrap_or_default();
    match run.as_ref().map(|run| run.status.code()) {
        Ok(Some(0)) => {
            print!("{said}");
            // Where no test has that name, none fails.
            assert!(said.contains("1 passed"), "it was not run inside");
        }
        Ok(Some(NOT_POSSIBLE)) | Err(_) => {
            fault.skipped("network namespaces, tc or nft (Debian: nftables) are not to be had");
        }
        failed => panic!("{failed:?}: {said}"),
    }
}

/// Writers and readers, who notice nothing but that it takes long.
async fn talk() {
    let fault = Fault::begin(5, "a bad network");
    let writes = count(5, 100);
    let server = Server::start().await;
    let client = server.client();
    let mut writers = JoinSet::new();
    let (agents, readers) = followed(&server, WRITERS).await;
    for id in agents {
        let client = client.clone();
        writers.spawn(async move {
            for step in 0..writes {
                let patch = json!({ "description": format!("step {step}") });
                client.update_agent(&id, &patch).await.unwrap();
            }
        });
    }
    writers.join_all().await;
    let end = client.agents().await.unwrap().position.offset;
    let written = (WRITERS * writes) as u64;
    assert_eq!(end, WRITERS as u64 + written);
    let (mut events, mut recovered) = (0, 0);
    for reader in readers {
        let log = reader.end(end).await;
        assert_eq!((log.events, log.reloads), (written, 0));
        events += log.events;
        recovered += log.recovered;
    }
    fault.survived(
        format!("1 Mbit/s, every tenth packet dropped; {WRITERS} writers, 4 readers"),
        format!(
            "{written} writes, {events} events read, gaps 0, doubles 0; {recovered} times recovered"
        ),
    );
}
