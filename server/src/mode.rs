//! Whether anybody has an identity.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use colloquy_protocol::account::AuthMode;

/// Local mode, until it ends for good: whoever is on this machine is `local`, an administrator.
/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Mode(Arc<AtomicBool>);

impl Mode {
    /// Nobody has an identity, and only this machine is served.
    pub fn local() -> Self {
        Self(Arc::new(AtomicBool::new(true)))
    }

    /// People sign in, programs have tokens.
    pub fn required() -> Self {
        Self(Arc::new(AtomicBool::new(false)))
    }

    /// Which it is now.
    pub fn get(&self) -> AuthMode {
        if self.is_local() { AuthMode::Local } else { AuthMode::Required }
    }

    /// Whether it is local mode.
    pub fn is_local(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// Ends local mode: somebody has an identity now.
    pub fn end_local(&self) {
        self.0.store(false, Ordering::Release);
    }
}
