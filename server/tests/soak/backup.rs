//! Backups, made while a server is written to, and brought back.

use std::{
    fs::{self, OpenOptions},
    io::{Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::Arc,
};

use colloquy_client::{
    Method,
    live::Notices,
    protocol::{
        frame::EventFrame,
        request::NewAgent,
        session::{Notice, State},
    },
};
use serde_json::{Value, json};
use sqlx::{
    AssertSqlSafe, Connection, Executor, SqliteConnection, query, query_scalar,
    sqlite::SqliteConnectOptions,
};
use tempfile::TempDir;
use tokio::task::spawn_blocking;

use crate::{
    fault::{Fault, count},
    load::Load,
    support::{
        peer::Peer,
        process::{COLLOQUY, Process, colloquy, in_folder, printed, serve_on_any_port, stderr},
    },
};

/// Each counts what must not be, up to the copy's end of the log, in a copy beside its original.
const WRONG: [&str; 8] = [
    "SELECT count(*) FROM (SELECT * FROM main.events EXCEPT SELECT * FROM live.events)",
    "SELECT count(*) FROM (SELECT * FROM live.events WHERE offset <= ?1 \
     EXCEPT SELECT * FROM main.events)",
    "SELECT count(*) FROM (SELECT * FROM main.messages EXCEPT SELECT * FROM live.messages)",
    "SELECT count(*) FROM (SELECT * FROM live.messages WHERE seq <= ?1 \
     EXCEPT SELECT * FROM main.messages)",
    "SELECT count(*) FROM (SELECT * FROM main.agents EXCEPT SELECT * FROM live.agents)",
    "SELECT count(*) FROM (SELECT * FROM live.agents WHERE version <= ?1 \
     EXCEPT SELECT * FROM main.agents)",
    "SELECT abs((SELECT count(*) FROM main.events WHERE event = 'agent:created') \
     - (SELECT count(*) FROM main.agents))",
    // What changes over and over is as its last event in the copy left it.
    "SELECT count(*) FROM main.collections AS c WHERE version <> \
     (SELECT max(offset) FROM main.events WHERE kind = 'collection' AND entity = c.id)",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backups_under_load_are_whole_and_come_back() {
    let fault = Fault::begin(10, "backup and restore under load");
    let rounds = count(2, 20);
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    let server = serve_on_any_port(here);
    let client = server.client();
    let (_live, mut notices) = client.live();
    while notices.recv().await.unwrap() != Notice::State(State::Live) {}
    let epoch = notices.position().unwrap().epoch.clone();
    let mut load = Load::begin(&client, 8).await;
    for round in 0..rounds {
        load.progress(100).await;
        let acknowledged = load.acknowledged();
        let name = format!("backup-{round}.db");
        run(here, &["backup", &name]).await;
        let meanwhile = load.acknowledged();
        let told = next_event(&mut notices).await;
        assert_eq!(told.name, "system:notification");
        let note: Value = serde_json::from_str(told.payload.get()).unwrap();
        assert_eq!(note["message"], "Backup completed");
        assert_eq!(note["type"], "info");
        assert_eq!(note["details"]["backupId"], name.as_str());

        let backup = here.join(&name);
        let offset = compare(&backup, &here.join("data/colloquy.db")).await;
        assert_eq!(note["details"]["offset"], offset);
        assert!(offset >= acknowledged, "{offset}: {acknowledged} was acknowledged before");
        assert!(offset < told.offset);
        assert!(meanwhile > acknowledged, "nobody was held up");

        let data = format!("restored-{round}");
        run(here, &["restore", &name, "--data-dir", &data]).await;
        assert_eq!(differences(&here.join(&data).join("colloquy.db"), &backup).await, [""; 0]);
        let restored = Process::start(colloquy(here).args([
            "serve",
            "--listen=127.0.0.1:0",
            "--data-dir",
            &data,
        ]));
        let mut back = Peer::connect(&restored.client()).await;
        assert_ne!(back.welcome["epoch"], epoch);
        assert_eq!(back.welcome["offset"], offset);
        let since = json!({ "epoch": epoch, "offset": offset });
        let ready = back.ok("client:ready", json!({ "since": since })).await;
        assert_eq!(ready["recovered"], false);
        let next = make_agent(&restored, "after").await;
        assert_eq!(next, offset + 1);
    }
    let events = load.end().await;
    fault.survived(
        format!("{rounds} backups of a server with 8 writers, each restored and served"),
        format!("{events} events written; differences 0, `integrity_check` ok {rounds} times"),
    );
}

/// The next event; what else there is to notice does not matter.
async fn next_event(notices: &mut Notices) -> Arc<EventFrame> {
    loop {
        if let Notice::Event(event) = notices.recv().await.unwrap() {
            return event;
        }
    }
}

/// Makes an agent; its version.
async fn make_agent(server: &Process, name: &str) -> u64 {
    let new = NewAgent { name: name.to_owned(), ..NewAgent::default() };
    server.client().create_agent(&new).await.unwrap().version
}

/// Runs a command that does what it should.
async fn run(folder: &Path, arguments: &[&str]) -> String {
    let folder = folder.to_owned();
    let arguments: Vec<String> = arguments.iter().map(|one| (*one).to_owned()).collect();
    let run = move || {
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        printed(&folder, &arguments)
    };
    spawn_blocking(run).await.unwrap()
}

async fn open(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(path).read_only(true);
    SqliteConnection::connect_with(&options).await.unwrap()
}

async fn open_beside(path: &Path, other: &Path) -> SqliteConnection {
    let mut copy = open(path).await;
    let attach = query("ATTACH ?1 AS live").bind(other.to_str().unwrap());
    attach.execute(&mut copy).await.unwrap();
    copy
}

/// Compares a copy with its original, which goes on; the copy's end of the log.
async fn compare(copy: &Path, original: &Path) -> u64 {
    let mut copy = open_beside(copy, original).await;
    let whole: String =
        query_scalar("PRAGMA main.integrity_check").fetch_one(&mut copy).await.unwrap();
    assert_eq!(whole, "ok");
    let offset: i64 =
        query_scalar("SELECT max(offset) FROM main.events").fetch_one(&mut copy).await.unwrap();
    for wrong in WRONG {
        let found: i64 = query_scalar(wrong).bind(offset).fetch_one(&mut copy).await.unwrap();
        assert_eq!(found, 0, "{wrong}");
    }
    offset.try_into().unwrap()
}

/// The tables in which two databases differ, but for what tells their histories apart.
async fn differences(one: &Path, other: &Path) -> Vec<String> {
    let mut both = open_beside(one, other).await;
    let tables: Vec<String> = query_scalar(
        "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name <> 'history' \
         AND name NOT LIKE 'sqlite_stat%'",
    )
    .fetch_all(&mut both)
    .await
    .unwrap();
    assert!(tables.len() > 10);
    let mut differences = Vec::new();
    for table in tables {
        for (a, b) in [("main", "live"), ("live", "main")] {
            let sql = format!(
                "SELECT count(*) FROM (SELECT * FROM {a}.{table} EXCEPT SELECT * FROM {b}.{table})"
            );
            let found: i64 = query_scalar(AssertSqlSafe(sql)).fetch_one(&mut both).await.unwrap();
            if found > 0 {
                differences.push(table.clone());
            }
        }
    }
    differences
}

/// A folder with a database of one agent, and a backup of that.
struct Kept {
    folder: TempDir,
}

impl Kept {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let server = serve_on_any_port(folder.path());
        make_agent(&server, "kept").await;
        run(folder.path(), &["backup", "good.db"]).await;
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What a command is refused with.
    fn refused(&self, arguments: &[&str]) -> String {
        refusal(colloquy(self.folder.path()).args(arguments).output().unwrap())
    }

    /// Names of everything in the folder and the data folder that a command may leave behind.
    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = [self.path(""), self.path("data")]
            .iter()
            .flat_map(|folder| fs::read_dir(folder).unwrap())
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .filter(|name| {
                name.contains(".db") && !name.ends_with("-shm") && !name.ends_with("-wal")
            })
            .collect();
        names.sort();
        names
    }

    /// A copy of the backup that is not as it should be.
    async fn spoilt(&self, name: &str, sql: &'static str) {
        fs::copy(self.path("good.db"), self.path(name)).unwrap();
        let options = SqliteConnectOptions::new().filename(self.path(name));
        let mut database = SqliteConnection::connect_with(&options).await.unwrap();
        database.execute(sql).await.unwrap();
        database.close().await.unwrap();
    }
}

fn refusal(output: Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    stderr(&output)
}

#[tokio::test]
async fn what_can_not_be_backed_up_is_told_and_leaves_nothing() {
    let kept = Kept::new().await;
    let before = fs::read(kept.path("good.db")).unwrap();
    let there = kept.refused(&["backup", "good.db"]);
    assert!(there.contains("good.db is there already"), "{there}");
    assert_eq!(fs::read(kept.path("good.db")).unwrap(), before);
    let nowhere = kept.refused(&["backup", "missing/new.db"]);
    assert!(nowhere.contains("there is no folder") && nowhere.contains("missing"), "{nowhere}");
    let nothing = kept.refused(&["backup", "new.db", "--data-dir", "empty"]);
    assert!(nothing.contains("there is no hub in") && nothing.contains("empty"), "{nothing}");
    assert!(!kept.path("empty").exists());

    // A file that grows no further: what a full disk leaves behind is the same.
    let mut shell = in_folder(Command::new("sh"), kept.folder.path());
    let limited = r#"trap "" XFSZ; ulimit -f 8; exec "$0" backup new.db"#;
    let full = refusal(shell.args(["-c", limited, COLLOQUY]).output().unwrap());
    assert!(full.contains("cannot be copied"), "{full}");
    assert_eq!(kept.names(), ["colloquy.db", "good.db"]);
}

#[tokio::test]
async fn what_can_not_be_restored_is_told_and_changes_nothing() {
    let kept = Kept::new().await;
    fs::write(kept.path("text.db"), "Not a database, though as long as a header. ".repeat(10))
        .unwrap();
    fs::write(kept.path("empty.db"), "").unwrap();
    kept.spoilt("newer.db", "UPDATE _sqlx_migrations SET version = 9999 WHERE version = 2").await;
    kept.spoilt("others.db", "DROP TABLE history").await;
    fs::copy(kept.path("good.db"), kept.path("damaged.db")).unwrap();
    let mut damaged = OpenOptions::new().write(true).open(kept.path("damaged.db")).unwrap();
    damaged.seek(SeekFrom::Start(16 * 1024)).unwrap();
    damaged.write_all(&[0x5a; 24 * 1024]).unwrap();
    let names = kept.names();
    for (file, told) in [
        ("missing.db", "there is no file"),
        ("text.db", "no database of Colloquy"),
        ("empty.db", "no database of Colloquy"),
        ("others.db", "no database of Colloquy"),
        ("newer.db", "step 9999"),
        ("damaged.db", "damaged"),
    ] {
        let refused = kept.refused(&["restore", file]);
        assert!(refused.contains(told), "{file}: {refused}");
        assert_eq!(kept.names(), names, "{file}");
    }
    let server = serve_on_any_port(kept.folder.path());
    let refused = kept.refused(&["restore", "good.db"]);
    assert!(refused.contains("while no server runs") && refused.contains("in use"), "{refused}");
    assert_eq!(server.client().agents().await.unwrap().value.items.len(), 1);
}

/// What is replaced is a whole database under another name, however its server ended.
#[tokio::test]
async fn what_a_restored_backup_replaces_is_kept() {
    let kept = Kept::new().await;
    let here = kept.folder.path();
    let mut server = serve_on_any_port(here);
    let later = make_agent(&server, "later").await;
    let epoch = Peer::connect(&server.client()).await.welcome["epoch"].clone();
    server.signal(rustix::process::Signal::KILL);
    server.wait();
    assert!(kept.path("data/colloquy.db-wal").metadata().unwrap().len() > 0);
    let told = printed(here, &["restore", "good.db"]);
    let replaced = told.trim().rsplit_once("is kept as ").unwrap().1;
    let mut old = open(Path::new(replaced)).await;
    let names: Vec<String> =
        query_scalar("SELECT name FROM agents ORDER BY version").fetch_all(&mut old).await.unwrap();
    assert_eq!(names, ["kept", "later"]);
    old.close().await.unwrap();

    let server = serve_on_any_port(here);
    assert_eq!(agent_names(&server).await, ["kept"]);
    assert_ne!(Peer::connect(&server.client()).await.welcome["epoch"], epoch);
    // A version that somebody may have seen does not come again for something else.
    assert_eq!(make_agent(&server, "next").await, later + 1);
    // The offsets in between were never those of an event here.
    let overview = server.client().request(Method::GET, "/api/v1/overview").send().await.unwrap();
    let events = overview.json::<Value>().await.unwrap()["events"].clone();
    assert_eq!(events, json!({ "first": 1, "last": later + 1, "count": 2 }));
    drop(server);
    // What was replaced can be brought back in the same way.
    printed(here, &["restore", replaced]);
    assert_eq!(agent_names(&serve_on_any_port(here)).await, ["kept", "later"]);
}

/// What was committed last before a server was killed is in a log beside the database. It is not that
/// of the database that is put in its place.
#[tokio::test]
async fn a_write_ahead_log_that_was_left_alone_is_not_taken_for_the_backups() {
    let kept = Kept::new().await;
    let here = kept.folder.path();
    let mut server = serve_on_any_port(here);
    make_agent(&server, "later").await;
    server.signal(rustix::process::Signal::KILL);
    server.wait();
    assert!(kept.path("data/colloquy.db-wal").metadata().unwrap().len() > 0);
    fs::remove_file(kept.path("data/colloquy.db")).unwrap();
    let told = printed(here, &["restore", "good.db"]);
    assert!(!told.contains("is kept as"), "{told}");
    assert!(!kept.path("data/colloquy.db-wal").exists());
    assert_eq!(agent_names(&serve_on_any_port(here)).await, ["kept"]);
}

/// A database that cannot be read any more is what backups are for.
#[tokio::test]
async fn a_damaged_database_can_be_replaced() {
    let kept = Kept::new().await;
    let damaged = b"What is left of it. ".repeat(1000);
    fs::write(kept.path("data/colloquy.db"), &damaged).unwrap();
    let told = printed(kept.folder.path(), &["restore", "good.db"]);
    let replaced = told.trim().rsplit_once("is kept as ").unwrap().1;
    assert_eq!(fs::read(replaced).unwrap(), damaged);
    assert!(!kept.path("data/colloquy.db-wal").exists(), "it belongs to the one that was replaced");
    assert_eq!(agent_names(&serve_on_any_port(kept.folder.path())).await, ["kept"]);
}

async fn agent_names(server: &Process) -> Vec<String> {
    let page = server.client().agents().await.unwrap().value;
    page.items.into_iter().map(|agent| agent.name).collect()
}

/// Without a server the command logs the notification for those who come back.
#[tokio::test]
async fn a_backup_needs_no_server() {
    let kept = Kept::new().await;
    let here = kept.folder.path();
    run(here, &["backup", "second.db"]).await;
    let server = serve_on_any_port(here);
    let events = server.client().events().await.unwrap().value.items;
    let told: Vec<&Value> =
        events.iter().map(|event| &event.payload["details"]["backupId"]).collect();
    assert_eq!(told, [&Value::Null, &json!("good.db"), &json!("second.db")]);
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &fs::metadata(here.join("second.db")).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600, "it holds everything");
}
