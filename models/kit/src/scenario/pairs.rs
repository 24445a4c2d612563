//! Which operations meet: every pair that may run at once, in every situation, with the scenarios in which it does, or the reason
//! why none is needed.
//!
//! That a pair meets is derived from what the scenarios are made of: each is run, operation by operation and in every order, on a
//! reader that is nothing but the contract. Two operations meet where two threads stand before them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Cancelled, Do, Early, SCENARIOS, Scenario, Sleeping};
use crate::journal::{BROKEN, Split};

/// What an engine asks of a reader. To restore is not among them: nobody knows the reader yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Operation {
    /// The task takes what there is to do.
    Poll,
    /// It sleeps until there is something.
    Wait,
    /// It is cancelled.
    Shutdown,
    /// Splits are handed over.
    Assign,
    /// There are no more.
    Signal,
    /// A snapshot is wanted.
    Checkpoint,
}
use Operation::{Assign, Checkpoint, Poll, Shutdown, Signal, Wait};

/// How a reader stands when two operations meet, as far as the contract goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Situation {
    /// It holds nothing, and more may come.
    Empty,
    /// A split is queued, and there is room.
    Queued,
    /// There is no room, if it has room for [`ROOM`] splits.
    Full,
    /// A split is being read until the others are done.
    Slow,
    /// The next split cannot be read.
    Broken,
    /// The end is said, and a split is left.
    Ending,
    /// The end is said, and nothing is left: the next poll finishes.
    Ended,
    /// The poller has said that it has finished, or failed.
    Over,
    /// The task was cancelled.
    ShutDown,
}
use Situation::{Broken, Empty, Ended, Ending, Full, Over, Queued, ShutDown, Slow};

/// Splits that a reader has room for, where that decides what the scenarios do. One that has more is never full in them.
pub const ROOM: usize = 2;

impl Operation {
    /// All of them.
    pub const ALL: [Self; 6] = [Poll, Wait, Shutdown, Assign, Signal, Checkpoint];

    /// Its name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Poll => "poll",
            Wait => "wait",
            Shutdown => "shutdown",
            Assign => "assign",
            Signal => "no more",
            Checkpoint => "checkpoint",
        }
    }

    /// May the two run at once? There is one task, there is one thread that takes checkpoints, and any number may deliver.
    fn may_meet(self, other: Self) -> bool {
        let has_one_thread = |operation| match operation {
            Poll | Wait | Shutdown => Some("task"),
            Checkpoint => Some("checkpoint"),
            Assign | Signal => None,
        };
        has_one_thread(self).is_none() || has_one_thread(self) != has_one_thread(other)
    }

    fn of(step: Do) -> Option<Self> {
        match step {
            Do::Assign(_) => Some(Assign),
            Do::Signal => Some(Signal),
            Do::Checkpoint => Some(Checkpoint),
            Do::Poll => Some(Poll),
            // The engine waits, and asks nothing of the reader.
            Do::Served => None,
        }
    }
}

impl Situation {
    /// All of them.
    pub const ALL: [Self; 9] = [Empty, Queued, Full, Slow, Broken, Ending, Ended, Over, ShutDown];

    /// Its name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Empty => "empty",
            Queued => "queued",
            Full => "full",
            Slow => "slow",
            Broken => "broken",
            Ending => "ending",
            Ended => "ended",
            Over => "over",
            ShutDown => "shut down",
        }
    }
}

/// Two operations that may run at once.
#[derive(Clone, Debug)]
pub struct Pair {
    /// Which.
    pub operations: [Operation; 2],
    /// Where they meet.
    pub situation: Situation,
    /// In these scenarios.
    pub scenarios: Vec<&'static str>,
    /// Or in none, for this reason.
    pub why_none: Option<&'static str>,
}

/// These with those, in each of these situations, are in no scenario, for a reason.
type Row = (&'static [Operation], &'static [Operation], &'static [Situation], &'static str);

const ANY: &[Operation] = &Operation::ALL;

/// Where nothing meets, and why.
const NONE: &[Row] = &[
    (&[Poll, Wait], ANY, &[Over, ShutDown], "the task polls no more"),
    (&[Shutdown], ANY, &[ShutDown], "a task is cancelled once"),
    (&[Wait, Shutdown], ANY, &[Slow], "the task reads, and does nothing else"),
    (&[Wait], ANY, &[Queued, Full, Broken, Ending, Ended], "there is something to do: it does not sleep"),
    (&[Poll], &[Assign], &[Broken], "the task fails, whatever comes"),
    (&[Shutdown], &[Assign], &[Full, Ending, Ended], "the split comes back, whichever is first"),
    (&[Shutdown], &[Signal, Checkpoint], &[Empty, Queued, Full], "how many splits are left decides nothing"),
    (&[Shutdown], &[Signal, Checkpoint], &[Ending, Ended], "a shutdown ends the reader as well: the end takes no part"),
    (&[Shutdown], ANY, &[Broken], "nothing is read any more: as with any other split"),
    (&[Shutdown], ANY, &[Over], "nothing is left to hand back; or the task has failed, and is restored"),
    (&[Assign], &[Assign], &[Full], "both come back; what a poll between them does to each is in room-made-by-poll"),
    (&[Assign, Signal], &[Signal], &[Queued, Full], "what is queued came before both, and takes part in neither"),
    (&[Assign, Signal], &[Assign, Signal], &[Slow], "each of them against the read is a pair of its own"),
    (&[Assign, Signal], &[Assign, Signal, Checkpoint], &[Broken], "only a poll finds out that it is broken"),
    (&[Assign, Signal], &[Assign, Signal], &[Ending, Ended, Over, ShutDown], "neither of them changes anything"),
    (&[Signal], &[Checkpoint], &[Ending, Ended], "the end is said already"),
    (&[Assign], &[Checkpoint], &[Over], "what is refused is in no snapshot, as before the last poll"),
    (&[Assign, Signal], &[Checkpoint], &[ShutDown], "nobody needs a checkpoint of a task that is given up"),
];

/// Every pair of operations that may run at once, in every situation.
pub fn pairs() -> Vec<Pair> {
    let mut met: BTreeMap<_, Vec<&str>> = BTreeMap::new();
    for scenario in SCENARIOS {
        for meeting in Walk::of(scenario).meetings {
            met.entry(meeting).or_default().push(scenario.name);
        }
    }
    let mut pairs = Vec::new();
    for one in Operation::ALL {
        for other in Operation::ALL.into_iter().filter(|other| one <= *other && one.may_meet(*other)) {
            for situation in Situation::ALL {
                let operations = [one, other];
                let scenarios = met.remove(&(operations, situation)).unwrap_or_default();
                let reason = || NONE.iter().find(|row| is_in(row, operations, situation)).map(|row| row.3);
                let why_none = scenarios.is_empty().then(reason).flatten();
                pairs.push(Pair { operations, situation, scenarios, why_none });
            }
        }
    }
    assert!(met.is_empty(), "what may not run at once meets: {met:?}");
    pairs
}

fn is_in((some, others, situations, _): &Row, [one, other]: [Operation; 2], situation: Situation) -> bool {
    let is_in = |one, other| some.contains(&one) && others.contains(&other);
    situations.contains(&situation) && (is_in(one, other) || is_in(other, one))
}

/// What an operation comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    Accepted,
    AcceptedNothing,
    NoRoom,
    AfterTheEnd,
    Read,
    Idle,
    Finished,
    Failed,
    Done,
}

/// A reader that is its contract, and how far each thread of a scenario is.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    queue: Vec<Split>,
    ended: bool,
    is_reading: bool,
    is_over: bool,
    is_shut_down: bool,
    polls: usize,
    is_to_wait: bool,
    done: [usize; 2],
}

impl State {
    fn situation(&self) -> Situation {
        match &*self.queue {
            _ if self.is_shut_down => ShutDown,
            _ if self.is_over => Over,
            _ if self.is_reading => Slow,
            [BROKEN, ..] => Broken,
            [] if self.ended => Ended,
            [] => Empty,
            _ if self.ended => Ending,
            queue if queue.len() >= ROOM => Full,
            _ => Queued,
        }
    }

    fn act(&mut self, step: Do) -> Outcome {
        match step {
            Do::Assign([]) => Outcome::AcceptedNothing,
            Do::Assign(_) if self.ended || self.is_shut_down => Outcome::AfterTheEnd,
            Do::Assign(splits) if self.queue.len() + splits.len() > ROOM => Outcome::NoRoom,
            Do::Assign(splits) => {
                self.queue.extend(splits);
                Outcome::Accepted
            }
            Do::Signal => {
                self.ended = true;
                Outcome::Done
            }
            Do::Checkpoint | Do::Served => Outcome::Done,
            Do::Poll => match self.queue.first() {
                Some(&BROKEN) => {
                    self.is_over = true;
                    Outcome::Failed
                }
                Some(_) => {
                    self.queue.remove(0);
                    Outcome::Read
                }
                None if self.ended => {
                    self.is_over = true;
                    Outcome::Finished
                }
                None => Outcome::Idle,
            },
        }
    }

    /// What the task is about to do.
    fn task(&self, scenario: &Scenario) -> Option<Operation> {
        match scenario.polls {
            _ if self.is_shut_down => None,
            Early(polls) => (self.polls < polls && !self.is_over).then_some(Poll),
            Sleeping if self.is_over => None,
            Sleeping => Some(if self.is_to_wait { Wait } else { Poll }),
            Cancelled(polls) => Some(if self.polls < polls && !self.is_over { Poll } else { Shutdown }),
        }
    }

    /// The task does that, if it need not wait for somebody.
    fn go_on(&mut self, operation: Operation, is_slow: bool) -> Option<Outcome> {
        match operation {
            _ if self.is_reading => None,
            Poll => {
                self.is_reading = is_slow && !self.queue.is_empty();
                self.polls += 1;
                self.is_to_wait = true;
                Some(self.act(Do::Poll))
            }
            Wait => {
                let is_awake = self.ended || !self.queue.is_empty();
                self.is_to_wait = !is_awake;
                is_awake.then_some(Outcome::Done)
            }
            Shutdown => {
                self.is_shut_down = true;
                Some(Outcome::Done)
            }
            Assign | Signal | Checkpoint => unreachable!("other threads do"),
        }
    }
}

/// A scenario in all orders of its operations, and what is met on the way.
#[derive(Default)]
struct Walk {
    seen: BTreeSet<State>,
    meetings: BTreeSet<([Operation; 2], Situation)>,
    outcomes: BTreeSet<(Operation, Outcome)>,
}

impl Walk {
    fn of(scenario: &Scenario) -> Self {
        let (mut walk, mut start) = (Self::default(), State::default());
        for step in scenario.before {
            start.act(*step);
        }
        walk.on(scenario, start);
        walk
    }

    fn on(&mut self, scenario: &Scenario, state: State) {
        if !self.seen.insert(state.clone()) {
            return;
        }
        // A slow poll is still under way.
        let task = if state.is_reading { Some(Poll) } else { state.task(scenario) };
        let programs = [scenario.delivery, scenario.other];
        let steps = [0, 1].map(|thread| programs[thread].get(state.done[thread]).copied());
        let now: Vec<Operation> =
            task.into_iter().chain(steps.into_iter().flatten().filter_map(Operation::of)).collect();
        for (index, one) in now.iter().enumerate() {
            for other in &now[index + 1..] {
                let pair = [*one.min(other), *one.max(other)];
                self.meetings.insert((pair, state.situation()));
            }
        }
        if let Some(operation) = task {
            let mut next = state.clone();
            if let Some(outcome) = next.go_on(operation, scenario.slow) {
                self.outcomes.extend((now.len() > 1).then_some((operation, outcome)));
                self.on(scenario, next);
            }
        }
        for (thread, step) in steps.into_iter().enumerate() {
            let Some(step) = step else { continue };
            if step == Do::Served && (state.is_reading || !state.queue.is_empty()) {
                continue;
            }
            let mut next = state.clone();
            next.done[thread] += 1;
            let outcome = next.act(step);
            self.outcomes.extend(Operation::of(step).filter(|_| now.len() > 1).map(|operation| (operation, outcome)));
            self.on(scenario, next);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pair_that_may_run_at_once_has_a_scenario_or_a_reason_and_not_both() {
        let pairs = pairs();
        for Pair { operations, situation, scenarios, why_none } in &pairs {
            assert_ne!(scenarios.is_empty(), why_none.is_none(), "{operations:?}, {situation:?}: {scenarios:?}");
        }
        for (.., why) in NONE {
            assert!(
                pairs.iter().any(|pair| pair.why_none == Some(why)),
                "nothing is left without a scenario because {why}"
            );
        }
    }

    #[test]
    fn every_scenario_is_there_for_a_pair() {
        for scenario in SCENARIOS {
            assert!(!Walk::of(scenario).meetings.is_empty(), "{}", scenario.name);
        }
    }

    #[test]
    fn every_outcome_comes_while_another_thread_is_at_work() {
        let seen: BTreeSet<_> = SCENARIOS.iter().flat_map(|scenario| Walk::of(scenario).outcomes).collect();
        let all = [
            (Poll, Outcome::Read),
            (Poll, Outcome::Idle),
            (Poll, Outcome::Finished),
            (Poll, Outcome::Failed),
            (Wait, Outcome::Done),
            (Shutdown, Outcome::Done),
            (Assign, Outcome::Accepted),
            (Assign, Outcome::AcceptedNothing),
            (Assign, Outcome::NoRoom),
            (Assign, Outcome::AfterTheEnd),
            (Signal, Outcome::Done),
            (Checkpoint, Outcome::Done),
        ];
        assert_eq!(seen, BTreeSet::from(all));
    }
}
