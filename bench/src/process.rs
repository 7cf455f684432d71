//! What the kernel knows of a process: its CPU time, its memory; and where it may run.

use std::{fs, io, process::Child};

use anyhow::{Context, Result};
use rustix::{
    param::clock_ticks_per_second,
    process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, setrlimit},
    thread::{CpuSet, sched_setaffinity},
};

/// The core of the server that is measured.
pub const SERVER_CORE: usize = 0;
/// The core of the generator.
pub const GENERATOR_CORE: usize = 1;

/// Keeps this process on a core.
///
/// # Errors
/// When there is no such core.
pub fn pin(core: usize) -> Result<()> {
    let mut cores = CpuSet::new();
    cores.set(core);
    sched_setaffinity(None, &cores).with_context(|| format!("there is no core {core} to run on"))
}

/// Lets this process and those that it starts open as many files as the kernel lets them.
///
/// # Errors
/// When 12,000 are too many.
pub fn raise_file_limit() -> Result<()> {
    const ENOUGH: u64 = 12_000;
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < ENOUGH) {
        let maximum = limit.maximum.map(|maximum| maximum.max(ENOUGH));
        let current = maximum.or(Some(ENOUGH));
        setrlimit(Resource::Nofile, Rlimit { current, maximum })
            .context("a process may not open enough files: raise the hard limit (ulimit -Hn)")?;
    }
    Ok(())
}

/// Asks a process that was started here to end (SIGTERM). It may have ended by itself, and there is
/// nobody to tell.
pub fn ask_to_end(process: &Child) {
    if let Some(id) = i32::try_from(process.id()).ok().and_then(Pid::from_raw) {
        let _ = kill_process(id, Signal::TERM);
    }
}

/// A process and all that descend from it.
#[derive(Debug, Clone, Copy)]
pub struct Family(pub u32);

impl Family {
    /// Seconds of CPU time that it has used, those of descendants that have ended included.
    ///
    /// # Errors
    /// When the process has ended.
    pub fn cpu_seconds(self) -> Result<f64> {
        let ticks: u64 = self.members()?.into_iter().map(|id| ticks(id, 4)).sum();
        Ok(ticks as f64 / clock_ticks_per_second() as f64)
    }

    /// Bytes of memory: the proportional share of what is shared.
    ///
    /// # Errors
    /// When the process has ended.
    pub fn memory(self) -> Result<u64> {
        let mut kibibytes = 0;
        for id in self.members()? {
            let rollup = fs::read_to_string(format!("/proc/{id}/smaps_rollup")).unwrap_or_default();
            let pss = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
            let number = pss.and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok());
            kibibytes += number.unwrap_or(0);
        }
        Ok(kibibytes * 1024)
    }

    fn members(self) -> Result<Vec<u32>> {
        stat(self.0).context("the server has ended")?;
        let all: Vec<(u32, u32)> = fs::read_dir("/proc")?
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter_map(|id| Some((id, stat(id).ok()?.get(1)?.parse().ok()?)))
            .collect();
        let mut members = vec![self.0];
        let mut looked_at = 0;
        while let Some(parent) = members.get(looked_at).copied() {
            members.extend(all.iter().filter(|(_, of)| *of == parent).map(|(id, _)| *id));
            looked_at += 1;
        }
        Ok(members)
    }
}

/// Seconds of CPU time that this process alone has used.
pub fn own_cpu_seconds() -> f64 {
    ticks(std::process::id(), 2) as f64 / clock_ticks_per_second() as f64
}

/// The ticks of a process, 0 when it has ended: of utime, stime, and the same
/// two of children that were waited for (proc(5)).
fn ticks(id: u32, fields: usize) -> u64 {
    let all = stat(id).unwrap_or_default();
    let wanted = all.iter().skip(11).take(fields);
    wanted.map(|field| field.parse().unwrap_or(0)).sum()
}

/// The fields of `/proc/ID/stat` after the name, which may hold anything.
fn stat(id: u32) -> io::Result<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{id}/stat"))?;
    let fields = text.rsplit_once(") ").map_or("", |(_, fields)| fields);
    Ok(fields.split_whitespace().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_time_and_memory() {
        let own = Family(std::process::id());
        let before = (own.cpu_seconds().unwrap(), own_cpu_seconds());
        while own.cpu_seconds().unwrap() <= before.0 || own_cpu_seconds() <= before.1 {}
        assert!(own.memory().unwrap() > 100_000);
        assert!(Family(u32::MAX).cpu_seconds().is_err());
    }
}
