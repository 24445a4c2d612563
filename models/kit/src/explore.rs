//! Runs a scenario under a checker, until it is drained, or fails, or the time is over.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use turnstile_loom::sync::{Pass, set_pass};

use crate::engine::{FailurePersistence, Schedules, caught, loom, shuttle};
use crate::journal::{Pages, Step, begin, length};
use crate::scenario::Scenario;
use crate::subject::{Ability, Subject};

/// A checker, and what it lets vary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checker {
    /// loom: every interleaving, as far as the time goes.
    Interleavings,
    /// loom: stale values as well, with at most two preemptions.
    WeakMemory,
    /// shuttle: schedules at random.
    Random,
    /// shuttle: schedules by priority.
    Pct,
    /// The machine's own threads.
    Threads,
}

impl Checker {
    /// As it is asked for.
    pub fn short(self) -> &'static str {
        match self {
            Self::Interleavings => "interleavings",
            Self::WeakMemory => "weak-memory",
            Self::Random => "random",
            Self::Pct => "pct",
            Self::Threads => "threads",
        }
    }

    /// All of them.
    pub const ALL: [Self; 5] = [Self::Interleavings, Self::WeakMemory, Self::Random, Self::Pct, Self::Threads];

    /// Its name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Interleavings => "loom, interleavings",
            Self::WeakMemory => "loom, weak memory",
            Self::Random => "shuttle, random",
            Self::Pct => "shuttle, pct-3",
            Self::Threads => "threads",
        }
    }
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Found {
    /// How often the scenario ran, up to the failing execution if there is one.
    pub executions: u64,
    /// How far: *exhaustive*, *preemptions<=n*, *schedules=k*.
    pub bound: String,
    /// How long it took.
    pub seconds: f64,
    /// What is violated, and an execution that shows it.
    pub violation: Option<Violation>,
}

/// A guarantee that is broken.
#[derive(Clone, Debug)]
pub struct Violation {
    /// `I1` to `I14`.
    pub guarantee: String,
    /// In a sentence.
    pub what: String,
    /// The execution, with as few switches between threads as were found, and then as few steps.
    pub steps: Vec<Step>,
}

impl Violation {
    pub(crate) fn new(text: String, steps: Vec<Step>) -> Self {
        let is_ours = text.starts_with('I') && text[1..].starts_with(|c: char| c.is_ascii_digit());
        let guarantee = if is_ours { text.split(' ').next().unwrap_or("").into() } else { "I12".into() };
        let what = if is_ours { text } else { format!("I12 total transitions: it panicked: {text}") };
        Self { guarantee, what, steps }
    }
}

/// How much is spent on one scenario under one checker.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// How long it may take. loom takes what it needs of it.
    pub time: Duration,
    /// How many schedules of shuttle are enough.
    pub schedules: usize,
    /// How many executions on threads are.
    pub repeats: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { time: Duration::from_secs(5), schedules: 500, repeats: 50 }
    }
}

type Best = Arc<Mutex<Option<(String, Vec<Step>)>>>;

/// What a reader does while it is looked at. Shared with the executions, and with whoever waits for them.
#[derive(Clone, Default)]
pub(crate) struct Look {
    pages: Arc<Mutex<Pages>>,
    executions: Arc<AtomicU64>,
    /// The best way to a violation, if all are to be seen.
    best: Option<Best>,
}

impl Look {
    fn once<S: Subject>(&self, scenario: &Scenario) {
        self.begins();
        begin();
        let Err(violation) = scenario.run::<S>(self.pages.clone()) else { return };
        let Some(best) = &self.best else { panic!("{violation}") };
        let steps = self.steps();
        let mut best = best.lock().unwrap_or_else(PoisonError::into_inner);
        if best.as_ref().is_none_or(|(_, known)| length(&steps) < length(known)) {
            *best = Some((violation, steps));
        }
    }

    fn under_loom<S: Subject>(
        &self,
        scenario: &'static Scenario,
        bound: Option<usize>,
        time: Option<Duration>,
        executions: Option<usize>,
    ) -> Option<String> {
        let look = self.clone();
        loom(bound, time, executions, move || look.once::<S>(scenario))
    }

    /// The steps of the execution that is under way, or was the last.
    pub(crate) fn steps(&self) -> Vec<Step> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner).steps.clone()
    }

    /// One more.
    pub(crate) fn begins(&self) {
        self.executions.fetch_add(1, Ordering::Relaxed);
    }

    /// How many executions have begun, or states were looked at.
    pub(crate) fn count(&self) -> u64 {
        self.executions.load(Ordering::Relaxed)
    }

    /// The steps of the execution that ended in `message`. If everybody waited, `stuck` is what that breaks.
    pub(crate) fn violation(&self, stuck: &str, message: &str) -> Violation {
        let is_stuck = ["deadlock", "exceeded max_steps", "exceeded maximum number of branches", "stands still"];
        let is_stuck = is_stuck.iter().any(|text| message.contains(text));
        Violation::new(if is_stuck { stuck } else { message }.into(), self.steps())
    }

    /// Puts a reader that can do all that it needs through a scenario.
    pub(crate) fn explore<S: Subject>(&self, scenario: &'static Scenario, checker: Checker, budget: Budget) -> Found {
        let started = Instant::now();
        let found = match checker {
            Checker::Interleavings => {
                set_pass(Pass::Interleavings);
                bounded::<S>(self, scenario, &[Some(0), Some(1), Some(2), Some(3), None], budget)
            }
            Checker::WeakMemory => {
                set_pass(Pass::WeakMemory);
                bounded::<S>(self, scenario, &[Some(0), Some(1), Some(2)], budget)
            }
            Checker::Random => schedules::<S>(self, scenario, Schedules::Random, budget),
            Checker::Pct => schedules::<S>(self, scenario, Schedules::Pct(3), budget),
            Checker::Threads => threads::<S>(self, scenario, budget),
        };
        set_pass(Pass::Interleavings);
        Found { seconds: started.elapsed().as_secs_f64(), ..found }
    }
}

/// What a reader would have to be able to do for a scenario, and does not say that it can.
pub fn lacks<S: Subject>(scenario: &Scenario) -> Vec<Ability> {
    scenario.needs.iter().copied().filter(|needed| !S::ABILITIES.contains(needed)).collect()
}

/// Puts a reader through a scenario.
///
/// # Errors
///
/// What the reader [`lacks`]: the scenario is not supported.
pub fn explore<S: Subject>(
    scenario: &'static Scenario,
    checker: Checker,
    budget: Budget,
) -> Result<Found, Vec<Ability>> {
    let lacks = lacks::<S>(scenario);
    if lacks.is_empty() { Ok(Look::default().explore::<S>(scenario, checker, budget)) } else { Err(lacks) }
}

/// Puts a reader that can do all that it needs through a scenario under loom's interleavings, to the last one, however long it takes.
pub fn drain<S: Subject>(scenario: &'static Scenario, bound: Option<usize>) -> Found {
    let started = Instant::now();
    let look = Look::default();
    set_pass(Pass::Interleavings);
    let failed = look.under_loom::<S>(scenario, bound, None, None);
    let violation = failed.map(|message| look.violation(scenario.stuck, &message));
    Found { executions: look.count(), bound: named(bound), seconds: started.elapsed().as_secs_f64(), violation }
}

fn named(bound: Option<usize>) -> String {
    bound.map_or_else(|| "exhaustive".into(), |bound| format!("preemptions<={bound}"))
}

/// With more and more preemptions, so that what is found has few of them.
fn bounded<S: Subject>(look: &Look, scenario: &'static Scenario, bounds: &[Option<usize>], budget: Budget) -> Found {
    let started = Instant::now();
    let mut drained = "nothing drained".to_string();
    for bound in bounds {
        let left = budget.time.saturating_sub(started.elapsed()).max(Duration::from_millis(1));
        if let Some(message) = look.under_loom::<S>(scenario, *bound, Some(left), None) {
            let executions = look.count();
            let first = look.violation(scenario.stuck, &message);
            let violation = Some(shortest::<S>(look, scenario, *bound, first));
            return Found { executions, bound: named(*bound), seconds: 0.0, violation };
        }
        if started.elapsed() >= budget.time {
            break;
        }
        drained = named(*bound);
    }
    Found { executions: look.count(), bound: drained, seconds: 0.0, violation: None }
}

/// The shortest way to a violation with so many preemptions, of as many executions as can be seen soon.
fn shortest<S: Subject>(look: &Look, scenario: &'static Scenario, bound: Option<usize>, first: Violation) -> Violation {
    const EXECUTIONS: usize = 10_000;
    // What sleeps in each execution is not waited for.
    const TIME: Duration = Duration::from_secs(20);
    let best = Arc::new(Mutex::new(None));
    let look = Look { best: Some(best.clone()), ..look.clone() };
    let stuck = look.under_loom::<S>(scenario, bound, Some(TIME), Some(EXECUTIONS));
    let stuck = stuck.map(|message| look.violation(scenario.stuck, &message));
    let best = best.lock().unwrap_or_else(PoisonError::into_inner).take();
    let all = best.map(|(text, steps)| Violation::new(text, steps)).into_iter().chain(stuck).chain([first]);
    all.min_by_key(|violation| length(&violation.steps)).expect("the first one")
}

fn schedules<S: Subject>(look: &Look, scenario: &'static Scenario, kind: Schedules, budget: Budget) -> Found {
    let body = {
        let look = look.clone();
        move || look.once::<S>(scenario)
    };
    let failed = shuttle(kind, budget.schedules, Some(budget.time), FailurePersistence::None, body);
    let violation = failed.map(|message| look.violation(scenario.stuck, &message));
    sampled(look, violation)
}

/// On real threads somebody may wait for ever: each execution has a second.
fn threads<S: Subject>(look: &Look, scenario: &'static Scenario, budget: Budget) -> Found {
    let started = Instant::now();
    let mut violation = None;
    for _ in 0..budget.repeats {
        let (done, is_done) = mpsc::channel();
        let body = {
            let look = look.clone();
            move || done.send(caught(|| look.once::<S>(scenario)))
        };
        std::thread::spawn(body);
        let failed = match is_done.recv_timeout(Duration::from_secs(1)) {
            Ok(failed) => failed,
            Err(_) => Some("the execution stands still".into()),
        };
        if let Some(message) = failed {
            violation = Some(look.violation(scenario.stuck, &message));
            break;
        }
        if started.elapsed() >= budget.time {
            break;
        }
    }
    sampled(look, violation)
}

fn sampled(look: &Look, violation: Option<Violation>) -> Found {
    Found { executions: look.count(), bound: format!("schedules={}", look.count()), seconds: 0.0, violation }
}
