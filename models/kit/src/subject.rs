//! What has to be written for a reader that is to be put to the test.

use std::sync::Arc;

use crate::journal::{Journal, Split};

/// What a reader can do beyond taking splits and reading them. A scenario that needs more is *not supported*, never passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ability {
    /// Splits of one thread are read in the order in which they came. No scenario needs it; all of them hold a reader to it.
    KeepsOrder,
    /// [`Subject::assign`] may be called by several threads at once.
    ManyDeliveries,
    /// An assignment after the end is handed back.
    Refuses,
    /// [`Subject::wait`] sleeps until there may be something to do.
    Waits,
    /// [`Subject::checkpoint`] takes snapshots.
    Snapshots,
    /// [`Subject::restore`] continues from one.
    Restores,
    /// A split that cannot be read makes the reader answer [`Polled::Failed`].
    Fails,
    /// [`Subject::shutdown`] hands back what was not read.
    ShutsDown,
}

impl Ability {
    /// Such a reader…
    pub fn says(self) -> &'static str {
        match self {
            Self::KeepsOrder => "keeps the order",
            Self::ManyDeliveries => "takes assignments of several threads at once",
            Self::Refuses => "hands back what comes after the end",
            Self::Waits => "sleeps until there is something to do",
            Self::Snapshots => "takes snapshots",
            Self::Restores => "continues from a snapshot",
            Self::Fails => "tells a split that cannot be read",
            Self::ShutsDown => "hands back what it has not read when it is shut down",
        }
    }
}

/// What one call to the poller came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polled {
    /// Call again: something was read, or there is nothing right now.
    Again,
    /// Nothing will ever come.
    Finished,
    /// A split could not be read.
    Failed,
}

/// A reader under test, as an engine drives it: any thread may assign and signal, one polls, one takes checkpoints.
///
/// Shared state is made of [`sync`](crate::sync), so that a checker sees each step. What happens is told to the [`Journal`]:
/// [`Journal::read`] where the rows of a split leave the reader, [`Journal::barrier`] at the instant that a checkpoint stands for,
/// and in between whatever helps to understand a failure.
pub trait Subject: Send + Sync + Sized + 'static {
    /// Its name in tables.
    const NAME: &'static str;
    /// What it can do.
    const ABILITIES: &'static [Ability] = &[];
    /// What the poller's thread owns.
    type Poller;

    /// A new reader.
    fn new(journal: &Journal) -> (Arc<Self>, Self::Poller);

    /// The engine hands over splits.
    ///
    /// # Errors
    ///
    /// The splits, all of them: the reader has taken none.
    fn assign(&self, splits: Vec<Split>) -> Result<(), Vec<Split>>;

    /// The engine says that there are no more. It may say so twice.
    fn signal_no_more_splits(&self);

    /// The engine calls once: the reader reads what it will, and says how it stands.
    fn poll(poller: &mut Self::Poller) -> Polled;

    /// Sleeps until there may be something to do; not at all if there is.
    fn wait(_poller: &mut Self::Poller) {
        unreachable!("it is not said to wait")
    }

    /// The engine wants a checkpoint. When this has returned and the polls under way are over, the barrier is in the journal.
    fn checkpoint(&self) {
        unreachable!("it is not said to take snapshots")
    }

    /// A reader that continues from a snapshot.
    fn restore(_journal: &Journal, _snapshot: &[Split]) -> (Arc<Self>, Self::Poller) {
        unreachable!("it is not said to restore")
    }

    /// The task is cancelled, on the poller's thread: what was not read is handed back.
    fn shutdown(_poller: &mut Self::Poller) -> Vec<Split> {
        unreachable!("it is not said to shut down")
    }
}
