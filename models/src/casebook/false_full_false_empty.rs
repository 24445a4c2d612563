//! C33 · false-full-false-empty
//!
//! A lock-free queue is filled in two steps: a producer reserves a slot, and later it says that the slot is ready. Between the two
//! the queue is not empty, and a consumer that goes by the slot takes it to be. Here everything else is in order: the end and the
//! reservation exclude each other in one word, and the reader looks at the end first and at the queue second. It ends, and the
//! split that was accepted before the end becomes ready behind it.
//!
//! Seen in: crossbeam-rs/crossbeam#997 and rust-lang/rust#112723, where the consumer spins on such a slot, and
//! rust-embedded/heapless#583, where a queue looks full. That "empty" becomes "finished" is our conclusion.
//!
//! In Turnstile: the tail moves when the splits are written, by the same operation that clears the bit which says that somebody
//! writes. The end goes into that word too.

use std::sync::Arc;

use turnstile_kit::journal::{Journal, Split, set};
use turnstile_kit::subject::{Ability, Polled, Subject};
use turnstile_kit::sync::{AtomicUsize, Ordering::SeqCst};

const CLOSED: usize = 1 << 7;
const SLOTS: usize = 4;
const NOT_READY: usize = usize::MAX;

/// The slots, and how many of them are reserved, with the end in the same word.
pub struct Reader {
    slots: [AtomicUsize; SLOTS],
    reserved: AtomicUsize,
    journal: Journal,
}

impl Subject for Reader {
    const NAME: &'static str = "false-full-false-empty";
    const ABILITIES: &'static [Ability] = &[Ability::ManyDeliveries, Ability::Refuses];
    /// And how many it has taken.
    type Poller = (Arc<Self>, usize);

    fn new(journal: &Journal) -> (Arc<Self>, Self::Poller) {
        let slots = [(); SLOTS].map(|()| AtomicUsize::new(NOT_READY));
        let reader = Arc::new(Self { slots, reserved: AtomicUsize::new(0), journal: journal.clone() });
        (reader.clone(), (reader, 0))
    }

    fn assign(&self, splits: Vec<Split>) -> Result<(), Vec<Split>> {
        let mut first = self.reserved.load(SeqCst);
        loop {
            if first & CLOSED != 0 || first + splits.len() > SLOTS {
                return Err(splits);
            }
            match self.reserved.compare_exchange(first, first + splits.len(), SeqCst, SeqCst) {
                Ok(_) => break,
                Err(newer) => first = newer,
            }
        }
        self.journal.note(format!("assign {}: the slot is reserved", set(&splits)));
        for (slot, split) in self.slots[first..].iter().zip(splits) {
            slot.store(split.into(), SeqCst);
            self.journal.note(format!("the slot with s{split} is ready"));
        }
        Ok(())
    }

    fn signal_no_more_splits(&self) {
        let mut reserved = self.reserved.load(SeqCst);
        while let Err(newer) = self.reserved.compare_exchange(reserved, reserved | CLOSED, SeqCst, SeqCst) {
            reserved = newer;
        }
        self.journal.note("no more splits: closed");
    }

    fn poll((this, taken): &mut Self::Poller) -> Polled {
        let is_closed = this.reserved.load(SeqCst) & CLOSED != 0;
        let slot = this.slots.get(*taken).map_or(NOT_READY, |slot| slot.load(SeqCst));
        if let Ok(split) = Split::try_from(slot) {
            *taken += 1;
            let _rows = this.journal.read(split);
            return Polled::Again;
        }
        let verdict = if is_closed { "closed and empty: finished" } else { "empty" };
        this.journal.note(format!("poll: the slot is not ready: {verdict}"));
        if is_closed { Polled::Finished } else { Polled::Again }
    }
}
