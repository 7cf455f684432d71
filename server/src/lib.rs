//! x
pub mod origin;
pub mod settings;
