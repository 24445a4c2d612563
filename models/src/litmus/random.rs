//! Random litmus programs on which loom is held against brute force.
//!
//! Everything that the memory model allows must turn up among what loom shows. What loom shows beyond that can raise a
//! false alarm, but hides nothing; the tests hold how far the two agree:
//!
//! | pass | held against | missing | beyond |
//! |---|---|---|---|
//! | interleavings | [`Memory::Sequential`] | nothing | nothing |
//! | weak memory, two threads | [`Memory::ReleaseAcquire`] | nothing | where a stored word has a second writer |
//! | weak memory, three threads | the same | interleavings | the same |
//! | stock | any | interleavings | the same |

use std::collections::BTreeSet;
use std::fmt;
use std::time::Instant;

use clap::builder::{RangedU64ValueParser, TypedValueParser};
use clap::{Args, ValueEnum};
use oorandom::Rand32;

use super::program::{Action, Observation, Op, Program, WORDS};
use super::reference::Memory;
use super::{Pass, pass_name, pass_named};

/// Which programs to draw, how loom explores them, and what they are held against.
///
/// The same plan always draws the same programs.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Where the random numbers begin.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How many programs to draw.
    #[arg(long, default_value_t = 1_000)]
    pub programs: usize,
    /// How many threads a program has at most, two to five.
    #[arg(long = "threads", value_name = "MAX", default_value_t = 2, value_parser = between(2, 5))]
    pub max_threads: usize,
    /// How many operations a thread has at most, one to nine.
    #[arg(long = "ops", value_name = "MAX", default_value_t = 3, value_parser = between(1, 9))]
    pub max_ops: usize,
    /// How loads are shown to loom: interleavings, weak-memory or stock.
    #[arg(long, value_parser = pass_named, default_value = pass_name(Pass::Interleavings))]
    pub pass: Pass,
    /// Who may write what.
    #[arg(long, value_enum, default_value_t = Writes::Any)]
    pub writes: Writes,
    /// What loom is held against.
    #[arg(long, value_enum, default_value_t = Memory::Sequential)]
    pub memory: Memory,
    /// Run just this program, counted from 0.
    #[arg(long)]
    pub only: Option<usize>,
}

/// Who may write to a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Writes {
    /// Every thread, in every way.
    Any,
    /// One thread in every way, or every thread by read-modify-writes: a stored word has no second writer.
    Disciplined,
}

/// The plan that a command line without arguments asks for.
impl Default for Plan {
    fn default() -> Self {
        Self {
            seed: 1,
            programs: 1_000,
            max_threads: 2,
            max_ops: 3,
            pass: Pass::Interleavings,
            writes: Writes::Any,
            memory: Memory::Sequential,
            only: None,
        }
    }
}

/// What came of a plan.
#[derive(Clone, Debug)]
pub struct Report {
    /// The plan.
    pub plan: Plan,
    /// How many programs were run.
    pub programs: usize,
    /// How many executions loom tried, all programs together.
    pub executions: u64,
    /// The programs for which loom and the memory model differ.
    pub differences: Vec<Difference>,
    /// How long it took.
    pub seconds: f64,
}

/// A program for which loom and the memory model differ.
#[derive(Clone, Debug)]
pub struct Difference {
    /// Which program of the plan it is, counted from 0.
    pub index: usize,
    /// The program.
    pub program: Program,
    /// How many outcomes the memory model allows.
    pub allowed: usize,
    /// What the memory model allows and loom did not show.
    pub missing: BTreeSet<Observation>,
    /// What loom showed and the memory model does not allow.
    pub beyond: BTreeSet<Observation>,
    /// How many executions loom tried.
    pub executions: u64,
    /// loom's message, if it gave up before the search was drained.
    pub panic: Option<String>,
    /// The command that runs this program again.
    pub again: String,
}

impl Report {
    /// The programs in which loom missed something: nothing that was concluded from its silence holds.
    pub fn missed(&self) -> impl Iterator<Item = &Difference> {
        self.differences.iter().filter(|difference| difference.is_a_miss())
    }

    /// The programs in which loom showed too much. It may raise false alarms, but hides nothing.
    pub fn beyond(&self) -> impl Iterator<Item = &Difference> {
        self.differences.iter().filter(|difference| !difference.beyond.is_empty())
    }

    /// The programs in which loom missed something, or showed too much where the table above says that it does not.
    pub fn unexpected(&self) -> impl Iterator<Item = &Difference> {
        let exact = self.plan.is_exact();
        self.differences.iter().filter(move |difference| exact || difference.is_a_miss())
    }
}

impl Difference {
    fn is_a_miss(&self) -> bool {
        self.panic.is_some() || !self.missing.is_empty()
    }
}

/// The plans of the long run. The cheap ones draw this many programs; the others fewer, because each program takes so
/// much longer.
pub fn rows(seed: u64, programs: usize) -> Vec<Plan> {
    let row = |max_threads, max_ops, fewer| {
        let programs = usize::max(1, programs / fewer);
        Plan { seed, programs, max_threads, max_ops, ..Plan::default() }
    };
    let weak = |plan| Plan { pass: Pass::WeakMemory, memory: Memory::ReleaseAcquire, ..plan };
    let disciplined = |plan| Plan { writes: Writes::Disciplined, ..plan };
    vec![
        row(2, 3, 1),
        row(2, 4, 1),
        row(3, 2, 10),
        row(3, 3, 100),
        weak(row(2, 3, 1)),
        weak(row(2, 4, 10)),
        weak(disciplined(row(2, 3, 1))),
    ]
}

/// Runs every row; none of them may come back with an [unexpected](Report::unexpected) difference. `progress` is told
/// how many programs of a plan are done.
pub fn long_run(seed: u64, programs: usize, mut progress: impl FnMut(&Plan, usize)) -> Vec<Report> {
    rows(seed, programs).iter().map(|plan| compare(plan, |done| progress(plan, done))).collect()
}

/// Runs a plan; `progress` is told how many programs are done.
pub fn compare(plan: &Plan, mut progress: impl FnMut(usize)) -> Report {
    let began = Instant::now();
    let mut report = Report { plan: plan.clone(), programs: 0, executions: 0, differences: Vec::new(), seconds: 0.0 };

    for (index, program) in plan.draw() {
        let allowed = plan.memory.allows(&program);
        let shown = program.explore(plan.pass);
        report.programs += 1;
        report.executions += shown.executions;
        if shown.seen != allowed || shown.panic.is_some() {
            report.differences.push(Difference {
                index,
                program,
                allowed: allowed.len(),
                missing: allowed.difference(&shown.seen).cloned().collect(),
                beyond: shown.seen.difference(&allowed).cloned().collect(),
                executions: shown.executions,
                panic: shown.panic,
                again: plan.again(index),
            });
        }
        progress(report.programs);
    }

    report.seconds = began.elapsed().as_secs_f64();
    report
}

impl Plan {
    /// The programs of the plan, each with its index.
    pub fn draw(&self) -> impl Iterator<Item = (usize, Program)> {
        let end = self.only.map_or(self.programs, |only| only + 1);
        let mut author = Author { plan: self, dice: Rand32::new(self.seed) };
        // Every program has to be drawn, also if only the last one is wanted: each goes on with the same dice.
        (0..end).map(move |index| (index, author.program())).skip(self.only.unwrap_or(0))
    }

    /// Whether loom is to show nothing beyond what the memory model allows.
    fn is_exact(&self) -> bool {
        match (self.pass, self.memory) {
            (Pass::Interleavings, Memory::Sequential) => true,
            (Pass::WeakMemory, Memory::ReleaseAcquire) => self.writes == Writes::Disciplined && self.max_threads == 2,
            _ => false,
        }
    }

    /// The command that runs one program of the plan again.
    fn again(&self, index: usize) -> String {
        let Self { seed, max_threads, max_ops, pass, writes, memory, .. } = self;
        format!(
            "turnstile litmus --seed {seed} --threads {max_threads} --ops {max_ops} --pass {} --writes {} --memory {} \
             --only {index}",
            pass_name(*pass),
            value_name(writes),
            value_name(memory),
        )
    }
}

fn between(least: u64, most: u64) -> impl TypedValueParser<Value = usize> {
    RangedU64ValueParser::new().range(least..=most)
}

fn value_name(value: &impl ValueEnum) -> String {
    value.to_possible_value().expect("no value is hidden").get_name().to_string()
}

/// Draws one program after the other.
struct Author<'a> {
    plan: &'a Plan,
    dice: Rand32,
}

/// What a program has written so far. Every value is a power of two of its own, so that a value tells which writes it
/// is made of, and a compare-exchange expects a value that its word may really hold.
struct Values {
    next: usize,
    of: [Vec<usize>; WORDS],
}

/// A way to write.
enum Kind {
    Store,
    Add,
    Swap,
    CompareExchange,
}

/// Who writes to one word.
#[derive(Clone, Copy)]
struct Writers {
    /// If not everybody does.
    only: Option<usize>,
    /// In which ways. One that is listed twice is drawn twice as often.
    kinds: &'static [Kind],
}

const ANY: &[Kind] = &[Kind::Store, Kind::Store, Kind::Add, Kind::Swap, Kind::CompareExchange, Kind::CompareExchange];
const READ_MODIFY_WRITE: &[Kind] = &[Kind::Add, Kind::Swap, Kind::CompareExchange, Kind::CompareExchange];

impl Author<'_> {
    fn program(&mut self) -> Program {
        let threads = 2 + self.below(self.plan.max_threads - 1);
        let words = 1 + self.below(WORDS);
        let writers = [(); WORDS].map(|()| self.writers(threads));
        let mut values = Values { next: 1, of: [vec![0], vec![0]] };
        let mut ops = |thread| {
            let ops = 1 + self.below(self.plan.max_ops);
            (0..ops).map(|_| self.op(thread, words, &writers, &mut values)).collect()
        };
        Program { threads: (0..threads).map(&mut ops).collect() }
    }

    fn writers(&mut self, threads: usize) -> Writers {
        let (owned, owner) = (self.below(2) == 0, self.below(threads));
        match self.plan.writes {
            Writes::Any => Writers { only: None, kinds: ANY },
            Writes::Disciplined if owned => Writers { only: Some(owner), kinds: ANY },
            Writes::Disciplined => Writers { only: None, kinds: READ_MODIFY_WRITE },
        }
    }

    /// Every other operation is a load, and so is every operation of a thread that may not write.
    fn op(&mut self, thread: usize, words: usize, writers: &[Writers; WORDS], values: &mut Values) -> Op {
        let word = self.below(words);
        let Writers { only, kinds } = writers[word];
        let (writes, synchronises) = (self.below(2) == 0, self.below(2) == 0);
        if !writes || only.is_some_and(|owner| owner != thread) {
            return Op { word, action: Action::Load, synchronises };
        }

        let expected = *self.pick(&values.of[word]);
        let new = values.next;
        values.next *= 2;
        values.of[word].push(new);
        let action = match self.pick(kinds) {
            Kind::Store => Action::Store(new),
            Kind::Add => Action::Add(new),
            Kind::Swap => Action::Swap(new),
            Kind::CompareExchange => Action::CompareExchange { expected, new },
        };
        Op { word, action, synchronises }
    }

    fn pick<'a, T>(&mut self, among: &'a [T]) -> &'a T {
        &among[self.below(among.len())]
    }

    fn below(&mut self, end: usize) -> usize {
        self.dice.rand_range(0..end as u32) as usize
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { max_threads, max_ops, pass, writes, memory, .. } = self;
        let (pass, memory, writes) = (pass_name(*pass), value_name(memory), value_name(writes));
        write!(out, "{pass} against {memory}, {max_threads} threads, {max_ops} operations, {writes} writes")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { plan, programs, executions, seconds, .. } = self;
        let (missed, beyond) = (self.missed().count(), self.beyond().count());
        write!(out, "{plan}: {programs} programs, {executions} executions, ")?;
        write!(out, "{missed} missed an outcome, {beyond} showed one too many, {seconds:.1} s")
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { index, program, allowed, missing, beyond, executions, panic, again } = self;
        let (less, more) = (missing.len(), beyond.len());
        writeln!(out, "program {index}: {allowed} outcomes, {less} missing, {more} beyond; executions: {executions}")?;
        write!(out, "{program}")?;
        missing.iter().try_for_each(|outcome| writeln!(out, "  missing: {outcome}"))?;
        beyond.iter().try_for_each(|outcome| writeln!(out, "  beyond:  {outcome}"))?;
        panic.iter().try_for_each(|message| writeln!(out, "  loom gave up: {message}"))?;
        write!(out, "  again: {again}")
    }
}
