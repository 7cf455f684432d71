//! Tokens that were looked up lately, so that a request need not ask the database who it is from.
//!
//! *Invariant*: what is taken away is forgotten here after its commit and before anybody is told
//! that it was done ([`super::Services::take_away`]).

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use colloquy_protocol::time::Timestamp;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::access::Caller;

/// How many tokens are remembered.
const MOST: usize = 10_000;

/// How many tokens are looked up at once: those that nobody has, which strangers may send in any number,
/// leave most of the store's readers to requests.
const TURNS: usize = 2;

/// What the hash of a token is.
pub(super) type Secret = [u8; 32];

/// Whom tokens let in. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct KnownTokens(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    /// How often something was taken away since the start.
    revocations: AtomicU64,
    callers: Mutex<HashMap<Secret, Known>>,
    turns: Semaphore,
}

#[derive(Debug)]
struct Known {
    caller: Caller,
    /// The minute of its last use that was noted.
    used: Timestamp,
}

impl Default for KnownTokens {
    fn default() -> Self {
        let (revocations, callers) = (AtomicU64::default(), Mutex::default());
        Self(Arc::new(Shared { revocations, callers, turns: Semaphore::new(TURNS) }))
    }
}

impl KnownTokens {
    /// Whom a token lets in, and whether this is its first use in that minute; none when it is not
    /// known here.
    pub(super) fn get(
        &self,
        secret: &Secret,
        now: Timestamp,
        minute: Timestamp,
    ) -> Option<(Caller, bool)> {
        let mut callers = self.callers();
        let known = callers.get_mut(secret)?;
        if known.caller.expires_at.is_some_and(|end| end <= now) {
            callers.remove(secret);
            return None;
        }
        let is_first = known.used < minute;
        known.used = minute;
        Some((known.caller.clone(), is_first))
    }

    /// Waits for one's turn to look a token up, which lasts until what is returned is dropped.
    pub(super) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // It is never closed.
        self.0.turns.acquire().await.ok()
    }

    /// How often something was taken away until now.
    pub(super) fn revocations(&self) -> u64 {
        self.0.revocations.load(Ordering::Acquire)
    }

    /// Remembers what was looked up after so many revocations, unless there was another since.
    pub(super) fn remember(
        &self,
        revocations: u64,
        secret: Secret,
        caller: &Caller,
        minute: Timestamp,
    ) {
        let mut callers = self.callers();
        if self.revocations() == revocations {
            if callers.len() >= MOST {
                callers.clear();
            }
            callers.insert(secret, Known { caller: caller.clone(), used: minute });
        }
    }

    /// Forgets those whose right to be here was taken away or changed.
    pub(super) fn forget_where(&self, is_theirs: impl Fn(&Caller) -> bool) {
        // First: what is remembered meanwhile is either refused by this, or found below.
        self.0.revocations.fetch_add(1, Ordering::Release);
        self.callers().retain(|_, known| !is_theirs(&known.caller));
    }

    fn callers(&self) -> MutexGuard<'_, HashMap<Secret, Known>> {
        // The sections under this lock are short and do not panic.
        self.0.callers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use colloquy_protocol::id::Principal;
    use futures_util::FutureExt;

    use super::*;

    const SECRET: Secret = [7; 32];

    fn moment(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn caller(id: &str) -> Caller {
        let principal = Principal::agent(id.parse().unwrap());
        Caller { principal, expires_at: Some(moment(1000)), ..Caller::control() }
    }

    #[test]
    fn a_token_is_known_until_it_ends() {
        let known = KnownTokens::default();
        known.remember(known.revocations(), SECRET, &caller("a"), moment(0));
        let found = known.get(&SECRET, moment(999), moment(0));
        assert_eq!(found, Some((caller("a"), false)));
        assert_eq!(known.get(&SECRET, moment(1000), moment(0)), None);
        assert_eq!(known.get(&[8; 32], moment(0), moment(0)), None);
    }

    #[test]
    fn few_are_looked_up_at_once() {
        let known = KnownTokens::default();
        let turn = || known.turn().now_or_never().flatten();
        let turns = [turn(), turn()];
        assert!(turns.iter().all(Option::is_some));
        assert!(turn().is_none());
        drop(turns);
        assert!(turn().is_some());
    }

    #[test]
    fn the_first_use_in_a_minute_is_told() {
        let known = KnownTokens::default();
        known.remember(known.revocations(), SECRET, &caller("a"), moment(0));
        let mut is_first = |minute| known.get(&SECRET, moment(0), moment(minute)).unwrap().1;
        assert_eq!([0, 60, 60, 120].map(&mut is_first), [false, true, false, true]);
    }

    #[test]
    fn what_was_taken_away_is_forgotten_and_not_learnt_from_before() {
        let known = KnownTokens::default();
        let remember = |before, secret, id| known.remember(before, secret, &caller(id), moment(0));
        let is_known = |secret| known.get(&secret, moment(0), moment(0)).is_some();
        remember(known.revocations(), [1; 32], "a");
        remember(known.revocations(), [2; 32], "b");
        let before = known.revocations();
        known.forget_where(|who| who.principal == caller("a").principal);
        assert_eq!([is_known([1; 32]), is_known([2; 32])], [false, true]);
        remember(before, [1; 32], "a");
        assert!(!is_known([1; 32]), "it was read before it was taken away");
    }
}
