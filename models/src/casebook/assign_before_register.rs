//! C12 · assign-before-register
//!
//! Splits of a reader that has failed come back to the enumerator, which assigns them to it again at once. It has not registered yet: the
//! engine finds nobody there, writes a line into the log and goes on. The splits are neither pending nor anywhere else; the reader
//! registers, nothing is pending, and the job ends early.
//!
//! Seen in: the JDBC source of SeaTunnel, apache/seatunnel#4773, #4764 and #5654; Flink's Hive source, FLINK-26726.
//!
//! In Turnstile: what is given back is pending. Handing out sends nothing: it writes into a log, from which whoever registers is sent what
//! it has not got.

use turnstile_kit::job::{Ability, Enumerator, EnumeratorContext, Job, READERS};
use turnstile_kit::journal::Split;

use super::messages::{Obedient, Order, Report};

/// The job.
pub struct AssignBeforeRegister;

impl Job for AssignBeforeRegister {
    const NAME: &'static str = "assign-before-register";
    const ABILITIES: &'static [Ability] = &[Ability::ReaderCrashes];
    type Order = Order;
    type Report = Report;
    type Enumerator = Assigner;
    type Reader = Obedient;
}

/// What is pending, what each reader was given, and who has registered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Assigner {
    pending: Vec<Split>,
    assigned: [Vec<Split>; READERS],
    registered: [bool; READERS],
    discovered: bool,
}

impl Assigner {
    fn assign(&mut self, reader: usize, context: &mut EnumeratorContext<Order>) {
        if !self.pending.is_empty() {
            self.assigned[reader].extend(&self.pending);
            context.send(reader, Order::Assign(std::mem::take(&mut self.pending)));
        }
    }
}

impl Enumerator<Order, Report> for Assigner {
    type Plan = ();

    fn start(_: u64) -> Self {
        let (pending, assigned) = (Vec::new(), [const { Vec::new() }; READERS]);
        Self { pending, assigned, registered: [false; READERS], discovered: false }
    }

    fn restore((): &(), newest_attempt: u64) -> Self {
        Self::start(newest_attempt)
    }

    fn discover(&mut self, splits: &[Split], all: bool, context: &mut EnumeratorContext<Order>) {
        self.pending.extend(splits);
        self.discovered = all;
        for reader in (0..READERS).filter(|reader| self.registered[*reader]).collect::<Vec<_>>() {
            self.hear(reader, Report::Registers, context);
        }
    }

    fn hear(&mut self, reader: usize, _: Report, context: &mut EnumeratorContext<Order>) {
        self.registered[reader] = true;
        if self.discovered {
            self.assign(reader, context);
            context.send(reader, Order::NoMoreSplits);
        }
    }

    fn reader_failed(&mut self, reader: usize, _: Option<u64>, context: &mut EnumeratorContext<Order>) {
        self.registered[reader] = false;
        self.pending.append(&mut self.assigned[reader]);
        self.assign(reader, context); // To whom?
    }
}
