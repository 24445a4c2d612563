//! C13 · returned-split-parked
//!
//! A reader that starts again asks for a split as it opens, and registers then; what it had before the crash comes back with that. The
//! request finds nothing pending, and is parked. The split comes back, and is put where the pending ones are. Only a request or a
//! discovery looks for a match, and no other will come: the split lies there, the reader waits, and the job is said to be running.
//!
//! Seen in: the CDC sources of SeaTunnel, apache/seatunnel#11676, #11677, #11862 and #11945.
//!
//! In Turnstile: whatever makes a split available or a reader willing also hands out, and giving back does. What a reader has room for is
//! in each of its reports, which it repeats.

use std::collections::VecDeque;

use turnstile_kit::job::{Ability, Enumerator, EnumeratorContext, Job, READERS, Reader, ReaderContext};
use turnstile_kit::journal::{Split, set};

use super::messages::{Asking, Order, Report};

/// The job.
pub struct ReturnedSplitParked;

impl Job for ReturnedSplitParked {
    const NAME: &'static str = "returned-split-parked";
    const ABILITIES: &'static [Ability] = &[Ability::ReaderCrashes];
    type Order = Order;
    type Report = Report;
    type Enumerator = Assigner;
    type Reader = Opening;
}

/// What is pending, what each reader was given, what those that have crashed had, and who waits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Assigner {
    pending: VecDeque<Split>,
    discovered: bool,
    given: [Vec<Split>; READERS],
    missing: [Vec<Split>; READERS],
    waiting: Vec<usize>,
}

impl Assigner {
    fn assign(&mut self, context: &mut EnumeratorContext<Order>) {
        for reader in std::mem::take(&mut self.waiting) {
            if let Some(split) = self.pending.pop_front() {
                self.given[reader].push(split);
                context.send(reader, Order::Assign(vec![split]));
            } else if self.discovered && self.missing.iter().all(Vec::is_empty) {
                context.send(reader, Order::NoMoreSplits);
            } else {
                self.waiting.push(reader);
            }
        }
    }

    fn add_back(&mut self, reader: usize, context: &mut EnumeratorContext<Order>) {
        for split in std::mem::take(&mut self.missing[reader]) {
            context.note(format!("s{split} is pending again"));
            self.pending.push_back(split); // And who waits for one?
        }
    }
}

impl Enumerator<Order, Report> for Assigner {
    type Plan = ();

    fn start(_: u64) -> Self {
        let (given, missing) = ([const { Vec::new() }; READERS], [const { Vec::new() }; READERS]);
        Self { pending: VecDeque::new(), discovered: false, given, missing, waiting: Vec::new() }
    }

    fn restore((): &(), newest_attempt: u64) -> Self {
        Self::start(newest_attempt)
    }

    fn discover(&mut self, splits: &[Split], all: bool, context: &mut EnumeratorContext<Order>) {
        self.pending.extend(splits);
        self.discovered = all;
        self.assign(context);
    }

    fn hear(&mut self, reader: usize, report: Report, context: &mut EnumeratorContext<Order>) {
        if report == Report::Registers {
            self.add_back(reader, context);
        } else {
            self.waiting.push(reader);
            self.assign(context);
        }
    }

    fn reader_failed(&mut self, reader: usize, _: Option<u64>, context: &mut EnumeratorContext<Order>) {
        self.waiting.retain(|other| *other != reader);
        let given = std::mem::take(&mut self.given[reader]);
        context.note(format!("expects {} back", set(&given)));
        self.missing[reader].extend(given);
    }
}

/// Asks as it opens, and registers then.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Opening(Asking);

impl Reader<Order, Report> for Opening {
    type Part = ();

    fn start(id: usize, attempt: u64, context: &mut ReaderContext<Report>) -> Self {
        let opened = Asking::start(id, attempt, context);
        context.send(Report::Registers);
        Self(opened)
    }

    fn receive(&mut self, order: Order, context: &mut ReaderContext<Report>) {
        self.0.receive(order, context);
    }

    fn poll(&mut self, context: &mut ReaderContext<Report>) -> bool {
        self.0.poll(context)
    }
}
