//! What the enumerators and the readers of several specimens say to each other, and a reader that does what it is told.

use std::collections::VecDeque;
use std::fmt;

use turnstile_kit::job::{Reader, ReaderContext};
use turnstile_kit::journal::{Split, set};

/// Enumerator to reader.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Order {
    /// These splits are yours.
    Assign(Vec<Split>),
    /// There are no more.
    NoMoreSplits,
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Assign(splits) => write!(f, "assign {}", set(splits)),
            Self::NoMoreSplits => f.write_str("no more splits"),
        }
    }
}

/// Reader to enumerator.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Report {
    /// A reader has started.
    Registers,
    /// A reader has nothing to do.
    Asks,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registers => f.write_str("registers"),
            Self::Asks => f.write_str("asks for a split"),
        }
    }
}

/// Reads what it is assigned, until it is told that there is no more. Its part of a checkpoint is what it has yet to read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Obedient {
    queue: VecDeque<Split>,
    ended: bool,
}

impl Reader<Order, Report> for Obedient {
    type Part = VecDeque<Split>;

    fn start(_: usize, _: u64, context: &mut ReaderContext<Report>) -> Self {
        context.send(Report::Registers);
        Self { queue: VecDeque::new(), ended: false }
    }

    fn restore(_: usize, _: u64, _: u64, part: &VecDeque<Split>, context: &mut ReaderContext<Report>) -> Self {
        context.send(Report::Registers);
        Self { queue: part.clone(), ended: false }
    }

    fn receive(&mut self, order: Order, _: &mut ReaderContext<Report>) {
        match order {
            Order::Assign(splits) => self.queue.extend(splits),
            Order::NoMoreSplits => self.ended = true,
        }
    }

    fn poll(&mut self, context: &mut ReaderContext<Report>) -> bool {
        match self.queue.pop_front() {
            Some(split) => context.read(split),
            None => return self.ended,
        }
        false
    }

    fn cut(&mut self, _: u64, _: &mut ReaderContext<Report>) -> VecDeque<Split> {
        self.queue.clone()
    }
}

/// Asks for a split whenever it has nothing to read, until it is told that there is no more.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Asking {
    queue: VecDeque<Split>,
    /// It has asked, and waits for the answer.
    waits: bool,
    ended: bool,
}

impl Reader<Order, Report> for Asking {
    type Part = ();

    fn start(_: usize, _: u64, context: &mut ReaderContext<Report>) -> Self {
        context.send(Report::Asks);
        Self { queue: VecDeque::new(), waits: true, ended: false }
    }

    fn receive(&mut self, order: Order, _: &mut ReaderContext<Report>) {
        match order {
            Order::Assign(splits) => self.queue.extend(splits),
            Order::NoMoreSplits => self.ended = true,
        }
        self.waits = false;
    }

    fn poll(&mut self, context: &mut ReaderContext<Report>) -> bool {
        let Some(split) = self.queue.pop_front() else { return self.ended };
        context.read(split);
        if self.queue.is_empty() && !self.ended && !self.waits {
            self.waits = true;
            context.send(Report::Asks);
        }
        false
    }
}
