//! An enumerator and its readers, put to the test: in every state that an engine, a network and crashes can bring them to.
//!
//! Threads do not matter here, and no checker of threads is at work: both sides are plain values, and a call is a step. Implement
//! [`Enumerator`] and [`Reader`], tie them together as a [`Job`], and [`explore`](search::explore) visits every state of a
//! [`Scenario`](scenario::Scenario): messages wait, get lost or come twice, readers and the enumerator crash between any two steps,
//! and the parts of a checkpoint are taken at different times.
//!
//! ```
//! use turnstile_kit::explore::Budget;
//! use turnstile_kit::job::{Ability, Enumerator, EnumeratorContext, Job, Reader, ReaderContext};
//! use turnstile_kit::job::{scenario::SCENARIOS, search::explore};
//! use turnstile_kit::journal::Split;
//!
//! struct Mine;
//! impl Job for Mine {
//!     const NAME: &'static str = "mine";
//!     const ABILITIES: &'static [Ability] = &[Ability::ReaderCrashes];
//!     type Order = String; // a split, or "no more"
//!     type Report = String; // "more"
//!     type Enumerator = Pending;
//!     type Reader = Task;
//! }
//!
//! #[derive(Clone, Debug, PartialEq, Eq, Hash)]
//! struct Pending(Vec<Split>);
//! impl Enumerator<String, String> for Pending {
//!     type Plan = ();
//!     fn start(_newest_attempt: u64) -> Self {
//!         Self(Vec::new())
//!     }
//!     fn restore((): &(), newest_attempt: u64) -> Self {
//!         Self::start(newest_attempt)
//!     }
//!     fn discover(&mut self, splits: &[Split], _all: bool, _: &mut EnumeratorContext<String>) {
//!         self.0.extend(splits);
//!     }
//!     fn hear(&mut self, reader: usize, _more: String, context: &mut EnumeratorContext<String>) {
//!         let next = self.0.pop().map_or("no more".into(), |split| split.to_string());
//!         context.send(reader, next);
//!     }
//! }
//!
//! #[derive(Clone, Debug, PartialEq, Eq, Hash)]
//! struct Task(bool);
//! impl Reader<String, String> for Task {
//!     type Part = ();
//!     fn start(_id: usize, _attempt: u64, context: &mut ReaderContext<String>) -> Self {
//!         context.send("more".into());
//!         Self(false)
//!     }
//!     fn receive(&mut self, order: String, context: &mut ReaderContext<String>) {
//!         match order.parse() {
//!             Ok(split) => {
//!                 context.read(split);
//!                 context.send("more".into());
//!             }
//!             Err(_no_more) => self.0 = true,
//!         }
//!     }
//!     fn poll(&mut self, _: &mut ReaderContext<String>) -> bool {
//!         self.0
//!     }
//! }
//!
//! let scenario = SCENARIOS.iter().find(|scenario| scenario.name == "job-of-one").unwrap();
//! let violation = explore::<Mine>(scenario, Budget::default()).unwrap().violation.unwrap();
//! assert_eq!(violation.what, "I1 conservation: the job has ended, and s1 was never read"); // who asks too early is told the end
//! ```
//!
//! A job that is right, and survives everything, is in the tests of this crate; [`Kit`](crate::Kit) runs all scenarios.

pub mod scenario;
pub mod search;
mod world;

use std::fmt::{Debug, Display};
use std::hash::Hash;

use crate::journal::{Split, set};

/// How many readers a job has: they are called 0 and 1.
pub const READERS: usize = 2;

/// What can be cloned, compared and remembered.
pub trait Value: Clone + Debug + Eq + Hash + 'static {}
impl<T: Clone + Debug + Eq + Hash + 'static> Value for T {}

/// What a job survives, beyond a network that delivers and nobody who crashes. A scenario that needs more is *not supported*, never
/// passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ability {
    /// Checkpoints are taken.
    Checkpoints,
    /// A reader crashes, and starts again.
    ReaderCrashes,
    /// The enumerator crashes, and everybody starts again.
    EnumeratorCrashes,
    /// A message is lost, and nobody is told.
    Losses,
    /// A message comes again, at any later time.
    Repetitions,
}

impl Ability {
    /// A job that has it…
    pub(crate) fn says(self) -> &'static str {
        match self {
            Self::Checkpoints => "takes checkpoints",
            Self::ReaderCrashes => "goes on when a reader crashes and starts again",
            Self::EnumeratorCrashes => "goes on when the enumerator crashes and everybody starts again",
            Self::Losses => "makes up for a message that is lost",
            Self::Repetitions => "bears a message that comes again, late",
        }
    }
}

/// An enumerator and its readers.
pub trait Job: 'static {
    /// Its name in tables.
    const NAME: &'static str;
    /// What it survives.
    const ABILITIES: &'static [Ability] = &[];
    /// What the enumerator sends to a reader. Displayed in pictures.
    type Order: Value + Display;
    /// What a reader sends to the enumerator. Displayed in pictures.
    type Report: Value + Display;
    /// The one side.
    type Enumerator: Enumerator<Self::Order, Self::Report>;
    /// The other.
    type Reader: Reader<Self::Order, Self::Report>;
}

/// The coordinator's side, as an engine drives it.
pub trait Enumerator<O, R>: Value {
    /// Its part of a checkpoint.
    type Plan: Value;

    /// The job starts from nothing. So far attempts up to `newest_attempt` were started: 0 at the very first start.
    fn start(newest_attempt: u64) -> Self;

    /// The job starts from a checkpoint.
    fn restore(plan: &Self::Plan, newest_attempt: u64) -> Self;

    /// The connector has looked at the source: these splits are there, and if they are `all`, no others will be. After a start and
    /// after a restore it looks at the source from its beginning.
    fn discover(&mut self, splits: &[Split], all: bool, context: &mut EnumeratorContext<O>);

    /// A message of a reader arrives.
    fn hear(&mut self, reader: usize, report: R, context: &mut EnumeratorContext<O>);

    /// A reader has crashed. It will start again, from this checkpoint or from nothing.
    fn reader_failed(&mut self, _reader: usize, _restored_from: Option<u64>, _context: &mut EnumeratorContext<O>) {}

    /// The cut through the enumerator for a checkpoint. Those through the readers come later.
    fn cut(&mut self, _checkpoint: u64, _context: &mut EnumeratorContext<O>) -> Self::Plan {
        unreachable!("it is not said to take checkpoints")
    }

    /// A checkpoint is complete. May be said late, also after a reader has started again.
    fn completed(&mut self, _checkpoint: u64, _context: &mut EnumeratorContext<O>) {}

    /// A checkpoint will never be complete.
    fn aborted(&mut self, _checkpoint: u64, _context: &mut EnumeratorContext<O>) {}

    /// Some time has passed in which nothing was under way to anybody.
    fn remind(&mut self, _context: &mut EnumeratorContext<O>) {}
}

/// A reader, as an engine drives it.
pub trait Reader<O, R>: Value {
    /// Its part of a checkpoint.
    type Part: Value;

    /// An incarnation that starts from nothing. Each has a number that is greater than all before.
    fn start(id: usize, attempt: u64, context: &mut ReaderContext<R>) -> Self;

    /// An incarnation that starts from a checkpoint.
    fn restore(id: usize, attempt: u64, _checkpoint: u64, _part: &Self::Part, context: &mut ReaderContext<R>) -> Self {
        Self::start(id, attempt, context)
    }

    /// A message of the enumerator arrives.
    fn receive(&mut self, order: O, context: &mut ReaderContext<R>);

    /// The engine calls: the reader [reads](ReaderContext::read) a split or does not. True once nothing will ever come: it is not
    /// called again, and receives nothing more.
    fn poll(&mut self, context: &mut ReaderContext<R>) -> bool;

    /// The cut through the reader for a checkpoint.
    fn cut(&mut self, _checkpoint: u64, _context: &mut ReaderContext<R>) -> Self::Part {
        unreachable!("it is not said to take checkpoints")
    }

    /// Some time has passed in which nothing was under way to anybody.
    fn remind(&mut self, _context: &mut ReaderContext<R>) {}
}

/// What an enumerator does to others.
#[derive(Debug)]
pub struct EnumeratorContext<O> {
    orders: Vec<(usize, O)>,
    text: Vec<String>,
    failure: Option<String>,
}

impl<O: Display> EnumeratorContext<O> {
    fn new() -> Self {
        Self { orders: Vec::new(), text: Vec::new(), failure: None }
    }

    /// Sends a message to a reader. If it does not run, the message is gone.
    pub fn send(&mut self, reader: usize, order: O) {
        self.text.push(format!("→ reader {reader}: {order}"));
        self.orders.push((reader, order));
    }

    /// Something to be seen in pictures.
    pub fn note(&mut self, text: impl Into<String>) {
        self.text.push(text.into());
    }

    /// Something has happened for which there is no way on.
    pub fn fail(&mut self, why: impl Into<String>) {
        self.failure.get_or_insert(why.into());
    }
}

/// What a reader does to others.
#[derive(Debug)]
pub struct ReaderContext<R> {
    reports: Vec<R>,
    read: Vec<Split>,
    text: Vec<String>,
    failure: Option<String>,
}

impl<R: Display> ReaderContext<R> {
    fn new() -> Self {
        Self { reports: Vec::new(), read: Vec::new(), text: Vec::new(), failure: None }
    }

    /// Sends a message to the enumerator.
    pub fn send(&mut self, report: R) {
        self.text.push(format!("→ {report}"));
        self.reports.push(report);
    }

    /// The rows of a split leave the reader, all of them. The sink takes them back if the reader crashes before a checkpoint is
    /// complete that lies behind them.
    pub fn read(&mut self, split: Split) {
        self.text.push(format!("reads {}", set(&[split])));
        self.read.push(split);
    }

    /// Something to be seen in pictures.
    pub fn note(&mut self, text: impl Into<String>) {
        self.text.push(text.into());
    }

    /// Something has happened for which there is no way on.
    pub fn fail(&mut self, why: impl Into<String>) {
        self.failure.get_or_insert(why.into());
    }
}
