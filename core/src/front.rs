//! The front of the queue: which split is the oldest, and how far it was read.
//!
//! All of it belongs to whoever has the seat (see `seat.rs`). Only the poller moves the head, so it may look where that is without
//! the seat; threads that assign look from afar. All is on one line of the cache: each split stores to two of the words.

use core::num::Wrapping;

use crate::state::Index;
use crate::sync::{Ordering::*, OwnedUsize, UnsafeCell, const_fn, unsync_load};

pub(crate) struct Front {
    /// An [`Index`]: the oldest split that is not completed. Slots before it are free.
    head: OwnedUsize,
    /// How far that split was read. Meaningful to the connector only.
    position: UnsafeCell<u64>,
    /// How many splits were completed less the number of the head, which counts them: touched when that begins again at 0.
    completed_before: UnsafeCell<Wrapping<u64>>,
}

impl Front {
    const_fn! {
        pub(crate) const fn new() -> Self {
            Self {
                head: OwnedUsize::new(Index::FIRST.bits()),
                position: UnsafeCell::new(0),
                completed_before: UnsafeCell::new(Wrapping(0u64.wrapping_sub(Index::FIRST.number()))),
            }
        }
    }

    /// # Safety
    ///
    /// [head] the caller has the seat, or is the poller.
    #[inline]
    pub(crate) unsafe fn head(&self) -> Index {
        // SAFETY: [head]
        Index::from_bits(unsafe { unsync_load(&self.head) })
    }

    /// The head, or one that it was: for everybody else.
    pub(crate) fn freed(&self) -> Index {
        // ORD: Acquire <- `slot-freed`. The split that lay in a slot before the head is gone.
        Index::from_bits(self.head.load(Acquire))
    }

    /// # Safety
    ///
    /// [seat] the caller has the seat.
    pub(crate) unsafe fn position(&self) -> u64 {
        self.position.with(|position| {
            // SAFETY: [seat]
            unsafe { *position }
        })
    }

    /// # Safety
    ///
    /// [seat] the caller has the seat.
    #[inline]
    pub(crate) unsafe fn set_position(&self, to: u64) {
        self.position.with_mut(|position| {
            // SAFETY: [seat]
            unsafe { *position = to }
        });
    }

    /// How many splits were completed, in this life and in those before it.
    ///
    /// # Safety
    ///
    /// [seat] the caller has the seat.
    pub(crate) unsafe fn completed(&self) -> u64 {
        // SAFETY: [seat]
        let head = unsafe { self.head() };
        self.completed_before.with(|before| {
            // SAFETY: [seat]
            (unsafe { *before } + Wrapping(head.number())).0
        })
    }

    /// The split at the head has left its slot: the head is `next`, at its start.
    ///
    /// # Safety
    ///
    /// [seat] the caller has the seat.
    #[inline]
    pub(crate) unsafe fn move_to(&self, next: Index) {
        if next.number() == 0 {
            self.completed_before.with_mut(|before| {
                // SAFETY: [seat]
                unsafe { *before += Index::NUMBERS }
            });
        }
        // SAFETY: [seat]
        unsafe { self.set_position(0) };
        // ORD: Release -> `slot-freed`. The split has left the slot.
        self.head.store(next.bits(), Release);
    }

    /// Continues where a snapshot was taken, before anybody else knows the reader.
    pub(crate) fn restore(&mut self, position: u64, completed: u64) {
        // SAFETY: [exclusive] `&mut self`.
        let head = unsafe { self.head() };
        self.position = UnsafeCell::new(position);
        self.completed_before = UnsafeCell::new(Wrapping(completed) - Wrapping(head.number()));
    }
}
