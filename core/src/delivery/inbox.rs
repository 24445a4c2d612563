//! The fence in front of a reader.

use core::fmt;

use super::fence::{Fence, Receipt};
use super::message::{Attempt, Entry, Mark, Message, ReaderId, Report};
use crate::buffer::Buffer;
use crate::error::Busy;
use crate::reader::{CheckpointId, Handle};

/// The delivery side of a reader: whoever receives its messages holds this.
///
/// There is one per reader, `&mut` like the poller on the other side, and splits reach the reader only through it. Several
/// delivery threads share it behind a lock, which is held for a few steps. The poller and cuts go on beside it.
///
/// ```
/// use turnstile::delivery::{Attempt, Entry, Inbox, Message, Receipt, ReaderId};
/// use turnstile::{CheckpointId, Reader};
///
/// let reader = Reader::<[&str; 4]>::new();
/// let mut inbox = Inbox::open(ReaderId(0), Attempt(1), &reader, None)?;
/// let first = Message { to: ReaderId(0), attempt: Attempt(1), sequence: 0, behind: None, entry: Entry::Split("a") };
/// assert_eq!(inbox.receive(first), Receipt::Accepted);
/// assert_eq!(inbox.receive(first), Receipt::Duplicate);
///
/// let cut = reader.try_cut()?;
/// let (snapshot, mark) = (cut.snapshot::<Vec<_>>(), cut.mark(CheckpointId(7)));
/// drop(cut);
/// inbox.taken(mark); // entries behind the enumerator's cut may come now
///
/// // After a crash: another incarnation, which continues at its place in the log.
/// let reader = Reader::<[&str; 4]>::restore(snapshot)?;
/// let inbox = Inbox::open(ReaderId(0), Attempt(2), &reader, Some(CheckpointId(7)))?;
/// assert_eq!(inbox.report().next, 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Inbox<H: Handle> {
    handle: H,
    fence: Fence,
}

impl<H: Handle> Inbox<H> {
    /// The delivery side of a reader that is new, or restored from a checkpoint, as a new attempt. Send its [`Self::report`]: that
    /// registers it.
    ///
    /// # Errors
    ///
    /// [`Busy::Held`] if the reader is in use already: open it before it is polled.
    pub fn open(id: ReaderId, attempt: Attempt, reader: H, restored_from: Option<CheckpointId>) -> Result<Self, Busy> {
        let next = next_of(&reader)?;
        let mut fence = Fence::new(id, attempt, next);
        if let Some(checkpoint) = restored_from {
            fence.taken(Mark { checkpoint, next });
        }
        Ok(Self { handle: reader, fence })
    }

    /// Applies the message if it is the one to apply now. Wait-free. Report afterwards, whatever the receipt says.
    ///
    /// A message that is not accepted is dropped: its original is in the enumerator's log.
    pub fn receive(&mut self, message: Message<<H::Buffer as Buffer>::Split>) -> Receipt {
        let receipt = self.fence.judge(&message);
        if receipt != Receipt::Accepted {
            return receipt;
        }
        match message.entry {
            Entry::Split(split) => {
                if self.handle.reader().assign([split]).is_err() {
                    return Receipt::Later;
                }
            }
            Entry::NoMoreSplits => self.handle.reader().signal_no_more_splits(),
        }
        self.fence.applied();
        Receipt::Accepted
    }

    /// The reader's part of a checkpoint was taken, with this [mark](crate::Cut::mark). To be said after the cut, by whoever took it.
    /// False if it was taken before: then this one must not be stored. See [`Fence::taken`].
    pub fn taken(&mut self, mark: Mark) -> bool {
        self.fence.taken(mark)
    }

    /// How far the reader is, and that it has room as far as its capacity goes. Wait-free.
    pub fn report(&self) -> Report {
        let reader = self.handle.reader();
        let queued = reader.queued() as u64;
        let Fence { id, attempt, next, cut } = self.fence;
        let done = next - queued;
        Report { from: id, attempt, next, done, limit: done + reader.capacity() as u64, cut }
    }

    /// Goes on with another reader, for the next generation: the last one has been told that there is no more. Hands the last one
    /// back.
    ///
    /// # Errors
    ///
    /// [`Busy::Held`] if the reader is in use already.
    ///
    /// # Panics
    ///
    /// If the reader does not continue this log: restore it from an empty [`Snapshot`](crate::Snapshot) whose `accepted` is the
    /// [report](Self::report)'s `next`.
    pub fn reopen(&mut self, reader: H) -> Result<H, Busy> {
        assert_eq!(next_of(&reader)?, self.fence.next, "the reader continues the log");
        Ok(core::mem::replace(&mut self.handle, reader))
    }
}

fn next_of<H: Handle>(handle: &H) -> Result<u64, Busy> {
    let cut = handle.reader().try_cut()?;
    Ok(cut.accepted() + u64::from(cut.no_more_splits()))
}

impl<H: Handle> fmt::Debug for Inbox<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inbox").field("fence", &self.fence).field("reader", self.handle.reader()).finish()
    }
}
