//! Disks that fail, in ways that only the system can bring about.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use colloquy_client::{Client, protocol::request::NewAgent};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::{task::JoinSet, time::interval};

use crate::{
    fault::{Fault, count, until},
    kill::{Acknowledged, inspect, serve},
    reader::Reader,
    support::process::{COLLOQUY, Process, in_folder, serve_on_any_port, stderr},
};

/// What a system call is made to answer, and which status that is for who asked.
const INJECTED: [(&str, &str, u16); 4] = [
    ("fsync,fdatasync", "EIO", 503),
    ("pwrite64", "ENOSPC", 507),
    ("pwrite64", "EROFS", 503),
    ("pwrite64", "EIO", 503),
];

/// Writers who try again whatever they are refused with.
struct Writers {
    stop: Arc<AtomicBool>,
    done: Arc<AtomicU64>,
    /// How often the statuses 503 and 507 came.
    refused: Arc<[AtomicU64; 2]>,
    tasks: JoinSet<Vec<Acknowledged>>,
}

impl Writers {
    fn begin(client: &Client, how_many: usize) -> Self {
        let mut writers = Self {
            stop: Arc::default(),
            done: Arc::default(),
            refused: Arc::default(),
            tasks: JoinSet::new(),
        };
        for number in 0..how_many {
            let client = client.clone();
            let (stop, done, refused) =
                (writers.stop.clone(), writers.done.clone(), writers.refused.clone());
            writers.tasks.spawn(async move {
                let mut acknowledged = Vec::new();
                let mut tries = interval(Duration::from_millis(5));
                for step in 0.. {
                    let name = format!("{number}-{step}");
                    let id = Some(name.parse().unwrap());
                    let new = NewAgent { id, name: name.clone(), ..NewAgent::default() };
                    let agent = loop {
                        tries.tick().await;
                        if stop.load(Ordering::Relaxed) {
                            return acknowledged;
                        }
                        match client.create_agent(&new).await {
                            Ok(agent) => break agent,
                            Err(error) => match error.status() {
                                Some(503) => refused[0].fetch_add(1, Ordering::Relaxed),
                                Some(507) => refused[1].fetch_add(1, Ordering::Relaxed),
                                // It was told that this did not happen.
                                _ => panic!("{error}"),
                            },
                        };
                    };
                    acknowledged.push((name, agent.version));
                    done.fetch_add(1, Ordering::Relaxed);
                }
                acknowledged
            });
        }
        writers
    }

    fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    fn refused(&self, status: u16) -> u64 {
        self.refused[usize::from(status == 507)].load(Ordering::Relaxed)
    }

    /// Waits until that status came again.
    async fn until_refused(&self, status: u16) {
        let before = self.refused(status);
        until(|| self.refused(status) > before).await;
    }

    /// Waits until all of them get on again.
    async fn until_done(&self) {
        let goal = self.done() + 20;
        until(|| self.done() >= goal).await;
    }

    async fn end(self) -> Vec<Acknowledged> {
        self.stop.store(true, Ordering::Relaxed);
        self.tasks.join_all().await.into_iter().flatten().collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs strace and the right to trace: cargo xtask soak"]
async fn a_disk_that_answers_with_errors_loses_nothing() {
    let fault = Fault::begin(2, "system calls of the disk that fail");
    if Command::new("strace").arg("-V").output().is_err() {
        return fault.skipped("strace is not installed");
    }
    let rounds = count(1, 20);
    let folder = TempDir::new().unwrap();
    let (mut server, _) = serve(folder.path(), "127.0.0.1:0").await;
    let client = server.client();
    let reader = Reader::begin(&client).await;
    let writers = Writers::begin(&client, 8);
    for _ in 0..rounds {
        for (calls, error, status) in INJECTED {
            writers.until_done().await;
            let tracer = Tracer::begin(&server, calls, error);
            writers.until_refused(status).await;
            client.agents().query("limit", 1).await.unwrap();
            tracer.end();
        }
    }
    writers.until_done().await;
    let refused = [503, 507].map(|status| writers.refused(status));
    let acknowledged = writers.end().await;
    let end = client.agents().query("limit", 1).await.unwrap().position.offset;
    assert_eq!(reader.end(end).await.events, end);
    server.signal(Signal::KILL);
    server.wait();
    inspect(folder.path(), &acknowledged).await;
    let (server, _) = serve(folder.path(), "127.0.0.1:0").await;
    assert_eq!(server.client().agents().query("limit", 1).await.unwrap().position.offset, end);
    fault.survived(
        format!("{rounds} times each: fsync EIO; write ENOSPC, EROFS, EIO; 8 writers"),
        format!(
            "{} acknowledged writes, lost 0; {end} events published, none of them rolled back; \
             503 {} times, 507 {} times; it went on by itself each time",
            acknowledged.len(),
            refused[0],
            refused[1]
        ),
    );
}

/// Makes system calls of a server fail until it ends.
struct Tracer(Child);

impl Tracer {
    fn begin(server: &Process, calls: &str, error: &str) -> Self {
        let tracer = Command::new("strace")
            .args(["-f", "-qq", "-o", "/dev/null", "-p", &server.process.id().to_string()])
            .args(["-e", &format!("trace={calls}"), "-e", &format!("inject={calls}:error={error}")])
            .stderr(Stdio::null())
            .spawn();
        Self(tracer.unwrap())
    }

    /// Lets the server go.
    fn end(mut self) {
        kill_process(Pid::from_child(&self.0), Signal::INT).unwrap();
        self.0.wait().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the right to mount: cargo xtask soak"]
async fn a_small_disk_that_is_full_loses_nothing() {
    let fault = Fault::begin(2, "a small tmpfs that is full");
    let rounds = count(1, 20);
    let folder = TempDir::new().unwrap();
    // Mounted for this server alone: nothing of it remains.
    let mut unshare = in_folder(Command::new("unshare"), folder.path());
    let mount = "mkdir data && mount -t tmpfs -o size=24m,mode=700 none data";
    let script = format!(r#"{mount} && exec "$0" serve --listen 127.0.0.1:0"#);
    unshare.args(["--mount", "sh", "-c", &script, COLLOQUY]).stderr(Stdio::null());
    if !may_mount(folder.path()) {
        return fault.skipped("mounting is not allowed");
    }
    let server = Process::start(&mut unshare);
    let inside = PathBuf::from(format!("/proc/{}/root", server.process.id()));
    let inside = inside.join(folder.path().strip_prefix("/").unwrap());
    let ballast = inside.join("data/ballast");
    let client = server.client();
    let reader = Reader::begin(&client).await;
    let writers = Writers::begin(&client, 8);
    for _ in 0..rounds {
        writers.until_done().await;
        fill(&ballast);
        writers.until_refused(507).await;
        client.agents().query("limit", 1).await.unwrap();
        fs::remove_file(&ballast).unwrap();
    }
    writers.until_done().await;
    let refused = writers.refused(507);
    let acknowledged = writers.end().await;
    let end = client.agents().query("limit", 1).await.unwrap().position.offset;
    assert_eq!(reader.end(end).await.events, end);
    // What would be there if it were killed now; its disk goes with it.
    server.signal(Signal::STOP);
    let image = TempDir::new().unwrap();
    fs::create_dir(image.path().join("data")).unwrap();
    for file in ["data/colloquy.db", "data/colloquy.db-wal"] {
        fs::copy(inside.join(file), image.path().join(file)).unwrap();
    }
    inspect(image.path(), &acknowledged).await;
    fault.survived(
        format!("{rounds} times full and emptied under 8 writers"),
        format!(
            "{} acknowledged writes, lost 0; {end} events published, none of them rolled back; \
             507 {refused} times; it went on by itself each time",
            acknowledged.len()
        ),
    );
}

#[test]
#[ignore = "needs the right to mount: cargo xtask soak"]
fn a_backup_that_finds_no_room_leaves_nothing() {
    let fault = Fault::begin(10, "a backup onto a full disk");
    let folder = TempDir::new().unwrap();
    if !may_mount(folder.path()) {
        return fault.skipped("mounting is not allowed");
    }
    drop(serve_on_any_port(folder.path()));
    let mut unshare = in_folder(Command::new("unshare"), folder.path());
    let script = r#"mkdir small && mount -t tmpfs -o size=64k none small
        "$0" backup small/new.db; ls -A small"#;
    let tried = unshare.args(["--mount", "sh", "-c", script, COLLOQUY]).output().unwrap();
    let told = stderr(&tried);
    assert!(told.contains("the disk is full"), "{told}");
    assert_eq!(String::from_utf8_lossy(&tried.stdout), "", "nothing is left");
    fault.survived("`colloquy backup` into a tmpfs of 64 KiB", "told so; no file is left");
}

fn may_mount(folder: &Path) -> bool {
    let mut unshare = in_folder(Command::new("unshare"), folder);
    let tried = unshare.args(["--mount", "mount", "-t", "tmpfs", "none", "/mnt"]).output();
    tried.is_ok_and(|tried| tried.status.success())
}

/// Takes all the room that there is.
fn fill(ballast: &Path) {
    let mut file = File::create(ballast).unwrap();
    for size in [64 * 1024, 4096] {
        let block = vec![0; size];
        while file.write_all(&block).is_ok() {}
    }
}
