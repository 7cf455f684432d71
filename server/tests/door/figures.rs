//! Figures, for `--run-ignored only --no-capture`: what others notice while somebody attacks.

use std::{
    collections::BTreeMap,
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use colloquy_client::{
    Method,
    protocol::{access::Role, account::NewPerson},
};
use colloquy_server::access::Caller;
use serde_json::{Value, json};
use tokio::{
    io::AsyncWriteExt,
    task::JoinSet,
    time::{Instant, interval},
};

use crate::{ask, connect, rest_of, support::Server};

const SLOW_CONNECTIONS: usize = 1_000;
const WRONG_LOGINS: u32 = 200_000;

/// How many ask to sign in at the same time, more than may wait for their turn, and how many
/// addresses they come from.
const ATTACKERS: u32 = 512;
const ADDRESSES: u32 = 20_000;

/// The number of the address from which Ada is signed in.
const HOME: u32 = 1;

const PASSWORD: &str = "right horse 1";

/// How often each status was answered.
type Statuses = BTreeMap<u16, u32>;

/// How long the answers take that somebody gets, every 20 ms, on a new connection each, until told
/// to stop: the median, the 99th of 100, and the longest.
async fn watch(server: Arc<Server>, path: &'static str, stop: Arc<AtomicBool>) -> [Duration; 3] {
    let mut times = Vec::new();
    let mut beats = interval(Duration::from_millis(20));
    while !stop.load(Ordering::Relaxed) {
        beats.tick().await;
        let started = Instant::now();
        let answer = ask(&server, Method::GET, path, &[]).await;
        assert_eq!(answer.status(), 200);
        times.push(started.elapsed());
    }
    times.sort_unstable();
    [times.len() / 2, times.len() * 99 / 100, times.len() - 1].map(|index| times[index])
}

/// The process's memory, in MiB.
fn memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

/// Opens slow-header connections; how long until each was cut.
async fn slow_headers(server: &Arc<Server>) -> Vec<Duration> {
    let mut slow = JoinSet::new();
    for _ in 0..SLOW_CONNECTIONS {
        let mut stream = connect(server).await;
        stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n").await.unwrap();
        let started = Instant::now();
        slow.spawn(async move {
            let (reader, mut writer) = stream.into_split();
            let dribble = async {
                let mut beats = interval(Duration::from_secs(5));
                loop {
                    beats.tick().await;
                    let _ = writer.write_all(b"X-Slow: x\r\n").await;
                }
            };
            tokio::select! {
                _ = rest_of(reader) => {}
                () = dribble => {}
            }
            started.elapsed()
        });
    }
    slow.join_all().await
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a minute, and is for its figures"]
async fn a_thousand_slow_headers() {
    for max_connections in [10_000, 500] {
        let server = Server::start_with(|settings| settings.max_connections = max_connections);
        let server = Arc::new(server.await);
        let stop = Arc::new(AtomicBool::new(false));
        let others = tokio::spawn(watch(server.clone(), "/api/v1/agents", stop.clone()));
        let mut cut = slow_headers(&server).await;
        stop.store(true, Ordering::Relaxed);
        let [median, p99, longest] = others.await.unwrap();
        cut.sort_unstable();
        let (first, last) = (cut[0], cut[cut.len() - 1]);
        println!(
            "{SLOW_CONNECTIONS} slow headers, {max_connections} places: others' median \
             {median:.1?}, p99 {p99:.1?}, longest {longest:.1?}; cut after {first:.1?} to {last:.1?}"
        );
        assert!(p99 < Duration::from_millis(500) && last < Duration::from_secs(30));
    }
}

/// Lets somebody in who chooses a password.
async fn let_ada_in(server: &Server) {
    let new = NewPerson {
        email: "ada@example.org".to_owned(),
        name: "Ada".to_owned(),
        role: Role::Admin,
    };
    let invited = server.state.services.invite(Caller::control(), new).await.unwrap();
    let link = invited.link.strip_prefix("/welcome#").unwrap();
    let body = json!({ "link": link, "password": PASSWORD });
    assert_eq!(post(&server.url, "/welcome", &body, HOME).await, 201);
}

/// Ada signs in again and again, from where she is signed in or each time from another address,
/// until told to stop: how often she was answered what, and how long the answers took that let her
/// in.
async fn sign_in(
    server: Arc<Server>,
    is_known: bool,
    stop: Arc<AtomicBool>,
) -> (Statuses, Vec<Duration>) {
    let body = json!({ "email": "ada@example.org", "password": PASSWORD });
    let (mut statuses, mut times, mut number) = (Statuses::new(), Vec::new(), HOME);
    // From an address one may try ten times a minute.
    let mut beats = interval(Duration::from_millis(12_200));
    while !stop.load(Ordering::Relaxed) {
        beats.tick().await;
        number += u32::from(!is_known);
        let started = Instant::now();
        let status = post(&server.url, "/session", &body, number).await;
        *statuses.entry(status).or_default() += 1;
        if status == 200 {
            times.push(started.elapsed());
        }
    }
    times.sort_unstable();
    (statuses, times)
}

/// Sends that, from an address of its own behind the proxy that we are; the status.
async fn post(url: &str, path: &str, body: &Value, number: u32) -> u16 {
    let request = reqwest::Client::new().post(format!("{url}/api/v1{path}")).json(body);
    let [_, a, b, c] = number.to_be_bytes();
    let request = request.header("x-forwarded-for", format!("172.{a}.{b}.{c}"));
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes, and is for its figures"]
async fn two_hundred_thousand_wrong_logins() {
    let server = Server::start_with(|settings| {
        settings.auth = colloquy_server::settings::Auth::Required;
        settings.trusted_proxy = vec!["127.0.0.1/32".parse().unwrap()];
    });
    let server = Arc::new(server.await);
    let stop = Arc::new(AtomicBool::new(false));
    let others = tokio::spawn(watch(server.clone(), "/health", stop.clone()));
    let_ada_in(&server).await;
    let home = tokio::spawn(sign_in(server.clone(), true, stop.clone()));
    let elsewhere = tokio::spawn(sign_in(server.clone(), false, stop.clone()));
    let (before, started) = (memory(), Instant::now());
    let next = Arc::new(AtomicU32::new(0));
    let mut attackers = JoinSet::new();
    for _ in 0..ATTACKERS {
        let (next, url) = (next.clone(), format!("{}/api/v1/session", server.url));
        attackers.spawn(async move {
            let (client, mut statuses) = (reqwest::Client::new(), Statuses::new());
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= WRONG_LOGINS {
                    return statuses;
                }
                let [_, a, b, c] = (number % ADDRESSES).to_be_bytes();
                let email = format!("person-{}@example.org", number % 7_919);
                let body = json!({"email": email, "password": "wrong horse"});
                let request = client.post(&url).json(&body);
                let request = request.header("x-forwarded-for", format!("10.{a}.{b}.{c}"));
                let status = request.send().await.unwrap().status().as_u16();
                *statuses.entry(status).or_insert(0) += 1;
            }
        });
    }
    let mut statuses = Statuses::new();
    for one in attackers.join_all().await {
        for (status, count) in one {
            *statuses.entry(status).or_default() += count;
        }
    }
    let took = started.elapsed();
    stop.store(true, Ordering::Relaxed);
    let [median, p99, longest] = others.await.unwrap();
    let (home, times) = home.await.unwrap();
    println!("right logins from a known address: {home:?}; they took {times:.1?}");
    let (strange, times) = elsewhere.await.unwrap();
    println!("right logins from others: {strange:?}; those that let in took {times:.1?}");
    println!(
        "{WRONG_LOGINS} wrong logins from {ADDRESSES} addresses in {took:.0?}: {statuses:?}; others' \
         median {median:.1?}, p99 {p99:.1?}, longest {longest:.1?}; memory {before} to {} MiB",
        memory()
    );
    assert!(statuses.keys().all(|status| [401, 429, 503].contains(status)));
    assert!(home.keys().all(|status| *status == 200));
}
