//! Small programs with known outcomes: how far loom may be trusted, asked before it judges the core.
//!
//! [`canaries`] is a fixed list that runs before anything may be called exhaustive, [`random`] holds loom against
//! brute force on programs that nobody thought of.

pub mod canaries;
pub mod program;
pub mod random;
pub mod reference;

use std::any::Any;
use std::cell::Cell;
use std::collections::BTreeSet;
use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::thread;

use loom::model::Builder;
pub use turnstile_loom::sync::Pass;
use turnstile_loom::sync::set_pass;

/// What loom turned up in one unbounded exploration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exploration<T> {
    /// How many executions it took; the one that panicked is among them.
    pub executions: usize,
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
    let executions = Arc::new(AtomicUsize::new(0));
    let seen = Arc::new(Mutex::new(BTreeSet::new()));

    let exploration = thread::spawn({
        let (executions, seen) = (executions.clone(), seen.clone());
        move || {
            silence_panics_of_this_thread();
            set_pass(pass);
            unbounded().check(move || {
                executions.fetch_add(1, Ordering::Relaxed);
                let result = body();
                seen.lock().unwrap_or_else(PoisonError::into_inner).insert(result);
            });
        }
    });
    let panic = exploration.join().err().map(message);

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

/// The pass of that name.
pub fn pass_named(name: &str) -> Result<Pass, String> {
    let passes = [Pass::Interleavings, Pass::WeakMemory, Pass::Stock];
    passes.into_iter().find(|pass| pass_name(*pass) == name).ok_or_else(|| {
        let names: Vec<_> = passes.into_iter().map(pass_name).collect();
        format!("there is no such pass, but there are {}", names.join(", "))
    })
}

/// A search that ends only when it is drained. `Builder::new` reads limits from the environment, so that a stray
/// variable would bound the search without a word: every limit is set here.
fn unbounded() -> Builder {
    let mut builder = Builder::new();
    builder.max_threads = 5;
    builder.max_branches = 10_000;
    builder.max_permutations = None;
    builder.max_duration = None;
    builder.preemption_bound = None;
    builder.checkpoint_file = None;
    builder.checkpoint_interval = 20_000;
    builder.expect_explicit_explore = false;
    builder.location = false;
    builder.log = false;
    builder
}

fn message(panic: Box<dyn Any + Send>) -> String {
    match panic.downcast::<String>() {
        Ok(message) => *message,
        Err(panic) => match panic.downcast::<&str>() {
            Ok(message) => message.to_string(),
            Err(_) => String::from("a panic without a message"),
        },
    }
}

/// The hook is one for the whole process, so it asks which thread panics. loom's threads are coroutines of the thread
/// that explores, and are silenced with it.
fn silence_panics_of_this_thread() {
    thread_local! {
        static SILENT: Cell<bool> = const { Cell::new(false) };
    }
    static HOOK: Once = Once::new();

    HOOK.call_once(|| {
        let aloud = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !SILENT.get() {
                aloud(info);
            }
        }));
    });
    SILENT.set(true);
}
