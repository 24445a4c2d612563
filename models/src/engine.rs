//! Three ways to run the same scenario: every interleaving (loom), many large schedules (shuttle), real threads.
//!
//! The three modules have the same shape: `turnstile` is the core compiled for the engine, `spawn` and `Parker` are the
//! engine's threads and a waker on them, and `explore` runs a scenario and counts.

use std::path::PathBuf;

pub use turnstile_kit::engine::{caught, show_panics};

pub mod altered;
pub mod loom;
pub mod shuttle;
pub mod threads;

/// What an exploration came to.
#[derive(Clone, Debug)]
pub struct Explored {
    /// How often the scenario ran.
    pub executions: u64,
    /// How long all of it took.
    pub seconds: f64,
    /// What went wrong in the last execution, if anything did.
    pub violation: Option<String>,
    /// A file with that execution's schedule, where the checker can write one.
    pub schedule: Option<PathBuf>,
}
