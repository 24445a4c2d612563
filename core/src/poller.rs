//! The one thread that takes splits.

use core::fmt;
use core::task::Waker;

use crate::buffer::Buffer;
use crate::cut::Cut;
use crate::error::Busy;
use crate::lease::{Lease, OwnedLease};
use crate::reader::{CheckpointId, Handle, Reader};
use crate::ring::{Key, Registered, is_left};
use crate::state::{Index, Place, Queue, Seat, Tail, Verdict, View, decide};

/// How often a poll looks again when somebody was quicker, before it answers Pending and has itself polled again.
const LOOKS: usize = 3;

/// What a poll answers.
#[must_use]
pub enum Answer<'p, H: Handle> {
    /// A split to read. Until it is completed it is part of every snapshot; dropped, it is offered again.
    Split(Lease<'p, H>),
    /// A checkpoint is asked for, and this is a row boundary: take it with [`Poller::cut`]. Asked again until then.
    Checkpoint(CheckpointId),
    /// Nothing right now. Whoever changes that wakes the waker of the last poll that had one.
    Pending,
    /// Nothing ever again: the end was announced, and every accepted split is completed.
    Finished,
}

/// What [`Poller::shutdown`] hands back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Remaining<S> {
    /// A split that was accepted and not completed, and how far it was read.
    Split {
        /// The split.
        split: S,
        /// The position of its last [`Lease::advance`], or 0.
        position: u64,
    },
    /// There may be more: a thread is handing over a batch, an owned lease is out, or a cut is being taken. Call again.
    Pending,
    /// That was all.
    Finished,
}

/// What a poll has come to, before it is put into the shape of one of the faces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ready {
    Split,
    Checkpoint(CheckpointId),
    Pending,
    Finished,
}

/// The only one to take splits: there is at most one per reader, and it is not `Clone`.
///
/// While it reads, the poller keeps the reader to itself, so that polling, advancing and completing cost no
/// read-modify-write. It lets go when it answers Pending or Finished, when a lease becomes an [`OwnedLease`], and when
/// it is dropped.
///
/// A dropped poller loses nothing: claim the reader again and continue.
pub struct Poller<H: Handle> {
    handle: H,
    /// Up to here splits are known to be written.
    seen: Index,
    /// Does this poller have the seat?
    seated: bool,
    /// Finished was answered, and stays the answer.
    finished: bool,
    /// What was left in the waker cell.
    left: Option<Key>,
}

impl<H: Handle> Poller<H> {
    /// The poller of the reader behind `handle`: a `&Reader`, or with the `alloc` feature an `Arc<Reader>`.
    ///
    /// # Errors
    ///
    /// [`Busy::Claimed`] while there is another one.
    pub fn claim(handle: H) -> Result<Self, Busy> {
        if !handle.reader().seat.claim() {
            return Err(Busy::Claimed);
        }
        // SAFETY: [head] the poller now.
        let seen = unsafe { handle.reader().ring.front.head() };
        Ok(Self { handle, seen, seated: false, finished: false, left: None })
    }

    #[cfg(feature = "std")]
    pub(crate) fn handle(&self) -> &H {
        &self.handle
    }

    #[cfg(feature = "std")]
    pub(crate) fn is_seated(&self) -> bool {
        self.seated
    }

    #[cfg(any(feature = "std", feature = "stream"))]
    pub(crate) fn has_finished(&self) -> bool {
        self.finished
    }

    /// The oldest split that is not completed.
    #[inline]
    fn head(&self) -> Index {
        // SAFETY: [head] this is the poller.
        unsafe { self.reader().ring.front.head() }
    }

    #[inline]
    pub(crate) fn reader(&self) -> &Reader<H::Buffer> {
        self.handle.reader()
    }

    /// What there is to do. Wait-free, and never registers a waker: for engines that poll again by themselves.
    ///
    /// A Split carries what was written before it was assigned, Finished what was written before the end was announced.
    pub fn poll(&mut self) -> Answer<'_, H> {
        let ready = self.ready(None, true);
        self.answer(ready)
    }

    /// As [`Self::poll`]; and when the answer is Pending, `waker` is woken by whatever ends it: an assignment, the end, a
    /// checkpoint request, an owned lease that comes back, a cut that was in the way.
    ///
    /// Wait-free. The waker is cloned when it is not the one left before, and is woken from here only when others keep
    /// changing the reader at the same moment, to be polled again soon. Only the waker of the last call counts.
    pub fn poll_with(&mut self, waker: &Waker) -> Answer<'_, H> {
        let ready = self.ready(Some(waker), true);
        self.answer(ready)
    }

    fn answer(&mut self, ready: Ready) -> Answer<'_, H> {
        match ready {
            Ready::Split => Answer::Split(Lease::new(self)),
            Ready::Checkpoint(id) => Answer::Checkpoint(id),
            Ready::Pending => Answer::Pending,
            Ready::Finished => Answer::Finished,
        }
    }

    /// The cut at this instant, on the poller's thread. If a checkpoint is asked for, this answers it, when the cut is
    /// dropped. Wait-free.
    ///
    /// # Errors
    ///
    /// [`Busy::Held`] while a checkpoint thread or an owned lease is at work on the reader; never right after
    /// [`Answer::Checkpoint`].
    pub fn cut(&mut self) -> Result<Cut<'_, H::Buffer>, Busy> {
        let seat = self.reader().seat.look();
        if !self.sit(seat) {
            return Err(Busy::Held);
        }
        Ok(Cut::of_the_poller(self.handle.reader(), &mut self.seated))
    }

    /// Closes the reader and hands back, one per call, every split that was accepted and not completed. Wait-free.
    ///
    /// Assignments are refused as Closed from the first call on, and hand their batches back to whoever made them; one
    /// that is being written at that moment is either refused or handed back here. Call until Finished.
    pub fn shutdown(&mut self) -> Remaining<<H::Buffer as Buffer>::Split> {
        self.reader().ring.close();
        match self.ready(None, false) {
            Ready::Split => {
                // SAFETY: [seat] `ready` has answered Split, so this poller sits.
                let position = unsafe { self.reader().ring.front.position() };
                Remaining::Split { split: self.remove(), position }
            }
            Ready::Pending | Ready::Checkpoint(_) => Remaining::Pending,
            Ready::Finished => Remaining::Finished,
        }
    }

    /// One poll. `heed_requests` is false only on the way out, when nobody emits rows any more.
    ///
    /// Answers that change nothing are given here, at the price of a load or two. The table would say the same.
    #[inline]
    pub(crate) fn ready(&mut self, waker: Option<&Waker>, heed_requests: bool) -> Ready {
        let Reader { ring, seat } = self.handle.reader();
        let seat = seat.look();
        // SAFETY: [head] this is the poller.
        let head = unsafe { ring.front.head() };
        if !seat.is_quiet() {
            return self.settle(seat, None, waker, heed_requests);
        }
        let mut tail = None;
        if self.seen == head {
            if self.finished && !self.seated {
                debug_assert_eq!(decide(self.view(seat, Queue::Ended, heed_requests)), Verdict::Finished);
                return Ready::Finished;
            }
            let now = ring.tail();
            let has_waker = waker.is_none_or(|waker| is_left(now, waker, self.left));
            if !self.seated && now.is_empty_and_open(head) && has_waker {
                debug_assert_eq!(decide(self.view(seat, Queue::Empty, heed_requests)), Verdict::Pending);
                return Ready::Pending;
            }
            self.seen = now.index();
            tail = Some(now);
        }
        if self.seated && self.seen != head {
            debug_assert_eq!(decide(self.view(seat, Queue::Ready, heed_requests)), Verdict::Split);
            return Ready::Split;
        }
        self.settle(seat, tail, waker, heed_requests)
    }

    /// Does what has to be done for an answer, and looks again when somebody was quicker. `tail` is what was just seen of
    /// it, if it was looked at.
    #[cold]
    fn settle(&mut self, mut seat: Seat, mut tail: Option<Tail>, waker: Option<&Waker>, heed_requests: bool) -> Ready {
        for _ in 0..LOOKS {
            let (queue, tail) = self.queue(tail.take());
            match decide(self.view(seat, queue, heed_requests)) {
                Verdict::Split if self.sit(seat) => return Ready::Split,
                Verdict::Checkpoint if self.sit(seat) => {
                    // SAFETY: [asking] ASKED was seen, and this poller sits.
                    return Ready::Checkpoint(CheckpointId(unsafe { self.reader().seat.asked() }));
                }
                Verdict::Reap if self.sit(seat) => {
                    self.reader().seat.reaped();
                    drop(self.remove());
                }
                Verdict::Finished => {
                    if !self.seated || !self.stand().has(Seat::ASKED) {
                        self.finished = true;
                        return Ready::Finished;
                    }
                }
                Verdict::Pending | Verdict::Knock => {
                    if self.park(seat, queue, tail, waker, heed_requests) {
                        return Ready::Pending;
                    }
                }
                // The seat word has moved since it was looked at: look again.
                Verdict::Split | Verdict::Checkpoint | Verdict::Reap => {}
            }
            seat = self.reader().seat.look();
        }
        if let Some(waker) = waker {
            waker.wake_by_ref();
        }
        Ready::Pending
    }

    fn view(&self, seat: Seat, queue: Queue, heed_requests: bool) -> View {
        let place = match (self.seated, seat.has(Seat::HELD)) {
            (true, _) => Place::Mine,
            (false, false) => Place::Free,
            (false, true) => Place::Taken,
        };
        View { place, lent: seat.lent(), asked: seat.has(Seat::ASKED) && heed_requests, queue }
    }

    /// What the queue holds, as `tail` has it if that was looked at. It is looked at only if nothing is known to be there.
    fn queue(&mut self, tail: Option<Tail>) -> (Queue, Option<Tail>) {
        let head = self.head();
        if self.seen != head {
            return (Queue::Ready, tail);
        }
        if self.finished {
            return (Queue::Ended, None);
        }
        let tail = tail.unwrap_or_else(|| self.reader().ring.tail());
        self.seen = tail.index();
        (tail.queue(head), Some(tail))
    }

    pub(crate) fn sit(&mut self, seen: Seat) -> bool {
        self.seated = self.seated || self.reader().seat.sit(seen);
        self.seated
    }

    pub(crate) fn stand(&mut self) -> Seat {
        self.seated = false;
        self.reader().seat.leave()
    }

    /// Leaves the waker, then the seat or a knock, and looks once more at what was left: whoever changed something before
    /// could not know that the poller would wait, whoever changes something from now on wakes it. False when something has
    /// changed already.
    fn park(
        &mut self,
        seat: Seat,
        queue: Queue,
        tail: Option<Tail>,
        waker: Option<&Waker>,
        heed_requests: bool,
    ) -> bool {
        let mut registered = Registered::Kept;
        if let Some(waker) = waker {
            let tail = tail.unwrap_or_else(|| self.reader().ring.tail());
            // In place: user code in there may panic, and what is in the cell must be known all the same.
            let Self { handle, left, .. } = self;
            registered = handle.reader().ring.register(tail, waker, left);
            if registered == Registered::Moved {
                return false;
            }
        }
        let mut now = None;
        if decide(self.view(seat, queue, heed_requests)) == Verdict::Knock && !seat.has(Seat::KNOCK) {
            now = Some(self.reader().seat.knock());
        }
        if self.seated {
            now = Some(self.stand().vacated());
        }
        if now.is_none() && registered == Registered::New {
            now = Some(self.reader().seat.look());
        }
        now.is_none_or(|now| match decide(self.view(now, queue, heed_requests)) {
            Verdict::Pending => true,
            // The knock that was seen before may have been answered, by whoever sat then, and not by who sits now.
            Verdict::Knock => now.has(Seat::KNOCK),
            Verdict::Split | Verdict::Checkpoint | Verdict::Reap | Verdict::Finished => false,
        })
    }

    /// Moves the split at the head out of the reader. The caller sits, and a split is there.
    pub(crate) fn remove(&mut self) -> <H::Buffer as Buffer>::Split {
        debug_assert!(self.seated && self.head() != self.seen);
        // SAFETY: [seat] this poller sits.
        unsafe { self.reader().ring.pop() }
    }

    /// The split at the head. The caller sits, and a split is there.
    pub(crate) fn split(&self) -> &<H::Buffer as Buffer>::Split {
        // SAFETY: [seat] this poller sits and gives up the split only through `&mut self`.
        unsafe { self.reader().ring.peek(self.head()) }
    }

    /// Lends the split at the head out. The caller sits, and a split is there.
    pub(crate) fn lend(&mut self) -> OwnedLease<H> {
        debug_assert!(self.seated && self.head() != self.seen);
        self.seated = false;
        self.reader().seat.lend();
        OwnedLease::new(self.handle.clone(), self.head())
    }
}

impl<H: Handle> Drop for Poller<H> {
    fn drop(&mut self) {
        self.reader().seat.unclaim(self.seated);
    }
}

impl<H: Handle> fmt::Debug for Poller<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Poller").field("reader", self.reader()).finish_non_exhaustive()
    }
}

impl<H: Handle> fmt::Debug for Answer<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Split(_) => f.write_str("Split(..)"),
            Self::Checkpoint(id) => f.debug_tuple("Checkpoint").field(id).finish(),
            Self::Pending => f.write_str("Pending"),
            Self::Finished => f.write_str("Finished"),
        }
    }
}

#[cfg(test)]
mod tests;
