//! How long to wait before the next attempt.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);

/// Exponential back-off: half of each wait is certain, half is chance, so that clients that lost
/// the same hub do not all come back in the same moment.
#[derive(Debug)]
pub(super) struct Backoff {
    attempt: u32,
    seed: u64,
}

impl Backoff {
    pub(super) fn new(seed: u64) -> Self {
        Self { attempt: 0, seed }
    }

    /// How many waits there were since the last [`Backoff::reset`].
    pub(super) fn attempt(&self) -> u32 {
        self.attempt
    }

    /// The next wait.
    pub(super) fn next(&mut self) -> Duration {
        let ceiling = FIRST.saturating_mul(1 << self.attempt.min(10)).min(LONGEST);
        self.attempt += 1;
        ceiling / 2 + (ceiling / 2).mul_f64(self.chance())
    }

    pub(super) fn reset(&mut self) {
        self.attempt = 0;
    }

    /// From 0 to 1, by SplitMix64: good enough for jitter, and needs no source of randomness.
    fn chance(&mut self) -> f64 {
        self.seed = self.seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.seed;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^= bits >> 31;
        bits as f64 / u64::MAX as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_to_a_limit_and_starts_again() {
        let mut backoff = Backoff::new(7);
        let mut ceiling = FIRST;
        for _ in 0..40 {
            let wait = backoff.next();
            assert!(ceiling / 2 <= wait && wait <= ceiling, "{wait:?} of {ceiling:?}");
            ceiling = (ceiling * 2).min(LONGEST);
        }
        backoff.reset();
        assert!(backoff.next() <= FIRST);
    }

    #[test]
    fn two_clients_do_not_wait_equally_long() {
        assert_ne!(Backoff::new(1).next(), Backoff::new(2).next());
    }
}
