//! The reader's half: a total decision over one message.

use super::message::{Attempt, Mark, Message, ReaderId};
use crate::reader::CheckpointId;

/// What becomes of a message. Only Accepted has an effect; after any of them the reader reports, and the enumerator knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use]
pub enum Receipt {
    /// Next in sequence: applied.
    Accepted,
    /// Applied before.
    Duplicate,
    /// Ahead of the sequence: something before it is missing.
    Gap {
        /// The entry that is.
        expected: u64,
    },
    /// For another reader.
    Misaddressed,
    /// For another incarnation of this reader.
    Stale {
        /// This one.
        current: Attempt,
    },
    /// Behind a cut that this reader has not taken.
    Early {
        /// The cut to take first.
        cut: CheckpointId,
    },
    /// There is no room, or the reader has ended and was not opened again. Not applied.
    Later,
}

/// How far a reader has applied its log, and which messages it lets through.
///
/// A value: cloned, compared and explored. [`Inbox`](super::Inbox) puts it in front of a [`Reader`](crate::Reader); a reader
/// of another make can use it alone: [`Self::judge`], apply, [`Self::applied`], with no cut between the last two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fence {
    pub(super) id: ReaderId,
    pub(super) attempt: Attempt,
    pub(super) next: u64,
    pub(super) cut: Option<Mark>,
}

impl Fence {
    /// A reader whose next entry is `next`: 0 at the start; and if it is restored, [`Self::taken`] says from what.
    pub const fn new(id: ReaderId, attempt: Attempt, next: u64) -> Self {
        Self { id, attempt, next, cut: None }
    }

    /// This reader.
    pub const fn id(&self) -> ReaderId {
        self.id
    }

    /// This incarnation.
    pub const fn attempt(&self) -> Attempt {
        self.attempt
    }

    /// The entry to apply next.
    pub const fn next(&self) -> u64 {
        self.next
    }

    /// The newest cut that was taken.
    pub const fn cut(&self) -> Option<Mark> {
        self.cut
    }

    /// Is this message the one to apply now? Every message has an answer, and none changes anything.
    pub fn judge<S>(&self, message: &Message<S>) -> Receipt {
        if message.to != self.id {
            return Receipt::Misaddressed;
        }
        if message.attempt != self.attempt {
            return Receipt::Stale { current: self.attempt };
        }
        if message.sequence < self.next {
            return Receipt::Duplicate;
        }
        if message.sequence > self.next {
            return Receipt::Gap { expected: self.next };
        }
        match message.behind {
            Some(cut) if self.cut.is_none_or(|taken| taken.checkpoint < cut) => Receipt::Early { cut },
            _ => Receipt::Accepted,
        }
    }

    /// The entry that was judged Accepted is applied.
    pub const fn applied(&mut self) {
        self.next += 1;
    }

    /// The reader has taken its cut. To be said after it is taken: only then may entries behind it be applied. Later is safe.
    ///
    /// False, and nothing is changed, if there was a cut for this checkpoint already, or for a newer one: entries behind the
    /// enumerator's may be in this one, and it must not be stored.
    pub fn taken(&mut self, cut: Mark) -> bool {
        let is_new = self.cut.is_none_or(|newest| newest.checkpoint < cut.checkpoint);
        if is_new {
            self.cut = Some(cut);
        }
        is_new
    }
}
