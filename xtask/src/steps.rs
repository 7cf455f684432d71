//! The steps of a long task, each timed.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// What has been done so far, and how long it took. Dropping it prints the list, so that a task
/// that fails half-way says where its time went too.
#[derive(Default)]
pub(crate) struct Steps {
    done: Vec<(&'static str, Duration)>,
}

impl Steps {
    /// Does one step under a headline. An error says which step it was.
    pub(crate) fn step<T>(
        &mut self,
        name: &'static str,
        work: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        println!("\n=== {name}");
        let start = Instant::now();
        let result = work();
        self.done.push((name, start.elapsed()));
        result.with_context(|| format!("the step \"{name}\" failed"))
    }
}

impl Drop for Steps {
    fn drop(&mut self) {
        println!("\n=== How long each step took");
        let total = ("all of them", self.done.iter().map(|(_, time)| *time).sum());
        for (name, time) in self.done.iter().chain([&total]) {
            println!("{:>7.1} s  {name}", time.as_secs_f64());
        }
    }
}
