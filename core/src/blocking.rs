//! The blocking face, for engines with a thread per task and a checkpoint thread beside it.
//!
//! The contract of such engines (SeaTunnel's, for one) is a lock: the task emits rows under it, the checkpoint thread
//! takes the snapshot and sends the barrier under it. Taken literally, with one lock around a whole split, a checkpoint
//! waits for the split; with an unfair lock it may wait for ever, because the task takes it again at once.
//!
//! Here the lock is the reader's own seat. The task keeps it from row to row at the price of one load; a checkpoint
//! thread that wants it says so, and the task hands it over at the next row boundary and stands still until it is given
//! back. So a checkpoint waits for one row, or for one batch of rows if the connector advances batch by batch, and cannot be
//! starved: a task that was asked cannot go on before it was answered.
//!
//! ```
//! use turnstile::{CheckpointId, Reader, blocking};
//!
//! let reader = blocking::Reader::new(Reader::<[u64; 8]>::new());
//! let task = std::thread::spawn({
//!     let mut poller = reader.poller()?;
//!     move || {
//!         let mut rows = Vec::new();
//!         while let Some(mut lease) = poller.next() {
//!             let split = *lease.split();
//!             for row in lease.position()..10 {
//!                 rows.push(split * 10 + row);
//!                 lease.advance(row + 1); // a waiting checkpoint is taken here
//!             }
//!             lease.complete();
//!         }
//!         rows
//!     }
//! });
//!
//! reader.assign([0, 1, 2])?;
//! let checkpoint = reader.checkpoint(CheckpointId(1)); // the task stands still
//! let snapshot = checkpoint.snapshot::<Vec<_>>();
//! drop(checkpoint); // the barrier is sent: the task goes on
//! assert!(snapshot.splits.len() <= 3);
//!
//! reader.signal_no_more_splits();
//! assert_eq!(task.join().unwrap(), (0..30).collect::<Vec<_>>());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use core::fmt;
use core::marker::PhantomData;
use core::mem::{ManuallyDrop, take};
use core::ops::Deref;
use core::task::Waker;

use alloc::sync::Arc;
use alloc::task::Wake;

use crate::buffer::{Batch, Buffer};
use crate::cut::Cut;
use crate::delivery::{Attempt, Inbox, ReaderId};
use crate::error::{Busy, Refused};
use crate::poller::Ready;
use crate::reader::{CheckpointId, Handle, sealed::Sealed};
use crate::state::Seat;
use crate::sync::{Condvar, Mutex, MutexGuard, relax};

/// What the handles share.
struct Shared<B: Buffer> {
    reader: crate::Reader<B>,
    /// One assigning thread at a time, so that none of them meets another one busy.
    delivery: Mutex<()>,
    /// One checkpoint thread at a time.
    checkpoint: Mutex<()>,
    /// Held for an instant by whoever hands the seat over or waits for it.
    turn: Mutex<()>,
    turned: Condvar,
    parker: Arc<Parker>,
}

impl<B: Buffer> Shared<B> {
    /// Lets whoever waits for the seat look at it again.
    fn turn(&self) {
        drop(self.turn.lock());
        self.turned.notify_all();
    }
}

/// Where the poller's thread waits.
struct Parker {
    bell: Mutex<Bell>,
    changed: Condvar,
}

struct Bell {
    /// Something has changed since the thread last waited.
    rung: bool,
    /// The task is to end, now and for good.
    stopped: bool,
}

impl Parker {
    fn park(&self) {
        let mut bell = self.bell.lock();
        if take(&mut bell.rung) {
            drop(bell);
            return relax(); // Perhaps rung by this very thread, because another one was about to change something.
        }
        while !bell.rung {
            bell = self.changed.wait(bell);
        }
        bell.rung = false;
    }

    fn ring(&self, and_stop: bool) {
        let mut bell = self.bell.lock();
        bell.rung = true;
        bell.stopped |= and_stop;
        drop(bell);
        self.changed.notify_all();
    }

    fn is_stopped(&self) -> bool {
        self.bell.lock().stopped
    }
}

impl Wake for Parker {
    fn wake(self: Arc<Self>) {
        self.ring(false);
    }
}

/// A [`Reader`](crate::Reader) whose operations wait where the plain ones refuse. A clone is the same reader.
pub struct Reader<B: Buffer>(Arc<Shared<B>>);

impl<B: Buffer> Clone for Reader<B> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

/// The same, as its poller and its [inbox](Reader::inbox) hold it. Users get none: whoever got at the plain reader could take a
/// cut that wakes nobody.
pub struct Held<B: Buffer>(Arc<Shared<B>>);

impl<B: Buffer> Clone for Held<B> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<B: Buffer> Sealed for Held<B> {}
impl<B: Buffer> Handle for Held<B> {
    type Buffer = B;
    #[inline]
    fn reader(&self) -> &crate::Reader<B> {
        &self.0.reader
    }
}

impl<B: Buffer> Reader<B> {
    /// Puts a new or a restored reader behind blocking handles. Allocates; nothing after it does.
    pub fn new(reader: crate::Reader<B>) -> Self {
        Self(Arc::new(Shared {
            reader,
            delivery: Mutex::new(()),
            checkpoint: Mutex::new(()),
            turn: Mutex::new(()),
            turned: Condvar::new(),
            parker: Arc::new(Parker {
                bell: Mutex::new(Bell { rung: false, stopped: false }),
                changed: Condvar::new(),
            }),
        }))
    }

    /// The poller, for the task's thread.
    ///
    /// # Errors
    ///
    /// [`Busy::Claimed`] while there is another one.
    pub fn poller(&self) -> Result<Poller<B>, Busy>
    where
        B::Split: Send,
    {
        let waker = Waker::from(self.0.parker.clone());
        Ok(Poller { inner: crate::Poller::claim(Held(self.0.clone()))?, waker })
    }

    /// As [`crate::Reader::assign`]; waits for other assigning threads, for as long as they copy their batches, and so is
    /// never refused as Busy. Does not wait for room: a full queue hands the batch back.
    ///
    /// # Errors
    ///
    /// [`Refused`] hands the batch back.
    pub fn assign<A: Batch<B::Split>>(&self, batch: A) -> Result<(), Refused<A>> {
        let _delivery = self.0.delivery.lock();
        self.0.reader.assign(batch)
    }

    /// The delivery side, for an engine whose messages may be late, repeated or lost: see [`delivery`](crate::delivery). It does
    /// not wait for other assigning threads: there are none.
    ///
    /// # Errors
    ///
    /// As [`Inbox::open`].
    pub fn inbox(
        &self,
        id: ReaderId,
        attempt: Attempt,
        restored_from: Option<CheckpointId>,
    ) -> Result<Inbox<Held<B>>, Busy> {
        Inbox::open(id, attempt, Held(self.0.clone()), restored_from)
    }

    /// As [`crate::Reader::signal_no_more_splits`].
    pub fn signal_no_more_splits(&self) {
        self.0.reader.signal_no_more_splits();
    }

    /// Ends the task: its next [`Poller::next`] answers `None`, also if it waits in one. Not the end of the splits: they stay
    /// in the reader, a snapshot holds them and does not say that there are no more, and [`Poller::shutdown`] hands them back.
    pub fn stop(&self) {
        self.0.parker.ring(true);
    }

    /// How many splits fit.
    pub fn capacity(&self) -> usize {
        self.0.reader.capacity()
    }

    /// As [`crate::Reader::checkpoint_requested`]: does a checkpoint thread wait for the task?
    pub fn checkpoint_requested(&self) -> bool {
        self.0.reader.checkpoint_requested()
    }

    /// The cut for checkpoint `id`, on the calling thread; the task stands still until it is dropped. The number is what
    /// [`Checkpoint::id`] answers.
    ///
    /// Waits for the task's next row boundary if the task is emitting rows, and not at all if it waits for splits, for
    /// what [`Lease::unlocked`] runs, or has finished. Several checkpoint threads wait for each other. On the task's own
    /// thread with a lease out, this waits for itself.
    pub fn checkpoint(&self, id: CheckpointId) -> Checkpoint<'_, B> {
        let shared = &*self.0;
        let alone = shared.checkpoint.lock();
        let mut asked = false;
        let mut turn = shared.turn.lock();
        let cut = loop {
            match shared.reader.try_cut() {
                Ok(cut) => break cut,
                Err(_) if !asked => {
                    // Only this thread asks, and it has not yet.
                    asked = shared.reader.request_checkpoint(id).is_ok();
                }
                Err(_) if shared.reader.seat.look().has(Seat::HELD) => turn = shared.turned.wait(turn),
                Err(_) => relax(), // Somebody came or went in this instant.
            }
        };
        drop(turn);
        Checkpoint { cut: ManuallyDrop::new(cut), shared, alone: ManuallyDrop::new(alone), id }
    }
}

impl<B: Buffer> fmt::Debug for Reader<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.reader.fmt(f)
    }
}

/// The cut that a checkpoint thread has taken: a [`Cut`], and the lock that keeps the task where it is.
#[must_use = "the task goes on when this is dropped: take the snapshot and send the barrier first"]
pub struct Checkpoint<'r, B: Buffer> {
    cut: ManuallyDrop<Cut<'r, B>>,
    alone: ManuallyDrop<MutexGuard<'r, ()>>,
    shared: &'r Shared<B>,
    id: CheckpointId,
}

impl<B: Buffer> Checkpoint<'_, B> {
    /// The checkpoint that was asked for.
    pub fn id(&self) -> CheckpointId {
        self.id
    }
}

impl<'r, B: Buffer> Deref for Checkpoint<'r, B> {
    type Target = Cut<'r, B>;
    fn deref(&self) -> &Self::Target {
        &self.cut
    }
}

impl<B: Buffer> Drop for Checkpoint<'_, B> {
    fn drop(&mut self) {
        // SAFETY: [exclusive] dropped here, once, and not used again.
        unsafe { ManuallyDrop::drop(&mut self.cut) }
        self.shared.turn();
        // SAFETY: [exclusive] dropped here, once, and not used again.
        unsafe { ManuallyDrop::drop(&mut self.alone) }
    }
}

impl<B: Buffer> fmt::Debug for Checkpoint<'_, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cut.fmt(f)
    }
}

/// The poller of a task with a thread of its own.
pub struct Poller<B: Buffer> {
    inner: crate::Poller<Held<B>>,
    waker: Waker,
}

impl<B: Buffer> Poller<B> {
    /// The next split, or `None` when there is nothing ever again, or when the task was [stopped](Reader::stop):
    /// [`Self::has_finished`] tells. Waits in between, without using the processor, and lets checkpoints in.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Option<Lease<'_, B>> {
        while !self.shared().parker.is_stopped() {
            match self.inner.ready(Some(&self.waker), true) {
                Ready::Split => return Some(Lease { poller: self, split: PhantomData }),
                Ready::Checkpoint(_) => self.stand_aside(),
                Ready::Pending => self.shared().parker.park(),
                Ready::Finished => return None,
            }
        }
        None
    }

    /// Was Finished answered: the end was announced, and every accepted split is completed?
    pub fn has_finished(&self) -> bool {
        self.inner.has_finished()
    }

    /// As [`crate::Poller::shutdown`].
    pub fn shutdown(&mut self) -> crate::Remaining<B::Split> {
        let remaining = self.inner.shutdown();
        if self.inner.is_seated() {
            self.inner.stand();
        }
        self.shared().turn();
        remaining
    }

    fn shared(&self) -> &Shared<B> {
        &self.inner.handle().0
    }

    /// Gets up, and tells a checkpoint thread that waits for that.
    fn stand(&mut self) {
        if self.inner.stand().has(Seat::ASKED) {
            self.shared().turn();
        }
    }

    /// Gives the seat to the checkpoint thread that asked for it, and waits until it is answered.
    fn stand_aside(&mut self) {
        self.stand();
        self.wait_while(Seat::ASKED);
    }

    /// Waits until none of the seat's `flags` is set, and answers with what was seen then.
    fn wait_while(&self, flags: usize) -> Seat {
        let shared = self.shared();
        let mut turn = shared.turn.lock();
        loop {
            let seat = shared.reader.seat.look();
            if !seat.has(flags) {
                return seat;
            }
            turn = shared.turned.wait(turn);
        }
    }

    /// Takes the seat back for the lease that is out.
    fn sit_again(&mut self) {
        loop {
            let seat = self.wait_while(Seat::ASKED | Seat::HELD);
            if self.inner.sit(seat) {
                return;
            }
        }
    }
}

impl<B: Buffer> Drop for Poller<B> {
    fn drop(&mut self) {
        // A checkpoint thread that waits for this task takes the cut itself.
        if self.inner.is_seated() {
            self.stand();
        }
    }
}

impl<B: Buffer> fmt::Debug for Poller<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// A split in the hands of the task. Dropped, it is offered again by the next [`Poller::next`], at its last position.
#[must_use = "a dropped lease gives the split back"]
pub struct Lease<'p, B: Buffer> {
    poller: &'p mut Poller<B>,
    /// `&Lease` shows the split, so it may be shared only if the split may.
    split: PhantomData<B::Split>,
}

impl<B: Buffer> Lease<'_, B> {
    /// See [`crate::Lease::split`].
    pub fn split(&self) -> &B::Split {
        self.poller.inner.split()
    }

    /// See [`crate::Lease::position`].
    pub fn position(&self) -> u64 {
        // SAFETY: [seat] while there is a lease, its poller sits.
        unsafe { self.poller.inner.reader().ring.front.position() }
    }

    /// A row boundary: all rows before `position` are emitted, none after it. If a checkpoint thread waits, it takes its
    /// cut now, and this returns when it is done; else this costs a store and a load.
    #[inline]
    pub fn advance(&mut self, position: u64) {
        let reader = self.poller.inner.reader();
        // SAFETY: [seat] while there is a lease, its poller sits.
        unsafe { reader.ring.front.set_position(position) };
        if reader.seat.look().has(Seat::ASKED) {
            self.poller.stand_aside();
            self.poller.sit_again();
        }
    }

    /// Runs what may block, and emits nothing, with checkpoints let in meanwhile: at this row boundary.
    pub fn unlocked<T>(&mut self, blocking: impl FnOnce() -> T) -> T {
        /// Sits down again, also after a panic: the lease lives on, and relies on it.
        struct Back<'a, B: Buffer>(&'a mut Poller<B>);
        impl<B: Buffer> Drop for Back<'_, B> {
            fn drop(&mut self) {
                self.0.sit_again();
            }
        }
        self.poller.stand();
        let _back = Back(self.poller);
        blocking()
    }

    /// See [`crate::Lease::complete`].
    pub fn complete(self) -> B::Split {
        self.poller.inner.remove()
    }
}

impl<B: Buffer> Drop for Lease<'_, B> {
    /// Between two splits the task may do anything, for as long as it likes: checkpoints do not wait for it.
    fn drop(&mut self) {
        self.poller.stand();
    }
}

impl<B: Buffer> fmt::Debug for Lease<'_, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").field("position", &self.position()).finish_non_exhaustive()
    }
}
