//! The reader without threads, words or cells: a deque and some flags. What it answers is what the real one has to.

use std::collections::VecDeque;
use std::vec::Vec;

use crate::error::Refused;
use crate::state::Lent;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Sits {
    Nobody,
    Poller,
    Rows,
    CheckpointThread,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    Split(u32, u64),
    Checkpoint(u64),
    Pending,
    Finished,
}

/// What a cut shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) splits: Vec<u32>,
    pub(super) position: u64,
    pub(super) no_more_splits: bool,
    pub(super) answers: Option<u64>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Model {
    pub(super) capacity: usize,
    /// Accepted and not yet out of its slot.
    pub(super) queue: VecDeque<u32>,
    pub(super) position: u64,
    pub(super) closed: bool,
    /// The split of an assignment that is being written.
    pub(super) writing: Option<u32>,
    pub(super) sits: Sits,
    pub(super) lent: Lent,
    pub(super) asked: Option<u64>,
}

impl Model {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            queue: VecDeque::new(),
            position: 0,
            closed: false,
            writing: None,
            sits: Sits::Nobody,
            lent: Lent::No,
            asked: None,
        }
    }

    /// May a batch of this many splits be written?
    pub(super) fn admit(&self, splits: usize) -> Result<(), Refused<()>> {
        match splits {
            0 => Ok(()),
            _ if splits > self.capacity => Err(Refused::Oversized(())),
            _ if self.writing.is_some() => Err(Refused::Busy(())),
            _ if self.closed => Err(Refused::Closed(())),
            _ if splits > self.capacity - self.queue.len() => Err(Refused::Full(())),
            _ => Ok(()),
        }
    }

    pub(super) fn poll(&mut self, heed_requests: bool) -> Heard {
        self.reap();
        let alone = matches!(self.sits, Sits::Nobody | Sits::Poller);
        let asked = self.asked.filter(|_| heed_requests);
        if alone && let Some(id) = asked {
            self.sits = Sits::Poller;
            return Heard::Checkpoint(id);
        }
        if alone
            && self.lent == Lent::No
            && let Some(&split) = self.queue.front()
        {
            self.sits = Sits::Poller;
            return Heard::Split(split, self.position);
        }
        if self.sits == Sits::Poller {
            self.sits = Sits::Nobody;
        }
        let over = self.closed && self.writing.is_none() && self.queue.is_empty() && asked.is_none();
        if over { Heard::Finished } else { Heard::Pending }
    }

    /// Removes what an owned lease has completed, unless somebody else sits.
    pub(super) fn reap(&mut self) {
        if self.lent == Lent::Done && matches!(self.sits, Sits::Nobody | Sits::Poller) {
            self.remove();
            (self.lent, self.sits) = (Lent::No, Sits::Poller);
        }
    }

    pub(super) fn remove(&mut self) {
        self.queue.pop_front().expect("a split is there");
        self.position = 0;
    }

    /// Sits down, if nobody does.
    pub(super) fn sit(&mut self, who: Sits) -> bool {
        let free = self.sits == Sits::Nobody || self.sits == who && who == Sits::Poller;
        if free {
            self.sits = who;
        }
        free
    }

    pub(super) fn cut(&self) -> Shown {
        let done = self.lent == Lent::Done;
        Shown {
            splits: self.queue.iter().copied().skip(usize::from(done)).collect(),
            position: if done { 0 } else { self.position },
            no_more_splits: self.closed,
            answers: self.asked,
        }
    }
}
