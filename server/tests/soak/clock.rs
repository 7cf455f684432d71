//! A wall clock that jumps.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Stdio,
};

use colloquy_client::{Client, Method, protocol::request::NewAgent};
use reqwest::header::{COOKIE, SET_COOKIE};
use serde_json::json;
use tempfile::TempDir;

use crate::{
    fault::{Fault, count},
    reader::Reader,
    support::{
        peer::Peer,
        process::{Process, colloquy, printed},
    },
};

/// Two days there and back, and four days ahead: more than events are kept and a token lasts.
const JUMPS: [&str; 6] = ["+0d", "+2d", "+0d", "-2d", "+1d", "-1d"];
const TOO_LATE: &str = "+4d";
const DAYS: &str = "3";

/// A server in a folder whose wall clock stands in a file beside its data.
struct Clock {
    folder: TempDir,
    library: PathBuf,
}

impl Clock {
    fn new(library: &Path) -> Self {
        let clock = Self { folder: TempDir::new().unwrap(), library: library.to_owned() };
        clock.set("+0d");
        clock
    }

    /// How far it is from the real one.
    fn set(&self, offset: &str) {
        let (file, next) = (self.path("clock"), self.path("clock.next"));
        fs::write(&next, offset).unwrap();
        fs::rename(next, file).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn serve(&self) -> Process {
        let mut command = colloquy(self.folder.path());
        command.args(["serve", "--listen=127.0.0.1:0", "--retention-days", DAYS]);
        command.env("LD_PRELOAD", &self.library);
        command.env("FAKETIME_TIMESTAMP_FILE", self.path("clock")).env("FAKETIME_NO_CACHE", "1");
        // The wall clock only.
        command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env("DONT_FAKE_MONOTONIC", "1");
        Process::start(command.stderr(Stdio::null()))
    }
}

/// Where Debian's package `faketime` has its library.
fn library() -> Option<PathBuf> {
    let folder = format!("/usr/lib/{}-linux-gnu/faketime", env::consts::ARCH);
    let given = env::var_os("LIBFAKETIME").map(PathBuf::from);
    let library = given.unwrap_or_else(|| Path::new(&folder).join("libfaketime.so.1"));
    library.is_file().then_some(library)
}

async fn write(client: &Client) -> u64 {
    let new = NewAgent { name: "A".to_owned(), ..NewAgent::default() };
    client.create_agent(&new).await.unwrap().version
}

/// The offsets and moments of the log.
async fn log(client: &Client) -> Vec<(u64, i64)> {
    let page = client.events().query("limit", 200).await.unwrap().value;
    page.items.iter().map(|entry| (entry.offset, entry.timestamp.as_millis())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs libfaketime: cargo xtask soak"]
async fn a_wall_clock_that_jumps_changes_no_order_and_forgets_nothing() {
    let fault = Fault::begin(6, "the wall clock jumps: order and retention");
    let Some(library) = library() else {
        return fault.skipped("libfaketime is not installed (Debian: faketime)");
    };
    let rounds = count(1, 10);
    let clock = Clock::new(&library);
    let server = clock.serve();
    let client = server.client();
    let reader = Reader::begin(&client).await;
    let mut end = 0;
    for _ in 0..rounds {
        for jump in JUMPS {
            clock.set(jump);
            end = write(&client).await;
            end = write(&client).await.max(end);
        }
    }
    let all = log(&client).await;
    assert_eq!(all.len() as u64, end);
    assert!(all.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1), "{all:?}");
    let day = 24 * 60 * 60 * 1000;
    assert!(all[all.len() - 1].1 - all[0].1 >= 2 * day, "it did jump: {all:?}");
    let read = reader.end(end).await;
    assert_eq!((read.events, read.recovered, read.reloads), (end, 0, 0), "on one connection");

    // The log is trimmed when a server starts.
    drop(server);
    for jump in ["+2d", "-2d"] {
        clock.set(jump);
        let server = clock.serve();
        end = write(&server.client()).await;
        assert_eq!(log(&server.client()).await.len() as u64, end, "{jump}: all is kept");
        let mut peer = Peer::connect(&server.client()).await;
        peer.subscribe("agent:*").await;
        let since = json!({ "epoch": peer.welcome["epoch"], "offset": 0 });
        assert_eq!(peer.ok("client:ready", json!({ "since": since })).await["recovered"], true);
    }
    // What is older than three days goes, and nothing with it.
    let old = all.iter().filter(|event| event.1 < all[0].1 + day).count() as u64;
    clock.set(TOO_LATE);
    let server = clock.serve();
    end = write(&server.client()).await;
    let kept = log(&server.client()).await;
    assert_eq!((kept[0].0, kept.len() as u64), (old + 1, end - old));
    fault.survived(
        format!("{} jumps of up to three days under a reader, and 3 starts", rounds * JUMPS.len()),
        format!(
            "moments never go back, {end} offsets in order, the connection lasts; {old} events \
             forgotten, when they were older than {DAYS} days, and no other"
        ),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs libfaketime: cargo xtask soak"]
async fn a_wall_clock_that_jumps_ends_no_session_before_its_time() {
    let fault = Fault::begin(6, "the wall clock jumps: logins and tokens");
    let Some(library) = library() else {
        return fault.skipped("libfaketime is not installed (Debian: faketime)");
    };
    let clock = Clock::new(&library);
    let here = clock.folder.path().to_owned();
    let server = clock.serve();
    let invited =
        printed(&here, &["user", "add", "a@example.org", "--name", "Ada", "--role", "admin"]);
    let link = invited.trim().rsplit_once("/welcome#").unwrap().1;
    let chosen = json!({ "link": link, "password": "wrong horse 1" });
    let welcome = server.client().request(Method::POST, "/api/v1/welcome").json(&chosen);
    let welcome = welcome.send().await.unwrap();
    assert_eq!(welcome.status(), 201);
    let cookie =
        welcome.headers()[SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    let token = ["token", "create", "--user", "a@example.org", "--name", "t", "--scope", "read"];
    let token = printed(&here, &[&token[..], &["--expires-days", DAYS]].concat());
    let with_token = server.client().with_token(token.trim());
    let http = reqwest::Client::new();
    let signed_in = async || {
        let ask = http.get(format!("{}/api/v1/profile", server.url)).header(COOKIE, &cookie);
        ask.header("sec-fetch-site", "same-origin").send().await.unwrap().status().as_u16()
    };
    let rounds = count(1, 10);
    for _ in 0..rounds {
        for jump in JUMPS {
            clock.set(jump);
            assert_eq!(signed_in().await, 200, "{jump}");
            with_token.agents().await.unwrap();
        }
    }
    clock.set(TOO_LATE);
    assert_eq!(with_token.agents().await.unwrap_err().status(), Some(401), "it has ended");
    assert_eq!(signed_in().await, 200, "a login lasts longer");
    clock.set("+20d");
    assert_eq!(signed_in().await, 401);
    // An event of that day stays the log's last moment, and who signs in afterwards stays signed in.
    let told = printed(&here, &["notify", "It is late."]);
    clock.set("+0d");
    let sign_in = json!({ "email": "a@example.org", "password": "wrong horse 1" });
    let again = server.client().request(Method::POST, "/api/v1/session").json(&sign_in);
    let again = again.send().await.unwrap();
    assert_eq!(again.status(), 200, "{told}");
    let cookie =
        again.headers()[SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned();
    drop(server);
    // What has ended is forgotten when a server starts.
    let server = clock.serve();
    let ask = http.get(format!("{}/api/v1/profile", server.url)).header(COOKIE, &cookie);
    let profile = ask.header("sec-fetch-site", "same-origin").send().await.unwrap();
    assert_eq!(profile.status(), 200);
    fault.survived(
        format!("{} jumps of up to three days, then past what each lasts", rounds * JUMPS.len()),
        "a login of 14 days and a token of 3 days are good each time, and end when they should; who \
         signs in after the clock was ahead stays signed in",
    );
}
