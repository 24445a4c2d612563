//! C17 · give-back-without-checkpoint-id
//!
//! When a reader fails, the enumerator takes back what it has assigned to it, except what it has heard to be in a completed checkpoint.
//! The reader is restored from one that it has not heard of yet. So the split is pending, and the reader has it: it is read twice.
//!
//! Seen in: Flink, FLINK-20290 and FLINK-20396, where a failed subtask was told without the checkpoint that it is restored from;
//! FLINK-20222.
//!
//! In Turnstile: what is given back is what lies behind the place that the restored reader reports. The enumerator need not have heard
//! of the checkpoint.

use std::collections::VecDeque;

use turnstile_kit::job::{Ability, Enumerator, EnumeratorContext, Job, READERS};
use turnstile_kit::journal::{Split, set};

use super::messages::Order;
use super::reporting::{Report, Reporting};

/// The job.
pub struct GiveBack;

impl Job for GiveBack {
    const NAME: &'static str = "give-back-without-checkpoint-id";
    const ABILITIES: &'static [Ability] = &[Ability::Checkpoints, Ability::ReaderCrashes];
    type Order = Order;
    type Report = Report;
    type Enumerator = Assigner;
    type Reader = Reporting;
}

type Splits = [Vec<Split>; READERS];

/// What is pending, what is assigned and in no completed checkpoint, and what readers have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Assigner {
    pending: VecDeque<Split>,
    all: bool,
    uncheckpointed: Splits,
    has: Splits,
    /// What they had, when the checkpoint that is under way was taken.
    cut: Splits,
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
        self.has[reader] = report.has;
        if !report.asks {
            return;
        }
        if let Some(split) = self.pending.pop_front() {
            self.uncheckpointed[reader].push(split);
            context.send(reader, Order::Assign(vec![split]));
        } else if self.all {
            context.send(reader, Order::NoMoreSplits);
        }
    }

    fn cut(&mut self, _: u64, _: &mut EnumeratorContext<Order>) {
        self.cut.clone_from(&self.has);
    }

    fn completed(&mut self, _: u64, _: &mut EnumeratorContext<Order>) {
        for (splits, held) in self.uncheckpointed.iter_mut().zip(&self.cut) {
            splits.retain(|split| !held.contains(split));
        }
    }

    fn reader_failed(&mut self, reader: usize, _restored_from: Option<u64>, context: &mut EnumeratorContext<Order>) {
        self.has[reader].clear();
        let back = std::mem::take(&mut self.uncheckpointed[reader]); // As far as it has heard.
        context.note(format!("takes {} back", set(&back)));
        self.pending.extend(back);
    }
}
