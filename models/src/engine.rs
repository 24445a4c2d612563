//! Three ways to run the same scenario: every interleaving (loom), many large schedules (shuttle), real threads.
//!
//! The three modules have the same shape: `turnstile` is the core compiled for the engine, `spawn` and `Parker` are the
//! engine's threads and a waker on them, and `explore` runs a scenario and counts.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

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

/// Panics of explorations are shown as well from now on, with a backtrace if `RUST_BACKTRACE` asks for one.
pub fn show_panics() {
    LOUD.store(true, Ordering::Relaxed);
}

static LOUD: AtomicBool = AtomicBool::new(false);

/// Runs `body` with the panic hook quiet for this thread, and turns a panic into its message.
fn caught(body: impl FnOnce()) -> Option<String> {
    use std::cell::Cell;
    use std::panic;
    use std::sync::Once;
    thread_local! { static QUIET: Cell<bool> = const { Cell::new(false) }; }
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let loud = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() || LOUD.load(Ordering::Relaxed) {
                loud(info);
            }
        }));
    });
    QUIET.set(true);
    let result = panic::catch_unwind(panic::AssertUnwindSafe(body));
    QUIET.set(false);
    result.err().map(|payload| {
        payload
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| payload.downcast_ref::<&str>().map(ToString::to_string))
            .unwrap_or_else(|| "a panic without a message".to_string())
    })
}
