//! Where splits are stored, and how a batch of them is handed over.

use core::mem::MaybeUninit;

use crate::sync::{UnsafeCell, uninit_cells};

/// One place for a split. Written by an assigning thread, moved out by whoever has the seat.
pub(crate) type Slot<S> = UnsafeCell<MaybeUninit<S>>;

mod sealed {
    pub trait Sealed {}
    /// Of a batch and of its splits: a batch of one type must not be declared one of another.
    pub trait SealedBatch<S> {}
}

/// The storage of a [`Reader`](crate::Reader), named by the type that it resembles: `[S; N]` inline, or with the
/// `alloc` feature `Box<[S]>`, sized at run time.
pub trait Buffer: sealed::Sealed {
    /// What is assigned and polled.
    type Split;
    #[doc(hidden)]
    type Slots: Slots<Self::Split>;
}

#[doc(hidden)]
pub trait Slots<S> {
    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn as_slice(&self) -> &[Slot<S>];
}

impl<S, const N: usize> sealed::Sealed for [S; N] {}
impl<S, const N: usize> Buffer for [S; N] {
    type Split = S;
    type Slots = [Slot<S>; N];
}
impl<S, const N: usize> Slots<S> for [Slot<S>; N] {
    #[allow(private_interfaces)]
    fn as_slice(&self) -> &[Slot<S>] {
        self
    }
}

crate::sync::const_fn! {
    pub(crate) const fn inline<S, const N: usize>() -> [Slot<S>; N] {
        uninit_cells()
    }
}

/// Splits that can be handed over all together or not at all.
///
/// An array is handed over by value; a `&mut Vec` (with `alloc`) is emptied, and keeps its memory; a slice of `Copy`
/// splits is copied. Until the reader has accepted the batch, it is the caller's and is not touched.
pub trait Batch<S>: sealed::SealedBatch<S> {
    #[doc(hidden)]
    fn splits(&self) -> &[S];
    /// The splits were copied bit by bit into the reader and are no longer the batch's to drop.
    #[doc(hidden)]
    fn moved_out(self);
}

impl<S, const K: usize> sealed::SealedBatch<S> for [S; K] {}
impl<S, const K: usize> Batch<S> for [S; K] {
    fn splits(&self) -> &[S] {
        self
    }
    fn moved_out(self) {
        core::mem::forget(self);
    }
}

impl<S: Copy> sealed::SealedBatch<S> for &[S] {}
impl<S: Copy> Batch<S> for &[S] {
    fn splits(&self) -> &[S] {
        self
    }
    fn moved_out(self) {}
}

#[cfg(feature = "alloc")]
mod on_the_heap {
    use alloc::boxed::Box;
    use alloc::vec::Vec;
    use core::mem::MaybeUninit;

    use super::sealed::{Sealed, SealedBatch};
    use super::{Batch, Buffer, Slot, Slots, UnsafeCell};

    impl<S> Sealed for Box<[S]> {}
    impl<S> Buffer for Box<[S]> {
        type Split = S;
        type Slots = Box<[Slot<S>]>;
    }
    impl<S> Slots<S> for Box<[Slot<S>]> {
        #[allow(private_interfaces)]
        fn as_slice(&self) -> &[Slot<S>] {
            self
        }
    }

    pub(crate) fn boxed<S>(capacity: usize) -> Box<[Slot<S>]> {
        (0..capacity).map(|_| UnsafeCell::new(MaybeUninit::uninit())).collect()
    }

    impl<S> SealedBatch<S> for &mut Vec<S> {}
    impl<S> Batch<S> for &mut Vec<S> {
        fn splits(&self) -> &[S] {
            self
        }
        fn moved_out(self) {
            // SAFETY: [moved] the elements live on in the reader; a length of 0 leaves them alone.
            unsafe { self.set_len(0) }
        }
    }
}
#[cfg(feature = "alloc")]
pub(crate) use on_the_heap::boxed;

#[cfg(test)]
pub(crate) mod tests;
