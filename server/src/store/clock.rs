//! The moments of changes, which never go back: when the system's clock does, time stands still.

use colloquy_protocol::time::Timestamp;

/// By how many milliseconds the system's clock may be behind before the log says so: clocks that are
/// set by the network are moved by less.
const NOTICED: i64 = 10_000;

/// The moment of the change that runs.
#[derive(Debug)]
pub(super) struct Clock {
    now: Timestamp,
    is_behind: bool,
}

impl Clock {
    /// A clock at the moment of the last event.
    pub(super) fn at(last: Timestamp) -> Self {
        Self { now: last, is_behind: false }
    }

    /// The moment of the change that runs; never earlier than that of an event before it.
    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    /// Goes on to what the system's clock says.
    pub(super) fn go_on(&mut self, system: Timestamp) {
        let behind = self.now.as_millis() - system.as_millis();
        if behind > NOTICED && !self.is_behind {
            self.is_behind = true;
            tracing::warn!(
                last = %self.now,
                %system,
                "The system's clock is behind the last change: until it is not, all that happens has \
                 that moment."
            );
        } else if behind <= 0 && self.is_behind {
            self.is_behind = false;
            tracing::info!("The system's clock has caught up with the log.");
        }
        self.now = self.now.max(system);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_stands_still_while_the_system_is_behind() {
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1_000);
        let mut clock = Clock::at(at(100));
        let steps = [
            (101, 101, false),
            (91, 101, false),
            (90, 101, true),
            (100, 101, true),
            (101, 101, false),
        ];
        for (system, now, is_behind) in steps {
            clock.go_on(at(system));
            assert_eq!((clock.now(), clock.is_behind), (at(now), is_behind), "{system}");
        }
    }
}
