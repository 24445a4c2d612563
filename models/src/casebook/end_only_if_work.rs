//! C04 · end-only-if-work
//!
//! The enumerator says that there is no more where it has just assigned something, in the same branch. A reader for which nothing is
//! left takes the other branch, and is told nothing: it waits for ever, and the job with it.
//!
//! Seen in: SeaTunnel, apache/seatunnel#3219, #2945 and #6958; Flink, FLINK-21159; its Kafka connector, FLINK-31006; trinodb/trino#14794.
//!
//! In Turnstile: the end is an entry of each reader's log, and sealing the discovery appends it to all of them, with work or without.

use turnstile_kit::job::{Ability, Enumerator, EnumeratorContext, Job};
use turnstile_kit::journal::Split;

use super::messages::{Obedient, Order, Report};

/// The job.
pub struct EndOnlyIfWork;

impl Job for EndOnlyIfWork {
    const NAME: &'static str = "end-only-if-work";
    const ABILITIES: &'static [Ability] = &[];
    type Order = Order;
    type Report = Report;
    type Enumerator = Assigner;
    type Reader = Obedient;
}

/// What is pending, and who waits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Assigner {
    pending: Vec<Split>,
    discovered: bool,
    waiting: Vec<usize>,
}

impl Assigner {
    fn assign(&mut self, context: &mut EnumeratorContext<Order>) {
        if !self.discovered {
            return;
        }
        for reader in std::mem::take(&mut self.waiting) {
            if !self.pending.is_empty() {
                context.send(reader, Order::Assign(std::mem::take(&mut self.pending)));
                context.send(reader, Order::NoMoreSplits); // And nobody tells the others.
            }
        }
    }
}

impl Enumerator<Order, Report> for Assigner {
    type Plan = ();

    fn start(_: u64) -> Self {
        Self { pending: Vec::new(), discovered: false, waiting: Vec::new() }
    }

    fn restore((): &(), newest_attempt: u64) -> Self {
        Self::start(newest_attempt)
    }

    fn discover(&mut self, splits: &[Split], all: bool, context: &mut EnumeratorContext<Order>) {
        self.pending.extend(splits);
        self.discovered = all;
        self.assign(context);
    }

    fn hear(&mut self, reader: usize, _: Report, context: &mut EnumeratorContext<Order>) {
        self.waiting.push(reader);
        self.assign(context);
    }
}
