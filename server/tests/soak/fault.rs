//! The two forms of a test, and the table's lines.

use std::{
    env,
    fmt::Display,
    fs,
    hash::{BuildHasher, Hasher, RandomState},
    path::PathBuf,
    time::{Duration, Instant},
};

use tokio::time::interval;

/// What is tried, since when.
pub(crate) struct Fault {
    number: u32,
    name: &'static str,
    begun: Instant,
}

impl Fault {
    pub(crate) fn begin(number: u32, name: &'static str) -> Self {
        Self { number, name, begun: Instant::now() }
    }

    /// It is survived: what was done, and what came of it, as measured.
    pub(crate) fn survived(self, done: impl Display, found: impl Display) {
        let seconds = self.begun.elapsed().as_secs();
        self.tell(format!("{done} | {found} | {seconds} s"));
    }

    /// It cannot be tried on this machine.
    pub(crate) fn skipped(self, why: impl Display) {
        self.tell(format!("**not tried: {why}** | | "));
    }

    fn tell(self, what: String) {
        let Self { number, name, .. } = self;
        let line = format!("| {number} | {name} | {what} |\n");
        match folder() {
            Some(folder) => fs::write(folder.join(format!("{number:02} {name}.md")), line).unwrap(),
            None => print!("{line}"),
        }
    }
}

/// How many it is in this form.
pub(crate) fn count(short: usize, long: usize) -> usize {
    if folder().is_some() { long } else { short }
}

fn folder() -> Option<PathBuf> {
    env::var_os("SOAK").map(PathBuf::from)
}

/// Waits until something is so, for a minute at most.
pub(crate) async fn until(mut is_so: impl FnMut() -> bool) {
    let mut looks = interval(Duration::from_millis(5));
    let patience = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < patience, "it does not come about");
        looks.tick().await;
    }
}

/// A number below that.
pub(crate) fn chance(below: u64) -> u64 {
    RandomState::new().build_hasher().finish() % below
}

/// The memory of a process, in MiB.
pub(crate) fn memory(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}
