//! The reader's half of a data-integration connector: splits in, each of them out exactly once.
//!
//! An enumerator assigns *splits* (row ranges, files, partitions) to a reader; a task polls them and emits their rows;
//! checkpoints cut through all of it; a "no more splits" signal ends the job. This crate is the part in the middle: a
//! bounded queue, a poll state machine and a cut, `no_std` and free of allocation.
//!
//! # What is guaranteed
//!
//! * **Taking consumes.** A split is handed out once, and again only if it was given back; completed, never again.
//! * **Finished is final.** It is answered only if, at one instant, the end was announced and every accepted split was
//!   completed. An empty queue is not an end, and neither is an empty assignment.
//! * **Nothing is dropped.** What is not accepted is handed back (with a waker that panics, see [`Reader::assign`]). A lease that is dropped, by `?` or by a panic, gives its
//!   split back at its last position.
//! * **One cut.** A snapshot holds exactly the accepted splits that are not completed, with the position of the one being
//!   read, at a row boundary. There is no instant at which a split is in neither.
//! * **No lost wake-up.** Whatever ends a Pending wakes the poller.
//! * **Nobody waits.** Every operation outside [`blocking`] takes a bounded number of steps, whatever other threads do; a
//!   checkpoint waits for one row at most.
//!
//! How far each of these is checked, and by what, is printed by `cargo run --release` in the repository.
//!
//! # Three faces
//!
//! * Plain calls: [`Reader`], [`Poller::poll`], [`Lease`]. No waker, no lock, no allocation.
//! * Asynchronous: [`Poller::poll_with`] takes any [`Waker`](core::task::Waker); with the feature `stream` a poller is a
//!   `futures_core::Stream` of [`Event`]s.
//! * Blocking: [`blocking`], with the feature `std`, for engines with a thread per task and a checkpoint lock.
//!
//! # Map
//!
//! `state` decides, over plain values; `ring` and `seat` hold the two atomic words, `front` what is read next; `poller`, `lease` and `cut` are the
//! handles; `sync` is the only module that knows whether loom, shuttle or the machine runs.
#![no_std]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(any(test, loom, shuttle))]
extern crate std;

#[cfg(feature = "std")]
pub mod blocking;
mod buffer;
mod cut;
pub mod delivery;
mod error;
mod front;
mod lease;
#[cfg(doctest)]
mod must_not_compile;
mod poller;
mod reader;
mod ring;
mod seat;
mod state;
#[cfg(feature = "stream")]
mod stream;
#[cfg(any(loom, shuttle))]
pub mod sync;
#[cfg(not(any(loom, shuttle)))]
#[allow(unreachable_pub)] // The same items are public where a checker runs.
mod sync;

pub use buffer::{Batch, Buffer};
pub use cut::{Cut, Snapshot};
pub use error::{Busy, Refused};
pub use lease::{Lease, OwnedLease, Rows};
pub use poller::{Answer, Poller, Remaining};
pub use reader::{CheckpointId, Handle, Reader};
#[cfg(feature = "stream")]
pub use stream::Event;
