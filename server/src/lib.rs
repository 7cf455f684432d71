//! x
pub mod data_dir;
pub mod logging;
pub mod origin;
pub mod settings;
