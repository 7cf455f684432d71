//! The data folder: whose it is, what is in it, and what is left there.

use std::{
    fs,
    io::Read,
    os::unix::fs::{MetadataExt, chown},
    path::Path,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use rustix::process::{Pid, Signal, geteuid, kill_process};
use sqlx::{
    Connection, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteLockingMode},
};
use tempfile::TempDir;
use tokio::process::Command as Started;

use crate::support::process::{PATIENCE, Process, colloquy, printed, serve_on_any_port, stderr};

#[test]
fn a_data_folder_has_one_server() {
    let folder = TempDir::new().unwrap();
    let server = serve_on_any_port(folder.path());
    let second = colloquy(folder.path()).arg("--listen=127.0.0.1:0").output().unwrap();
    let error = stderr(&second);
    assert_eq!(second.status.code(), Some(1));
    assert!(error.contains(&format!("process {}", server.process.id())), "{error}");
}

#[test]
fn a_command_in_the_wrong_folder_makes_nothing() {
    let folder = TempDir::new().unwrap();
    for arguments in [
        &["notify", "Hello"][..],
        &["user", "list"],
        &["user", "add", "a@example.org", "--name", "Ada"],
        &["token", "create", "--agent", "a", "--name", "t"],
        &["backup", "new.db"],
    ] {
        let output = colloquy(folder.path()).args(arguments).output().unwrap();
        let error = stderr(&output);
        assert_eq!(output.status.code(), Some(1), "{error}");
        for told in ["there is no hub in /", "/data: ", "--data-dir", "COLLOQUY_DATA_DIR"] {
            assert!(error.contains(told), "no {told:?} in {error}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

#[test]
fn the_first_admin_is_told_where_a_hub_begins() {
    let folder = TempDir::new().unwrap();
    let add = |email| {
        let mut command = colloquy(folder.path());
        command.args(["user", "add", email, "--name", "Ada", "--role", "admin"]);
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        stderr(&output)
    };
    let first = add("a@example.org");
    let told = format!("There is no hub in {}/data yet: one is made.\n", folder.path().display());
    assert!(first.starts_with(&told), "{first}");
    let second = add("b@example.org");
    assert!(!second.contains("There is no hub"), "{second}");
}

/// Runs a server that cannot start; what it says.
fn refused_to_serve(folder: &Path) -> String {
    let output = colloquy(folder).args(["serve", "--listen=127.0.0.1:0"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    stderr(&output)
}

#[test]
fn what_is_in_the_way_is_told_once() {
    let folder = TempDir::new().unwrap();
    let data = folder.path().join("data");
    fs::write(&data, "").unwrap();
    let error = refused_to_serve(folder.path());
    assert_eq!(error.matches("data is not a folder").count(), 1, "{error}");
    fs::remove_file(&data).unwrap();
    for file in ["colloquy.db", "colloquy.lock"] {
        fs::create_dir_all(data.join(file)).unwrap();
        let error = refused_to_serve(folder.path());
        let told = format!("data/{file} cannot be opened: Is a directory");
        assert!(error.contains(&told), "{error}");
        fs::remove_dir_all(&data).unwrap();
    }
}

#[test]
fn a_database_that_was_lost_is_told() {
    let folder = TempDir::new().unwrap();
    let log = || {
        let mut server = serve_on_any_port(folder.path());
        server.signal(Signal::TERM);
        server.wait();
        let mut log = String::new();
        server.process.stderr.take().unwrap().read_to_string(&mut log).unwrap();
        log
    };
    const TOLD: &str = "There was a database here";
    assert!(!log().contains(TOLD), "the first start");
    assert!(!log().contains(TOLD), "the second");
    let database = folder.path().join("data/colloquy.db");
    fs::write(&database, "").unwrap();
    let command = colloquy(folder.path()).args(["user", "list"]).output().unwrap();
    assert!(stderr(&command).contains("there is no hub in"), "{}", stderr(&command));
    assert!(log().contains(TOLD), "it is empty");
    fs::remove_file(&database).unwrap();
    assert!(log().contains(TOLD), "it is missing");
}

/// Only root can give a file away: who else runs this sees nothing of it.
#[test]
fn what_root_makes_is_whose_the_folder_is() {
    if !geteuid().is_root() {
        return;
    }
    const SOMEBODY: u32 = 65534;
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    drop(serve_on_any_port(here));
    printed(here, &["backup", "good.db"]);
    let owner = |path: &str| here.join(path).metadata().unwrap().uid();
    chown(here.join("data/colloquy.db"), Some(SOMEBODY), None).unwrap();
    printed(here, &["restore", "good.db"]);
    assert_eq!((owner("data"), owner("data/colloquy.db")), (0, SOMEBODY));
    let new = |folder: &str| {
        fs::create_dir(here.join(folder)).unwrap();
        chown(here.join(folder), Some(SOMEBODY), None).unwrap();
    };
    new("restored");
    let told = printed(here, &["restore", "good.db", "--data-dir=restored"]);
    assert!(told.contains("is restored into /") && told.contains("/restored, "), "{told}");
    new("begun");
    let add = ["user", "add", "a@example.org", "--name=Ada", "--role=admin"];
    printed(here, &[&add[..], &["--data-dir=begun"]].concat());
    for folder in ["restored", "begun"] {
        let owners = ["db", "lock"].map(|file| owner(&format!("{folder}/colloquy.{file}")));
        assert_eq!(owners, [SOMEBODY; 2], "{folder}");
    }
}

#[tokio::test]
async fn a_backup_that_is_stopped_leaves_nothing_behind() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    drop(serve_on_any_port(here));
    // Who copies it waits for a while for who has it to themselves.
    let options = SqliteConnectOptions::new()
        .filename(here.join("data/colloquy.db"))
        .locking_mode(SqliteLockingMode::Exclusive);
    let mut owner = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query("DELETE FROM agents").execute(&mut owner).await.unwrap();
    let backups = here.join("backups");
    fs::create_dir(&backups).unwrap();
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let mut command = colloquy(here);
        command.args(["backup", "backups/new.db"]);
        // Whatever fails here, it does not go on.
        let mut backup = Started::from(command).kill_on_drop(true).spawn().unwrap();
        let deadline = Instant::now() + PATIENCE;
        while fs::read_dir(&backups).unwrap().count() == 0 {
            assert!(Instant::now() < deadline, "it does not begin");
            thread::sleep(Duration::from_millis(1));
        }
        let process = Pid::from_raw(backup.id().unwrap().cast_signed()).unwrap();
        kill_process(process, signal).unwrap();
        assert_eq!(backup.wait().await.unwrap().code(), Some(1), "{signal:?}");
        assert_eq!(fs::read_dir(&backups).unwrap().count(), 0, "{signal:?}");
    }
}

#[tokio::test]
async fn the_data_folder_may_lie_deep() {
    let folder = TempDir::new().unwrap();
    let deep = "a-folder-with-a-long-name/".repeat(6);
    let at_depth = |command: &mut Command| {
        command.env("COLLOQUY_DATA_DIR", &deep);
    };
    let mut command = colloquy(folder.path());
    at_depth(&mut command);
    let server = Process::start(command.arg("--listen=127.0.0.1:0"));
    let mut command = colloquy(folder.path());
    at_depth(&mut command);
    let told = command.args(["notify", "Hello"]).output().unwrap();
    assert_eq!(told.status.code(), Some(0), "{}", stderr(&told));
    assert_eq!(server.client().events().await.unwrap().value.items.len(), 1);
}
