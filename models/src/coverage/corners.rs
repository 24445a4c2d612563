//! What is easily thought of and easily missed; and what cannot be.

use turnstile_altered::altered::{BRANCHES, Branch};

/// A situation that the models have to reach.
#[derive(Clone, Copy, Debug)]
pub(super) struct Corner {
    /// What happens in it.
    pub(super) says: &'static str,
    /// Branches that are all taken in one execution: the function, the condition or arm, and which way.
    pub(super) shown_by: &'static [(&'static str, &'static str, &'static str)],
}

impl Corner {
    /// By their numbers.
    pub(super) fn branches(&self) -> Vec<usize> {
        let number = |&(function, code, way): &(&str, &str, &str)| {
            let is_it = |of: &Branch| of.function == function && of.code == code && of.way == way;
            BRANCHES.iter().position(is_it).unwrap_or_else(|| panic!("{function} has no branch {code} {way}"))
        };
        self.shown_by.iter().map(number).collect()
    }
}

/// All of them.
pub(super) const CORNERS: &[Corner] = &[
    Corner {
        says: "a batch is being written, the end is announced, and the poller may not yet say Finished",
        shown_by: &[("Tail::queue", "self.has(Self::BUSY)", "yes")],
    },
    Corner {
        says: "an assignment meets the end that was announced meanwhile, and wakes the poller that it kept from Finished",
        shown_by: &[("Ring::give_up", "before.has(Tail::WAITING) && before.has(Tail::CLOSED)", "yes")],
    },
    Corner {
        says: "two threads assign at once, and one is refused as Busy",
        shown_by: &[
            ("Ring::assign", "before.has(Tail::BUSY)", "yes"),
            ("Ring::assign", "before.has(Tail::BUSY)", "no"),
        ],
    },
    Corner {
        says: "something is assigned in the instant in which the poller leaves its waker: it looks again",
        shown_by: &[("Ring::register", "left", "no")],
    },
    Corner {
        says: "the waker is replaced while it is being taken out",
        shown_by: &[(
            "Ring::register",
            "self.tail.compare_exchange(seen.bits(), withdrawn.bits(), Relaxed, Relaxed).is_err()",
            "yes",
        )],
    },
    Corner {
        says: "two threads want to wake at once, and one leaves it to the other",
        shown_by: &[
            ("Ring::wake", "before.has(Tail::TAKING)", "yes"),
            ("Ring::wake", "let Some(waker) = waker", "yes"),
        ],
    },
    Corner {
        says: "a notifier comes before the poller has left its waker, and finds none",
        shown_by: &[("Ring::wake", "before.has(Tail::WAITING)", "no"), ("Ring::register", "left", "yes")],
    },
    Corner {
        says: "a checkpoint is requested of an idle poller, which is woken",
        shown_by: &[
            ("Reader::request_checkpoint", "!seat.has(Seat::HELD)", "yes"),
            ("Ring::wake", "let Some(waker) = waker", "yes"),
        ],
    },
    Corner {
        says: "a checkpoint is requested of a poller that reads, which answers at its next row",
        shown_by: &[
            ("Reader::request_checkpoint", "!seat.has(Seat::HELD)", "no"),
            ("advance", "!reader.seat.look().has(Seat::ASKED)", "no"),
        ],
    },
    Corner {
        says: "a checkpoint is requested while the poller stands up to say Finished: it answers the checkpoint first",
        shown_by: &[("Poller::settle", "!self.seated || !self.stand().has(Seat::ASKED)", "no")],
    },
    Corner {
        says: "a lease is given back while the poller says that it waits for it: the knock is heard",
        shown_by: &[("OwnedLease::drop", "reader.seat.give_back().has(Seat::KNOCK)", "yes")],
    },
    Corner {
        says: "a lease is given back when the end was announced, and its split is read before Finished",
        shown_by: &[
            ("OwnedLease::drop", "reader.seat.give_back().has(Seat::KNOCK)", "yes"),
            ("decide", "(Lent::No, false, Queue::Ready)", "arm"),
            ("decide", "(Lent::No, false, Queue::Ended)", "arm"),
        ],
    },
    Corner {
        says: "a cut is taken between the completion of an owned lease and the poll that removes the split",
        shown_by: &[("Cut::new", "seat.lent() == Lent::Done", "yes")],
    },
    Corner {
        says: "an owned lease wants to emit rows while a checkpoint thread has the cut",
        shown_by: &[("OwnedLease::enter", "seat.sit(seat.look())", "no")],
    },
    Corner {
        says: "a cut ends that was in the poller's way, and the poller is woken",
        shown_by: &[
            ("Cut::drop", "seat.leave_and_answer_the_knock().wants_the_poller()", "yes"),
            ("Ring::wake", "let Some(waker) = waker", "yes"),
        ],
    },
    Corner {
        says: "the seat changes hands between the poller's look and its attempt to sit down",
        shown_by: &[("Poller::settle", "Verdict::Split | Verdict::Checkpoint | Verdict::Reap", "arm")],
    },
    Corner {
        says: "blocking: a checkpoint thread waits for a row boundary, and the task for the checkpoint",
        shown_by: &[
            ("blocking::Reader::checkpoint", "Err(_) if shared.reader.seat.look().has(Seat::HELD)", "arm"),
            ("blocking::Lease::advance", "reader.seat.look().has(Seat::ASKED)", "yes"),
        ],
    },
];

/// By function, by a part of the condition, and by the way: why it is never taken.
const NEVER: &[(&str, &str, &str, &str)] = &[];

/// Why this is never taken, if there is a reason.
pub(super) fn why_never(branch: &Branch) -> Option<&'static str> {
    let is_it = |(function, part, way, _): &&(&str, &str, &str, &'static str)| {
        branch.function == *function && branch.code.contains(part) && branch.way == *way
    };
    NEVER.iter().find(is_it).map(|(.., why)| *why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_is_there() {
        for corner in CORNERS {
            assert_eq!(corner.branches().len(), corner.shown_by.len());
        }
        for (function, part, way, _) in NEVER {
            let is_it = |of: &&Branch| of.function == *function && of.code.contains(part) && of.way == *way;
            assert_eq!(BRANCHES.iter().filter(is_it).count(), 1, "{function}, {part}, {way}");
        }
    }
}
