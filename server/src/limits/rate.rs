//! How often something may be done.

use std::{hash::Hash, num::NonZeroU32, time::Duration};

use governor::{
    DefaultKeyedRateLimiter, Quota,
    clock::{Clock, DefaultClock},
};

/// So many in each minute for each key, all of them at once if need be.
pub(super) struct Rate<K: Hash + Eq + Clone>(DefaultKeyedRateLimiter<K>);

impl<K: Hash + Eq + Clone> Rate<K> {
    pub(super) fn per_minute(most: NonZeroU32) -> Self {
        Self(DefaultKeyedRateLimiter::keyed(Quota::per_minute(most)))
    }

    /// Counts one; when it is one too many, how long to wait.
    pub(super) fn take(&self, key: K) -> Result<(), Duration> {
        self.0.check_key(&key).map_err(|early| early.wait_time_from(DefaultClock::default().now()))
    }

    /// Forgets the keys that have their whole quota again.
    pub(super) fn forget_idle(&self) {
        self.0.retain_recent();
        self.0.shrink_to_fit();
    }
}

impl<K: Hash + Eq + Clone> std::fmt::Debug for Rate<K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rate").field("keys", &self.0.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_has_its_own_quota_and_is_told_how_long_to_wait() {
        let rate = Rate::per_minute(NonZeroU32::new(2).unwrap());
        assert_eq!((rate.take("a"), rate.take("a")), (Ok(()), Ok(())));
        let wait = rate.take("a").unwrap_err();
        assert!(wait <= Duration::from_secs(30) && wait > Duration::from_secs(20), "{wait:?}");
        assert_eq!(rate.take("b"), Ok(()));
    }

    #[test]
    fn keys_are_forgotten_once_their_quota_is_whole_again() {
        let rate = Rate::per_minute(NonZeroU32::MAX);
        for key in 0..1000 {
            rate.take(key).unwrap();
        }
        while !rate.0.is_empty() {
            rate.forget_idle();
        }
    }
}
