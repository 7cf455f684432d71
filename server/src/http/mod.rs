//! HTTP: one handler group per file. The routes are in [`crate::router`].

pub(crate) mod problem;
