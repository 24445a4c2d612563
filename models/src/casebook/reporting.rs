//! What the enumerators and the readers of some specimens say to each other: a reader says what it has and asks for more, and is
//! answered. When nobody answers, it asks again.

use std::fmt;

use turnstile_kit::job::{Reader, ReaderContext};
use turnstile_kit::journal::{Split, set};

use super::messages::Order;

/// Reader to enumerator.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Report {
    /// All that it was ever assigned.
    pub has: Vec<Split>,
    /// It has read all of that, and was not told that there is no more.
    pub asks: bool,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let asks = if self.asks { ", asks for more" } else { "" };
        write!(f, "has {}{asks}", set(&self.has))
    }
}

/// Reads what it is assigned, until it is told that there is no more. Its part of a checkpoint is all of itself. If it
/// `CONFIRMS`, it also says what it has when it is assigned something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reporting<const CONFIRMS: bool = false> {
    has: Vec<Split>,
    read: usize,
    ended: bool,
}

impl<const CONFIRMS: bool> Reporting<CONFIRMS> {
    fn asks(&self) -> bool {
        self.read == self.has.len() && !self.ended
    }

    fn report(&self, context: &mut ReaderContext<Report>) {
        context.send(Report { has: self.has.clone(), asks: self.asks() });
    }
}

impl<const CONFIRMS: bool> Reader<Order, Report> for Reporting<CONFIRMS> {
    type Part = Self;

    fn start(id: usize, attempt: u64, context: &mut ReaderContext<Report>) -> Self {
        Self::restore(id, attempt, 0, &Self::default(), context)
    }

    fn restore(_: usize, _: u64, _: u64, part: &Self, context: &mut ReaderContext<Report>) -> Self {
        part.report(context);
        part.clone()
    }

    fn receive(&mut self, order: Order, context: &mut ReaderContext<Report>) {
        match order {
            Order::Assign(splits) => {
                self.has.extend(splits);
                if CONFIRMS {
                    self.report(context);
                }
            }
            Order::NoMoreSplits => self.ended = true,
        }
    }

    fn poll(&mut self, context: &mut ReaderContext<Report>) -> bool {
        let Some(split) = self.has.get(self.read) else { return self.ended };
        context.read(*split);
        self.read += 1;
        self.remind(context);
        false
    }

    fn cut(&mut self, _: u64, context: &mut ReaderContext<Report>) -> Self {
        context.note(format!("has {}", set(&self.has)));
        self.clone()
    }

    fn remind(&mut self, context: &mut ReaderContext<Report>) {
        if self.asks() {
            self.report(context);
        }
    }
}
