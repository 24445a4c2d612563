//! Every decision of the reader, as total functions over plain values: no threads, no memory, no user code.
//!
//! [`Tail`] and [`Seat`] are the two words that the threads share, taken apart; [`decide`] is what a poll answers.
//! `ring.rs` and `seat.rs` move these values with atomics; nothing else decides anything.

mod decide;
mod seat;
mod tail;

pub(crate) use decide::{Place, Verdict, View, decide};
pub(crate) use seat::{Lent, Seat};
pub(crate) use tail::{Index, Queue, Tail};
