//! Lines of the log that strangers cause, however often they do.

use std::{
    mem,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How many lines of a kind there are in a minute, at most.
const MOST: u32 = 10;

const MINUTE: Duration = Duration::from_secs(60);

/// The lines of one kind.
#[derive(Debug)]
pub(crate) struct Lines(Mutex<Minute>);

#[derive(Debug)]
struct Minute {
    began: Option<Instant>,
    written: u32,
    /// Since the last one that was written.
    left_out: u64,
}

impl Lines {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Minute { began: None, written: 0, left_out: 0 }))
    }

    /// How many were left out before the next one, if that may be written now. Otherwise it is left
    /// out, too.
    pub(crate) fn next(&self) -> Option<u64> {
        self.next_at(Instant::now())
    }

    fn next_at(&self, now: Instant) -> Option<u64> {
        // The section under this lock is short and does not panic.
        let mut minute = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if minute.began.is_none_or(|began| now.duration_since(began) >= MINUTE) {
            (minute.began, minute.written) = (Some(now), 0);
        }
        if minute.written == MOST {
            minute.left_out += 1;
            return None;
        }
        minute.written += 1;
        Some(mem::take(&mut minute.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_so_many_in_a_minute_and_the_next_says_how_many_were_left_out() {
        let (lines, start) = (Lines::new(), Instant::now());
        let written = (0..1000).filter_map(|_| lines.next_at(start)).collect::<Vec<_>>();
        assert_eq!(written, [0; MOST as usize]);
        assert_eq!(lines.next_at(start + MINUTE / 2), None);
        assert_eq!(lines.next_at(start + MINUTE), Some(991));
        assert_eq!(lines.next_at(start + MINUTE), Some(0));
    }
}
