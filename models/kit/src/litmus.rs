//! Small programs with known outcomes: how far loom may be trusted, asked before it judges anything.

pub mod canaries;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

pub use turnstile_loom::sync::Pass;
use turnstile_loom::sync::set_pass;

use crate::engine::loom;

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
    let (seen, executions) = (Arc::new(Mutex::new(BTreeSet::new())), Arc::new(AtomicU64::new(0)));
    let exploration = thread::spawn({
        let (seen, executions) = (seen.clone(), executions.clone());
        move || {
            set_pass(pass);
            loom(None, None, None, move || {
                executions.fetch_add(1, Ordering::Relaxed);
                let result = body();
                seen.lock().unwrap_or_else(PoisonError::into_inner).insert(result);
            })
        }
    });
    let panic = exploration.join().expect("a panic of the model is caught");
    let seen = std::mem::take(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner));
    Exploration { executions: executions.load(Ordering::Relaxed), seen, panic }
}

/// The name of a pass on the command line and in reports.
pub fn pass_name(pass: Pass) -> &'static str {
    match pass {
        Pass::Interleavings => "interleavings",
        Pass::WeakMemory => "weak-memory",
        Pass::Stock => "stock",
    }
}
