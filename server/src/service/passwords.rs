//! Passwords: which are good enough, and their hashes.

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, PasswordHash, PasswordHasher, PasswordVerifier, Version,
    password_hash::SaltString,
};
use tokio::{sync::Semaphore, task::spawn_blocking};

use super::valid::Check;
use crate::error::{Error, Result};

/// How many hashes are computed at once: each takes a processor, and 19 MiB.
const AT_ONCE: usize = 2;

/// How many of each [`Standing`] may wait for their turn or have it; who comes beyond them is told to
/// come back (503).
const WAITING: usize = 64;

/// Who waits for a hash. Each has places of its own: however many strangers try to sign in, those
/// who are known have theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Somebody comes from an address from which somebody is signed in, or has shown who they are.
    Known,
    /// Anybody.
    Stranger,
}

/// The 3,000 commonest passwords of at least 8 characters, the commonest first: the beginning of
/// the list that Django ships (by Royce Williams; BSD-3-Clause).
const COMMON: &str = include_str!("common_passwords.txt");

/// A hash with today's parameters that no password has, to be checked where there is no password.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$\
                       AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Hashes passwords and checks them, a few at a time. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Passwords {
    known: Arc<Semaphore>,
    strangers: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        let semaphore = |places| Arc::new(Semaphore::new(places));
        let (known, strangers) = (semaphore(WAITING), semaphore(WAITING));
        Self { known, strangers, turns: semaphore(AT_ONCE) }
    }

    /// The hash to keep of a password, in PHC form, for somebody who has shown who they are.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when too many wait.
    pub(crate) async fn hash(&self, password: String) -> Result<String> {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(Error::internal)?;
        self.compute(Standing::Known, move || {
            let salt = SaltString::encode_b64(&salt).map_err(Error::internal)?;
            let hash = argon2()?.hash_password(password.as_bytes(), &salt);
            Ok(hash.map_err(Error::internal)?.to_string())
        })
        .await
    }

    /// Whether it is the password of that hash. Without a hash it is not, and that takes as long.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when too many wait.
    pub(crate) async fn verify(
        &self,
        standing: Standing,
        password: String,
        hash: Option<String>,
    ) -> Result<bool> {
        self.compute(standing, move || {
            let hash = hash.as_deref().unwrap_or(NOBODYS);
            let hash = PasswordHash::new(hash).map_err(Error::internal)?;
            match argon2()?.verify_password(password.as_bytes(), &hash) {
                Ok(()) => Ok(true),
                Err(argon2::password_hash::Error::Password) => Ok(false),
                Err(cause) => Err(Error::internal(cause)),
            }
        })
        .await
    }

    async fn compute<T: Send + 'static>(
        &self,
        standing: Standing,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let places = match standing {
            Standing::Known => &self.known,
            Standing::Stranger => &self.strangers,
        };
        let _place = places.try_acquire().map_err(|_| Error::Unavailable)?;
        let turn = self.turns.clone().acquire_owned().await.map_err(Error::internal)?;
        let computed = spawn_blocking(move || {
            // Kept until the work is done, even when nobody waits for it any more.
            let _turn = turn;
            work()
        });
        computed.await.map_err(Error::internal)?
    }
}

/// Whether a password is good enough to be chosen.
pub(super) fn check(check: &mut Check, field: &str, password: &str) {
    let length = password.chars().count();
    if !(8..=256).contains(&length) {
        check.fail(field, "must have 8 to 256 characters");
    } else if COMMON.lines().any(|common| common.eq_ignore_ascii_case(password)) {
        check.fail(field, "is one of the commonest passwords: the first that others would try");
    }
}

/// The parameters that OWASP recommends for argon2id.
fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(19 * 1024, 2, 1, None).map_err(Error::internal)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_knows_its_password_and_no_other() {
        let passwords = Passwords::new();
        let hash = passwords.hash("wrong horse".to_owned()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, passwords.hash("wrong horse".to_owned()).await.unwrap(), "salted");
        for (password, expected) in [("wrong horse", true), ("wrong horse ", false), ("", false)] {
            let is_it = passwords.verify(Standing::Known, password.to_owned(), Some(hash.clone()));
            let is_it = is_it.await.unwrap();
            assert_eq!(is_it, expected, "{password:?}");
        }
        for password in ["wrong horse", ""] {
            let is_it = passwords.verify(Standing::Stranger, password.to_owned(), None);
            assert!(!is_it.await.unwrap());
        }
    }

    #[tokio::test]
    async fn who_comes_when_too_many_wait_is_told_to_come_back() {
        let passwords = Passwords::new();
        let _others = passwords.strangers.acquire_many(WAITING as u32).await.unwrap();
        let ask = |standing| passwords.verify(standing, "wrong horse".to_owned(), None);
        assert!(matches!(ask(Standing::Stranger).await, Err(Error::Unavailable)));
        assert!(matches!(ask(Standing::Known).await, Ok(false)), "strangers do not take its place");
    }

    #[test]
    fn short_long_and_common_passwords_are_refused() {
        for (password, good) in [
            ("7 chars", false),
            ("8 chars!", true),
            ("ÄÖÜ ÄÖÜ!", true),
            ("password1", false),
            ("PassWord1", false),
            ("iloveyou1", false),
            (&"x".repeat(256), true),
            (&"x".repeat(257), false),
        ] {
            let mut checked = Check::default();
            check(&mut checked, "password", password);
            assert_eq!(checked.done().is_ok(), good, "{password}");
        }
        assert_eq!(COMMON.lines().count(), 3_000);
        assert!(COMMON.lines().all(|one| one.len() >= 8));
    }
}
