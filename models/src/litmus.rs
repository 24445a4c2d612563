//! Small programs with known outcomes: how far loom may be trusted, asked before it judges the core.
//!
//! [`canaries`] is a fixed list that runs before anything may be called exhaustive, [`random`] holds loom against
//! brute force on programs that nobody thought of.

pub mod canaries;
pub mod program;
pub mod random;
pub mod reference;

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

pub use turnstile_loom::sync::Pass;

use crate::engine;

/// What loom turned up in one unbounded exploration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exploration<T> {
    /// How many executions it took; the one that panicked is among them.
    pub executions: u64,
    /// Every result that some execution ended with.
    pub seen: BTreeSet<T>,
    /// The message of the panic that ended the exploration early, if one did.
    pub panic: Option<String>,
}

/// Runs `body` in every execution that loom knows in this pass, without any bound.
///
/// The exploration has an OS thread of its own: the pass of the caller's thread stays as it is, and a panic, which is
/// what some programs are run for, is handed over instead of printed.
pub fn explore<T: Ord + Send + 'static>(pass: Pass, body: impl Fn() -> T + Send + Sync + 'static) -> Exploration<T> {
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    let exploration = thread::spawn({
        let seen = seen.clone();
        move || {
            let note = move || {
                let result = body();
                seen.lock().unwrap_or_else(PoisonError::into_inner).insert(result);
            };
            engine::loom::explore(pass, None, note, |_| ())
        }
    });
    let explored = exploration.join().expect("a panic of the model is caught");
    let seen = std::mem::take(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner));
    Exploration { executions: explored.executions, seen, panic: explored.violation }
}

/// The name of a pass on the command line and in reports.
pub fn pass_name(pass: Pass) -> &'static str {
    match pass {
        Pass::Interleavings => "interleavings",
        Pass::WeakMemory => "weak-memory",
        Pass::Stock => "stock",
    }
}

/// The pass of that name.
pub fn pass_named(name: &str) -> Result<Pass, String> {
    let passes = [Pass::Interleavings, Pass::WeakMemory, Pass::Stock];
    passes.into_iter().find(|pass| pass_name(*pass) == name).ok_or_else(|| {
        let names: Vec<_> = passes.into_iter().map(pass_name).collect();
        format!("there is no such pass, but there are {}", names.join(", "))
    })
}
