//! The seat word: who may touch the poller's side of the reader, and who wants to.
//!
//! The poller's side (the head of the queue, the position inside the split there) has one *seat*. The poller sits
//! while it emits rows. When it has nothing to do, or has lent its split out, the seat is free, and a checkpoint
//! thread may sit down to take a cut. Whoever sits is alone; nobody ever waits for the seat: one asks, or knocks.

/// Where the split at the head of the queue is, when it is not simply there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Lent {
    /// With the poller, or with nobody.
    No,
    /// An owned lease is out; it sits down for each batch of rows.
    Out,
    /// An owned lease was completed; the poller has yet to remove the split.
    Done,
}

/// The word itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Seat(usize);

impl Seat {
    /// Somebody sits.
    pub(crate) const HELD: usize = 1 << 0;
    /// Somebody is writing down the checkpoint that it asks for, or has done so.
    pub(crate) const ASKING: usize = 1 << 1;
    /// A checkpoint is asked for.
    pub(crate) const ASKED: usize = 1 << 2;
    /// The poller found the seat taken and wants to hear when that changes.
    pub(crate) const KNOCK: usize = 1 << 3;
    /// An owned lease is out.
    pub(crate) const OUT: usize = 1 << 4;
    /// An owned lease was completed. Never together with [`Self::OUT`].
    pub(crate) const DONE: usize = 1 << 5;
    /// The poller's handle exists.
    pub(crate) const CLAIMED: usize = 1 << 6;

    /// What to add when an owned lease ends as completed.
    pub(crate) const OUT_TO_DONE: usize = Self::DONE - Self::OUT;
    /// What to add when the poller lends its split and stands up.
    pub(crate) const HELD_TO_OUT: usize = Self::OUT - Self::HELD;

    pub(crate) const fn from_bits(bits: usize) -> Self {
        Self(bits)
    }

    pub(crate) const fn bits(self) -> usize {
        self.0
    }

    pub(crate) const fn has(self, flag: usize) -> bool {
        self.0 & flag != 0
    }

    pub(crate) const fn lent(self) -> Lent {
        if self.has(Self::OUT) {
            Lent::Out
        } else if self.has(Self::DONE) {
            Lent::Done
        } else {
            Lent::No
        }
    }

    /// Nothing is lent and nothing is asked for: the queue alone decides.
    pub(crate) const fn is_quiet(self) -> bool {
        self.0 & (Self::ASKED | Self::OUT | Self::DONE) == 0
    }

    /// The word after somebody sat down.
    pub(crate) const fn taken(self) -> Self {
        Self(self.0 | Self::HELD)
    }

    /// The word after the poller knocked.
    pub(crate) const fn knocked(self) -> Self {
        Self(self.0 | Self::KNOCK)
    }

    /// The word after somebody stood up.
    pub(crate) const fn vacated(self) -> Self {
        Self(self.0 & !Self::HELD)
    }

    /// After standing up, must the poller be woken? It knocked, or it has a checkpoint to answer that was asked for
    /// while somebody else sat.
    pub(crate) const fn wants_the_poller(self) -> bool {
        self.0 & (Self::KNOCK | Self::ASKED) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_word_says_it_says_of_every_word() {
        for word in (0..Seat::CLAIMED << 1).map(Seat::from_bits) {
            assert_eq!(word.is_quiet(), !word.has(Seat::ASKED) && word.lent() == Lent::No, "{word:?}");
            assert_eq!(word.wants_the_poller(), word.has(Seat::KNOCK) || word.has(Seat::ASKED), "{word:?}");
            assert!(word.taken().has(Seat::HELD) && word.knocked().has(Seat::KNOCK), "{word:?}");
            assert_eq!(word.taken().vacated(), word.vacated(), "{word:?}");
        }
    }
}
