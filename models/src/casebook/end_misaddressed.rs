//! C06 · end-misaddressed-or-repeated
//!
//! Readers ask for splits, and wait while there are none. The enumerator goes through all who wait, and has a split or the end for each. The
//! split it sends to the one whose turn it is; the end it sends to the one that has asked last. That one has just got a split, and is told
//! that there is no more. The one that the end was meant for is told nothing: it waits for ever, and the job with it.
//!
//! Seen in: the Flink source of Delta, delta-io/delta#7114.
//!
//! In Turnstile: each reader has a log of its own, and the end is an entry of it. A message says whose it is, and anybody else answers
//! `Misaddressed` and changes nothing.

use std::collections::VecDeque;

use turnstile_kit::job::{Enumerator, EnumeratorContext, Job, READERS};
use turnstile_kit::journal::Split;

use super::messages::{Asking, Order, Report};

/// The job.
pub struct EndMisaddressed;

impl Job for EndMisaddressed {
    const NAME: &'static str = "end-misaddressed";
    type Order = Order;
    type Report = Report;
    type Enumerator = Assigner;
    type Reader = Asking;
}

/// What is pending, who waits, and who has asked last.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Assigner {
    pending: VecDeque<Split>,
    discovered: bool,
    waits: [bool; READERS],
    asked: usize,
}

impl Assigner {
    fn assign(&mut self, context: &mut EnumeratorContext<Order>) {
        for reader in 0..READERS {
            if !self.waits[reader] {
                continue;
            }
            if let Some(split) = self.pending.pop_front() {
                context.send(reader, Order::Assign(vec![split]));
            } else if self.discovered {
                context.send(self.asked, Order::NoMoreSplits); // It is the turn of `reader`.
            } else {
                continue;
            }
            self.waits[reader] = false;
        }
    }
}

impl Enumerator<Order, Report> for Assigner {
    type Plan = ();

    fn start(_: u64) -> Self {
        Self { pending: VecDeque::new(), discovered: false, waits: [false; READERS], asked: 0 }
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
        self.waits[reader] = true;
        self.asked = reader;
        self.assign(context);
    }
}
