//! What `turnstile prove` runs: every scenario, under which checker, in which pass, at which size, with which bound.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::casebook::{poll_before_lock, reread_until_no_more};
use crate::engine::loom::Pass;
use crate::engine::shuttle::Schedules;
use crate::engine::{Explored, altered, loom, shuttle, threads};
use crate::job::Turnstile;
use crate::pairs::{self, Face};
use crate::protocol;
use crate::protocol::rules::Rule;
use crate::size::Size;
use turnstile_kit::explore::{Budget, Checker as KitChecker, Found, drain, explore as explore_kit};
use turnstile_kit::job::scenario::{SCENARIOS as KIT_JOBS, Scenario as JobTrial};
use turnstile_kit::job::search;
use turnstile_kit::journal::Step;
use turnstile_kit::scenario::{SCENARIOS as KIT, Scenario as Trial};

/// What of a scenario grows, for checkers that can bear it.
#[derive(Clone, Copy, Debug)]
enum Grows {
    /// Nothing: so many threads.
    Nothing(usize),
    /// The number of splits: so many threads.
    Splits(usize),
    /// The number of splits and of assigning threads: so many threads beside those, and so many of those for loom.
    Assigners(usize, usize),
    /// The number of splits and of readers, each with a delivery thread and a poller: so many threads beside those. Not for loom.
    Readers(usize),
}
use Grows::{Assigners, Nothing, Readers, Splits};

impl Grows {
    const fn small(self, splits: usize) -> Size {
        let assigners = if let Assigners(_, few) = self { few } else { 1 };
        Size { splits, assigners }
    }

    /// Hundreds of splits, and six or seven threads where their number is open.
    const fn large(self) -> Size {
        match self {
            Nothing(_) => Size { splits: 2, assigners: 1 },
            Splits(_) => Size { splits: 300, assigners: 1 },
            Assigners(..) => Size { splits: 60, assigners: 5 },
            Readers(_) => Size { splits: 50, assigners: 4 },
        }
    }

    const fn threads(self, size: Size) -> usize {
        match self {
            Nothing(threads) | Splits(threads) => threads,
            Assigners(others, _) => others + size.assigners,
            Readers(others) => others + 2 * size.assigners,
        }
    }
}

/// One claim about Turnstile, on all engines.
#[derive(Debug)]
struct Scenario {
    name: &'static str,
    grows: Grows,
    loom: fn(Size),
    altered: fn(Size),
    shuttle: fn(Size),
    real: fn(Size),
}

/// One table for three engines: a scenario that one of them lacks does not compile.
macro_rules! scenarios {
    ($($name:literal, $grows:expr, $body:ident;)*) => {
        const SCENARIOS: &[Scenario] = &[$(Scenario {
            name: $name,
            grows: $grows,
            loom: loom::scenarios::$body,
            altered: altered::scenarios::$body,
            shuttle: shuttle::scenarios::$body,
            real: threads::scenarios::$body,
        }),*];
    };
}

scenarios! {
    "assign-poll", Assigners(1, 1), assign_poll;
    "batch-then-signal", Splits(2), batch_then_signal;
    "assign-signal-poll", Assigners(2, 1), assign_signal_poll;
    "two-assigners", Assigners(1, 2), two_assigners;
    "two-assigners-wake", Assigners(1, 2), assign_poll;
    "full-and-wrap", Splits(2), full_and_wrap;
    "room-seen-by-another", Nothing(2), room_seen_by_another;
    "payload-before-signal", Nothing(2), payload_before_signal;
    "nothing-after-finished", Assigners(1, 1), nothing_after_finished;
    "wake-by-assign", Nothing(2), wake_by_assign;
    "wake-by-signal", Nothing(2), wake_by_signal;
    "wake-by-request", Nothing(2), wake_by_request;
    "request-again", Nothing(2), request_again;
    "wake-by-give-back", Nothing(2), wake_by_give_back;
    "wake-by-complete", Nothing(2), wake_by_complete;
    "lease-dropped", Nothing(3), lease_dropped;
    "poll-gives-way", Nothing(2), poll_gives_way;
    "poll-in-vain", Nothing(2), poll_in_vain;
    "two-assigners-and-the-end", Nothing(3), two_assigners_and_the_end;
    "cut-says-the-end", Nothing(3), cut_says_the_end;
    "alone", Nothing(1), alone;
    "cut-poll", Nothing(2), cut_poll;
    "cut-assign-poll", Nothing(3), cut_assign_poll;
    "cut-assign-signal-poll", Nothing(3), cut_assign_signal_poll;
    "cut-after-cut", Nothing(3), cut_after_cut;
    "linearizable", Nothing(3), linearizable;
    "cut-owned-lease", Nothing(2), cut_owned_lease;
    "inbox-cut-poll", Nothing(3), inbox_cut_poll;
    "poller-handover", Nothing(2), poller_handover;
    "shutdown-assign", Assigners(1, 1), shutdown_assign;
    "blocking-checkpoint", Nothing(2), blocking_checkpoint;
    "whole-reader", Assigners(2, 1), whole_reader;
    "protocol-cluster", Readers(2), protocol_cluster;
}

/// Which checker explores, and how far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checker {
    /// loom, in a pass, with at most so many preemptions or without a bound.
    Loom(Pass, Option<usize>),
    /// shuttle, so many schedules.
    Shuttle(Schedules, usize),
    /// The machine, so often.
    Threads(usize),
    /// stateright, every state, with at most so many late messages.
    States(usize),
    /// The kit's own search, every state.
    Search,
}

impl Checker {
    fn name(self) -> &'static str {
        match self {
            Self::Loom(..) => loom::NAME,
            Self::Shuttle(..) => shuttle::NAME,
            Self::Threads(_) => threads::NAME,
            Self::States(_) => "stateright",
            Self::Search => "kit",
        }
    }

    /// What it lets vary.
    pub fn pass(self) -> String {
        match self {
            Self::Loom(Pass::Interleavings, _) => "interleavings".into(),
            Self::Loom(Pass::WeakMemory, _) => "weak-memory".into(),
            Self::Loom(Pass::Stock, _) => "stock".into(),
            Self::Shuttle(Schedules::Random, _) => "random".into(),
            Self::Shuttle(Schedules::Pct(depth), _) => format!("pct-{depth}"),
            Self::Threads(_) => "real".into(),
            Self::States(_) | Self::Search => "states".into(),
        }
    }

    /// The same with at most so many preemptions. Only what loom explores.
    pub fn at_most(self, preemptions: usize) -> Self {
        let Self::Loom(pass, bound) = self else { unreachable!("only loom counts them") };
        Self::Loom(pass, Some(bound.map_or(preemptions, |bound| bound.min(preemptions))))
    }

    /// Explores the core with something left out of it, or watched: see `turnstile_altered`. Only loom does.
    pub fn explore_altered(
        self,
        body: impl Fn() + Send + Sync + 'static,
        progress: impl Fn(u64) + Send + Sync + 'static,
    ) -> Explored {
        let Self::Loom(pass, bound) = self else { unreachable!("loom explores the altered core") };
        altered::explore(pass, bound, body, progress)
    }

    /// The bound as it may be printed. A weak pass on more than two threads is never called exhaustive, and has a bound.
    fn bound(self, threads: usize) -> String {
        match self {
            Self::Loom(pass, None) => {
                assert!(pass == Pass::Interleavings || (pass == Pass::WeakMemory && threads <= 2));
                "exhaustive".into()
            }
            Self::Loom(_, Some(preemptions)) => format!("preemptions<={preemptions}"),
            Self::Search => "exhaustive".into(),
            // Drained to the last state; and the word is for programs, not for sizes that one has to choose.
            Self::States(late) => format!("late<={late}"),
            Self::Shuttle(_, schedules) | Self::Threads(schedules) => format!("schedules={schedules}"),
        }
    }
}

/// What is run.
#[derive(Clone, Copy, Debug)]
enum Body {
    Scenario(&'static Scenario),
    /// A scenario of the kit, with this reader.
    Trial(&'static Trial, Kind),
    /// A scenario of the kit for jobs, with Turnstile's protocol.
    Job(&'static JobTrial),
    Protocol(&'static protocol::Run),
    /// Every two operations of a face at once, in every situation.
    Pairs(Face),
    /// The protocol without one of its rules.
    Without(Rule),
}

/// One row of the table, before it is run.
#[derive(Clone, Copy, Debug)]
pub struct Job {
    body: Body,
    checker: Checker,
    size: Size,
    /// Only with `--deep`.
    pub deep: bool,
    /// A rough number of seconds, so that long ones start first.
    pub weight: u32,
}

/// One row of the table, after it was run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Row {
    /// The claim.
    pub scenario: String,
    /// The reader under test: `turnstile` is this project's core.
    pub subject: String,
    /// `loom`, `shuttle`, `threads`, `stateright`, or `kit`: its search of all states.
    pub checker: String,
    /// What the checker lets vary: where it is states, the participants take the place of threads.
    pub pass: String,
    /// Threads in the scenario.
    pub threads: usize,
    /// Splits in the scenario.
    pub splits: usize,
    /// `exhaustive`, `preemptions<=n`, `schedules=k`, or of the protocol `late<=n`: every state, with so many late messages.
    pub bound: String,
    /// How often the scenario ran; or how many states there are.
    pub executions: u64,
    /// How long that took.
    pub seconds: f64,
    /// `holds` or `violated`.
    pub verdict: Verdict,
    /// What was violated, if anything.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub violation: Option<String>,
    /// A file with the schedule of the failing execution.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub schedule: Option<PathBuf>,
    /// The failing interleaving.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub steps: Vec<Step>,
}

/// Did the claim hold in every execution?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// In all of them.
    Holds,
    /// Not in the last one.
    Violated,
}

/// More than it takes.
const LONG: Budget = Budget { time: Duration::from_secs(600), schedules: 0, repeats: 0 };

const I: Pass = Pass::Interleavings;
const W: Pass = Pass::WeakMemory;

/// How loom explores a scenario.
#[derive(Clone, Copy, Debug)]
struct Exploration {
    scenario: &'static str,
    pass: Pass,
    bound: Option<usize>,
    /// Splits per assigner.
    splits: usize,
    /// About how many seconds it takes.
    weight: u32,
    /// Assigning threads beyond what the scenario has at its smallest.
    more_assigners: usize,
}

const fn explore(scenario: &'static str, pass: Pass, bound: Option<usize>, splits: usize, weight: u32) -> Exploration {
    Exploration { scenario, pass, bound, splits, weight, more_assigners: 0 }
}

/// What is explored each time.
const EXPLORATIONS: &[Exploration] = &[
    explore("assign-poll", I, None, 2, 3),
    explore("assign-poll", W, None, 1, 1),
    explore("assign-poll", W, Some(4), 2, 5),
    explore("batch-then-signal", I, None, 2, 1),
    explore("batch-then-signal", W, None, 2, 4),
    explore("assign-signal-poll", I, None, 1, 40),
    explore("assign-signal-poll", W, Some(3), 1, 5),
    explore("two-assigners", I, None, 1, 1),
    explore("two-assigners", W, Some(3), 1, 5),
    explore("two-assigners-wake", I, Some(4), 1, 10),
    explore("two-assigners-wake", W, Some(2), 1, 5),
    explore("full-and-wrap", I, None, 3, 1),
    explore("full-and-wrap", W, None, 3, 2),
    explore("room-seen-by-another", I, None, 1, 1),
    explore("room-seen-by-another", W, None, 1, 1),
    explore("payload-before-signal", I, None, 0, 1),
    explore("payload-before-signal", W, None, 0, 1),
    explore("nothing-after-finished", I, None, 1, 1),
    explore("nothing-after-finished", W, None, 1, 1),
    explore("wake-by-assign", I, None, 1, 1),
    explore("wake-by-assign", W, None, 1, 1),
    explore("wake-by-signal", I, None, 0, 1),
    explore("wake-by-signal", W, None, 0, 1),
    explore("wake-by-request", I, None, 0, 1),
    explore("wake-by-request", W, None, 0, 1),
    explore("request-again", I, None, 0, 1),
    explore("request-again", W, Some(4), 0, 5),
    explore("wake-by-give-back", I, None, 1, 1),
    explore("wake-by-give-back", W, None, 1, 1),
    explore("wake-by-complete", I, None, 1, 1),
    explore("wake-by-complete", W, None, 1, 1),
    explore("lease-dropped", I, None, 1, 5),
    explore("lease-dropped", W, Some(3), 1, 5),
    explore("poll-gives-way", I, Some(4), 2, 1),
    explore("poll-gives-way", W, Some(3), 2, 1),
    explore("poll-in-vain", I, None, 1, 1),
    explore("poll-in-vain", W, Some(4), 1, 1),
    explore("two-assigners-and-the-end", I, None, 1, 1),
    explore("two-assigners-and-the-end", W, Some(3), 1, 1),
    explore("cut-says-the-end", I, None, 1, 1),
    explore("cut-says-the-end", W, Some(3), 1, 1),
    explore("alone", I, None, 2, 0),
    explore("alone", W, None, 2, 0),
    explore("cut-poll", I, None, 2, 1),
    explore("cut-poll", W, None, 2, 4),
    explore("cut-assign-poll", I, None, 2, 50),
    explore("cut-assign-poll", W, Some(3), 2, 5),
    explore("cut-assign-signal-poll", I, Some(5), 1, 20),
    explore("cut-assign-signal-poll", W, Some(2), 1, 5),
    explore("cut-after-cut", I, Some(4), 2, 30),
    explore("cut-after-cut", W, Some(1), 2, 5),
    explore("linearizable", I, Some(4), 2, 10),
    explore("linearizable", W, Some(1), 2, 5),
    explore("cut-owned-lease", I, None, 1, 15),
    explore("cut-owned-lease", W, Some(4), 1, 10),
    explore("inbox-cut-poll", I, Some(3), 1, 10),
    explore("inbox-cut-poll", W, Some(1), 1, 5),
    explore("poller-handover", I, None, 2, 1),
    explore("poller-handover", W, Some(4), 2, 5),
    explore("shutdown-assign", I, None, 1, 1),
    explore("shutdown-assign", W, None, 1, 1),
    explore("blocking-checkpoint", I, Some(5), 1, 10),
    explore("blocking-checkpoint", W, Some(3), 1, 10),
    explore("whole-reader", I, Some(2), 1, 5),
    explore("whole-reader", W, Some(1), 1, 5),
];

/// What takes longer than minutes.
const DEEP: &[Exploration] = &[
    Exploration { more_assigners: 1, ..explore("assign-signal-poll", I, Some(3), 1, 60) },
    explore("assign-poll", W, None, 2, 90),
    explore("assign-poll", I, None, 3, 700),
    explore("cut-assign-signal-poll", I, None, 1, 170),
    explore("assign-signal-poll", W, Some(6), 1, 90),
];

/// What grows, from one size of a [`Growing`] scenario to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Along {
    /// The splits of each assigning thread, by so many.
    Splits(usize),
    /// The assigning threads, with one split each.
    Assigners,
}

/// A scenario as a function of its size, explored by loom without a bound.
#[derive(Clone, Copy, Debug)]
pub struct Growing {
    scenario: &'static str,
    /// How loads are shown to loom.
    pub pass: Pass,
    along: Along,
}

/// What `turnstile scale` lets grow until it does not drain any more. Nothing that announces the end before it polls: from some size on
/// all more splits are refused, and it grows no further.
pub const GROWING: &[Growing] = &[
    Growing { scenario: "assign-poll", pass: I, along: Along::Splits(1) },
    Growing { scenario: "assign-poll", pass: W, along: Along::Splits(1) },
    Growing { scenario: "batch-then-signal", pass: I, along: Along::Splits(2) },
    Growing { scenario: "batch-then-signal", pass: W, along: Along::Splits(2) },
    Growing { scenario: "full-and-wrap", pass: I, along: Along::Splits(1) },
    Growing { scenario: "full-and-wrap", pass: W, along: Along::Splits(1) },
    Growing { scenario: "assign-signal-poll", pass: I, along: Along::Splits(1) },
    Growing { scenario: "two-assigners", pass: I, along: Along::Splits(1) },
    Growing { scenario: "two-assigners", pass: I, along: Along::Assigners },
    Growing { scenario: "two-assigners-wake", pass: I, along: Along::Splits(1) },
];

impl Growing {
    fn scenario(&self) -> &'static Scenario {
        SCENARIOS.iter().find(|known| known.name == self.scenario).expect("a test looks")
    }

    /// The name of the scenario.
    pub fn name(&self) -> &'static str {
        self.scenario
    }

    /// What grows, in a word.
    pub fn along(&self) -> &'static str {
        if matches!(self.along, Along::Splits(_)) { "splits" } else { "assigners" }
    }

    /// The size with this number, from 0.
    pub fn size(&self, number: usize) -> Size {
        let small = self.scenario().grows.small(1);
        match self.along {
            Along::Splits(step) => Size { splits: step * (number + 1), ..small },
            Along::Assigners => Size { assigners: number + 1, ..small },
        }
    }

    /// The threads at this size. loom runs five at most.
    pub fn threads(&self, size: Size) -> usize {
        self.scenario().grows.threads(size)
    }

    /// One execution at this size.
    pub fn body(&self, size: Size) -> impl Fn() + Send + Sync + use<> {
        let body = self.scenario().loom;
        move || body(size)
    }
}

/// How every two operations are explored, and how many seconds that takes. A lock is several steps: where values may be old, that is too
/// many to drain.
pub const PAIRS: [(Face, Checker, u32); 4] = [
    (Face::Plain, Checker::Loom(I, None), 10),
    (Face::Plain, Checker::Loom(W, None), 20),
    (Face::Blocking, Checker::Loom(I, None), 10),
    (Face::Blocking, Checker::Loom(W, Some(4)), 10),
];

/// Every job, in the order of the table.
pub fn jobs() -> Vec<Job> {
    let mut jobs = Vec::new();
    for scenario in SCENARIOS {
        for (explorations, deep) in [(EXPLORATIONS, false), (DEEP, true)] {
            for exploration in explorations.iter().filter(|exploration| exploration.scenario == scenario.name) {
                let small = scenario.grows.small(exploration.splits);
                let size = Size { assigners: small.assigners + exploration.more_assigners, ..small };
                let checker = Checker::Loom(exploration.pass, exploration.bound);
                jobs.push(Job { body: Body::Scenario(scenario), checker, size, deep, weight: exploration.weight });
            }
        }
        let size = scenario.grows.large();
        let (schedules, repeats) = match scenario.grows {
            Nothing(_) => (10_000, 2_000),
            Splits(_) | Assigners(..) => (300, 20),
            Readers(_) => (150, 100),
        };
        // One thread has no schedules.
        let kinds = [Schedules::Random, Schedules::Pct(3)].into_iter().filter(|_| scenario.grows.threads(size) > 1);
        for kind in kinds {
            let checker = Checker::Shuttle(kind, schedules);
            jobs.push(Job { body: Body::Scenario(scenario), checker, size, deep: false, weight: 2 });
        }
        // Under Miri an execution takes a hundred times as long: few splits and no whole job, and each seed brings others.
        let real = match scenario.grows {
            Readers(_) if cfg!(miri) => None,
            grows if cfg!(miri) => Some((2, grows.small(2))),
            _ => Some((repeats, size)),
        };
        if let Some((repeats, size)) = real {
            let checker = Checker::Threads(repeats);
            jobs.push(Job { body: Body::Scenario(scenario), checker, size, deep: false, weight: 1 });
        }
    }
    for (face, checker, weight) in PAIRS {
        let size = Size { splits: 2, assigners: 2 };
        jobs.push(Job { body: Body::Pairs(face), checker, size, deep: false, weight });
    }
    for kind in Kind::ALL {
        for trial in KIT.iter().filter(|trial| kind == Kind::Turnstile || kind.expected(trial).is_some()) {
            let size = Size { splits: trial.splits(), assigners: 1 };
            let checker = Checker::Loom(Pass::Interleavings, (trial.threads() > 2).then_some(3));
            jobs.push(Job { body: Body::Trial(trial, kind), checker, size, deep: false, weight: 2 });
        }
    }
    for trial in KIT_JOBS {
        let size = Size { splits: trial.splits(), assigners: 1 };
        let weight = if trial.name.ends_with("is-restored") { 10 } else { 1 };
        jobs.push(Job { body: Body::Job(trial), checker: Checker::Search, size, deep: false, weight });
    }
    for run in protocol::RUNS {
        let size = Size { splits: run.splits, assigners: 1 };
        let checker = Checker::States(run.size.late);
        jobs.push(Job { body: Body::Protocol(run), checker, size, deep: run.deep, weight: run.weight });
    }
    for rule in Rule::ALL.iter().copied() {
        let size = Size { splits: 2, assigners: 1 };
        let weight = protocol::weight_without(rule);
        jobs.push(Job { body: Body::Without(rule), checker: Checker::States(1), size, deep: false, weight });
    }
    jobs
}

impl Job {
    /// Is this job about another reader than ours, there to be caught?
    pub fn is_specimen(&self) -> bool {
        matches!(self.body, Body::Trial(_, kind) if kind != Kind::Turnstile) || self.is_without_a_rule()
    }

    /// The same with at most so many preemptions. Only what loom runs.
    pub fn at_most(self, preemptions: usize) -> Self {
        Self { checker: self.checker.at_most(preemptions), ..self }
    }

    /// Is this every two operations at once?
    pub fn is_pairs(&self) -> bool {
        matches!(self.body, Body::Pairs(_))
    }

    /// Is this the protocol without one of its rules?
    pub fn is_without_a_rule(&self) -> bool {
        matches!(self.body, Body::Without(_))
    }

    /// The rule that is left out, in a sentence.
    pub fn rule(&self) -> Option<&'static str> {
        if let Body::Without(rule) = self.body { Some(rule.says()) } else { None }
    }

    /// What has to come of it: a claim about Turnstile holds, a broken reader is caught where it is known to break.
    pub fn expected(&self) -> Verdict {
        match self.body {
            Body::Trial(trial, kind) => kind.expected(trial).unwrap_or(Verdict::Holds),
            Body::Without(_) => Verdict::Violated,
            Body::Scenario(_) | Body::Pairs(_) | Body::Job(_) | Body::Protocol(_) => Verdict::Holds,
        }
    }

    /// The name of its scenario.
    pub fn scenario(&self) -> &'static str {
        match self.body {
            Body::Scenario(scenario) => scenario.name,
            Body::Trial(trial, _) => trial.name,
            Body::Job(trial) => trial.name,
            Body::Protocol(run) => run.name,
            Body::Pairs(Face::Plain) => "every-pair",
            Body::Pairs(Face::Blocking) => "every-pair-blocking",
            Body::Without(_) => "protocol-rules",
        }
    }

    /// The reader under test.
    pub fn subject(&self) -> &'static str {
        match self.body {
            Body::Scenario(_) | Body::Pairs(_) | Body::Job(_) | Body::Protocol(_) => Kind::Turnstile.name(),
            Body::Without(rule) => rule.name(),
            Body::Trial(_, kind) => kind.name(),
        }
    }

    /// The checker, as in [`Row::checker`].
    pub fn checker_name(&self) -> &'static str {
        self.checker.name()
    }

    /// What its checker lets vary.
    pub fn pass(&self) -> String {
        self.checker.pass()
    }

    /// How it is called while it runs.
    pub fn title(&self) -> String {
        format!("{} ({} {})", self.scenario(), self.checker.name(), self.checker.pass())
    }

    fn threads(&self) -> usize {
        match self.body {
            Body::Trial(trial, _) => trial.threads(),
            Body::Protocol(run) => run.participants,
            Body::Job(_) | Body::Without(_) => 3,
            Body::Pairs(_) => 2,
            Body::Scenario(scenario) => scenario.grows.threads(self.size),
        }
    }

    /// Runs it on this thread.
    pub fn run(&self, progress: impl Fn(u64) + Send + Sync + Clone + 'static) -> Row {
        match self.body {
            Body::Scenario(scenario) => self.row(self.explore(scenario, progress), Vec::new()),
            Body::Pairs(face) => self.row(self.explore_pairs(face, progress), Vec::new()),
            Body::Trial(trial, kind) => {
                let Checker::Loom(_, bound) = self.checker else { unreachable!("the kit runs under loom here") };
                self.row_of_kit(kind.explore(trial, bound))
            }
            Body::Job(trial) => {
                self.row_of_kit(search::explore::<Turnstile>(trial, LONG).expect("it survives everything"))
            }
            Body::Protocol(run) => self.row_of_states(run.explore()),
            Body::Without(rule) => self.row_of_states(protocol::without(rule)),
        }
    }

    /// The same on the altered core. Only what loom runs.
    pub fn run_altered(&self, progress: impl Fn(u64) + Send + Sync + 'static) -> Row {
        match (self.body, self.checker) {
            (Body::Scenario(scenario), checker) => {
                let (body, size) = (scenario.altered, self.size);
                self.row(checker.explore_altered(move || body(size), progress), Vec::new())
            }
            (Body::Trial(trial, Kind::Turnstile), Checker::Loom(pass, bound)) => {
                altered::set_pass(pass);
                self.row_of_kit(drain::<altered::subject::Reader>(trial, bound))
            }
            _ => unreachable!("the altered core is turnstile's, under loom"),
        }
    }

    fn row_of_kit(&self, found: Found) -> Row {
        let Found { executions, bound, seconds, violation } = found;
        let (violation, steps) =
            violation.map_or((None, Vec::new()), |violation| (Some(violation.what), violation.steps));
        // What was drained, not what was asked for.
        Row { bound, ..self.row(Explored { executions, seconds, violation, schedule: None }, steps) }
    }

    /// Runs the one execution that a file describes.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or this job writes none.
    pub fn run_schedule(&self, schedule: &Path) -> io::Result<Row> {
        let (Body::Scenario(scenario), Checker::Shuttle(..)) = (self.body, self.checker) else {
            return Err(io::Error::other("only the passes of shuttle (random, pct-3) write schedules"));
        };
        let (body, size) = (scenario.shuttle, self.size);
        Ok(self.row(shuttle::replay(schedule, move || body(size))?, Vec::new()))
    }

    fn row_of_states(&self, explored: protocol::states::Explored) -> Row {
        let (violation, steps) = explored.violated.map_or((None, Vec::new()), |(what, steps)| (Some(what), steps));
        let executions = explored.states;
        let explored = Explored { executions, seconds: explored.seconds, violation, schedule: None };
        self.row(explored, steps)
    }

    /// The row of a job whose process died.
    pub fn died(&self, executions: u64, why: String) -> Row {
        self.row(Explored { executions, seconds: 0.0, violation: Some(why), schedule: None }, Vec::new())
    }

    fn row(&self, explored: Explored, steps: Vec<Step>) -> Row {
        let verdict = if explored.violation.is_none() { Verdict::Holds } else { Verdict::Violated };
        Row {
            scenario: self.scenario().into(),
            subject: self.subject().into(),
            checker: self.checker.name().into(),
            pass: self.checker.pass(),
            threads: self.threads(),
            splits: self.size.splits,
            bound: self.checker.bound(self.threads()),
            executions: explored.executions,
            seconds: explored.seconds,
            verdict,
            steps,
            violation: explored.violation,
            schedule: explored.schedule,
        }
    }

    /// All cases, until one fails.
    fn explore_pairs(&self, face: Face, progress: impl Fn(u64) + Send + Sync + Clone + 'static) -> Explored {
        let Checker::Loom(pass, bound) = self.checker else { unreachable!("pairs run under loom") };
        let mut all = Explored { executions: 0, seconds: 0.0, violation: None, schedule: None };
        for case in pairs::cases(face) {
            let (before, progress) = (all.executions, progress.clone());
            let body = move || loom::pairs::run(case);
            let explored = loom::explore(pass, bound, body, move |executions| progress(before + executions));
            all.executions += explored.executions;
            all.seconds += explored.seconds;
            all.violation = explored.violation.map(|violation| format!("{case}: {violation}"));
            if all.violation.is_some() {
                break;
            }
        }
        all
    }

    fn explore(&self, scenario: &Scenario, progress: impl Fn(u64) + Send + Sync + 'static) -> Explored {
        let size = self.size;
        match self.checker {
            Checker::Loom(pass, bound) => {
                let body = scenario.loom;
                loom::explore(pass, bound, move || body(size), progress)
            }
            Checker::Shuttle(kind, schedules) => {
                let body = scenario.shuttle;
                shuttle::explore(kind, schedules, move || body(size), progress)
            }
            Checker::States(_) | Checker::Search => unreachable!("scenarios run on threads"),
            Checker::Threads(repeats) => {
                let body = scenario.real;
                threads::explore(repeats, move || body(size), progress)
            }
        }
    }
}

/// A reader that is put through the kit here: ours, and two that an engine has shipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Turnstile,
    /// Of SeaTunnel 2.3.7 and 2.3.8, as in issue 8379.
    SeaTunnel237,
    /// The same connector as merged later.
    SeaTunnelMerged,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Turnstile, Self::SeaTunnel237, Self::SeaTunnelMerged];

    const fn name(self) -> &'static str {
        match self {
            Self::Turnstile => "turnstile",
            Self::SeaTunnel237 => "seatunnel-2.3.7",
            Self::SeaTunnelMerged => "seatunnel-merged",
        }
    }

    /// What has to come of it, where the two that were shipped are shown.
    fn expected(self, trial: &Trial) -> Option<Verdict> {
        match (self, trial.name) {
            (Self::SeaTunnelMerged, "late-signal") => Some(Verdict::Holds),
            (Self::SeaTunnel237 | Self::SeaTunnelMerged, "late-signal" | "early-end" | "one-cut") => {
                Some(Verdict::Violated)
            }
            _ => None,
        }
    }

    fn explore(self, trial: &'static Trial, bound: Option<usize>) -> Found {
        let checker = KitChecker::Interleavings;
        match self {
            Self::Turnstile => drain::<loom::subject::Reader>(trial, bound),
            Self::SeaTunnel237 => explore_kit::<reread_until_no_more::Reader>(trial, checker, Budget::default())
                .expect("it takes snapshots"),
            Self::SeaTunnelMerged => {
                explore_kit::<poll_before_lock::Reader>(trial, checker, Budget::default()).expect("it takes snapshots")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exploration_names_a_scenario_and_every_scenario_that_loom_can_hold_is_explored_in_both_passes() {
        for exploration in EXPLORATIONS.iter().chain(DEEP) {
            assert!(SCENARIOS.iter().any(|scenario| scenario.name == exploration.scenario), "{exploration:?}");
        }
        // A whole job has more threads than loom can hold: shuttle and the machine run it.
        for scenario in SCENARIOS.iter().filter(|scenario| !matches!(scenario.grows, Readers(_))) {
            for pass in [Pass::Interleavings, Pass::WeakMemory] {
                let explores = |of: &Exploration| of.scenario == scenario.name && of.pass == pass;
                assert!(EXPLORATIONS.iter().any(explores), "{} in {pass:?}", scenario.name);
            }
        }
    }

    #[test]
    fn what_grows_is_a_scenario_that_may_be_called_exhaustive_when_it_drains() {
        for growing in GROWING {
            let (first, second) = (growing.size(0), growing.size(1));
            let threads = growing.threads(first);
            assert_eq!(Checker::Loom(growing.pass, None).bound(threads), "exhaustive", "{growing:?}");
            assert!((first.splits, first.assigners) < (second.splits, second.assigners), "{growing:?}");
        }
    }

    #[test]
    fn exhaustive_is_printed_only_for_interleavings_or_two_threads_or_states() {
        for job in jobs() {
            let bound = job.checker.bound(job.threads());
            if bound == "exhaustive" {
                assert!(
                    match job.checker {
                        Checker::Loom(pass, None) => pass == Pass::Interleavings || job.threads() <= 2,
                        checker => checker == Checker::Search,
                    },
                    "{job:?}"
                );
            }
        }
    }
}
