//! How the checkers are started, with each of their settings said.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;

pub use shuttle::FailurePersistence;
use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};

use crate::sync::Engine;

/// Runs `body` in every execution with at most so many preemptions, or in every one at all, until one panics or the time is over.
/// Returns the message of the panic.
///
/// The builder reads its defaults from the environment, where a stray variable would bound the search without a word: all are
/// set. That the time is over is not said: whoever sets one has to look at the clock.
pub fn loom(
    preemptions: Option<usize>,
    time: Option<Duration>,
    executions: Option<usize>,
    body: impl Fn() + Send + Sync + 'static,
) -> Option<String> {
    let mut builder = builder(preemptions);
    builder.max_duration = time;
    builder.max_permutations = executions;
    check(&builder, body)
}

/// How every exploration of loom is set up, but for what its caller sets: no limit on time or number, no file.
pub fn builder(preemptions: Option<usize>) -> loom::model::Builder {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = preemptions;
    builder.max_branches = 20_000;
    builder.max_threads = loom::MAX_THREADS;
    builder.max_duration = None;
    builder.max_permutations = None;
    builder.checkpoint_file = None;
    // How often it looks at the time, and whether it is enough.
    builder.checkpoint_interval = 1;
    builder.expect_explicit_explore = false;
    builder.location = false;
    builder.log = false;
    builder
}

/// Explores `body` as the builder says. Returns the message of the panic that ended it, if one did.
pub fn check(builder: &loom::model::Builder, body: impl Fn() + Send + Sync + 'static) -> Option<String> {
    caught(|| Engine::Loom.scope(|| builder.check(body)))
}

/// How schedules are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedules {
    /// Each step by a fair die.
    Random,
    /// Probabilistic concurrency testing with this many priority changes.
    Pct(usize),
}

/// Runs `body` under so many schedules from a fixed seed, until one panics or the time is over. Returns the message of the panic.
pub fn shuttle(
    kind: Schedules,
    schedules: usize,
    time: Option<Duration>,
    failures: FailurePersistence,
    body: impl Fn() + Send + Sync + 'static,
) -> Option<String> {
    const SEED: u64 = 0x7412_5717;
    match kind {
        Schedules::Random => shuttle_with(RandomScheduler::new_from_seed(SEED, schedules), time, failures, body),
        Schedules::Pct(depth) => {
            shuttle_with(PctScheduler::new_from_seed(SEED, depth, schedules), time, failures, body)
        }
    }
}

/// The same with a scheduler of one's own.
pub fn shuttle_with(
    scheduler: impl Scheduler + 'static,
    time: Option<Duration>,
    failures: FailurePersistence,
    body: impl Fn() + Send + Sync + 'static,
) -> Option<String> {
    let mut config = shuttle::Config::new();
    config.max_steps = shuttle::MaxSteps::FailAfter(10_000_000);
    config.max_time = time;
    config.failure_persistence = failures;
    config.stack_size = 0x20000;
    let failed = caught(|| {
        Engine::Shuttle.scope(|| shuttle::Runner::new(scheduler, config).run(body));
    });
    keep_shuttle_to_itself();
    failed
}

/// Panics of explorations are shown as well from now on, with a backtrace if `RUST_BACKTRACE` asks for one.
pub fn show_panics() {
    LOUD.store(true, Ordering::Relaxed);
}

static LOUD: AtomicBool = AtomicBool::new(false);

/// Each panic of an exploration is told to `listener` at once, with its message: what follows may abort the process.
pub fn on_panic(listener: impl Fn(&str) + Send + 'static) {
    *LISTENER.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(listener));
}

type Listener = Box<dyn Fn(&str) + Send>;
static LISTENER: Mutex<Option<Listener>> = Mutex::new(None);

thread_local! { static QUIET: Cell<bool> = const { Cell::new(false) }; }

/// Runs `body` with the panic hook quiet for this thread, and turns a panic into its message.
pub fn caught(body: impl FnOnce()) -> Option<String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let loud = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !QUIET.get() || LOUD.load(Ordering::Relaxed) {
                loud(info);
            }
            tell(info);
        }));
    });
    let before = QUIET.replace(true);
    let result = panic::catch_unwind(AssertUnwindSafe(body));
    QUIET.set(before);
    result.err().map(|payload| said(&*payload))
}

/// The hook that shuttle puts before all others prints a line for each panic, also for those with which loom ends its threads.
fn keep_shuttle_to_itself() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let of_shuttle = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let is_quiet = QUIET.get() && !LOUD.load(Ordering::Relaxed);
            if is_quiet && Engine::current() != Engine::Shuttle {
                tell(info);
            } else {
                of_shuttle(info);
            }
        }));
    });
}

fn tell(info: &PanicHookInfo<'_>) {
    if QUIET.get()
        && let Ok(Some(listener)) = LISTENER.try_lock().as_deref()
    {
        listener(&said(info.payload()));
    }
}

fn said(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().cloned();
    let text = text.or_else(|| payload.downcast_ref::<&str>().map(ToString::to_string));
    text.unwrap_or_else(|| "a panic without a message".to_string())
}

/// A process in which a checker runs. It ends when it is no longer listened to.
#[derive(Debug)]
pub struct Reaped(pub Child);

impl Drop for Reaped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
