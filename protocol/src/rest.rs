//! Where the REST API is, and the headers of its own.

/// Where every path of it begins.
pub const ROOT: &str = "/api/v1";

/// Which history an answer shows ([`Position::epoch`](crate::position::Position)).
pub const EPOCH: &str = "Colloquy-Epoch";

/// Which place in the log an answer shows ([`Position::offset`](crate::position::Position)).
pub const OFFSET: &str = "Colloquy-Offset";

/// As which agent somebody acts, in local mode.
pub const ACT_AS: &str = "Colloquy-Act-As";

/// Tells a request that is sent again from another one like it.
pub const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// Whether a request that was answered with that status may succeed in a while: too much was asked, or a
/// hub is away behind its proxy.
pub fn may_pass(status: u16) -> bool {
    matches!(status, 429 | 502..=504)
}
