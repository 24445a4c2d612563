//! A litmus program as data: it can be printed, run on the facade's atomics, and read by the reference memories.

use std::fmt;
use std::rc::Rc;

use turnstile_loom::sync::{AtomicUsize, Ordering};

use super::{Exploration, Pass, explore};
use crate::engine::loom::spawn;

/// A program has this many words of memory, and they begin at 0.
pub const WORDS: usize = 2;

/// What an operation does to its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Reads.
    Load,
    /// Writes without looking.
    Store(usize),
    /// Reads, and adds to what it read.
    Add(usize),
    /// Reads, and writes.
    Swap(usize),
    /// Reads, and writes if it found what it expected.
    CompareExchange {
        /// What to find.
        expected: usize,
        /// What to leave behind.
        new: usize,
    },
}

impl Action {
    /// What the action leaves in a word that holds `held`, or `None` if it leaves the word alone.
    pub fn writes(self, held: usize) -> Option<usize> {
        match self {
            Action::Load => None,
            Action::Store(value) | Action::Swap(value) => Some(value),
            Action::Add(value) => Some(held + value),
            Action::CompareExchange { expected, new } => (held == expected).then_some(new),
        }
    }
}

/// One step of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Op {
    /// Which word, below [`WORDS`].
    pub word: usize,
    /// What to do with it.
    pub action: Action,
    /// Whether it acquires where it reads and releases where it writes; if not, it is relaxed.
    pub synchronises: bool,
}

impl Op {
    fn order(self) -> Ordering {
        match self.action {
            _ if !self.synchronises => Ordering::Relaxed,
            Action::Load => Ordering::Acquire,
            Action::Store(_) => Ordering::Release,
            Action::Add(_) | Action::Swap(_) | Action::CompareExchange { .. } => Ordering::AcqRel,
        }
    }

    /// Performs the step on the facade's atomics, and returns what it read.
    fn perform(self, words: &[AtomicUsize; WORDS]) -> Option<usize> {
        let (word, order) = (&words[self.word], self.order());
        match self.action {
            Action::Load => Some(word.load(order)),
            Action::Store(value) => {
                word.store(value, order);
                None
            }
            Action::Add(value) => Some(word.fetch_add(value, order)),
            Action::Swap(value) => Some(word.swap(value, order)),
            Action::CompareExchange { expected, new } => {
                let failure = if self.synchronises { Ordering::Acquire } else { Ordering::Relaxed };
                let (Ok(held) | Err(held)) = word.compare_exchange(expected, new, order, failure);
                Some(held)
            }
        }
    }
}

/// Threads that run side by side. The first starts the others, and joins them at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// The steps of each thread.
    pub threads: Vec<Vec<Op>>,
}

impl Program {
    /// Everything that loom finds in this pass.
    pub fn explore(&self, pass: Pass) -> Exploration<Observation> {
        let program = self.clone();
        explore(pass, move || program.run())
    }

    /// One execution, inside an exploration.
    pub fn run(&self) -> Observation {
        // loom's threads are coroutines of one OS thread, so the plainest shared pointer will do.
        let words = Rc::new([AtomicUsize::new(0), AtomicUsize::new(0)]);
        let body = |thread: &[Op]| {
            let (thread, words) = (thread.to_vec(), words.clone());
            move || -> Vec<usize> { thread.iter().filter_map(|op| op.perform(&words)).collect() }
        };

        let others: Vec<_> = self.threads[1..].iter().map(|thread| spawn(body(thread))).collect();
        let mut reads = vec![body(&self.threads[0])()];
        reads.extend(others.into_iter().map(|other| other.join().unwrap()));
        Observation { reads, left: [0, 1].map(|word: usize| words[word].load(Ordering::Relaxed)) }
    }
}

/// What one execution of a program lets us see.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Observation {
    /// What each thread read, in its own order.
    pub reads: Vec<Vec<usize>>,
    /// What each word held after all threads were joined.
    pub left: [usize; WORDS],
}

fn name(word: usize) -> char {
    ['a', 'b'][word]
}

impl fmt::Display for Op {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, order) = (name(self.word), self.order());
        match self.action {
            Action::Load => write!(out, "{word}.load({order:?})"),
            Action::Store(value) => write!(out, "{word}.store({value}, {order:?})"),
            Action::Add(value) => write!(out, "{word}.add({value}, {order:?})"),
            Action::Swap(value) => write!(out, "{word}.swap({value}, {order:?})"),
            Action::CompareExchange { expected, new } => write!(out, "{word}.cas({expected}, {new}, {order:?})"),
        }
    }
}

/// One column per thread.
impl fmt::Display for Program {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps = self.threads.iter().map(Vec::len).max().unwrap_or(0);
        let cell = |thread: &Vec<Op>, step: usize| thread.get(step).map(Op::to_string).unwrap_or_default();
        let rows = (0..steps).map(|step| self.threads.iter().map(|thread| cell(thread, step)).collect());
        let head: Vec<String> = (0..self.threads.len()).map(|thread| format!("thread {thread}")).collect();

        for row in std::iter::once(head).chain(rows) {
            let columns: Vec<_> = row.iter().map(|cell| format!("{cell:<20}")).collect();
            writeln!(out, "  {}", columns.join(" | ").trim_end())?;
        }
        Ok(())
    }
}

impl fmt::Display for Observation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (thread, reads) in self.reads.iter().enumerate() {
            write!(out, "thread {thread} read {reads:?}, ")?;
        }
        let left: Vec<_> =
            self.left.iter().enumerate().map(|(word, value)| format!("{}={value}", name(word))).collect();
        write!(out, "left {}", left.join(" "))
    }
}
