//! A split that was taken and is not yet completed.
//!
//! The split stays at the head of the queue while it is read; only its position moves. So there is no instant at which
//! a snapshot could miss it, giving it back is doing nothing, and a split that is being read is never Finished.

use core::fmt;
use core::marker::PhantomData;

use crate::buffer::Buffer;
use crate::cut::Cut;
use crate::error::Busy;
use crate::poller::Poller;
use crate::reader::{CheckpointId, Handle, Reader};
use crate::state::{Index, Seat};

/// A split in the hands of the poller, which keeps the reader to itself from row to row.
///
/// Dropped, by `?` or by a panic as well, the split is offered again by the next poll, at its last position. Rows that
/// may block for long (I/O, an `await`) are better read through an [`OwnedLease`], which lets checkpoints in between.
#[must_use = "a dropped lease gives the split back"]
pub struct Lease<'p, H: Handle> {
    poller: &'p mut Poller<H>,
    /// `&Lease` shows the split, so it may be shared only if the split may.
    split: PhantomData<<H::Buffer as Buffer>::Split>,
}

impl<'p, H: Handle> Lease<'p, H> {
    pub(crate) fn new(poller: &'p mut Poller<H>) -> Self {
        Self { poller, split: PhantomData }
    }

    /// The split.
    pub fn split(&self) -> &<H::Buffer as Buffer>::Split {
        self.poller.split()
    }

    /// How far the split was read: what the last [`Self::advance`] said, in this life or in the one that the snapshot
    /// was taken from; 0 at the start.
    pub fn position(&self) -> u64 {
        // SAFETY: [seat] while there is a lease, its poller sits.
        unsafe { self.poller.reader().ring.front.position() }
    }

    /// A row boundary: all rows before `position` are emitted, none after it. Positions mean what the connector says.
    ///
    /// Answers with the checkpoint that is asked for, if one is; take it with [`Self::cut`] before the next row. Costs a
    /// store and a load.
    #[inline]
    #[must_use = "a checkpoint may be asked for: take the cut before the next row"]
    pub fn advance(&mut self, position: u64) -> Option<CheckpointId> {
        // SAFETY: [seat] while there is a lease, its poller sits.
        unsafe { advance(self.poller.reader(), position) }
    }

    /// The cut at this row boundary, this split and its position included. Answers the checkpoint that is asked for when
    /// the cut is dropped. Wait-free.
    pub fn cut(&mut self) -> Cut<'_, H::Buffer> {
        Cut::of_a_lease(self.poller.reader())
    }

    /// The split is read to its end: it leaves the reader, and no later snapshot holds it. Wait-free.
    pub fn complete(self) -> <H::Buffer as Buffer>::Split {
        self.poller.remove()
    }

    /// A lease that does not borrow the poller: it can move to another thread or live across an `await`. Until it ends
    /// the poller answers Pending, or Checkpoint when one is asked for.
    pub fn into_owned(self) -> OwnedLease<H> {
        self.poller.lend()
    }
}

impl<H: Handle> fmt::Debug for Lease<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").field("position", &self.position()).finish_non_exhaustive()
    }
}

/// # Safety
///
/// [seat] the caller sits.
#[inline]
unsafe fn advance<B: Buffer>(reader: &Reader<B>, position: u64) -> Option<CheckpointId> {
    // SAFETY: [seat] the caller sits.
    unsafe { reader.ring.front.set_position(position) };
    if !reader.seat.look().has(Seat::ASKED) {
        return None;
    }
    // SAFETY: [asking] ASKED was seen, and the caller sits.
    Some(CheckpointId(unsafe { reader.seat.asked() }))
}

/// A split in the hands of whoever holds this, on any thread.
///
/// It keeps the reader only while rows are emitted, from [`Self::enter`] until the [`Rows`] are dropped; in between,
/// checkpoints are taken without it. Dropped, the split is offered again by a later poll, at its last position, and a
/// poller that waits is woken. Forgotten, it keeps the split out for ever: the reader never finishes, and loses nothing.
#[must_use = "a dropped lease gives the split back"]
pub struct OwnedLease<H: Handle> {
    handle: H,
    head: Index,
    /// `&OwnedLease` shows the split, so it may be shared only if the split may.
    split: PhantomData<<H::Buffer as Buffer>::Split>,
}

impl<H: Handle> OwnedLease<H> {
    pub(crate) fn new(handle: H, head: Index) -> Self {
        Self { handle, head, split: PhantomData }
    }

    /// The split. A checkpoint thread may look at it at the same time, so it must be `Sync`.
    pub fn split(&self) -> &<H::Buffer as Buffer>::Split
    where
        <H::Buffer as Buffer>::Split: Sync,
    {
        // SAFETY: [seat] the split stays at the head until this lease ends.
        unsafe { self.handle.reader().ring.peek(self.head) }
    }

    /// Begins a batch of rows. Wait-free.
    ///
    /// # Errors
    ///
    /// [`Busy::Held`] while a cut is taken. That lasts as long as whoever takes it looks at the splits: try again. No waker
    /// is left here.
    pub fn enter(&mut self) -> Result<Rows<'_, H>, Busy> {
        let seat = &self.handle.reader().seat;
        if seat.sit(seat.look()) { Ok(Rows { lease: self }) } else { Err(Busy::Held) }
    }

    /// The split is read to its end: no later snapshot holds it. Unlike [`Lease::complete`] this does not hand the split out:
    /// a checkpoint thread may be looking at it. The poller drops it, and is woken if it waits. Wait-free.
    pub fn complete(self) {
        let lease = core::mem::ManuallyDrop::new(self);
        // SAFETY: [exclusive] `lease` is not used again: the handle is read once, and nothing else has a destructor.
        let handle = unsafe { core::ptr::read(&raw const lease.handle) };
        let reader = handle.reader();
        if reader.seat.complete().has(Seat::KNOCK) {
            reader.ring.wake();
        }
    }
}

impl<H: Handle> Drop for OwnedLease<H> {
    fn drop(&mut self) {
        let reader = self.handle.reader();
        if reader.seat.give_back().has(Seat::KNOCK) {
            reader.ring.wake();
        }
    }
}

impl<H: Handle> fmt::Debug for OwnedLease<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnedLease").field("reader", self.handle.reader()).finish_non_exhaustive()
    }
}

/// A batch of rows of an [`OwnedLease`]: while this lives, no cut can be taken but by it.
#[must_use = "rows are emitted while this lives"]
pub struct Rows<'l, H: Handle> {
    lease: &'l mut OwnedLease<H>,
}

impl<H: Handle> Rows<'_, H> {
    fn reader(&self) -> &Reader<H::Buffer> {
        self.lease.handle.reader()
    }

    /// As [`Lease::position`].
    pub fn position(&self) -> u64 {
        // SAFETY: [seat] these rows have the seat.
        unsafe { self.reader().ring.front.position() }
    }

    /// As [`Lease::advance`].
    #[inline]
    #[must_use = "a checkpoint may be asked for: take the cut, or end the batch and let others take it"]
    pub fn advance(&mut self, position: u64) -> Option<CheckpointId> {
        // SAFETY: [seat] these rows have the seat.
        unsafe { advance(self.reader(), position) }
    }

    /// As [`Lease::cut`].
    pub fn cut(&mut self) -> Cut<'_, H::Buffer> {
        Cut::of_a_lease(self.reader())
    }
}

impl<H: Handle> Drop for Rows<'_, H> {
    fn drop(&mut self) {
        let reader = self.reader();
        if reader.seat.leave().has(Seat::ASKED) {
            reader.ring.wake();
        }
    }
}

impl<H: Handle> fmt::Debug for Rows<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").field("position", &self.position()).finish_non_exhaustive()
    }
}
