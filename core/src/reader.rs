//! The reader that delivery threads, a poller and checkpoint threads share, and how the poller holds on to it.

use core::fmt;

use crate::buffer::{Batch, Buffer};
use crate::cut::{Cut, Snapshot};
use crate::error::{Busy, Refused};
use crate::ring::Ring;
use crate::seat::Chair;
use crate::state::{Seat, Tail};

/// The number that the engine gives a checkpoint. Opaque to the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CheckpointId(pub u64);

/// A bounded queue of splits with an end, a poll state machine and a cut.
///
/// `B` names the storage: `Reader<[Split; 8]>` holds up to eight splits inline and can be a `static`;
/// `Reader<Box<[Split]>>` (feature `alloc`) is sized at run time. A split counts towards the capacity from the moment
/// it is accepted until it is completed, so the one being read counts as well; completed by an owned lease, until the
/// poller has polled again.
///
/// All methods here take `&self` and may be called from any thread at any time. What only one thread may do is on the
/// [`Poller`](crate::Poller).
///
/// ```
/// use turnstile::{Answer, Poller, Reader};
///
/// static READER: Reader<[&str; 4]> = Reader::new();
///
/// let mut poller = Poller::claim(&READER)?;
/// READER.assign(["part-0", "part-1"])?;
/// READER.signal_no_more_splits();
///
/// let mut read = Vec::new();
/// loop {
///     match poller.poll() {
///         Answer::Split(lease) => read.push(lease.complete()),
///         Answer::Checkpoint(_) => unreachable!("nobody asks"),
///         Answer::Pending => unreachable!("the end was announced"),
///         Answer::Finished => break,
///     }
/// }
/// assert_eq!(read, ["part-0", "part-1"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Reader<B: Buffer> {
    pub(crate) ring: Ring<B>,
    pub(crate) seat: Chair,
}

// SAFETY: [seat, busy] splits are moved in by one thread and out by another, and are seen by one thread at a time
// unless a lease lends them out, which asks for `Sync` itself (`OwnedLease::split`). So `Send` is enough.
unsafe impl<B: Buffer<Split: Send>> Sync for Reader<B> {}
// SAFETY: [exclusive] the reader owns its splits and a waker, which is `Send`.
unsafe impl<B: Buffer<Split: Send>> Send for Reader<B> {}

impl<S, const N: usize> Reader<[S; N]> {
    crate::sync::const_fn! {
        /// A reader with room for `N` splits, stored inline.
        ///
        /// `N` must be a power of two, 1 included; anything else does not compile.
        #[allow(clippy::new_without_default)]
        pub const fn new() -> Self {
            const { assert!(N.is_power_of_two(), "the capacity of a reader is a power of two") };
            const { assert!(N <= crate::state::Index::MAX_DISTANCE, "the capacity is too large for the index") };
            Self { ring: Ring::new(crate::buffer::inline()), seat: Chair::new() }
        }
    }

    /// A reader that continues at exactly the cut at which `snapshot` was taken: same splits, same order, same
    /// position in the first, same end. Starting and restoring are different things and have different constructors.
    ///
    /// # Errors
    ///
    /// A snapshot with more than `N` splits is refused with [`Refused::Oversized`], and handed back as far as it was
    /// not consumed: the splits that found no room, in their order, behind those that did.
    pub fn restore<I>(snapshot: Snapshot<I>) -> Result<Self, Refused<Snapshot<I>>>
    where
        I: IntoIterator<Item = S> + FromIterator<S>,
    {
        refill(Self::new(), snapshot)
    }
}

#[cfg(feature = "alloc")]
impl<S> Reader<alloc::boxed::Box<[S]>> {
    /// A reader with room for at least `splits` splits, stored on the heap. This is the one time that it allocates.
    ///
    /// The capacity is the next power of two.
    ///
    /// # Panics
    ///
    /// If `splits` is more than what fits in memory or in a quarter of the index.
    pub fn with_capacity(splits: usize) -> Self {
        let capacity = splits.max(1).checked_next_power_of_two().unwrap_or(usize::MAX);
        assert!(capacity <= crate::state::Index::MAX_DISTANCE, "the capacity is too large for the index");
        Self { ring: Ring::new(crate::buffer::boxed(capacity)), seat: Chair::new() }
    }

    /// As [`Reader::restore`] for inline storage, with room for at least `splits` splits.
    ///
    /// # Errors
    ///
    /// A snapshot with more splits than the capacity is handed back.
    pub fn restore_with_capacity<I>(splits: usize, snapshot: Snapshot<I>) -> Result<Self, Refused<Snapshot<I>>>
    where
        I: IntoIterator<Item = S> + FromIterator<S>,
    {
        refill(Self::with_capacity(splits), snapshot)
    }
}

fn refill<B: Buffer, I>(mut reader: Reader<B>, snapshot: Snapshot<I>) -> Result<Reader<B>, Refused<Snapshot<I>>>
where
    I: IntoIterator<Item = B::Split> + FromIterator<B::Split>,
{
    let Snapshot { splits, position, accepted, no_more_splits } = snapshot;
    let mut rest = splits.into_iter();
    if let Err(refused) = reader.ring.refill(&mut rest, no_more_splits) {
        let splits = reader.ring.drain().chain(core::iter::once(refused)).chain(rest).collect();
        return Err(Refused::Oversized(Snapshot { splits, position, accepted, no_more_splits }));
    }
    let queued = reader.queued();
    let position = if queued == 0 { 0 } else { position };
    reader.ring.front.restore(position, accepted.saturating_sub(queued as u64));
    Ok(reader)
}

impl<B: Buffer> Reader<B> {
    /// How many splits fit.
    pub fn capacity(&self) -> usize {
        self.ring.capacity()
    }

    /// Hands splits over: all of the batch, in its order, or nothing.
    ///
    /// One split is `assign([split])`. An empty batch is accepted, does nothing and never means the end. A poll may
    /// come between any two splits of a batch, as it may in a real engine.
    ///
    /// What the caller did before is visible to the poller when it gets the split (release / acquire). Wait-free: a
    /// bounded number of steps, whatever others do; copies the splits and runs none of their code.
    ///
    /// # Panics
    ///
    /// Only if the waker of a poll that waits does. It is called last: the batch is accepted then; or it is refused because
    /// the end was announced, and a `&mut Vec` still holds it, while an array is dropped with the panic.
    ///
    /// # Errors
    ///
    /// [`Refused`] hands the batch back: `Full` when there is no room for all of it, `Oversized` when there never will
    /// be, `Closed` after the end was announced, `Busy` while another thread is in the middle of handing over.
    pub fn assign<A: Batch<B::Split>>(&self, batch: A) -> Result<(), Refused<A>> {
        self.ring.assign(batch)
    }

    /// Announces the end: once what was accepted is completed, the poller answers Finished.
    ///
    /// The end is for assignments that have not begun: one that another thread is in the middle of may be accepted yet, and
    /// Finished waits for it. Idempotent, and never undone. What the caller did before is visible to whoever has seen
    /// Finished. Wait-free.
    pub fn signal_no_more_splits(&self) {
        self.ring.close();
    }

    /// Asks the poller for checkpoint `id`: it answers at its next row boundary, and is woken if it waits.
    ///
    /// Use this when the checkpoint has to pass through the thread that emits the rows, as a barrier between them. When
    /// the reader is idle, [`Self::try_cut`] is quicker; a poller that has finished or is gone answers no more.
    /// Wait-free.
    ///
    /// # Errors
    ///
    /// [`Busy::Asked`] while the checkpoint asked for before is not answered.
    pub fn request_checkpoint(&self, id: CheckpointId) -> Result<(), Busy> {
        let seat = self.seat.ask(id.0).ok_or(Busy::Asked)?;
        if !seat.has(Seat::HELD) {
            self.ring.wake();
        }
        Ok(())
    }

    /// Takes the cut at once, on the calling thread, if no rows are being emitted: when the poller waits or has
    /// finished, when it is gone, and between two batches of an owned lease.
    ///
    /// Nothing is emitted while the cut exists; assignments go on, and are behind it. Wait-free.
    ///
    /// # Errors
    ///
    /// [`Busy::Held`] while somebody is at work on the reader (or has come or gone in this instant). Then call
    /// [`Self::request_checkpoint`], and this once more: either the poller has seen the request, and answers it at its next row
    /// boundary, or it has finished meanwhile, and the cut is taken here.
    pub fn try_cut(&self) -> Result<Cut<'_, B>, Busy> {
        if self.seat.sit(self.seat.look()) { Ok(Cut::of_a_checkpoint_thread(self)) } else { Err(Busy::Held) }
    }

    /// How many splits are accepted and not completed, as far as the only assigning thread can tell: there may be fewer.
    pub(crate) fn queued(&self) -> usize {
        self.ring.tail().index().since(self.ring.front.freed())
    }

    /// Is a checkpoint asked for and not yet answered?
    pub fn checkpoint_requested(&self) -> bool {
        self.seat.look().has(Seat::ASKED)
    }
}

impl<B: Buffer> fmt::Debug for Reader<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tail = self.ring.tail();
        f.debug_struct("Reader")
            .field("capacity", &self.capacity())
            // Two looks, which a race can put any distance apart.
            .field("splits", &tail.index().since(self.ring.front.freed()).min(self.capacity()))
            .field("no_more_splits", &tail.has(Tail::CLOSED))
            .finish_non_exhaustive()
    }
}

pub(crate) mod sealed {
    pub trait Sealed {}
}

/// How a [`Poller`](crate::Poller) and an [`OwnedLease`](crate::OwnedLease) hold on to their reader: a reference, or
/// with the `alloc` feature an `Arc`.
pub trait Handle: Clone + sealed::Sealed {
    /// The storage of the reader.
    type Buffer: Buffer;

    /// The reader, always the same one.
    fn reader(&self) -> &Reader<Self::Buffer>;
}

impl<B: Buffer> sealed::Sealed for &Reader<B> {}
impl<B: Buffer> Handle for &Reader<B> {
    type Buffer = B;
    #[inline]
    fn reader(&self) -> &Reader<B> {
        self
    }
}

#[cfg(feature = "alloc")]
impl<B: Buffer> sealed::Sealed for alloc::sync::Arc<Reader<B>> {}
#[cfg(feature = "alloc")]
impl<B: Buffer> Handle for alloc::sync::Arc<Reader<B>> {
    type Buffer = B;
    #[inline]
    fn reader(&self) -> &Reader<B> {
        self
    }
}
