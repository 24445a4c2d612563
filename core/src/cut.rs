//! The cut: the reader at one row boundary, and what is made of it.

use core::fmt;
use core::marker::PhantomData;

use crate::buffer::Buffer;
use crate::delivery::Mark;
use crate::reader::{CheckpointId, Reader};
use crate::state::{Index, Lent, Seat, Tail};

/// What a checkpoint stores of a reader, in the collection of the connector's choice.
///
/// Every split that was accepted and not completed, in the order in which it will be read; the position in the first of
/// them; and whether the end was announced. Plain data: with the `serde` feature it can be written and read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Snapshot<I> {
    /// Accepted and not completed, the one that is being read first.
    pub splits: I,
    /// How far the first of them was read; 0 if not at all.
    pub position: u64,
    /// How many splits were ever accepted, these and the completed ones, in this life of the reader and in those before it.
    pub accepted: u64,
    /// Was the end announced?
    pub no_more_splits: bool,
}

/// The reader at one instant, between two rows. Rows before it are emitted; everything else is in here.
///
/// While it exists nothing is emitted and nothing is taken. Assignments go on, and lie behind the cut. Dropping it lets
/// the reader go on, and answers the checkpoint that was asked for.
#[must_use = "a dropped cut answers the checkpoint: store the splits first"]
pub struct Cut<'a, B: Buffer> {
    reader: &'a Reader<B>,
    head: Index,
    tail: Tail,
    position: u64,
    accepted: u64,
    answers: Option<CheckpointId>,
    taken_by: TakenBy<'a>,
    /// `&Cut` shows splits, so it may be shared only if they may.
    splits: PhantomData<B::Split>,
}

enum TakenBy<'a> {
    CheckpointThread,
    Lease,
    /// The poller, and whether it sits.
    Poller(&'a mut bool),
}

impl<'a, B: Buffer> Cut<'a, B> {
    /// The caller sits, and so does the cut until it is dropped.
    fn new(reader: &'a Reader<B>, taken_by: TakenBy<'a>) -> Self {
        let seat = reader.seat.look();
        let front = &reader.ring.front;
        // SAFETY: [seat] the caller sits.
        let mut head = unsafe { front.head() };
        let tail = reader.ring.tail();
        // SAFETY: [seat] the caller sits.
        let mut position = unsafe { front.position() };
        // SAFETY: [seat] the caller sits.
        let accepted = unsafe { front.completed() } + tail.index().since(head) as u64;
        if seat.lent() == Lent::Done {
            // Completed, and still to be removed by the poller.
            (head, position) = (head.plus(1), 0);
        }
        // SAFETY: [asking] ASKED was seen, and the caller sits.
        let answers = seat.has(Seat::ASKED).then(|| CheckpointId(unsafe { reader.seat.asked() }));
        Self { reader, head, tail, position, accepted, answers, taken_by, splits: PhantomData }
    }

    pub(crate) fn of_a_checkpoint_thread(reader: &'a Reader<B>) -> Self {
        Self::new(reader, TakenBy::CheckpointThread)
    }

    pub(crate) fn of_a_lease(reader: &'a Reader<B>) -> Self {
        Self::new(reader, TakenBy::Lease)
    }

    pub(crate) fn of_the_poller(reader: &'a Reader<B>, seated: &'a mut bool) -> Self {
        Self::new(reader, TakenBy::Poller(seated))
    }

    /// The checkpoint that was asked for and that this cut answers, whoever takes it.
    pub fn id(&self) -> Option<CheckpointId> {
        self.answers
    }

    /// Every split that is accepted and not completed, in reading order.
    pub fn splits(&self) -> impl ExactSizeIterator<Item = &B::Split> + DoubleEndedIterator + Clone {
        // SAFETY: [seat] this has the seat, and the slots between head and tail are written.
        (0..self.tail.index().since(self.head)).map(|at| unsafe { self.reader.ring.peek(self.head.plus(at)) })
    }

    /// How far the first split was read.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// How many splits were ever accepted, in this life of the reader and in those that it was restored from.
    pub fn accepted(&self) -> u64 {
        self.accepted
    }

    /// This cut in the reader's log (see [`delivery`](crate::delivery)): what the enumerator has to know of it.
    pub fn mark(&self, checkpoint: CheckpointId) -> Mark {
        Mark { checkpoint, next: self.accepted + u64::from(self.no_more_splits()) }
    }

    /// Was the end announced, and is every split before it in this cut? While an assignment is being written the answer is
    /// no: it may be accepted yet, behind the cut, and a reader restored as closed would refuse it.
    pub fn no_more_splits(&self) -> bool {
        self.tail.has(Tail::CLOSED) && !self.tail.has(Tail::BUSY)
    }

    /// The cut as a value of its own.
    ///
    /// Runs the `Clone` of the splits. Should it panic, the cut is dropped as always, and the reader goes on.
    pub fn snapshot<I: FromIterator<B::Split>>(&self) -> Snapshot<I>
    where
        B::Split: Clone,
    {
        Snapshot {
            splits: self.splits().cloned().collect(),
            position: self.position,
            accepted: self.accepted,
            no_more_splits: self.no_more_splits(),
        }
    }
}

impl<B: Buffer> Drop for Cut<'_, B> {
    fn drop(&mut self) {
        let Reader { ring, seat } = self.reader;
        if self.answers.is_some() {
            seat.answer();
        }
        match &mut self.taken_by {
            TakenBy::Lease => {}
            TakenBy::CheckpointThread => {
                if seat.leave_and_answer_the_knock().wants_the_poller() {
                    ring.wake();
                }
            }
            TakenBy::Poller(seated) => {
                // It sits down again when it has something to do; meanwhile a lease that is out may. Asked while the cut was
                // taken, and with a waker left before, it has to hear of it.
                **seated = false;
                if seat.leave().has(Seat::ASKED) {
                    ring.wake();
                }
            }
        }
    }
}

impl<B: Buffer> fmt::Debug for Cut<'_, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cut")
            .field("id", &self.answers)
            .field("splits", &self.splits().len())
            .field("position", &self.position)
            .field("no_more_splits", &self.no_more_splits())
            .finish()
    }
}
