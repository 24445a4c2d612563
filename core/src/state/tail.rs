//! The tail word: how far splits are written, and what the delivery side has to say.

/// How many low bits of the word are flags. The rest counts splits, modulo what fits.
const FLAG_BITS: u32 = 4;

/// Counts splits from the beginning of the reader, in steps of [`Index::STEP`], and wraps with the word.
///
/// The count starts [`Index::FIRST`], two splits before it wraps, so that every
/// test and every user passes the limit of the integer at once instead of after 2⁶⁰ splits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Index(usize);

impl Index {
    pub(crate) const STEP: usize = 1 << FLAG_BITS;
    pub(crate) const FIRST: Self = Self(0usize.wrapping_sub(2 * Self::STEP));

    /// How many numbers there are before the count begins again at 0.
    pub(crate) const NUMBERS: u64 = (usize::MAX >> FLAG_BITS) as u64 + 1;

    /// The most splits that may lie between two indices: a half of what the word can count.
    pub(crate) const MAX_DISTANCE: usize = usize::MAX >> (FLAG_BITS + 1);

    /// From the bits of an atomic that holds nothing but an index.
    pub(crate) const fn from_bits(bits: usize) -> Self {
        debug_assert!(bits & (Self::STEP - 1) == 0);
        Self(bits)
    }

    pub(crate) const fn bits(self) -> usize {
        self.0
    }

    /// The count itself.
    pub(crate) const fn number(self) -> u64 {
        (self.0 >> FLAG_BITS) as u64
    }

    /// The index `splits` later.
    pub(crate) const fn plus(self, splits: usize) -> Self {
        Self(self.0.wrapping_add(splits << FLAG_BITS))
    }

    /// How many splits lie between `earlier` and this.
    pub(crate) const fn since(self, earlier: Self) -> usize {
        self.0.wrapping_sub(earlier.0) >> FLAG_BITS
    }

    /// Which of `capacity` slots (a power of two) the split at this index has.
    pub(crate) const fn slot(self, capacity: usize) -> usize {
        (self.0 >> FLAG_BITS) & (capacity - 1)
    }
}

/// What the poller can see of the queue in one load.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Queue {
    /// A split is there.
    Ready,
    /// Nothing, and more may come.
    Empty,
    /// Nothing, and no more to come but for one assignment that is being written at this moment.
    Ending,
    /// Nothing, ever again.
    Ended,
}

/// The word itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Tail(usize);

impl Tail {
    /// An assignment is being written: its thread alone may write slots from the index on.
    pub(crate) const BUSY: usize = 1 << 0;
    /// No more splits: set once, never cleared.
    pub(crate) const CLOSED: usize = 1 << 1;
    /// The waker cell holds a waker that wants to hear of the next change.
    pub(crate) const WAITING: usize = 1 << 2;
    /// Somebody is taking the waker out: nobody else touches the cell.
    pub(crate) const TAKING: usize = 1 << 3;

    /// With no flag set.
    pub(crate) const fn new(index: Index) -> Self {
        Self(index.0)
    }

    pub(crate) const fn from_bits(bits: usize) -> Self {
        Self(bits)
    }

    pub(crate) const fn bits(self) -> usize {
        self.0
    }

    /// Up to where slots are written.
    pub(crate) const fn index(self) -> Index {
        Index(self.0 & !(Index::STEP - 1))
    }

    pub(crate) const fn has(self, flag: usize) -> bool {
        self.0 & flag != 0
    }

    pub(crate) const fn with(self, flag: usize) -> Self {
        Self(self.0 | flag)
    }

    pub(crate) const fn without(self, flag: usize) -> Self {
        Self(self.0 & !flag)
    }

    /// What to add to the word to publish `splits` and stop being busy, in one step.
    pub(crate) const fn publication(splits: usize) -> usize {
        (splits << FLAG_BITS).wrapping_sub(Self::BUSY)
    }

    /// Is [`Self::queue`] [`Queue::Empty`]? Asked in every poll that finds nothing, so without taking the word apart.
    pub(crate) const fn is_empty_and_open(self, head: Index) -> bool {
        self.0 & !(Self::BUSY | Self::WAITING | Self::TAKING) == head.0
    }

    /// What a poller that has consumed up to `head` sees.
    pub(crate) const fn queue(self, head: Index) -> Queue {
        if self.index().0 != head.0 {
            Queue::Ready
        } else if !self.has(Self::CLOSED) {
            Queue::Empty
        } else if self.has(Self::BUSY) {
            Queue::Ending
        } else {
            Queue::Ended
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_keep_their_distance_and_their_slot_across_the_limit_of_the_integer() {
        for capacity in [1, 2, 8] {
            let mut index = Index::FIRST;
            let mut slot = index.slot(capacity);
            for step in 1..20 {
                let next = index.plus(1);
                assert_eq!(next.since(index), 1);
                assert_eq!(next.since(Index::FIRST), step);
                assert_eq!(next.slot(capacity), (slot + 1) % capacity);
                (index, slot) = (next, next.slot(capacity));
            }
        }
        assert!(Index::FIRST.plus(3).bits() < Index::FIRST.bits(), "the count wraps within three splits");
    }

    #[test]
    fn no_two_indices_that_are_in_use_at_once_are_half_a_round_apart() {
        assert_eq!(Index::MAX_DISTANCE as u64, Index::NUMBERS / 2 - 1);
        let far = Index::FIRST.plus(Index::MAX_DISTANCE);
        assert_eq!((far.since(Index::FIRST), Index::FIRST.since(far)), (Index::MAX_DISTANCE, Index::MAX_DISTANCE + 2));
    }

    #[test]
    fn the_number_is_the_count_and_begins_again_after_as_many_as_there_are() {
        let (mut index, mut number) = (Index::FIRST, Index::FIRST.number());
        for _ in 0..4 {
            (index, number) = (index.plus(1), (number + 1) % Index::NUMBERS);
            assert_eq!(index.number(), number);
        }
        assert_eq!(number, 2);
    }

    #[test]
    fn empty_and_open_is_what_the_queue_says_whatever_else_the_word_says() {
        for flags in 0..Index::STEP {
            for splits in 0..3 {
                let tail = Tail::new(Index::FIRST.plus(splits)).with(flags);
                assert_eq!(tail.is_empty_and_open(Index::FIRST), tail.queue(Index::FIRST) == Queue::Empty, "{tail:?}");
            }
        }
    }

    #[test]
    fn publishing_moves_the_index_and_ends_busy_and_nothing_else() {
        let others = Tail::CLOSED | Tail::WAITING | Tail::TAKING;
        for flags in (0..=others).filter(|flags| flags & Tail::BUSY == 0) {
            for splits in 0..5 {
                let before = Tail::new(Index::FIRST).with(flags);
                let busy = before.with(Tail::BUSY);
                assert_eq!(busy.with(Tail::BUSY), busy);
                let after = Tail::from_bits(busy.bits().wrapping_add(Tail::publication(splits)));
                assert_eq!(after.index(), before.index().plus(splits));
                assert_eq!(after.bits() & others, flags);
                assert!(!after.has(Tail::BUSY));
            }
        }
    }
}
