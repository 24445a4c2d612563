//! What a reader is when only one thing happens at a time, in as few lines as that takes; and whether what several threads saw of one
//! is what they could have seen of this.
//!
//! The judge is stateright's, and the specification knows nothing of words, seats and slots: a second opinion on what the oracles of the
//! scenarios say.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use stateright::semantics::{ConsistencyTester, LinearizabilityTester, SequentialConsistencyTester, SequentialSpec};

/// An operation begins.
#[derive(Clone, Debug)]
pub enum Op {
    /// These splits are assigned.
    Assign(Vec<u8>),
    /// The end is announced.
    Signal,
    /// The poller polls.
    Poll,
    /// The split that is read is completed.
    Complete,
    /// A checkpoint thread takes a cut.
    Cut,
}

/// It has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Done: that is all it says.
    Done,
    /// There is no room.
    Full,
    /// Somebody else assigns, or emits rows.
    Busy,
    /// The end was announced.
    Closed,
    /// This one is next.
    Split(u8),
    /// Nothing right now.
    Pending,
    /// Nothing ever again.
    Finished,
    /// What the cut holds, and whether it says that there are no more.
    Cut(Vec<u8>, bool),
}

/// The reader, when one thing happens at a time.
#[derive(Clone, Debug)]
pub struct Reader {
    capacity: usize,
    queue: VecDeque<u8>,
    /// The end was announced.
    closed: bool,
    /// And somebody was told that nothing comes any more.
    ended: bool,
}

impl Reader {
    /// May this be answered, of a reader that is like this? Full, Busy and Pending may always be: they say only that it did not work out now,
    /// and somebody else may have been in the way. The others say what is so.
    ///
    /// The end is for assignments that have not begun: one that is under way may be accepted behind it, until somebody was told that nothing
    /// comes any more. So the reader is told whether the end had been announced when the operation began.
    fn step(&mut self, op: &Op, is_late: bool, answer: &Answer) -> bool {
        match (op, answer) {
            (Op::Assign(_), Answer::Full) => true,
            (Op::Assign(_) | Op::Cut, Answer::Busy) => true,
            (Op::Poll, Answer::Pending) => true,
            (Op::Assign(_), Answer::Closed) => self.closed,
            (Op::Assign(batch), Answer::Done) => {
                self.queue.extend(batch);
                !is_late && !self.ended && self.queue.len() <= self.capacity
            }
            (Op::Signal, Answer::Done) => {
                self.closed = true;
                true
            }
            (Op::Poll, Answer::Split(split)) => self.queue.front() == Some(split),
            (Op::Poll, Answer::Finished) => {
                self.ended = true;
                self.closed && self.queue.is_empty()
            }
            (Op::Complete, Answer::Done) => self.queue.pop_front().is_some(),
            (Op::Cut, Answer::Cut(splits, says_the_end)) => {
                self.ended |= says_the_end;
                self.queue.iter().eq(splits) && self.closed >= *says_the_end
            }
            _ => false,
        }
    }
}

impl SequentialSpec for Reader {
    /// With whether the end had been announced when it began.
    type Op = (Op, bool);
    type Ret = Answer;

    fn invoke(&mut self, _: &Self::Op) -> Answer {
        unreachable!("several answers may be given: see is_valid_step")
    }

    fn is_valid_step(&mut self, (op, is_late): &Self::Op, answer: &Answer) -> bool {
        self.step(op, *is_late, answer)
    }
}

/// In which order the operations of several threads may be taken.
enum Judge {
    /// What had ended before something else began stands before it.
    RealTime(LinearizabilityTester<usize, Reader>),
    /// Only each thread's own order counts: where values may be old, nothing else is promised.
    ThreadByThread(SequentialConsistencyTester<usize, Reader>),
}

impl Judge {
    fn begins(&mut self, thread: usize, op: (Op, bool)) {
        let is_first = match self {
            Self::RealTime(judge) => judge.on_invoke(thread, op).is_ok(),
            Self::ThreadByThread(judge) => judge.on_invoke(thread, op).is_ok(),
        };
        assert!(is_first, "a thread does one thing at a time");
    }

    fn ends(&mut self, thread: usize, answer: Answer) {
        let has_begun = match self {
            Self::RealTime(judge) => judge.on_return(thread, answer).is_ok(),
            Self::ThreadByThread(judge) => judge.on_return(thread, answer).is_ok(),
        };
        assert!(has_begun, "what ends has begun");
    }
}

/// What several threads did and saw, in the order in which it happened. No part of the model.
#[derive(Clone)]
pub struct History(Arc<Mutex<Recorded>>);

struct Recorded {
    judge: Judge,
    /// The end was announced.
    closed: bool,
}

impl History {
    /// Of a reader with so much room. Where reads are of the newest value, the order in time counts.
    pub fn new(capacity: usize, reads_are_newest: bool) -> Self {
        let reader = Reader { capacity, queue: VecDeque::new(), closed: false, ended: false };
        let judge = if reads_are_newest {
            Judge::RealTime(LinearizabilityTester::new(reader))
        } else {
            Judge::ThreadByThread(SequentialConsistencyTester::new(reader))
        };
        Self(Arc::new(Mutex::new(Recorded { judge, closed: false })))
    }

    /// One operation on this thread.
    pub fn record(&self, thread: usize, op: Op, act: impl FnOnce() -> Answer) -> Answer {
        let ends = matches!(op, Op::Signal);
        {
            let Recorded { judge, closed } = &mut *self.0.lock().expect("no panic inside");
            judge.begins(thread, (op, *closed));
        }
        let answer = act();
        let Recorded { judge, closed } = &mut *self.0.lock().expect("no panic inside");
        judge.ends(thread, answer.clone());
        *closed |= ends;
        answer
    }

    /// Is there an order, one thing after the other, in which all of it could have been seen?
    pub fn check(&self) {
        match &self.0.lock().expect("no panic inside").judge {
            Judge::RealTime(judge) => assert!(judge.is_consistent(), "no order in time explains {judge:?}"),
            Judge::ThreadByThread(judge) => assert!(judge.is_consistent(), "no order explains {judge:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Is a history judged as it should be, on threads that take turns?
    #[track_caller]
    fn judged(holds: bool, steps: &[(usize, Op, Answer)]) {
        let history = History::new(1, true);
        for (thread, op, answer) in steps.iter().cloned() {
            history.record(thread, op, || answer);
        }
        let verdict = std::panic::catch_unwind(|| history.check());
        assert_eq!(verdict.is_ok(), holds, "{steps:?}");
    }

    #[test]
    fn a_split_is_given_once_and_never_after_the_end() {
        let (assign, split) = ((0, Op::Assign(vec![1]), Answer::Done), (1, Op::Poll, Answer::Split(1)));
        let complete = (1, Op::Complete, Answer::Done);
        judged(true, &[assign.clone(), split.clone(), split.clone(), complete.clone()]);
        judged(false, &[assign.clone(), split.clone(), complete.clone(), split.clone()]);
        judged(false, &[split, assign.clone()]);
        judged(false, &[assign.clone(), (0, Op::Signal, Answer::Done), (1, Op::Poll, Answer::Finished)]);
        judged(false, &[assign.clone(), (0, Op::Assign(vec![2]), Answer::Done)]);
        judged(false, &[(0, Op::Signal, Answer::Done), assign.clone()]);
        judged(false, &[assign, complete, (0, Op::Cut, Answer::Cut(vec![1], false))]);
    }
}
