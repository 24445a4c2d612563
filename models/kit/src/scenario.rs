//! The scenarios: for every pair of operations that may run at once, from every state in which that differs, a small program.
//!
//! They follow from the operations and not from a list of known bugs: [`pairs()`](pairs::pairs) says which of them meet in which
//! scenario, and why where they meet in none. One judgement serves all of them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::journal::{BROKEN, Cut, Gate, Journal, Lane, Pages, Split, Step, WITHOUT_ROWS, set};
use crate::subject::{Ability, Polled, Subject};
use crate::sync::{spawn, yield_now};

pub mod pairs;

/// What the engine does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Do {
    Assign(&'static [Split]),
    Signal,
    Checkpoint,
    /// On the poller's thread only.
    Poll,
    /// Waits until what was accepted is read, and a checkpoint that was asked for is answered: no later step makes up for a
    /// wake-up that was lost before.
    Served,
}
use Do::{Assign, Checkpoint, Poll, Served, Signal};

/// How the poller goes on while others work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Polls {
    /// It calls so often, then waits for the others to be done, and goes on to the end.
    Early(usize),
    /// It sleeps whenever there is nothing, until it has finished.
    Sleeping,
    /// It calls so often, and then the task is cancelled.
    Cancelled(usize),
}
use Polls::{Cancelled, Early, Sleeping};

/// One program.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Its name in tables.
    pub name: &'static str,
    /// What has to hold, and how it could fail.
    pub claim: &'static str,
    /// What it needs of the reader.
    pub needs: &'static [Ability],
    /// The guarantee that is broken if everybody waits for somebody else.
    pub(crate) stuck: &'static str,
    before: &'static [Do],
    delivery: &'static [Do],
    /// On a thread of its own: another delivery, or the checkpoint.
    other: &'static [Do],
    polls: Polls,
    after: &'static [Do],
    /// The first read goes on until the others are done.
    slow: bool,
}

const PROGRESS: &str = "I13 progress: everybody waits for somebody else";
const WAKE_UP: &str = "I11 no lost wake-up: the poller sleeps, and nobody will wake it";
const BOUNDED: &str = "I10 bounded snapshot: the checkpoint waits until a split is read, however long that takes";
const UNHINDERED: &str = "I13 progress: somebody waits until a split is read, however long that takes";

const PLAIN: Scenario = Scenario {
    name: "",
    claim: "",
    needs: &[],
    stuck: PROGRESS,
    before: &[],
    delivery: &[],
    other: &[],
    polls: Early(2),
    after: &[],
    slow: false,
};

/// All of them.
pub const SCENARIOS: &[Scenario] = &[
    // Poll against the end and against assignments.
    Scenario {
        name: "late-signal",
        claim: "A split is read once, however many polls fall between its assignment and the end.",
        before: &[Assign(&[1])],
        delivery: &[Signal],
        ..PLAIN
    },
    Scenario {
        name: "early-end",
        claim: "A reader finishes only when what came before the end is read: 'nothing there' and 'no more to come' have to be true \
                at one instant.",
        delivery: &[Assign(&[1]), Signal],
        ..PLAIN
    },
    Scenario {
        name: "batch",
        claim: "What is assigned together is read, all of it, once, when polls fall in between.",
        delivery: &[Assign(&[1, 2]), Signal],
        ..PLAIN
    },
    Scenario {
        name: "batch-after-batch",
        claim: "A second assignment neither repeats nor replaces the first.",
        before: &[Assign(&[1]), Poll],
        delivery: &[Assign(&[2]), Signal],
        ..PLAIN
    },
    Scenario {
        name: "no-work",
        claim: "A reader that never gets a split finishes when it is told the end.",
        delivery: &[Signal],
        ..PLAIN
    },
    Scenario {
        name: "end-said-twice",
        claim: "To hear the end again changes nothing, before and after finishing.",
        before: &[Assign(&[1]), Signal],
        delivery: &[Signal],
        polls: Early(3),
        ..PLAIN
    },
    Scenario {
        name: "empty-assignment",
        claim: "An assignment of nothing is not the end.",
        delivery: &[Assign(&[]), Assign(&[1]), Signal],
        ..PLAIN
    },
    Scenario {
        name: "split-without-rows",
        claim: "A split that has no rows is done like any other.",
        before: &[Assign(&[WITHOUT_ROWS, 1])],
        delivery: &[Signal],
        ..PLAIN
    },
    Scenario {
        name: "broken-split",
        claim: "A reader that could not read a split never says that it has finished.",
        needs: &[Ability::Fails],
        before: &[Assign(&[BROKEN])],
        delivery: &[Signal],
        ..PLAIN
    },
    Scenario {
        name: "assign-after-end",
        claim: "A split that comes after the end is handed back, or read.",
        needs: &[Ability::Refuses],
        before: &[Signal],
        delivery: &[Assign(&[1])],
        ..PLAIN
    },
    Scenario {
        name: "assign-before-finished",
        claim: "A split that comes after the end, with another still to be read, is handed back, or read.",
        needs: &[Ability::Refuses],
        before: &[Assign(&[1]), Signal],
        delivery: &[Assign(&[2])],
        ..PLAIN
    },
    Scenario {
        name: "assign-while-slow",
        claim: "Neither an assignment nor the end waits until a split is read.",
        stuck: UNHINDERED,
        before: &[Assign(&[1])],
        delivery: &[Assign(&[2]), Signal],
        polls: Early(1),
        slow: true,
        ..PLAIN
    },
    // Deliveries against each other.
    Scenario {
        name: "two-deliveries",
        claim: "Of two assignments at once none is lost.",
        needs: &[Ability::ManyDeliveries],
        delivery: &[Assign(&[1])],
        other: &[Assign(&[2])],
        after: &[Signal],
        polls: Early(1),
        ..PLAIN
    },
    Scenario {
        name: "assign-meets-end",
        claim: "An assignment that meets the end is handed back, or read.",
        needs: &[Ability::ManyDeliveries, Ability::Refuses],
        delivery: &[Assign(&[1])],
        other: &[Signal],
        ..PLAIN
    },
    Scenario {
        name: "end-by-two",
        claim: "The end may be said by two at once.",
        needs: &[Ability::ManyDeliveries],
        before: &[Assign(&[1])],
        delivery: &[Signal],
        other: &[Signal],
        ..PLAIN
    },
    Scenario {
        name: "last-room",
        claim: "Of two assignments that meet where there may be room for one, each is read, or comes back.",
        needs: &[Ability::ManyDeliveries],
        before: &[Assign(&[1])],
        delivery: &[Assign(&[2])],
        other: &[Assign(&[3])],
        polls: Early(1),
        after: &[Signal],
        ..PLAIN
    },
    // More than a reader may have room for.
    Scenario {
        name: "more-than-it-holds",
        claim: "A reader that has no room says so; it does not wait for a poll that the same thread would make.",
        before: &[Assign(&[1]), Assign(&[2]), Assign(&[3]), Poll],
        delivery: &[Assign(&[4]), Signal],
        polls: Early(1),
        ..PLAIN
    },
    Scenario {
        name: "room-made-by-poll",
        claim: "An assignment that meets the poll that makes room for it is read, or comes back.",
        before: &[Assign(&[1]), Assign(&[2]), Assign(&[3])],
        delivery: &[Assign(&[4])],
        polls: Early(3),
        after: &[Signal],
        ..PLAIN
    },
    // Waiting.
    Scenario {
        name: "woken-by-assign",
        claim: "Whoever assigns wakes a poller that sleeps.",
        needs: &[Ability::Waits],
        stuck: WAKE_UP,
        delivery: &[Assign(&[1]), Signal],
        polls: Sleeping,
        ..PLAIN
    },
    Scenario {
        name: "woken-by-end",
        claim: "The end wakes a poller that sleeps.",
        needs: &[Ability::Waits],
        stuck: WAKE_UP,
        before: &[Assign(&[1]), Poll],
        delivery: &[Signal],
        polls: Sleeping,
        ..PLAIN
    },
    Scenario {
        name: "woken-by-two",
        claim: "Two that wake the poller at once do not cancel each other.",
        needs: &[Ability::Waits, Ability::ManyDeliveries, Ability::Refuses],
        stuck: WAKE_UP,
        delivery: &[Assign(&[1])],
        other: &[Signal],
        polls: Sleeping,
        ..PLAIN
    },
    Scenario {
        name: "woken-for-a-batch",
        claim: "An assignment wakes a poller that sleeps, and it sleeps no more until all of the batch is read.",
        needs: &[Ability::Waits],
        stuck: WAKE_UP,
        delivery: &[Assign(&[1, 2]), Served, Signal],
        polls: Sleeping,
        ..PLAIN
    },
    Scenario {
        name: "woken-by-checkpoint",
        claim: "A checkpoint does not wait for a poller that sleeps.",
        needs: &[Ability::Waits, Ability::Snapshots],
        stuck: WAKE_UP,
        other: &[Checkpoint, Served, Signal],
        polls: Sleeping,
        ..PLAIN
    },
    // The cut.
    Scenario {
        name: "one-cut",
        claim: "At every instant of a poll, a split is among the rows before the barrier or in the snapshot, and not in both.",
        needs: &[Ability::Snapshots],
        before: &[Assign(&[1])],
        other: &[Checkpoint],
        polls: Early(1),
        after: &[Signal],
        ..PLAIN
    },
    Scenario {
        name: "cut-of-two",
        claim: "The same while one split is read and another is queued.",
        needs: &[Ability::Snapshots],
        before: &[Assign(&[1, 2])],
        other: &[Checkpoint],
        after: &[Signal],
        ..PLAIN
    },
    Scenario {
        name: "cut-after-read",
        claim: "A split that is done is in no later snapshot.",
        needs: &[Ability::Snapshots],
        before: &[Assign(&[1]), Poll],
        other: &[Checkpoint],
        polls: Early(1),
        after: &[Signal],
        ..PLAIN
    },
    Scenario {
        name: "cut-meets-assign",
        claim: "A checkpoint sees an assignment, or does not; nobody waits for ever.",
        needs: &[Ability::Snapshots],
        stuck: "I10 bounded snapshot: checkpoint and delivery wait for each other",
        before: &[Assign(&[1])],
        delivery: &[Assign(&[2])],
        other: &[Checkpoint],
        polls: Early(1),
        after: &[Signal],
        ..PLAIN
    },
    Scenario {
        name: "cut-meets-refusal",
        claim: "A checkpoint makes no room, and takes none.",
        needs: &[Ability::Snapshots],
        before: &[Assign(&[1]), Assign(&[2]), Assign(&[3])],
        delivery: &[Assign(&[4])],
        other: &[Checkpoint],
        polls: Early(1),
        after: &[Signal],
        ..PLAIN
    },
    Scenario {
        name: "cut-meets-late-assign",
        claim: "What is refused after the end is in no snapshot.",
        needs: &[Ability::Snapshots, Ability::Refuses],
        before: &[Assign(&[1]), Signal],
        delivery: &[Assign(&[2])],
        other: &[Checkpoint],
        polls: Early(1),
        ..PLAIN
    },
    Scenario {
        name: "cut-meets-end",
        claim: "A checkpoint that meets the end is taken, and holds what is left.",
        needs: &[Ability::Snapshots],
        before: &[Assign(&[1])],
        delivery: &[Signal],
        other: &[Checkpoint],
        polls: Early(1),
        ..PLAIN
    },
    Scenario {
        name: "cut-meets-finish",
        claim: "A checkpoint that meets the last poll is taken, by one of the two.",
        needs: &[Ability::Snapshots],
        before: &[Assign(&[1]), Signal, Poll],
        other: &[Checkpoint],
        polls: Early(1),
        ..PLAIN
    },
    Scenario {
        name: "cut-after-end",
        claim: "A reader that has finished still takes the last checkpoint, also when it is told the end again.",
        needs: &[Ability::Snapshots],
        stuck: "I10 bounded snapshot: nobody answers the last checkpoint",
        before: &[Assign(&[1]), Signal, Poll, Poll, Poll],
        delivery: &[Signal],
        other: &[Checkpoint],
        ..PLAIN
    },
    Scenario {
        name: "cut-while-slow",
        claim: "A checkpoint does not wait until a split is read.",
        needs: &[Ability::Snapshots],
        stuck: BOUNDED,
        before: &[Assign(&[1])],
        other: &[Checkpoint],
        polls: Early(1),
        after: &[Signal],
        slow: true,
        ..PLAIN
    },
    Scenario {
        name: "cut-and-assign-while-slow",
        claim: "A checkpoint that has to wait for a row keeps nobody else waiting.",
        needs: &[Ability::Snapshots],
        stuck: UNHINDERED,
        before: &[Assign(&[1])],
        delivery: &[Assign(&[2]), Signal],
        other: &[Checkpoint],
        polls: Early(1),
        slow: true,
        ..PLAIN
    },
    Scenario {
        name: "cut-meets-failure",
        claim: "A split that cannot be read is in the snapshot, before and after that is known.",
        needs: &[Ability::Snapshots, Ability::Fails],
        before: &[Assign(&[BROKEN])],
        other: &[Checkpoint],
        polls: Early(1),
        after: &[Signal],
        ..PLAIN
    },
    // Shutdown.
    Scenario {
        name: "shutdown",
        claim: "A task that is cancelled hands back what it has not read, and only that.",
        needs: &[Ability::ShutsDown],
        before: &[Assign(&[1, 2])],
        delivery: &[Signal],
        polls: Cancelled(1),
        ..PLAIN
    },
    Scenario {
        name: "shutdown-meets-assign",
        claim: "An assignment that meets the shutdown is handed back by one of the two, or read.",
        needs: &[Ability::ShutsDown, Ability::Refuses],
        delivery: &[Assign(&[1])],
        polls: Cancelled(1),
        ..PLAIN
    },
    Scenario {
        name: "shutdown-meets-more",
        claim: "The same when the shutdown has something to hand back already.",
        needs: &[Ability::ShutsDown, Ability::Refuses],
        before: &[Assign(&[1, 2])],
        delivery: &[Assign(&[3])],
        polls: Cancelled(1),
        ..PLAIN
    },
    Scenario {
        name: "cut-meets-shutdown",
        claim: "A checkpoint that meets the shutdown is taken, or not, and neither waits for the other.",
        needs: &[Ability::ShutsDown, Ability::Snapshots],
        stuck: "I10 bounded snapshot: checkpoint and shutdown wait for each other",
        before: &[Assign(&[1, 2])],
        other: &[Checkpoint],
        polls: Cancelled(0),
        ..PLAIN
    },
];

/// A reader that does not finish in so many polls, with everything said and nobody else at work, never does.
const LATE_POLLS: usize = 8;

impl Scenario {
    /// How many threads it has.
    pub fn threads(&self) -> usize {
        1 + usize::from(!self.delivery.is_empty()) + usize::from(!self.other.is_empty())
    }

    /// How many splits.
    pub fn splits(&self) -> usize {
        let all = [self.before, self.delivery, self.other, self.after].into_iter().flatten();
        all.map(|step| if let Assign(splits) = step { splits.len() } else { 0 }).sum()
    }

    /// Runs it once, and judges.
    ///
    /// # Errors
    ///
    /// The guarantee that was broken, and how.
    pub(crate) fn run<S: Subject>(&self, pages: Arc<Mutex<Pages>>) -> Result<(), String> {
        let gate = self.slow.then(|| Arc::new(Gate::new()));
        let journal = Journal::new(pages, gate.clone());
        journal.enter(Lane::Poller);
        let (reader, mut poller) = S::new(&journal);
        let mut last = Polled::Again;
        let here = |step: Do, poller: &mut S::Poller, last: &mut Polled| match step {
            Poll => *last = S::poll(poller),
            step => {
                journal.enter(Lane::Delivery);
                act(&*reader, step, &journal);
                journal.enter(Lane::Poller);
            }
        };
        for step in self.before {
            here(*step, &mut poller, &mut last);
        }
        let at_work = Arc::new(AtomicUsize::new(self.threads() - 1));
        let start = |steps: &'static [Do], lane: Lane| {
            let (reader, journal, gate, at_work) = (reader.clone(), journal.clone(), gate.clone(), at_work.clone());
            (!steps.is_empty()).then(|| {
                spawn(move || {
                    journal.enter(lane);
                    steps.iter().for_each(|step| act(&*reader, *step, &journal));
                    if at_work.fetch_sub(1, Ordering::Relaxed) == 1 {
                        gate.iter().for_each(|gate| gate.open());
                    }
                })
            })
        };
        let lane = if self.other.contains(&Checkpoint) { Lane::Checkpoint } else { Lane::Delivery2 };
        let others = [start(self.delivery, Lane::Delivery), start(self.other, lane)];
        match self.polls {
            Early(polls) => {
                for _ in 0..polls {
                    last = poll::<S>(last, &mut poller);
                }
            }
            Cancelled(polls) => {
                for _ in 0..polls {
                    last = poll::<S>(last, &mut poller);
                }
                let back = S::shutdown(&mut poller);
                journal.note(format!("shut down; {} handed back", set(&back)));
                journal.pages(|pages| pages.handed_back = back);
            }
            Sleeping => {
                // A wake-up for nothing is allowed, but not for ever.
                for _ in 0..LATE_POLLS {
                    last = S::poll(&mut poller);
                    if last != Polled::Again {
                        break;
                    }
                    S::wait(&mut poller);
                }
            }
        }
        others.into_iter().flatten().for_each(crate::sync::JoinHandle::join);
        for step in self.after {
            here(*step, &mut poller, &mut last);
        }
        let shut_down = matches!(self.polls, Cancelled(_));
        for _ in 0..LATE_POLLS {
            if last != Polled::Again || shut_down {
                break;
            }
            last = S::poll(&mut poller);
            yield_now();
        }
        drop((reader, poller));
        let found = journal.pages(|pages| pages.clone());
        judge(&found, last, shut_down)?;
        // Nobody needs the checkpoint of a task that is given up.
        let is_given_up = shut_down || last == Polled::Failed;
        let has_cut = self.needs.contains(&Ability::Snapshots) && !(is_given_up && found.cut.is_none());
        let cut = has_cut.then(|| judge_cut(&found)).transpose()?;
        if S::ABILITIES.contains(&Ability::KeepsOrder) && !self.other.iter().any(|step| matches!(step, Assign(_))) {
            judge_order(&found)?;
        }
        match cut {
            Some(cut) if S::ABILITIES.contains(&Ability::Restores) => restore::<S>(&cut, &found.steps, &journal),
            _ => Ok(()),
        }
    }
}

fn poll<S: Subject>(last: Polled, poller: &mut S::Poller) -> Polled {
    if last == Polled::Again { S::poll(poller) } else { last }
}

/// The engine's side of a step.
fn act<S: Subject>(reader: &S, step: Do, journal: &Journal) {
    match step {
        Assign(splits) => match reader.assign(splits.to_vec()) {
            Ok(()) => journal.pages(|pages| pages.accepted.extend(splits)),
            Err(back) => {
                journal.note(format!("{} handed back", set(&back)));
                let mangled =
                    (back != splits).then(|| format!("{} was assigned, and {} handed back", set(splits), set(&back)));
                journal.pages(|pages| {
                    pages.refused.extend(splits);
                    pages.mangled = pages.mangled.take().or(mangled);
                });
            }
        },
        Signal => reader.signal_no_more_splits(),
        Checkpoint => {
            journal.pages(|pages| pages.asked = Some(pages.accepted.clone()));
            reader.checkpoint();
        }
        Poll => unreachable!("only the poller polls"),
        Served => {
            let is_served = |pages: &mut Pages| {
                let all_read = pages.accepted.iter().all(|split| pages.read.contains(split));
                all_read && (pages.asked.is_none() || pages.cut.is_some())
            };
            while !journal.pages(is_served) {
                yield_now();
            }
        }
    }
}

/// What has to be true of every execution.
fn judge(found: &Pages, last: Polled, shut_down: bool) -> Result<(), String> {
    let Pages { accepted, refused, mangled, handed_back, read, failed, .. } = found;
    if let Some(mangled) = mangled {
        return Err(format!("I5 owner or back: {mangled}"));
    }
    let times = |splits: &[Split], split: Split| splits.iter().filter(|other| **other == split).count();
    for split in read {
        match times(read, *split) {
            1 if handed_back.contains(split) => {
                return Err(format!("I5 owner or back: s{split} was handed back, and read"));
            }
            1 => {}
            n => return Err(format!("I2 taking consumes: s{split} was read {n} times")),
        }
        if !accepted.contains(split) {
            let what = if refused.contains(split) { "refused" } else { "never assigned" };
            return Err(format!("I5 owner or back: s{split} was {what}, and read"));
        }
    }
    if let Some(split) = handed_back.iter().find(|split| times(handed_back, **split) > 1 || !accepted.contains(split)) {
        return Err(format!("I5 owner or back: s{split} was handed back by the shutdown twice, or was never accepted"));
    }
    let missing = accepted.iter().filter(|split| !read.contains(split) && !handed_back.contains(split));
    let missing: Vec<Split> = missing.copied().collect();
    match last {
        Polled::Finished if *failed => {
            return Err(format!(
                "I12 Failed beats Finished: {} could not be read, and the reader says Finished",
                set(&[BROKEN])
            ));
        }
        Polled::Failed if *failed => return Ok(()),
        Polled::Failed => return Err("I12 Failed beats Finished: the reader failed, and nothing was wrong".into()),
        _ if shut_down && !missing.is_empty() => {
            return Err(format!("I5 owner or back: {} was accepted, and neither read nor handed back", set(&missing)));
        }
        Polled::Again if shut_down => {}
        Polled::Again if missing.is_empty() => {
            return Err("I4 closing is state: the reader was told the end and never finishes".into());
        }
        Polled::Again => return Err(format!("I1 conservation: {} was accepted, and is never read", set(&missing))),
        Polled::Finished if !missing.is_empty() => {
            let missing = set(&missing);
            return Err(format!("I3 Finished is linearizable: the reader has finished, and {missing} was never read"));
        }
        Polled::Finished => {}
    }
    Ok(())
}

/// One thread assigned: everything keeps its order.
fn judge_order(found: &Pages) -> Result<(), String> {
    let snapshot = found.cut.as_ref().map_or(&[][..], |cut| &cut.snapshot);
    for (what, splits) in [("read", &*found.read), ("in the snapshot", snapshot), ("handed back", &*found.handed_back)]
    {
        let in_order: Vec<Split> = found.accepted.iter().copied().filter(|split| splits.contains(split)).collect();
        if in_order != splits {
            return Err(format!("I2 taking consumes: {} came, and {} was {what}", set(&in_order), set(splits)));
        }
    }
    Ok(())
}

/// What has to be true of a checkpoint.
fn judge_cut(found: &Pages) -> Result<Cut, String> {
    let asked = found.asked.as_ref().expect("the scenario has a checkpoint");
    let Some(cut) = &found.cut else { return Err("I10 bounded snapshot: the checkpoint was never answered".into()) };
    let holds = format!("(read before the barrier: {}; in the snapshot: {})", set(&cut.read), set(&cut.snapshot));
    for split in asked {
        if ![&cut.read, &cut.snapshot, &found.handed_back].iter().any(|splits| splits.contains(split)) {
            return Err(format!("I6 one cut: restored from this checkpoint, s{split} is lost {holds}"));
        }
    }
    for split in &cut.snapshot {
        if cut.read.contains(split) || cut.snapshot.iter().filter(|other| *other == split).count() > 1 {
            return Err(format!("I6 one cut: restored from this checkpoint, s{split} is read again {holds}"));
        }
        if !found.accepted.contains(split) {
            return Err(format!("I6 one cut: the snapshot holds s{split}, which was never accepted {holds}"));
        }
    }
    Ok(cut.clone())
}

/// A reader that continues from the checkpoint reads what the snapshot holds, and finishes; or fails where the other did.
fn restore<S: Subject>(cut: &Cut, steps: &[Step], journal: &Journal) -> Result<(), String> {
    let pages = Arc::new(Mutex::new(Pages::default()));
    let again = Journal::new(pages.clone(), None);
    again.enter(Lane::Poller);
    again.note(format!("restored; the snapshot held {}", set(&cut.snapshot)));
    let (reader, mut poller) = S::restore(&again, &cut.snapshot);
    reader.signal_no_more_splits();
    let mut last = Polled::Again;
    for _ in 0..LATE_POLLS {
        last = poll::<S>(last, &mut poller);
    }
    drop((reader, poller));
    let pages = pages.lock().unwrap_or_else(PoisonError::into_inner).clone();
    journal.pages(|all| all.steps = steps.iter().chain(&pages.steps).cloned().collect());
    let (mut expected, mut read) = (cut.snapshot.clone(), pages.read);
    if !S::ABILITIES.contains(&Ability::KeepsOrder) {
        expected.sort_unstable();
        read.sort_unstable();
    }
    let is_over = if expected.contains(&BROKEN) { Polled::Failed } else { Polled::Finished };
    expected.retain(|split| *split != BROKEN);
    if read == expected && last == is_over {
        journal.pages(|all| all.steps = steps.to_vec());
        return Ok(());
    }
    let (held, read) = (set(&expected), set(&read));
    Err(format!(
        "I7 restore is not start: the snapshot held {held}; restored from it, the reader read {read}, and said {last:?}"
    ))
}

/// What each of the functions above may find broken.
impl Scenario {
    /// The guarantees that a run of it can see broken, each with what a reader has to be able to do for that, beyond what the scenario
    /// needs.
    pub fn sees(&self) -> Vec<(&'static str, &'static [Ability])> {
        const NOTHING: &[Ability] = &[];
        let has_splits = self.splits() > 0;
        let goes_on = !matches!(self.polls, Cancelled(_));
        let needs = |ability| self.needs.contains(&ability);
        let stuck = self.stuck.split(' ').next().unwrap_or("");
        let can = [
            ("I1", has_splits && goes_on, NOTHING),
            // What cannot be read is in no list of what was.
            ("I2", has_splits && !needs(Ability::Fails), NOTHING),
            ("I3", has_splits && goes_on, NOTHING),
            ("I4", goes_on && !needs(Ability::Fails), NOTHING),
            ("I5", needs(Ability::Refuses) || needs(Ability::ShutsDown), NOTHING),
            ("I6", needs(Ability::Snapshots), NOTHING),
            ("I7", needs(Ability::Snapshots), &[Ability::Restores]),
            ("I10", needs(Ability::Snapshots), NOTHING),
            ("I11", stuck == "I11", NOTHING),
            ("I12", true, NOTHING),
            ("I13", stuck == "I13", NOTHING),
        ];
        can.into_iter().filter(|(_, can, _)| *can).map(|(guarantee, _, beyond)| (guarantee, beyond)).collect()
    }
}
