//! One page per file.

pub mod demo;
pub mod not_found;
