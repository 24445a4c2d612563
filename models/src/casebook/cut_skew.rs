//! C16 · cut-skew
//!
//! The enumerator takes its part of a checkpoint, and later the reader takes its own. What the enumerator had assigned by then, it
//! believes to be in the reader's part. A split is still under way when the reader takes that: one part says that the reader has it, and
//! the other is without it. The checkpoint completes, the reader crashes, and nothing comes back. The other way round, a split that is
//! sent behind the one cut and arrives before the other is given back and restored as well.
//!
//! Seen in: Flink, FLINK-28606 for what a coordinator sends, FLINK-28639 and the DynamoDB source, FLINK-37416, for what it is sent;
//! SeaTunnel, whose two parts are taken under different locks (`SourceSplitEnumeratorTask`, read in its code).
//!
//! In Turnstile: a restored reader says where its part of the checkpoint stands in its log, and all behind that is pending again. An entry
//! behind the enumerator's cut is refused by a reader that has yet to take its own.

use std::collections::VecDeque;

use turnstile_kit::job::{Ability, Enumerator, EnumeratorContext, Job, READERS};
use turnstile_kit::journal::{Split, set};

use super::messages::Order;
use super::reporting::{Report, Reporting};

/// The job.
pub struct CutSkew;

impl Job for CutSkew {
    const NAME: &'static str = "cut-skew";
    const ABILITIES: &'static [Ability] = &[Ability::Checkpoints, Ability::ReaderCrashes];
    type Order = Order;
    type Report = Report;
    type Enumerator = Assigner;
    type Reader = Reporting;
}

type Assigned = [Vec<Split>; READERS];

/// What is pending, what is assigned to whom, and what was when the newest checkpoint was taken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Assigner {
    pending: VecDeque<Split>,
    all: bool,
    assigned: Assigned,
    cut: Option<(u64, Assigned)>,
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
        if !report.asks {
            return;
        }
        if let Some(split) = self.pending.pop_front() {
            self.assigned[reader].push(split);
            context.send(reader, Order::Assign(vec![split]));
        } else if self.all {
            context.send(reader, Order::NoMoreSplits);
        }
    }

    fn cut(&mut self, checkpoint: u64, context: &mut EnumeratorContext<Order>) {
        context.note(format!("{} is assigned", set(&self.assigned.concat())));
        self.cut = Some((checkpoint, self.assigned.clone()));
    }

    fn reader_failed(&mut self, reader: usize, restored_from: Option<u64>, context: &mut EnumeratorContext<Order>) {
        let cut = self.cut.as_ref().filter(|(checkpoint, _)| restored_from == Some(*checkpoint));
        let held = cut.map_or(&[][..], |(_, assigned)| &assigned[reader]); // As if sent were received.
        context.note(format!("believes that it will have {}", set(held)));
        self.pending.extend(self.assigned[reader].extract_if(.., |split| !held.contains(split)));
    }
}
