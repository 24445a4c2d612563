//! C08 · late-retransmit-after-end
//!
//! An update says all that a reader is to have so far, and whether there will be more. One that is not answered in time is sent again, and
//! so an old one may arrive after a newer one. Its splits are known by their place, and do no harm; but it also says that there will be
//! more, and the reader has heard that there will not. It takes that for an error in the coordinator, and fails.
//!
//! Seen in: trinodb/trino#14656, #14668 and #15931, "cannot unset noMoreSplits".
//!
//! In Turnstile: the end is an entry like any other, in sequence. What was applied before is a `Duplicate`, and no message says that the end
//! is yet to come.

use std::collections::VecDeque;
use std::fmt;

use turnstile_kit::job::{Ability, Enumerator, EnumeratorContext, Job, READERS, Reader, ReaderContext};
use turnstile_kit::journal::{Split, set};

use super::messages::Report;

/// The job.
pub struct LateRetransmitAfterEnd;

impl Job for LateRetransmitAfterEnd {
    const NAME: &'static str = "late-retransmit-after-end";
    const ABILITIES: &'static [Ability] = &[Ability::Repetitions];
    type Order = Update;
    type Report = Report;
    type Enumerator = Scheduler;
    type Reader = Task;
}

/// All splits of a reader so far, and whether they are all that it will get.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Update {
    splits: Vec<Split>,
    no_more: bool,
}

impl fmt::Display for Update {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, and {}", set(&self.splits), if self.no_more { "no more" } else { "perhaps more" })
    }
}

/// What each reader was given, and which of them run.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scheduler {
    given: [Vec<Split>; READERS],
    no_more: bool,
    runs: [bool; READERS],
}

impl Scheduler {
    fn update(&self, reader: usize, context: &mut EnumeratorContext<Update>) {
        let splits = self.given[reader].clone();
        if self.runs[reader] && (self.no_more || !splits.is_empty()) {
            context.send(reader, Update { splits, no_more: self.no_more });
        }
    }
}

impl Enumerator<Update, Report> for Scheduler {
    type Plan = ();

    fn start(_: u64) -> Self {
        Self { given: [const { Vec::new() }; READERS], no_more: false, runs: [false; READERS] }
    }

    fn restore((): &(), newest_attempt: u64) -> Self {
        Self::start(newest_attempt)
    }

    fn discover(&mut self, splits: &[Split], all: bool, context: &mut EnumeratorContext<Update>) {
        for split in splits {
            let reader = usize::from(*split) % READERS;
            self.given[reader].push(*split);
            self.update(reader, context);
        }
        if all {
            self.no_more = true;
            (0..READERS).for_each(|reader| self.update(reader, context));
        }
    }

    fn hear(&mut self, reader: usize, _: Report, context: &mut EnumeratorContext<Update>) {
        self.runs[reader] = true;
        self.update(reader, context);
    }
}

/// What it has yet to read, and how many splits it knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Task {
    queue: VecDeque<Split>,
    known: usize,
    no_more: bool,
}

impl Reader<Update, Report> for Task {
    type Part = ();

    fn start(_: usize, _: u64, context: &mut ReaderContext<Report>) -> Self {
        context.send(Report::Registers);
        Self { queue: VecDeque::new(), known: 0, no_more: false }
    }

    fn receive(&mut self, update: Update, context: &mut ReaderContext<Report>) {
        let new = update.splits.get(self.known..).unwrap_or_default();
        self.queue.extend(new);
        self.known += new.len();
        if self.no_more && !update.no_more {
            context.fail("no more splits cannot be taken back"); // It is not: the update is an old one.
        }
        self.no_more |= update.no_more;
    }

    fn poll(&mut self, context: &mut ReaderContext<Report>) -> bool {
        match self.queue.pop_front() {
            Some(split) => context.read(split),
            None => return self.no_more,
        }
        false
    }
}
