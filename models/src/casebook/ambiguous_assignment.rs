//! C15 · ambiguous-assignment
//!
//! The enumerator keeps what it has sent to a reader until the reader confirms it. The confirmation is lost. After a while the enumerator
//! takes the assignment for failed, and the split is pending once more; the next reader that asks is given it, while the first one
//! has read it.
//!
//! Seen in: enumerators of SeaTunnel that catch what an assignment throws and put its splits back, whatever has become of the message
//! (`TDengineSourceSplitEnumerator`, read in its code).
//!
//! In Turnstile: what is in doubt stays in its reader's log, and is sent to that reader until its report covers it. Only a new attempt of
//! that reader, which says what it has, makes it pending again.

use std::collections::VecDeque;

use turnstile_kit::job::{Ability, Enumerator, EnumeratorContext, Job, READERS};
use turnstile_kit::journal::{Split, set};

use super::messages::Order;
use super::reporting::{Report, Reporting};

/// The job.
pub struct AmbiguousAssignment;

impl Job for AmbiguousAssignment {
    const NAME: &'static str = "ambiguous-assignment";
    const ABILITIES: &'static [Ability] = &[Ability::Losses];
    type Order = Order;
    type Report = Report;
    type Enumerator = Assigner;
    type Reader = Reporting<true>;
}

/// What is pending, and what is sent and not confirmed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Assigner {
    pending: VecDeque<Split>,
    all: bool,
    sent: [Vec<Split>; READERS],
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
        let sent = &mut self.sent[reader];
        sent.retain(|split| !report.has.contains(split));
        if !report.asks {
            return;
        }
        if sent.is_empty() {
            sent.extend(self.pending.pop_front());
        }
        if !sent.is_empty() {
            context.send(reader, Order::Assign(sent.clone()));
        } else if self.all {
            context.send(reader, Order::NoMoreSplits);
        }
    }

    fn remind(&mut self, context: &mut EnumeratorContext<Order>) {
        let failed = std::mem::take(&mut self.sent).concat(); // Did the message not arrive, or the answer?
        context.note(format!("takes {} back", set(&failed)));
        self.pending.extend(failed);
    }
}
