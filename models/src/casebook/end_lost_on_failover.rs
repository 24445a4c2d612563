//! C05 · end-lost-on-failover
//!
//! The end is a message, sent once to each reader that is there. A reader crashes after it: its splits come back and are assigned to the
//! next attempt, which reads them all. Nobody tells that one the end, and it waits for ever.
//!
//! Seen in: the JDBC source of SeaTunnel and others like it, apache/seatunnel#10138, #10139, #10208 and #10830; Flink, FLINK-35522.
//!
//! In Turnstile: the end is an entry of the reader's log. An attempt that starts behind it is sent it again with all the rest.

use turnstile_kit::job::{Ability, Enumerator, EnumeratorContext, Job, READERS};
use turnstile_kit::journal::Split;

use super::messages::{Obedient, Order, Report};

/// The job.
pub struct EndLostOnFailover;

impl Job for EndLostOnFailover {
    const NAME: &'static str = "end-lost-on-failover";
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
    said_the_end: bool,
}

impl Assigner {
    fn assign(&mut self, context: &mut EnumeratorContext<Order>) {
        if let Some(reader) = self.registered.iter().position(|registered| *registered)
            && !self.pending.is_empty()
        {
            self.assigned[reader].clone_from(&self.pending);
            context.send(reader, Order::Assign(std::mem::take(&mut self.pending)));
        }
        if self.discovered && self.registered == [true; READERS] && !self.said_the_end {
            self.said_the_end = true; // Once and for all.
            (0..READERS).for_each(|reader| context.send(reader, Order::NoMoreSplits));
        }
    }
}

impl Enumerator<Order, Report> for Assigner {
    type Plan = ();

    fn start(_: u64) -> Self {
        let (pending, assigned) = (Vec::new(), [const { Vec::new() }; READERS]);
        Self { pending, assigned, registered: [false; READERS], discovered: false, said_the_end: false }
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
        self.registered[reader] = true;
        self.assign(context);
    }

    fn reader_failed(&mut self, reader: usize, _: Option<u64>, _: &mut EnumeratorContext<Order>) {
        self.registered[reader] = false;
        self.pending.append(&mut self.assigned[reader]);
    }
}
