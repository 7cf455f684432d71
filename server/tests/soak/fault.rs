//! The two forms of a test, and the table's lines.

use std::{env, fmt::Display, fs, path::PathBuf, time::Instant};

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
        let Self { number, name, .. } = self;
        let line = format!("| {number} | {name} | {done} | {found} | {seconds} s |\n");
        match folder() {
            Some(folder) => fs::write(folder.join(format!("{number:02}.md")), line).unwrap(),
            None => println!("{line}"),
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
