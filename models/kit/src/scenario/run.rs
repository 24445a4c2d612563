//! One execution of a scenario: what the engine does, on as many threads, and what the reader is left to do.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::judge::{judge, judge_cut, judge_order};
use super::{Assign, Cancelled, Checkpoint, Do, Early, Poll, Scenario, Served, Signal, Sleeping};
use crate::journal::{BROKEN, Cut, Gate, Journal, Lane, Pages, Step, set};
use crate::subject::{Ability, Polled, Subject};
use crate::sync::{spawn, yield_now};

/// A reader that does not finish in so many polls, with everything said and nobody else at work, never does.
const LATE_POLLS: usize = 8;

impl Scenario {
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
