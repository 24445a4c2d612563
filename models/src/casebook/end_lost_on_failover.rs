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

/// What each reader is to read, and who has registered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Assigner {
    shares: [Vec<Split>; READERS],
    registered: [bool; READERS],
    discovered: bool,
    said_the_end: bool,
}

impl Assigner {
    fn assign(&self, reader: usize, splits: &[Split], context: &mut EnumeratorContext<Order>) {
        if self.registered[reader] && !splits.is_empty() {
            context.send(reader, Order::Assign(splits.to_vec()));
        }
    }

    fn end(&mut self, context: &mut EnumeratorContext<Order>) {
        if self.discovered && self.registered == [true; READERS] && !self.said_the_end {
            self.said_the_end = true; // Once and for all.
            (0..READERS).for_each(|reader| context.send(reader, Order::NoMoreSplits));
        }
    }
}

impl Enumerator<Order, Report> for Assigner {
    type Plan = ();

    fn start(_: u64) -> Self {
        let shares = [const { Vec::new() }; READERS];
        Self { shares, registered: [false; READERS], discovered: false, said_the_end: false }
    }

    fn restore((): &(), newest_attempt: u64) -> Self {
        Self::start(newest_attempt)
    }

    fn discover(&mut self, splits: &[Split], all: bool, context: &mut EnumeratorContext<Order>) {
        for split in splits {
            let owner = usize::from(*split + 1) % READERS;
            self.shares[owner].push(*split);
            self.assign(owner, &[*split], context);
        }
        self.discovered = all;
        self.end(context);
    }

    fn hear(&mut self, reader: usize, _: Report, context: &mut EnumeratorContext<Order>) {
        self.registered[reader] = true;
        self.assign(reader, &self.shares[reader], context);
        self.end(context);
    }

    fn reader_failed(&mut self, reader: usize, _: Option<u64>, _: &mut EnumeratorContext<Order>) {
        self.registered[reader] = false; // Its share waits for the next attempt.
    }
}
