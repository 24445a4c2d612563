//! loom again, on the core with something left out of it, or watched.

pub use turnstile_altered as turnstile;
use turnstile_altered::{altered, sync};

use super::Explored;
use super::loom::{self, Pass};
pub use super::loom::{JoinHandle, Lock, NAME, Parker, UnsafeCell, seed, spawn, yield_now};

#[path = "../cluster.rs"]
pub mod cluster;
#[path = "../pairs/run/mod.rs"]
pub mod pairs;
#[path = "../scenarios.rs"]
pub mod scenarios;
#[path = "../subject.rs"]
pub mod subject;

/// See [`loom::reads_are_newest`].
pub fn reads_are_newest() -> bool {
    sync::pass() == sync::Pass::Interleavings
}

/// How loads are shown to loom, in what is explored on this thread from now on.
pub fn set_pass(pass: Pass) {
    sync::set_pass(match pass {
        Pass::Interleavings => sync::Pass::Interleavings,
        Pass::WeakMemory => sync::Pass::WeakMemory,
        Pass::Stock => sync::Pass::Stock,
    });
}

/// See [`loom::explore`].
pub fn explore(
    pass: Pass,
    preemptions: Option<usize>,
    scenario: impl Fn() + Send + Sync + 'static,
    progress: impl Fn(u64) + Send + Sync + 'static,
) -> Explored {
    set_pass(pass);
    let explored = loom::run(
        preemptions,
        move || {
            altered::begin();
            scenario();
        },
        progress,
    );
    altered::begin(); // The last one has ended.
    explored
}
