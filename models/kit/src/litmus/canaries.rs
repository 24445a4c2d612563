//! Programs whose results are known: while they hold, loom does what its passes promise.
//!
//! Most show a promise kept, some a limit that still stands; a limit that falls turns its canary red as well, so that
//! what is written about it gets rewritten.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::rc::Rc;
use std::time::Instant;

use loom::sync::Mutex;
use loom::thread::spawn;
use turnstile_loom::sync::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};
use turnstile_loom::sync::{AtomicUsize, Ordering, UnsafeCell};

use super::{Exploration, Pass, explore, pass_name};

/// A program in one pass, and what must come of it.
#[derive(Clone, Copy, Debug)]
pub struct Canary {
    /// The program in short; threads are separated by `∥`, and everything is relaxed unless it says otherwise.
    pub name: &'static str,
    /// What we would not notice without it.
    pub guards: &'static str,
    /// How loads are shown to loom.
    pub pass: Pass,
    /// What must come of it.
    pub expected: Expected,
    body: fn() -> Vec<usize>,
}

/// What must come of a canary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Exactly these results, from more than one execution.
    Results(&'static [&'static [usize]]),
    /// loom reports a race as a causality violation.
    Race,
    /// The search stops after one execution with this result: loom's hole, seen without a remedy.
    OneExecution(&'static [usize]),
}

/// What came of a canary.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The program, see [`Canary::name`].
    pub name: &'static str,
    /// See [`Canary::guards`].
    pub guards: &'static str,
    /// The pass it ran in.
    pub pass: Pass,
    /// How many executions loom tried.
    pub executions: u64,
    /// Every result that was seen.
    pub seen: BTreeSet<Vec<usize>>,
    /// Whether the last execution ended in a race.
    pub race: bool,
    /// Whether it is what was expected; if not, what is wrong.
    pub ok: Result<(), String>,
}

/// All canaries, and all alive.
#[derive(Clone, Debug)]
pub struct Summary {
    /// One for each canary.
    pub outcomes: Vec<Outcome>,
    /// How long they took together.
    pub seconds: f64,
}

/// Canaries that did not do what was expected. Nothing may be called exhaustive on this loom.
#[derive(Clone, Debug)]
pub struct Failure {
    /// One for each canary that failed.
    pub outcomes: Vec<Outcome>,
}

/// Runs all canaries. Whoever wants to print the word *exhaustive* asks here first.
pub fn green() -> Result<Summary, Failure> {
    let began = Instant::now();
    let outcomes: Vec<_> = all().iter().map(Canary::run).collect();
    if outcomes.iter().all(|outcome| outcome.ok.is_ok()) {
        Ok(Summary { outcomes, seconds: began.elapsed().as_secs_f64() })
    } else {
        Err(Failure { outcomes: outcomes.into_iter().filter(|outcome| outcome.ok.is_err()).collect() })
    }
}

impl Canary {
    /// Explores the program to the end and judges what was seen.
    pub fn run(&self) -> Outcome {
        let Exploration { executions, seen, panic } = explore(self.pass, self.body);
        let race = panic.as_ref().is_some_and(|message| message.contains("Causality violation"));
        let ok = match (self.expected, panic) {
            (Expected::Race, Some(_)) if race => Ok(()),
            (Expected::Race, None) => Err(format!("no race in {executions} executions")),
            (_, Some(message)) => Err(format!("panicked in execution {executions}: {message}")),
            (Expected::Results(_), None) if executions < 2 => Err(String::from("stopped after one execution")),
            (Expected::Results(results), None) => exactly(results, &seen),
            (Expected::OneExecution(result), None) if executions == 1 => exactly(&[result], &seen),
            (Expected::OneExecution(_), None) => Err(format!("{executions} executions, the hole has closed")),
        };
        Outcome { name: self.name, guards: self.guards, pass: self.pass, executions, seen, race, ok }
    }
}

fn exactly(expected: &[&[usize]], seen: &BTreeSet<Vec<usize>>) -> Result<(), String> {
    let expected: BTreeSet<_> = expected.iter().map(|result| result.to_vec()).collect();
    if *seen == expected { Ok(()) } else { Err(format!("expected {expected:?}, saw {seen:?}")) }
}

/// Every canary, a program that runs in several passes once for each.
pub fn all() -> Vec<Canary> {
    let program = |name, guards, body, passes: &[(Pass, Expected)]| -> Vec<Canary> {
        passes.iter().map(|&(pass, expected)| Canary { name, guards, pass, expected, body }).collect()
    };
    use Expected::{OneExecution, Race, Results};
    use Pass::{Interleavings, Stock, WeakMemory};

    [
        // What stock loom prunes away, and both passes must bring back.
        program(
            "load ∥ load; store",
            "loom's hole: a load hides another thread's load from the write that follows",
            || load_against_load_and(|word| word.store(1, Relaxed)),
            &[
                (Interleavings, Results(&[&[0], &[1]])),
                (WeakMemory, Results(&[&[0], &[1]])),
                (Stock, OneExecution(&[0])),
            ],
        ),
        program(
            "load ∥ load; CAS",
            "the same hole in the shape of every CAS loop",
            || load_against_load_and(cas),
            &[
                (Interleavings, Results(&[&[0], &[1]])),
                (WeakMemory, Results(&[&[0], &[1]])),
                (Stock, OneExecution(&[0])),
            ],
        ),
        program(
            "load ∥ load ∥ load; CAS",
            "the same hole with three threads",
            two_loads_against_load_and_cas,
            &[(Interleavings, Results(&[&[0, 0], &[0, 1], &[1, 0], &[1, 1]]))],
        ),
        program(
            "load; store + 1 ∥ load; store + 1",
            "a lost update that goes unseen",
            two_torn_increments,
            &[(Interleavings, Results(&[&[1], &[2]])), (WeakMemory, Results(&[&[1], &[2]]))],
        ),
        program(
            "lock ∥ lock ∥ lock: in which order they came",
            "an order of locks that is never tried",
            three_locks,
            &[(Interleavings, Results(THREE_ORDERS)), (WeakMemory, Results(THREE_ORDERS))],
        ),
        // What a remedy must not break: it neither adds happens-before nor takes it away.
        program(
            "message in a cell: write; load flag; store flag ∥ load flag; read",
            "a remedy that synchronises by itself",
            || message_in_a_cell(Relaxed, Relaxed),
            &[(Interleavings, Race), (WeakMemory, Race), (Stock, OneExecution(&[0]))],
        ),
        program(
            "message in a cell, acquire without release",
            "a remedy that releases",
            || message_in_a_cell(Relaxed, Acquire),
            &[(Interleavings, Race), (WeakMemory, Race)],
        ),
        program(
            "message in a cell, release without acquire",
            "a remedy that acquires",
            || message_in_a_cell(Release, Relaxed),
            &[(Interleavings, Race), (WeakMemory, Race)],
        ),
        program(
            "message in a cell, release and acquire",
            "a facade that loses an ordering on the way",
            || message_in_a_cell(Release, Acquire),
            &[(Interleavings, Results(&[&[0], &[1]])), (WeakMemory, Results(&[&[0], &[1]]))],
        ),
        // What sets the passes apart: stale values.
        program(
            "message in a word: store data; store flag ∥ load flag; load data",
            "stale values lost in the weak pass, or taken for granted in the other",
            message_in_a_word,
            &[
                (Interleavings, Results(&[&[0, 0], &[0, 1], &[1, 1]])),
                (WeakMemory, Results(&[&[0, 0], &[0, 1], &[1, 0], &[1, 1]])),
            ],
        ),
        program(
            "store buffering: store a; load b ∥ store b; load a",
            "stale values lost in the weak pass, or taken for granted in the other",
            || store_buffering(Relaxed, Relaxed),
            &[
                (Interleavings, Results(&[&[0, 1], &[1, 0], &[1, 1]])),
                (WeakMemory, Results(&[&[0, 0], &[0, 1], &[1, 0], &[1, 1]])),
            ],
        ),
        program(
            "store buffering, SeqCst",
            "someone who trusts SeqCst in loom: the weak pass shows what the language forbids",
            || store_buffering(SeqCst, SeqCst),
            &[
                (Interleavings, Results(&[&[0, 1], &[1, 0], &[1, 1]])),
                (WeakMemory, Results(&[&[0, 0], &[0, 1], &[1, 0], &[1, 1]])),
            ],
        ),
        // What it costs that a store is a read-modify-write in the interleaving pass, and what it buys.
        program(
            "message in a cell: write; store flag release; store flag again ∥ load flag acquire; read",
            "a conclusion from the interleaving pass alone, in which every store continues a release sequence",
            overwritten_flag,
            &[(Interleavings, Results(&[&[0], &[1], &[2]])), (WeakMemory, Race)],
        ),
        program(
            "add 1 ∥ store 2; what add read, what is left",
            "a hunt for a false alarm: in the weak pass, a store gets between the halves of a read-modify-write (0, 1)",
            add_against_store,
            &[(Interleavings, Results(&[&[0, 2], &[2, 3]])), (WeakMemory, Results(&[&[0, 1], &[0, 2], &[2, 3]]))],
        ),
        program(
            "store 1; load ∥ load; what they read",
            "the same in a pass whose loads are read-modify-writes: a thread would not find its own store",
            store_and_load_against_load,
            &[(Interleavings, Results(&[&[1, 0], &[1, 1]])), (WeakMemory, Results(&[&[1, 0], &[1, 1]]))],
        ),
    ]
    .concat()
}

/// A word for several threads. loom's threads are coroutines of one OS thread, so the plainest shared pointer will do.
fn word() -> Rc<AtomicUsize> {
    Rc::new(AtomicUsize::new(0))
}

fn cas(word: &AtomicUsize) {
    // Nobody else writes, so it succeeds.
    word.compare_exchange(0, 1, Relaxed, Relaxed).unwrap();
}

// loom runs the first thread first, and its hole opens when the thread that only reads came first.

fn load_against_load_and(write: fn(&AtomicUsize)) -> Vec<usize> {
    let word = word();
    let other = word.clone();
    let writer = spawn(move || {
        other.load(Relaxed);
        write(&other);
    });
    let read = word.load(Relaxed);
    writer.join().unwrap();
    vec![read]
}

fn two_loads_against_load_and_cas() -> Vec<usize> {
    let word = word();
    let (read, written) = (word.clone(), word.clone());
    let reader = spawn(move || read.load(Relaxed));
    let writer = spawn(move || {
        written.load(Relaxed);
        cas(&written);
    });
    let read = word.load(Relaxed);
    writer.join().unwrap();
    vec![read, reader.join().unwrap()]
}

const THREE_ORDERS: &[&[usize]] = &[&[0, 1, 2], &[0, 2, 1], &[1, 0, 2], &[1, 2, 0], &[2, 0, 1], &[2, 1, 0]];

fn three_locks() -> Vec<usize> {
    let lock = Rc::new(Mutex::new(Vec::new()));
    let enter = |who: usize| {
        let lock = lock.clone();
        move || lock.lock().unwrap().push(who)
    };
    let others = [spawn(enter(1)), spawn(enter(2))];
    enter(0)();
    others.into_iter().for_each(|other| other.join().unwrap());
    lock.lock().unwrap().clone()
}

fn two_torn_increments() -> Vec<usize> {
    let word = word();
    let increment = |word: &AtomicUsize| word.store(word.load(Relaxed) + 1, Relaxed);
    let other = word.clone();
    let thread = spawn(move || increment(&other));
    increment(&word);
    thread.join().unwrap();
    vec![word.load(Relaxed)]
}

/// The flag says that the cell was written. The writer looks at the flag before it stores: that hides the race from stock
/// loom, and would publish the cell if a load released.
fn message_in_a_cell(publish: Ordering, observe: Ordering) -> Vec<usize> {
    let message = Rc::new((UnsafeCell::new(()), AtomicUsize::new(0)));
    let other = message.clone();
    let writer = spawn(move || {
        let (cell, flag) = &*other;
        cell.with_mut(|_| ());
        flag.load(Relaxed);
        flag.store(1, publish);
    });

    let (cell, flag) = &*message;
    let written = flag.load(observe);
    if written == 1 {
        // That the cell is opened is what loom judges; what it holds does not matter.
        cell.with(|_| ());
    }
    writer.join().unwrap();
    vec![written]
}

/// The second store releases nothing, so that whoever reads it does not know of the cell.
fn overwritten_flag() -> Vec<usize> {
    let message = Rc::new((UnsafeCell::new(()), AtomicUsize::new(0)));
    let other = message.clone();
    let writer = spawn(move || {
        let (cell, flag) = &*other;
        cell.with_mut(|_| ());
        flag.store(1, Release);
        flag.store(2, Relaxed);
    });

    let (cell, flag) = &*message;
    let written = flag.load(Acquire);
    if written > 0 {
        cell.with(|_| ());
    }
    writer.join().unwrap();
    vec![written]
}

fn message_in_a_word() -> Vec<usize> {
    let (data, flag) = (word(), word());
    let reader = spawn({
        let (data, flag) = (data.clone(), flag.clone());
        move || vec![flag.load(Relaxed), data.load(Relaxed)]
    });
    data.store(1, Relaxed);
    flag.store(1, Relaxed);
    reader.join().unwrap()
}

fn store_buffering(store: Ordering, load: Ordering) -> Vec<usize> {
    let (a, b) = (word(), word());
    let other = spawn({
        let (a, b) = (a.clone(), b.clone());
        move || {
            b.store(1, store);
            a.load(load)
        }
    });
    a.store(1, store);
    vec![b.load(load), other.join().unwrap()]
}

fn add_against_store() -> Vec<usize> {
    let word = word();
    let other = word.clone();
    let storer = spawn(move || other.store(2, Release));
    let read = word.fetch_add(1, AcqRel);
    storer.join().unwrap();
    vec![read, word.load(Acquire)]
}

fn store_and_load_against_load() -> Vec<usize> {
    let word = word();
    let other = word.clone();
    let reader = spawn(move || other.load(Acquire));
    word.store(1, Release);
    vec![word.load(Acquire), reader.join().unwrap()]
}

impl fmt::Display for Outcome {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, guards, pass, executions, seen, race, ok } = self;
        write!(out, "{name} ({}): ", pass_name(*pass))?;
        match ok {
            Ok(()) if *race => write!(out, "a race, as it should be, in execution {executions}"),
            Ok(()) => write!(out, "{seen:?} in {executions} executions"),
            Err(wrong) => write!(out, "{wrong}; guards against {guards}"),
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let executions: u64 = self.outcomes.iter().map(|outcome| outcome.executions).sum();
        write!(out, "{} canaries alive, {executions} executions, {:.1} s", self.outcomes.len(), self.seconds)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "loom does not do what we rely on:")?;
        self.outcomes.iter().try_for_each(|outcome| write!(out, "\n  {outcome}"))
    }
}

impl Error for Failure {}
