//! C23 · completion-fire-and-forget
//!
//! A reader reports a split as done when it has read it, and never again. It crashes before the enumerator has heard that, and is restored
//! from a checkpoint in which the split is read. The new attempt has nothing to read and nothing to report; the enumerator waits for a
//! report that nobody will ever send, and the job with it.
//!
//! Seen in: the CDC sources of SeaTunnel, `IncrementalSourceReader`, apache/seatunnel#12163 and #12162; what it leaves in a checkpoint,
//! apache/flink-cdc#2958.
//!
//! In Turnstile: how much is done is a number in every report, and follows from the reader's part of a checkpoint. It is no
//! event that could be missed.

use std::collections::VecDeque;
use std::fmt;

use turnstile_kit::job::{Ability, Enumerator, EnumeratorContext, Job, READERS, Reader, ReaderContext};
use turnstile_kit::journal::{Split, set};

use super::messages::Order;

/// The job.
pub struct FireAndForget;

impl Job for FireAndForget {
    const NAME: &'static str = "completion-fire-and-forget";
    const ABILITIES: &'static [Ability] = &[Ability::Checkpoints, Ability::ReaderCrashes];
    type Order = Order;
    type Report = Report;
    type Enumerator = Assigner;
    type Reader = Reporting;
}

/// Reader to enumerator.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Report {
    /// All that it was ever assigned; and it asks for more.
    Asks(Vec<Split>),
    /// It has read this split.
    Done(Split),
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asks(has) => write!(f, "has {}, asks for more", set(has)),
            Self::Done(split) => write!(f, "s{split} is done"),
        }
    }
}

/// What is pending, what is assigned to whom, and what is done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Assigner {
    pending: VecDeque<Split>,
    all: bool,
    assigned: [Vec<Split>; READERS],
    done: Vec<Split>,
}

impl Enumerator<Order, Report> for Assigner {
    type Plan = ();

    fn start(_: u64) -> Self {
        Self::default()
    }

    fn restore((): &(), _: u64) -> Self {
        Self::default()
    }

    fn discover(&mut self, splits: &[Split], all: bool, _: &mut EnumeratorContext<Order>) {
        self.pending.extend(splits);
        self.all = all;
    }

    fn hear(&mut self, reader: usize, report: Report, context: &mut EnumeratorContext<Order>) {
        let has = match report {
            Report::Asks(has) => has,
            Report::Done(split) => return self.done.push(split),
        };
        // What a crash has taken from the reader is pending again.
        let back: Vec<Split> = self.assigned[reader].extract_if(.., |split| !has.contains(split)).collect();
        self.done.retain(|split| !back.contains(split));
        self.pending.extend(back);
        let mut undone = self.assigned.concat();
        undone.retain(|split| !self.done.contains(split));
        if let Some(split) = self.pending.pop_front() {
            self.assigned[reader].push(split);
            context.send(reader, Order::Assign(vec![split]));
        } else if self.all && undone.is_empty() {
            context.send(reader, Order::NoMoreSplits);
        } else {
            context.note(format!("waits until {} is done", set(&undone)));
        }
    }

    fn cut(&mut self, _: u64, _: &mut EnumeratorContext<Order>) {}
}

/// Reads what it is assigned, and reports it. Its part of a checkpoint is all of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reporting {
    has: Vec<Split>,
    read: usize,
    ended: bool,
}

impl Reader<Order, Report> for Reporting {
    type Part = Self;

    fn start(id: usize, attempt: u64, context: &mut ReaderContext<Report>) -> Self {
        Self::restore(id, attempt, 0, &Self::default(), context)
    }

    fn restore(_: usize, _: u64, _: u64, part: &Self, context: &mut ReaderContext<Report>) -> Self {
        context.send(Report::Asks(part.has.clone()));
        part.clone()
    }

    fn receive(&mut self, order: Order, _: &mut ReaderContext<Report>) {
        match order {
            Order::Assign(splits) => self.has.extend(splits),
            Order::NoMoreSplits => self.ended = true,
        }
    }

    fn poll(&mut self, context: &mut ReaderContext<Report>) -> bool {
        let Some(split) = self.has.get(self.read) else { return self.ended };
        context.read(*split);
        context.send(Report::Done(*split)); // Once.
        self.read += 1;
        false
    }

    fn cut(&mut self, _: u64, context: &mut ReaderContext<Report>) -> Self {
        context.note(format!("{} is read", set(&self.has[..self.read])));
        self.clone()
    }

    fn remind(&mut self, context: &mut ReaderContext<Report>) {
        if self.read == self.has.len() && !self.ended {
            context.send(Report::Asks(self.has.clone()));
        }
    }
}
