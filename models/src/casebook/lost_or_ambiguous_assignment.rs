//! C15 · lost-or-ambiguous-assignment
//!
//! The enumerator sends a split to a reader, and counts it as assigned. The message is lost, and the connection is not: nobody fails, so
//! nothing is given back. The reader asks again and says that it has nothing, and is told that there is no more.
//!
//! Seen in: Flink, FLINK-21996, where a call could be lost without a failure of its target, and FLINK-23233.
//!
//! In Turnstile: an entry of a reader's log is sent until a report covers it, and applied once however often it comes.

use std::collections::VecDeque;

use turnstile_kit::job::{Ability, Enumerator, EnumeratorContext, Job, READERS};
use turnstile_kit::journal::Split;

use super::messages::Order;
use super::reporting::{Report, Reporting};

/// The job.
pub struct LostAssignment;

impl Job for LostAssignment {
    const NAME: &'static str = "lost-or-ambiguous-assignment";
    const ABILITIES: &'static [Ability] = &[Ability::Losses];
    type Order = Order;
    type Report = Report;
    type Enumerator = Assigner;
    type Reader = Reporting;
}

/// What is pending, and what is assigned to whom.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Assigner {
    pending: VecDeque<Split>,
    all: bool,
    assigned: [Vec<Split>; READERS],
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

    fn hear(&mut self, reader: usize, _report: Report, context: &mut EnumeratorContext<Order>) {
        if let Some(split) = self.pending.pop_front() {
            context.send(reader, Order::Assign(vec![split]));
            self.assigned[reader].push(split); // As if it had arrived.
        } else if self.all {
            context.send(reader, Order::NoMoreSplits);
        }
    }
}
