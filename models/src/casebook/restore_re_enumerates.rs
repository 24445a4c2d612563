//! C22 · restore-re-enumerates
//!
//! A restored enumerator plans once more, from the beginning, as it does at a start. It knows what is assigned, from the checkpoint and
//! from the readers, and does not subtract it. A split that a restored reader has is assigned again, and read twice.
//!
//! Seen in: SeaTunnel's HBase source, apache/seatunnel#10310, which scanned the table once more, and its fake source, #3112; Iceberg's
//! Flink source, apache/iceberg#10208.
//!
//! In Turnstile: restoring is a constructor of its own, from the enumerator's part of the checkpoint. To discover a split that was ever
//! discovered is nothing, whatever has become of it.

use std::collections::VecDeque;

use turnstile_kit::job::{Ability, Enumerator, EnumeratorContext, Job, READERS};
use turnstile_kit::journal::{Split, set};

use super::messages::Order;
use super::reporting::{Report, Reporting};

/// The job.
pub struct PlansAgain;

impl Job for PlansAgain {
    const NAME: &'static str = "restore-re-enumerates";
    const ABILITIES: &'static [Ability] = &[Ability::Checkpoints, Ability::EnumeratorCrashes];
    type Order = Order;
    type Report = Report;
    type Enumerator = Assigner;
    type Reader = Reporting;
}

type Assigned = [Vec<Split>; READERS];

/// What was planned and not assigned since, and what is assigned to whom.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Assigner {
    planned: VecDeque<Split>,
    all: bool,
    assigned: Assigned,
    heard: [bool; READERS],
}

impl Enumerator<Order, Report> for Assigner {
    type Plan = Assigned;

    fn start(newest_attempt: u64) -> Self {
        Self::restore(&Assigned::default(), newest_attempt)
    }

    fn restore(assigned: &Assigned, _: u64) -> Self {
        Self { planned: VecDeque::new(), all: false, assigned: assigned.clone(), heard: [false; READERS] }
    }

    fn discover(&mut self, splits: &[Split], all: bool, _: &mut EnumeratorContext<Order>) {
        self.planned.extend(splits);
        self.all = all;
    }

    fn hear(&mut self, reader: usize, report: Report, context: &mut EnumeratorContext<Order>) {
        (self.assigned[reader], self.heard[reader]) = (report.has, true);
        if !report.asks || self.heard != [true; READERS] {
            return;
        }
        let next = self.planned.pop_front(); // Assigned or not.
        if let Some(split) = next {
            self.assigned[reader].push(split);
            context.send(reader, Order::Assign(vec![split]));
        } else if self.all {
            context.send(reader, Order::NoMoreSplits);
        }
    }

    fn cut(&mut self, _: u64, context: &mut EnumeratorContext<Order>) -> Assigned {
        context.note(format!("{} is assigned", set(&self.assigned.concat())));
        self.assigned.clone()
    }
}
