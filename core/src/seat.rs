//! The seat: everything that goes through the seat word.
//!
//! Who may touch what: the front of the queue (see `front.rs`) and the slot there belong to whoever set HELD; the number of
//! the checkpoint that is asked for, to whoever set ASKING until it sets ASKED, and from then on to whoever sits. Each
//! of these moves is one read-modify-write, so all of them stand in one order, and each side of a race sees the other's:
//! one that stands up sees whether it was asked meanwhile, one that asks sees whether anybody sits.

use crossbeam_utils::CachePadded;

use crate::state::Seat;
use crate::sync::{AtomicUsize, Ordering::*, UnsafeCell, const_fn};

pub(crate) struct Chair {
    /// A [`Seat`].
    word: CachePadded<AtomicUsize>,
    /// The checkpoint that is asked for.
    asked: UnsafeCell<u64>,
}

impl Chair {
    const_fn! {
        pub(crate) const fn new() -> Self {
            Self {
                word: CachePadded::new(AtomicUsize::new(0)),
                asked: UnsafeCell::new(0),
            }
        }
    }

    /// What the word says now. With ASKED comes the checkpoint's number.
    #[inline]
    pub(crate) fn look(&self) -> Seat {
        // ORD: Acquire <- `checkpoint-asked`, `lease-ended`. The number is written; the lease no longer looks at the split.
        Seat::from_bits(self.word.load(Acquire))
    }

    /// Makes the caller the poller, unless there is one.
    pub(crate) fn claim(&self) -> bool {
        // ORD: Acquire <- `poller-gone`. What the poller before has done to the head and the waker cell.
        !Seat::from_bits(self.word.fetch_or(Seat::CLAIMED, Acquire)).has(Seat::CLAIMED)
    }

    /// The poller goes. If it sat, it stands up.
    pub(crate) fn unclaim(&self, seated: bool) {
        let also = if seated { Seat::HELD } else { 0 };
        // ORD: Release -> `poller-gone`, `seat-left`.
        self.word.fetch_and(!(Seat::CLAIMED | also), Release);
    }

    /// Sits down, if the word is still what the caller saw and nobody sits.
    pub(crate) fn sit(&self, seen: Seat) -> bool {
        if seen.has(Seat::HELD) {
            return false;
        }
        // ORD: Acquire <- `seat-left`. Head, slots and position are as the last one left them. On failure Relaxed,
        // hint: the caller looks again.
        self.word.compare_exchange(seen.bits(), seen.taken().bits(), Acquire, Relaxed).is_ok()
    }

    /// Stands up. The answer shows who asked or knocked meanwhile.
    pub(crate) fn leave(&self) -> Seat {
        // ORD: AcqRel <-> `seat-left`, `poller-parked`. Carries the poller's side to whoever sits next; and after a poller
        // that knocked, the caller can wake it.
        Seat::from_bits(self.word.fetch_and(!Seat::HELD, AcqRel))
    }

    /// A checkpoint thread stands up, and takes note of the poller's knock.
    pub(crate) fn leave_and_answer_the_knock(&self) -> Seat {
        // ORD: AcqRel <-> `seat-left`, `poller-parked`. As above.
        Seat::from_bits(self.word.fetch_and(!(Seat::HELD | Seat::KNOCK), AcqRel))
    }

    /// The poller wants to hear when whoever sits stands up, or the lease comes back. Answers with the word that it leaves.
    pub(crate) fn knock(&self) -> Seat {
        // ORD: Release -> `poller-parked`. Carries the waker that was left before. What the answer shows is looked at again.
        Seat::from_bits(self.word.fetch_or(Seat::KNOCK, Release)).knocked()
    }

    /// The poller stands up and lends its split to an owned lease, which is now the only one to advance it.
    pub(crate) fn lend(&self) {
        // ORD: Release -> `seat-left`. Carries the poller's side.
        self.word.fetch_add(Seat::HELD_TO_OUT, Release);
    }

    /// An owned lease ends, its split not completed.
    pub(crate) fn give_back(&self) -> Seat {
        // ORD: AcqRel <-> `lease-ended`, `poller-parked`. The lease no longer looks at the split.
        Seat::from_bits(self.word.fetch_and(!Seat::OUT, AcqRel))
    }

    /// An owned lease ends, its split completed. The poller removes it.
    pub(crate) fn complete(&self) -> Seat {
        // ORD: AcqRel <-> `lease-ended`, `poller-parked`. As above.
        Seat::from_bits(self.word.fetch_add(Seat::OUT_TO_DONE, AcqRel))
    }

    /// The poller, seated, has seen that the lease was completed.
    pub(crate) fn reaped(&self) {
        // ORD: Relaxed, own: the poller has seen DONE in an acquiring look, and nobody else clears it.
        self.word.fetch_and(!Seat::DONE, Relaxed);
    }

    /// Asks the poller for checkpoint `id`. `None` if one is asked for already.
    pub(crate) fn ask(&self, id: u64) -> Option<Seat> {
        // ORD: Acquire <- `checkpoint-answered`. The number of the one before was read.
        if Seat::from_bits(self.word.fetch_or(Seat::ASKING, Acquire)).has(Seat::ASKING) {
            return None;
        }
        self.asked.with_mut(|asked| {
            // SAFETY: [asking] this thread set ASKING, and nobody reads before ASKED.
            unsafe { *asked = id }
        });
        // ORD: AcqRel <-> `checkpoint-asked`, `poller-parked`. Carries the number; shows whether anybody sits, and the waker
        // that the poller left before it stood up.
        Some(Seat::from_bits(self.word.fetch_or(Seat::ASKED, AcqRel)))
    }

    /// The checkpoint that is asked for.
    ///
    /// # Safety
    ///
    /// [asking] the caller saw ASKED with [`Self::look`] and has the seat, so that nobody else answers.
    pub(crate) unsafe fn asked(&self) -> u64 {
        self.asked.with(|asked| {
            // SAFETY: [asking] ASKED is set and stays set until the caller answers.
            unsafe { *asked }
        })
    }

    /// The checkpoint is answered; the next one may be asked for.
    pub(crate) fn answer(&self) {
        // ORD: Release -> `checkpoint-answered`. The number was read.
        self.word.fetch_and(!(Seat::ASKING | Seat::ASKED), Release);
    }
}
