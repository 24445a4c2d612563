//! What is refused is handed back.

use core::fmt;

/// Why a batch was not accepted, and the batch.
///
/// Nothing of it was taken: an assignment is all or nothing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Refused<A> {
    /// There is no room for the whole batch now. Try again when the poller has completed splits.
    Full(A),
    /// The batch is larger than the reader's capacity and will never fit. Cut it up.
    Oversized(A),
    /// No more splits were announced: the reader accepts none. Give the batch to another reader, or to the next
    /// attempt of this one.
    Closed(A),
    /// Another thread is handing over a batch at this moment. Try again at once.
    Busy(A),
}

impl<A> Refused<A> {
    /// The batch.
    pub fn into_batch(self) -> A {
        match self {
            Self::Full(batch) | Self::Oversized(batch) | Self::Closed(batch) | Self::Busy(batch) => batch,
        }
    }

    /// The reason alone: an error that does not borrow the batch, for `?`.
    pub fn reason(&self) -> Refused<()> {
        match self {
            Self::Full(_) => Refused::Full(()),
            Self::Oversized(_) => Refused::Oversized(()),
            Self::Closed(_) => Refused::Closed(()),
            Self::Busy(_) => Refused::Busy(()),
        }
    }
}

impl<A> fmt::Debug for Refused<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "Full(..)",
            Self::Oversized(_) => "Oversized(..)",
            Self::Closed(_) => "Closed(..)",
            Self::Busy(_) => "Busy(..)",
        })
    }
}

impl<A> fmt::Display for Refused<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "the reader has no room for the batch; try again when splits are completed",
            Self::Oversized(_) => "the batch is larger than the reader's capacity; cut it up",
            Self::Closed(_) => "the reader was told that there are no more splits",
            Self::Busy(_) => "another thread is handing over a batch; try again",
        })
    }
}

impl<A> core::error::Error for Refused<A> {}

/// The reader is used by somebody else at this moment, or by as many as it allows: try again, or ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Busy {
    /// A poller exists already.
    Claimed,
    /// The poller, a lease or a checkpoint thread is at work on the reader, or came, went or asked in this instant.
    Held,
    /// A checkpoint is asked for and not yet answered.
    Asked,
}

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Claimed => "the reader has a poller; drop it first",
            Self::Held => "the reader is in use; try again, or request a checkpoint from the poller",
            Self::Asked => "the checkpoint requested before is not yet answered",
        })
    }
}

impl core::error::Error for Busy {}
