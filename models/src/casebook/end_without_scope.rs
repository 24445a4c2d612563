//! C07 · end-without-scope
//!
//! A source of several parts, to be read one after the other. The enumerator counts the splits of the part that have been read, and goes on to
//! the next part when it was all of them. It goes on counting as well: what was read of the first part is counted for the second, which is
//! over before all of it is read. What nobody has taken yet is left behind.
//!
//! Seen in: Flink's HybridSource, FLINK-33360, where readers that have finished are counted, and FLINK-30334, where a reader that was told
//! the end of one part gets nothing of the next.
//!
//! In Turnstile: nothing is counted anew for a part. Its end is an entry in the log of each reader, in its place behind the splits, and
//! reopening goes on behind it.

use std::collections::VecDeque;

use turnstile_kit::job::{Enumerator, EnumeratorContext, Job, READERS};
use turnstile_kit::journal::{Split, set};

use super::messages::{Asking, Order, Report};

/// The job.
pub struct EndWithoutScope;

impl Job for EndWithoutScope {
    const NAME: &'static str = "end-without-scope";
    type Order = Order;
    type Report = Report;
    type Enumerator = Switching;
    type Reader = Asking;
}

/// The parts that are yet to come, and the one that is being read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Switching {
    parts: VecDeque<Vec<Split>>,
    discovered: bool,
    /// Of this part, what nobody has taken; how many there are; and how many were read.
    pending: VecDeque<Split>,
    size: usize,
    read: usize,
    has_one: [bool; READERS],
    waiting: Vec<usize>,
}

impl Switching {
    fn go_on(&mut self, context: &mut EnumeratorContext<Order>) {
        while self.read >= self.size
            && let Some(part) = self.parts.pop_front()
        {
            context.note(format!("the next part is {}", set(&part)));
            self.size = part.len(); // And `read` counts on.
            self.pending = part.into();
        }
        let over = self.discovered && self.read >= self.size;
        for reader in std::mem::take(&mut self.waiting) {
            if over {
                context.send(reader, Order::NoMoreSplits);
            } else if let Some(split) = self.pending.pop_front() {
                self.has_one[reader] = true;
                context.send(reader, Order::Assign(vec![split]));
            } else {
                self.waiting.push(reader);
            }
        }
    }
}

impl Enumerator<Order, Report> for Switching {
    type Plan = ();

    fn start(_: u64) -> Self {
        Self {
            parts: VecDeque::new(),
            discovered: false,
            pending: VecDeque::new(),
            size: 0,
            read: 0,
            has_one: [false; READERS],
            waiting: Vec::new(),
        }
    }

    fn restore((): &(), newest_attempt: u64) -> Self {
        Self::start(newest_attempt)
    }

    fn discover(&mut self, splits: &[Split], all: bool, context: &mut EnumeratorContext<Order>) {
        self.parts.push_back(splits.to_vec());
        self.discovered = all;
        self.go_on(context);
    }

    fn hear(&mut self, reader: usize, _: Report, context: &mut EnumeratorContext<Order>) {
        if std::mem::take(&mut self.has_one[reader]) {
            self.read += 1;
            context.note(format!("{} of {} read", self.read, self.size));
        }
        self.waiting.push(reader);
        self.go_on(context);
    }
}
