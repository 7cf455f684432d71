//! Passwords: which are good enough, and their hashes.

use std::sync::{Arc, Mutex, PoisonError};

use argon2::{
    Algorithm, Argon2, Block, Params, PasswordHash, Version,
    password_hash::{Output, Salt, SaltString},
};
use tokio::{sync::Semaphore, task::spawn_blocking};

use super::valid::Check;
use crate::error::{Error, Result};

/// How many hashes are computed at once: each takes a processor, and 19 MiB.
const AT_ONCE: usize = 2;

/// How many of each [`Acquaintance`] may wait for their turn or have it; who comes beyond them is told
/// to come back (503).
const WAITING: usize = 64;

/// Who waits for a hash. Each has places of its own: however many strangers try to sign in, those
/// who are known have theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Acquaintance {
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

/// Hashes passwords and checks them, a few at a time.
#[derive(Debug)]
pub(crate) struct Passwords {
    known: Semaphore,
    strangers: Semaphore,
    turns: Arc<Semaphore>,
    /// The memory in which hashes were computed, to be used again: an allocator that has a heap for
    /// each thread would keep some of it for every thread that ever computed one.
    memory: Arc<Mutex<Vec<Vec<Block>>>>,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        Self {
            known: Semaphore::new(WAITING),
            strangers: Semaphore::new(WAITING),
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            memory: Arc::default(),
        }
    }

    /// The hash to keep of a password, in PHC form, for somebody who has shown who they are.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when too many wait.
    pub(crate) async fn hash(&self, password: String) -> Result<String> {
        let mut salt = [0; 16];
        getrandom::fill(&mut salt).map_err(Error::internal)?;
        self.compute(Acquaintance::Known, move |memory| {
            let salt = SaltString::encode_b64(&salt).map_err(Error::internal)?;
            let params = params().map_err(Error::internal)?;
            let output = output(&password, salt.as_salt(), params.clone(), memory);
            let hash = PasswordHash {
                algorithm: Algorithm::Argon2id.ident(),
                version: Some(Version::V0x13.into()),
                params: params.try_into().map_err(Error::internal)?,
                salt: Some(salt.as_salt()),
                hash: Some(output.map_err(Error::internal)?),
            };
            Ok(hash.to_string())
        })
        .await
    }

    /// Whether it is the password of that hash. Without a hash it is not, and that takes as long.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when too many wait.
    pub(crate) async fn verify(
        &self,
        acquaintance: Acquaintance,
        password: String,
        hash: Option<String>,
    ) -> Result<bool> {
        self.compute(acquaintance, move |memory| {
            let hash = hash.as_deref().unwrap_or(NOBODYS);
            let hash = PasswordHash::new(hash).map_err(Error::internal)?;
            let salt =
                hash.salt.ok_or_else(|| Error::internal("a hash of a password has a salt"))?;
            let params = Params::try_from(&hash).map_err(Error::internal)?;
            let computed = output(&password, salt, params, memory).map_err(Error::internal)?;
            // Outputs are compared in constant time.
            Ok(hash.hash == Some(computed))
        })
        .await
    }

    async fn compute<T: Send + 'static>(
        &self,
        acquaintance: Acquaintance,
        work: impl FnOnce(&mut Vec<Block>) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let places = match acquaintance {
            Acquaintance::Known => &self.known,
            Acquaintance::Stranger => &self.strangers,
        };
        let _place = places.try_acquire().map_err(|_| Error::Unavailable)?;
        let turn = self.turns.clone().acquire_owned().await.map_err(Error::internal)?;
        let kept = self.memory.clone();
        let computed = spawn_blocking(move || {
            // Kept until the work is done, even when nobody waits for it any more.
            let _turn = turn;
            let lock = || kept.lock().unwrap_or_else(PoisonError::into_inner);
            let mut memory = lock().pop().unwrap_or_default();
            let result = work(&mut memory);
            lock().push(memory);
            result
        });
        computed.await.map_err(Error::internal)?
    }
}

/// Whether a password is good enough to be chosen.
pub(super) fn check(check: &mut Check, password: &str) {
    let length = password.chars().count();
    if !(8..=256).contains(&length) {
        check.fail("password", "must have 8 to 256 characters");
    } else if COMMON.lines().any(|common| common.eq_ignore_ascii_case(password)) {
        let common = "is one of the commonest passwords: the first that others would try";
        check.fail("password", common);
    }
}

/// The parameters that OWASP recommends for argon2id.
fn params() -> argon2::Result<Params> {
    Params::new(19 * 1024, 2, 1, Some(Params::DEFAULT_OUTPUT_LEN))
}

/// What argon2id makes of a password, in memory that is made as large as it has to be.
fn output(
    password: &str,
    salt: Salt<'_>,
    params: Params,
    memory: &mut Vec<Block>,
) -> argon2::password_hash::Result<Output> {
    let mut bytes = [0; Salt::MAX_LENGTH];
    let salt = salt.decode_b64(&mut bytes)?;
    memory.resize(params.block_count().max(memory.len()), Block::new());
    let length = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
    Output::init_with(length, |output| {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        Ok(argon2.hash_password_into_with_memory(password.as_bytes(), salt, output, memory)?)
    })
}

#[cfg(test)]
mod tests {
    use argon2::{PasswordHasher, PasswordVerifier};

    use super::*;

    #[tokio::test]
    async fn a_hash_knows_its_password_and_no_other() {
        let passwords = Passwords::new();
        let hash = passwords.hash("wrong horse".to_owned()).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, passwords.hash("wrong horse".to_owned()).await.unwrap(), "salted");
        for (password, expected) in [("wrong horse", true), ("wrong horse ", false), ("", false)] {
            let (password, hash) = (password.to_owned(), Some(hash.clone()));
            let is_it = passwords.verify(Acquaintance::Known, password.clone(), hash);
            let is_it = is_it.await.unwrap();
            assert_eq!(is_it, expected, "{password:?}");
        }
        for password in ["wrong horse", ""] {
            let is_it = passwords.verify(Acquaintance::Stranger, password.to_owned(), None);
            assert!(!is_it.await.unwrap());
        }
    }

    #[tokio::test]
    async fn hashes_are_those_of_argon2_and_share_their_memory() {
        let (passwords, argon2) = (Passwords::new(), Argon2::default());
        let ours = passwords.hash("wrong horse".to_owned()).await.unwrap();
        let ours = PasswordHash::new(&ours).unwrap();
        argon2.verify_password(b"wrong horse", &ours).unwrap();
        argon2.verify_password(b"right horse", &ours).unwrap_err();

        let salt = SaltString::encode_b64(&[7; 16]).unwrap();
        let theirs = argon2.hash_password(b"wrong horse", &salt).unwrap().to_string();
        let checks = (0..6).map(|number| {
            let password = if number % 2 == 0 { "wrong horse" } else { "right horse" };
            passwords.verify(Acquaintance::Known, password.to_owned(), Some(theirs.clone()))
        });
        let checked = futures_util::future::try_join_all(checks).await.unwrap();
        assert_eq!(checked, [true, false, true, false, true, false]);
        assert!(passwords.memory.lock().unwrap().len() <= AT_ONCE);
    }

    #[tokio::test]
    async fn who_comes_when_too_many_wait_is_told_to_come_back() {
        let passwords = Passwords::new();
        let _others = passwords.strangers.acquire_many(WAITING as u32).await.unwrap();
        let ask = |acquaintance| passwords.verify(acquaintance, "wrong horse".to_owned(), None);
        assert!(matches!(ask(Acquaintance::Stranger).await, Err(Error::Unavailable)));
        let known = ask(Acquaintance::Known).await;
        assert!(matches!(known, Ok(false)), "strangers do not take its place");
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
            check(&mut checked, password);
            assert_eq!(checked.done().is_ok(), good, "{password}");
        }
        assert_eq!(COMMON.lines().count(), 3_000);
        assert!(COMMON.lines().all(|one| one.len() >= 8));
    }
}
