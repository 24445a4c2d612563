//! The delivery protocol: splits arrive once although messages are late, repeated, reordered or lost, and although readers and
//! the enumerator crash.
//!
//! The enumerator keeps one **log** per reader. Every entry has a sequence number, and is a split or the end: *no more splits*.
//! A reader applies entries strictly in sequence. So all that either side ever has to know of the other is a number, and there
//! are only two messages:
//!
//! * [`Message`], enumerator → reader: one entry of the log. Sent again until a report covers it.
//! * [`Report`], reader → enumerator: how far the reader is. It acknowledges, asks for more, and registers a new attempt, all by
//!   saying the same few numbers; a lost one is made up for by the next, a late or repeated one is covered by what is known.
//!
//! Neither message is an event that something could miss: both say what *is*. Whoever may have missed something is told again.
//!
//! ```text
//!      done ────────┐            next ───────┐           end ─────┐
//!   log  s0  s1  s2 │ s3   s4   s5   s6   s7 │ s8  s9  no-more    │
//!        completed  │ accepted by the reader │ in flight          │
//! ```
//!
//! Where a split is follows from three numbers; it cannot be in two places, nor in none. A reader's `next` is not kept beside its
//! queue but *is* the tail of its queue, so a cut through the reader takes both at one instant.
//!
//! # The cut
//!
//! A checkpoint cuts the enumerator and each reader at different instants, in any order. Entries that were sent before the
//! enumerator's cut and applied after the reader's are in the log that the enumerator stored. The other direction, entries
//! that lie behind the enumerator's cut and reach a reader before its own, is refused: each entry says the newest cut that it
//! lies [behind](Message::behind), and a reader that has not taken that cut answers [`Receipt::Early`]. Nothing is held
//! back, nothing is stored; it is sent again.
//!
//! # Crashes
//!
//! A restored reader reports where the checkpoint left it: entries below are in its snapshot, entries from there on are given
//! back to the enumerator. No other fact enters, in particular none that the enumerator may have heard or not heard.
//!
//! # What the engine owes
//!
//! * A fresh, greater [`Attempt`] for each incarnation of a reader, and for all readers of an enumerator that starts again, from a
//!   checkpoint or from nothing; which is told the newest one that was started before.
//! * One cut of each reader for a checkpoint, of which the [`Inbox`] is told afterwards: a second one may hold what lies behind
//!   the enumerator's.
//! * A checkpoint that is incomplete when any participant crashes is aborted, and never completes.
//! * When the enumerator is restored, all readers are, from the same checkpoint.
//! * Output of a reader that lies behind the checkpoint it is restored from is rolled back.
//!
//! The values here are plain: they can be cloned, compared and hashed, and what `turnstile prove --filter protocol` explores is
//! these very transitions. [`Inbox`] binds the fence to a [`Reader`](crate::Reader).

mod enumerator;
mod fence;
mod inbox;
mod message;

#[cfg(feature = "serde")]
pub use enumerator::Damaged;
pub use enumerator::{
    Crowded, Discovered, Enumerator, Heard, Home, Log, Messages, NotTaken, Plan, Policy, Slot, Storage,
};
pub use fence::{Fence, Receipt};
pub use inbox::Inbox;
pub use message::{Attempt, Entry, Identity, Mark, Message, ReaderId, Report};
