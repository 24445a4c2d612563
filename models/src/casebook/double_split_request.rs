//! C18 · double-split-request
//!
//! A reader reads one split at a time, with one client, and asks for the next when a split is done. Two places notice that it is: the
//! callback of the split that has ended, and the poll that finds nothing to read. Both ask, and two splits come. Each starts the client, as
//! it always did; the one that finds it running is never read, and the reader waits for its end.
//!
//! Seen in: the MySQL source of flink-cdc, apache/flink-cdc#1149 and #1156, where two splits shared one log client; Flink's file source
//! asked once more after each restore, FLINK-20063.
//!
//! In Turnstile: a request is no message but a level, how far the reader has room. To say it twice is to say it once.

use std::collections::VecDeque;

use turnstile_kit::job::{Ability, Enumerator, EnumeratorContext, Job, Reader, ReaderContext};
use turnstile_kit::journal::Split;

use super::messages::{Order, Report};

/// The job.
pub struct DoubleRequest;

impl Job for DoubleRequest {
    const NAME: &'static str = "double-split-request";
    const ABILITIES: &'static [Ability] = &[];
    type Order = Order;
    type Report = Report;
    type Enumerator = Assigner;
    type Reader = OneClient;
}

/// What is pending, and the requests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Assigner {
    pending: VecDeque<Split>,
    all: bool,
    requests: VecDeque<usize>,
}

impl Assigner {
    /// One split for each request.
    fn serve(&mut self, context: &mut EnumeratorContext<Order>) {
        while !(self.requests.is_empty() || self.pending.is_empty() && !self.all) {
            let Some(reader) = self.requests.pop_front() else { return };
            let split = self.pending.pop_front();
            context.send(reader, split.map_or(Order::NoMoreSplits, |split| Order::Assign(vec![split])));
        }
    }
}

impl Enumerator<Order, Report> for Assigner {
    type Plan = ();

    fn start(_: u64) -> Self {
        Self::default()
    }

    fn restore((): &(), _: u64) -> Self {
        Self::default()
    }

    fn discover(&mut self, splits: &[Split], all: bool, context: &mut EnumeratorContext<Order>) {
        self.pending.extend(splits);
        self.all = all;
        self.serve(context);
    }

    fn hear(&mut self, reader: usize, _: Report, context: &mut EnumeratorContext<Order>) {
        self.requests.push_back(reader);
        self.serve(context);
    }
}

/// What it has and has not read to the end, and what its client reads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct OneClient {
    open: Vec<Split>,
    client: Option<Split>,
    has_asked: bool,
    ended: bool,
}

impl OneClient {
    fn split_ended(&mut self, split: Split, context: &mut ReaderContext<Report>) {
        self.open.retain(|open| *open != split);
        context.send(Report::Asks); // And so does `poll`.
    }
}

impl Reader<Order, Report> for OneClient {
    type Part = ();

    fn start(_: usize, _: u64, _: &mut ReaderContext<Report>) -> Self {
        Self::default()
    }

    fn receive(&mut self, order: Order, context: &mut ReaderContext<Report>) {
        self.has_asked = false;
        match order {
            Order::Assign(splits) => {
                self.open.extend(&splits);
                match self.client {
                    None => self.client = splits.first().copied(),
                    Some(split) => context.note(format!("the client reads s{split}")),
                }
            }
            Order::NoMoreSplits => self.ended = true,
        }
        if let (true, Some(split)) = (self.ended, self.open.first()) {
            context.note(format!("waits for the end of s{split}"));
        }
    }

    fn poll(&mut self, context: &mut ReaderContext<Report>) -> bool {
        if let Some(split) = self.client.take() {
            context.read(split);
            self.split_ended(split, context);
        }
        if self.open.is_empty() && !self.ended && !self.has_asked {
            self.has_asked = true;
            context.send(Report::Asks);
        }
        self.open.is_empty() && self.ended
    }
}
