//! The queue and its waker cell: everything that goes through the tail word.
//!
//! Who may touch what:
//!
//! * Slots from the tail on: the thread that set BUSY, until it publishes.
//! * Slots from the head up to the tail: whoever has the seat (see `seat.rs`); they are written and stay as they are.
//! * The waker cell: the poller while neither WAITING nor TAKING is set; while TAKING is set, the thread that set it.
//!
//! What follows: an assignment is visible whole or not at all; nobody but another assigning thread ever meets BUSY;
//! and whoever changes something that a poll could answer learns from its own read-modify-write whether a waker
//! waits, so there is no window in which the change is made and the waker overlooked.

use core::mem::{MaybeUninit, forget};
use core::task::Waker;

use crossbeam_utils::CachePadded;

use crate::buffer::{Batch, Buffer, Slot, Slots};
use crate::error::Refused;
use crate::front::Front;
use crate::state::{Index, Tail};
use crate::sync::{AtomicUsize, Ordering::*, UnsafeCell, const_fn};

pub(crate) struct Ring<B: Buffer> {
    /// A [`Tail`]. Written by everybody.
    tail: CachePadded<AtomicUsize>,
    /// Written by whoever has the seat.
    pub(crate) front: CachePadded<Front>,
    waker: UnsafeCell<Option<Waker>>,
    slots: B::Slots,
}

/// What became of a waker that the poller wanted to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Registered {
    /// It is there already.
    Kept,
    /// It is there now; what the poller saw before may have changed meanwhile.
    New,
    /// The tail has moved, or somebody is taking the last waker out: look again.
    Moved,
}

/// Which waker is in the cell, for the poller to recognise it without opening the cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key(usize, usize);

impl Key {
    fn of(waker: &Waker) -> Self {
        Self(waker.data().addr(), core::ptr::from_ref(waker.vtable()).addr())
    }
}

/// Is this waker in the cell, if `known` was the last one to be left there?
#[inline]
pub(crate) fn is_left(seen: Tail, waker: &Waker, known: Option<Key>) -> bool {
    seen.has(Tail::WAITING) && known == Some(Key::of(waker))
}

impl<B: Buffer> Ring<B> {
    const_fn! {
        pub(crate) const fn new(slots: B::Slots) -> Self {
            let start = Tail::new(Index::FIRST);
            Self {
                tail: CachePadded::new(AtomicUsize::new(start.bits())),
                front: CachePadded::new(Front::new()),
                waker: UnsafeCell::new(None),
                slots,
            }
        }
    }

    pub(crate) fn capacity(&self) -> usize {
        self.slots.as_slice().len()
    }

    fn slot(&self, index: Index) -> &Slot<B::Split> {
        let slots = self.slots.as_slice();
        &slots[index.slot(slots.len())]
    }

    /// So many slots from an index on, no more than there are: a run to the end of the storage, and the rest from its start.
    fn slots(&self, from: Index, count: usize) -> [&[Slot<B::Split>]; 2] {
        let slots = self.slots.as_slice();
        let (before, run) = slots.split_at(from.slot(slots.len()));
        let in_the_run = count.min(run.len());
        [&run[..in_the_run], &before[..count - in_the_run]]
    }

    /// Accepts the whole batch, or hands it back.
    pub(crate) fn assign<A: Batch<B::Split>>(&self, batch: A) -> Result<(), Refused<A>> {
        let splits = batch.splits().len();
        if splits == 0 {
            return Ok(());
        }
        if splits > self.capacity() {
            return Err(Refused::Oversized(batch));
        }
        // ORD: Acquire <- `split-published`. Whoever published up to here had seen a head that made room for it: this thread
        // must not see an older one, or the distance between the two would be more than the capacity.
        let before = Tail::from_bits(self.tail.fetch_or(Tail::BUSY, Acquire));
        if before.has(Tail::BUSY) {
            return Err(Refused::Busy(batch));
        }
        if before.has(Tail::CLOSED) {
            self.give_up();
            return Err(Refused::Closed(batch));
        }
        if splits > self.capacity() - before.index().since(self.front.freed()) {
            self.give_up();
            return Err(Refused::Full(batch));
        }
        let [run, rest] = self.slots(before.index(), splits);
        let (of_the_run, of_the_rest) = batch.splits().split_at(run.len());
        for (slots, splits) in [(run, of_the_run), (rest, of_the_rest)] {
            for (slot, split) in slots.iter().zip(splits) {
                slot.with_mut(|slot| {
                    // SAFETY: [busy] this thread set BUSY and the slot lies from the tail on; the split is copied once,
                    // and `moved_out` below makes the copy the only one.
                    unsafe { core::ptr::copy_nonoverlapping(split, slot.cast::<B::Split>(), 1) }
                });
            }
        }
        batch.moved_out();
        // ORD: Release -> `split-published`. Carries the slots written above.
        let before = Tail::from_bits(self.tail.fetch_add(Tail::publication(splits), Release));
        if before.has(Tail::WAITING) {
            self.wake();
        }
        Ok(())
    }

    /// Ends BUSY with nothing written. A poll that met BUSY on a closed queue could not answer Finished: it is woken.
    fn give_up(&self) {
        // ORD: Relaxed, count: nothing was written.
        let before = Tail::from_bits(self.tail.fetch_and(!Tail::BUSY, Relaxed));
        if before.has(Tail::WAITING) && before.has(Tail::CLOSED) {
            self.wake();
        }
    }

    /// No more splits. Once set, nothing changes it.
    pub(crate) fn close(&self) {
        // ORD: Release -> `end-announced`. Carries what the caller wrote before it signalled.
        let before = Tail::from_bits(self.tail.fetch_or(Tail::CLOSED, Release));
        if before.has(Tail::WAITING) {
            self.wake();
        }
    }

    /// The tail, and with it every slot that it covers.
    pub(crate) fn tail(&self) -> Tail {
        // ORD: Acquire <- `split-published`, `end-announced`, `waker-taken`, `wake-delegated`. Slots up to the index are written;
        // what was written before the end is visible; the waker cell is empty unless WAITING is set; and the seat is as
        // those have left it who left the waking to others.
        Tail::from_bits(self.tail.load(Acquire))
    }

    /// Leaves `waker` where the next change finds it. Only the poller calls this; `known` is what it left last.
    ///
    /// Clones the waker, and may drop the one left before: both are user code, and run while nothing is half done.
    pub(crate) fn register(&self, mut seen: Tail, waker: &Waker, known: &mut Option<Key>) -> Registered {
        if is_left(seen, waker, *known) {
            return Registered::Kept; // Should somebody be taking it out at this moment, it is woken next.
        }
        if seen.has(Tail::TAKING) {
            return Registered::Moved;
        }
        if seen.has(Tail::WAITING) {
            // Another waker is in the cell: withdraw it before the cell is opened.
            let withdrawn = seen.without(Tail::WAITING);
            // ORD: Relaxed, own: the poller wrote what is in the cell, and nobody has taken it.
            if self.tail.compare_exchange(seen.bits(), withdrawn.bits(), Relaxed, Relaxed).is_err() {
                return Registered::Moved;
            }
            seen = withdrawn;
        }
        let fresh = waker.clone();
        // Means something only while WAITING is set.
        *known = Some(Key::of(waker));
        let stale = self.waker.with_mut(|cell| {
            // SAFETY: [waker-cell] neither WAITING nor TAKING is set, so the cell is the poller's.
            unsafe { (*cell).replace(fresh) }
        });
        let waiting = seen.with(Tail::WAITING);
        // ORD: AcqRel <-> `waker-left`, `waker-taken`. Carries the cell to whoever takes the waker, and shows the poller
        // what was done to the seat before a last, vain attempt to wake it. On failure Relaxed, hint: it looks again.
        let left = self.tail.compare_exchange(seen.bits(), waiting.bits(), AcqRel, Relaxed).is_ok();
        drop(stale);
        if left { Registered::New } else { Registered::Moved }
    }

    /// Wakes the poller if it waits. The waker runs last, when nothing is held: it may panic, or poll at once.
    pub(crate) fn wake(&self) {
        // ORD: AcqRel <-> `waker-left`, `wake-delegated`. The cell holds what the poller put there; and should somebody else
        // be at it, that thread wakes the poller on this one's behalf, which then has to see what this one did.
        let before = Tail::from_bits(self.tail.fetch_or(Tail::TAKING, AcqRel));
        if before.has(Tail::TAKING) {
            return;
        }
        let waker = if before.has(Tail::WAITING) {
            self.waker.with_mut(|cell| {
                // SAFETY: [waker-cell] WAITING was set and this thread set TAKING.
                unsafe { (*cell).take() }
            })
        } else {
            None
        };
        // ORD: Release -> `waker-taken`. Carries the empty cell, and what the caller did to the seat. What others did that left
        // the waking to this thread is in the tail, and the poller has it with its next look.
        self.tail.fetch_and(!(Tail::TAKING | Tail::WAITING), Release);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    /// The split at `index`, to look at.
    ///
    /// # Safety
    ///
    /// [seat] `index` lies from the head up to an observed tail, and the caller has the seat, or its lease keeps the
    /// split where it is, for as long as `'a`.
    pub(crate) unsafe fn peek<'a>(&self, index: Index) -> &'a B::Split {
        self.slot(index).with(|slot| {
            // SAFETY: [seat] the slot is written and nobody moves the split out; the caller vouches for `'a`.
            unsafe { &*slot.cast::<B::Split>() }
        })
    }

    /// Moves the split at the head out, and frees its slot.
    ///
    /// # Safety
    ///
    /// [seat] a split lies at the head under an observed tail, and the caller has the seat.
    pub(crate) unsafe fn pop(&self) -> B::Split {
        // SAFETY: [seat] as the caller says.
        let head = unsafe { self.front.head() };
        let split = self.slot(head).with_mut(|slot| {
            // SAFETY: [seat] the slot is written, and the head moves past it before anybody looks again.
            unsafe { slot.cast::<B::Split>().read() }
        });
        // SAFETY: [seat] as the caller says.
        unsafe { self.front.move_to(head.plus(1)) };
        split
    }

    /// Puts back what a snapshot held, in order, before anybody else knows the ring. Hands back the first split for
    /// which there is no room.
    pub(crate) fn refill(&mut self, splits: impl IntoIterator<Item = B::Split>, closed: bool) -> Result<(), B::Split> {
        let capacity = self.capacity();
        for split in splits {
            let tail = self.tail();
            if tail.index().since(self.front.freed()) == capacity {
                return Err(split);
            }
            self.slot(tail.index()).with_mut(|slot| {
                // SAFETY: [exclusive] `&mut self`, and the slot lies from the tail on.
                unsafe { slot.write(MaybeUninit::new(split)) }
            });
            // ORD: Relaxed, exclusive: `&mut self`.
            self.tail.store(Tail::new(tail.index().plus(1)).bits(), Relaxed);
        }
        if closed {
            self.close();
        }
        Ok(())
    }

    /// Moves out what is left, one by one, in order.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = B::Split> {
        core::iter::from_fn(|| {
            let left = self.front.freed() != self.tail().index();
            // SAFETY: [exclusive] `&mut self`, and a split lies at the head.
            left.then(|| unsafe { self.pop() })
        })
    }
}

impl<B: Buffer> Drop for Ring<B> {
    fn drop(&mut self) {
        /// Goes on with the rest when the destructor of a split has panicked.
        struct Rest<'a, B: Buffer>(&'a mut Ring<B>);
        impl<B: Buffer> Drop for Rest<'_, B> {
            fn drop(&mut self) {
                self.0.drain().for_each(drop);
            }
        }
        let rest = Rest(self);
        rest.0.drain().for_each(drop);
        forget(rest);
    }
}
