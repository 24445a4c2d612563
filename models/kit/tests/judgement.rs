//! The judge, judged: a reader that is right passes under every checker, and each fault of it is seen, for what it is.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use turnstile_kit::explore::{Budget, Checker, Found, drain, explore};
use turnstile_kit::journal::{Journal, Split};
use turnstile_kit::scenario::SCENARIOS;
use turnstile_kit::subject::{Ability, Polled, Subject};
use turnstile_kit::sync::{Condvar, Mutex, MutexGuard};

/// What is wrong with a reader.
mod fault {
    pub(crate) const NONE: u8 = 0;
    pub(crate) const READS_THE_NEWEST: u8 = 1;
    pub(crate) const HANDS_BACK_IN_PART: u8 = 2;
    pub(crate) const SHUTS_DOWN_TWICE_OVER: u8 = 3;
    pub(crate) const SNAPSHOT_TWICE_OVER: u8 = 4;
    pub(crate) const SNAPSHOT_OF_ANOTHER: u8 = 5;
    pub(crate) const SNAPSHOT_REVERSED: u8 = 6;
    pub(crate) const RESTORES_REVERSED: u8 = 7;
    pub(crate) const RESTORES_NOTHING: u8 = 8;
    pub(crate) const FAILURE_IS_THE_END: u8 = 9;
    pub(crate) const NEVER_ENDS: u8 = 10;
    pub(crate) const ENDS_WITHOUT_A_BELL: u8 = 11;
    pub(crate) const READS_WHAT_IT_REFUSED: u8 = 12;
    pub(crate) const PANICS: u8 = 13;
    pub(crate) const READS_ANOTHER: u8 = 14;
    pub(crate) const READS_AGAIN: u8 = 15;
    pub(crate) const HANDS_BACK_WHAT_IT_READ: u8 = 16;
    pub(crate) const FAILS_FOR_NOTHING: u8 = 17;
    pub(crate) const SNAPSHOT_OF_WHAT_IS_READ: u8 = 18;
    pub(crate) const RESTORES_WITHOUT_AN_END: u8 = 19;
    pub(crate) const HANDS_BACK_ANOTHER: u8 = 37;
    pub(crate) const STOPS: u8 = 38;
    pub(crate) const HANDS_BACK_REVERSED: u8 = 40;
    /// None: it says that it keeps no order, and keeps none.
    pub(crate) const KEEPS_NO_ORDER: u8 = 39;
    // From here on, what it takes a meeting of two operations to see.
    pub(crate) const READS_UNDER_ITS_LOCK: u8 = 20;
    pub(crate) const CUT_WAITS_FOR_THE_READ: u8 = 21;
    pub(crate) const ASSIGN_WAITS_FOR_THE_CUT: u8 = 22;
    pub(crate) const CLOSES_WHEN_DRAINED: u8 = 23;
    pub(crate) const ENDS_ALONE: u8 = 24;
    pub(crate) const LOOKS_FOR_ROOM_FIRST: u8 = 25;
    pub(crate) const TAKES_BACK_WHEN_FULL: u8 = 26;
    pub(crate) const SNAPSHOT_OF_THE_LATE: u8 = 27;
    pub(crate) const ASSIGNS_WITHOUT_A_BELL: u8 = 28;
    pub(crate) const ONE_BELL_A_BATCH: u8 = 29;
    pub(crate) const ASKS_WITHOUT_A_BELL: u8 = 30;
    pub(crate) const FINISHES_WHEN_ASKED: u8 = 31;
    pub(crate) const DROPS_WHAT_IT_CANNOT_READ: u8 = 32;
    pub(crate) const CUT_MAKES_ROOM: u8 = 33;
    pub(crate) const SHUTS_DOWN_INTO_A_CUT: u8 = 34;
    pub(crate) const CUT_NEEDS_THE_TASK: u8 = 35;
    pub(crate) const SHUTS_WHEN_IDLE: u8 = 36;
}

const ROOM: usize = 2;

#[derive(Default)]
struct State {
    splits: VecDeque<Split>,
    ended: bool,
    /// The poller is at work: only it can take a snapshot.
    is_at_work: bool,
    is_asked: bool,
    is_asleep: bool,
    is_shut_down: bool,
    /// So many times the bell was rung.
    rung: usize,
    last_read: Option<Split>,
    is_restored: bool,
    /// What is about to be refused.
    late: Vec<Split>,
    /// So many splits a checkpoint has taken out, and will put back.
    taken_out: usize,
}

/// A reader with everything under one lock but its rows, and one fault.
struct Toy<const FAULT: u8> {
    state: Mutex<State>,
    bell: Condvar,
    journal: Journal,
}

impl<const FAULT: u8> Toy<FAULT> {
    fn with(state: State, journal: &Journal) -> (Arc<Self>, Arc<Self>) {
        let toy = Arc::new(Self { state: Mutex::new(state), bell: Condvar::new(), journal: journal.clone() });
        (toy.clone(), toy)
    }

    fn has(fault: u8) -> bool {
        FAULT == fault
    }

    fn takes_out() -> bool {
        Self::has(fault::CUT_MAKES_ROOM) || Self::has(fault::SHUTS_DOWN_INTO_A_CUT)
    }

    fn is_idle(state: &State) -> bool {
        if Self::has(fault::ONE_BELL_A_BATCH) {
            return state.rung == 0 && !state.ended;
        }
        let is_asked = state.is_asked && !Self::has(fault::ASKS_WITHOUT_A_BELL);
        state.splits.is_empty() && !state.ended && !is_asked
    }

    fn until<'a>(&'a self, mut state: MutexGuard<'a, State>, is_so: impl Fn(&State) -> bool) -> MutexGuard<'a, State> {
        while !is_so(&state) {
            state = self.bell.wait(state);
        }
        state
    }

    fn ring(&self, state: &mut State) {
        state.rung = 1;
        self.bell.notify_all();
    }

    fn barrier(&self, state: &mut State) {
        let mut snapshot: Vec<Split> = state.splits.iter().copied().collect();
        if Self::has(fault::SNAPSHOT_TWICE_OVER) {
            snapshot.extend(snapshot.clone());
        }
        if Self::has(fault::SNAPSHOT_OF_ANOTHER) {
            snapshot.push(77);
        }
        if Self::has(fault::SNAPSHOT_OF_WHAT_IS_READ) {
            snapshot.extend(state.last_read);
        }
        if Self::has(fault::SNAPSHOT_OF_THE_LATE) {
            snapshot.extend(&state.late);
        }
        if Self::has(fault::SNAPSHOT_REVERSED) {
            snapshot.reverse();
        }
        self.journal.barrier(&snapshot);
        state.is_asked = false;
        self.bell.notify_all();
    }

    /// The poller is no longer at work.
    fn leave(&self) {
        let mut state = self.state.lock();
        state.is_at_work = false;
        if state.is_asked {
            self.barrier(&mut state);
        }
        self.bell.notify_all();
    }
}

impl<const FAULT: u8> Subject for Toy<FAULT> {
    const NAME: &'static str = "toy";
    const ABILITIES: &'static [Ability] = {
        let all = &[
            Ability::KeepsOrder,
            Ability::ManyDeliveries,
            Ability::Refuses,
            Ability::Waits,
            Ability::Snapshots,
            Ability::Restores,
            Ability::Fails,
            Ability::ShutsDown,
        ];
        // To read twice is wrong in any order.
        if FAULT == fault::KEEPS_NO_ORDER || FAULT == fault::READS_AGAIN { all.split_at(1).1 } else { all }
    };
    type Poller = Arc<Self>;

    fn new(journal: &Journal) -> (Arc<Self>, Arc<Self>) {
        Self::with(State::default(), journal)
    }

    fn assign(&self, mut splits: Vec<Split>) -> Result<(), Vec<Split>> {
        let mut state = self.state.lock();
        if Self::has(fault::ASSIGN_WAITS_FOR_THE_CUT) {
            state = self.until(state, |state| !state.is_asked);
        }
        if state.ended {
            if Self::has(fault::HANDS_BACK_IN_PART) {
                splits.pop();
            }
            if Self::has(fault::READS_WHAT_IT_REFUSED) {
                state.splits.extend(&splits);
            }
            let may_go_on = Self::has(fault::CLOSES_WHEN_DRAINED) && !state.splits.is_empty();
            state.late = splits.clone();
            drop(state);
            state = self.state.lock();
            state.late.clear();
            if !may_go_on {
                return Err(splits);
            }
        }
        let counted = if Self::has(fault::CUT_MAKES_ROOM) { 0 } else { state.taken_out };
        if state.splits.len() + counted + splits.len() > ROOM {
            if Self::has(fault::TAKES_BACK_WHEN_FULL) {
                state.splits.extend(&splits);
                drop(state);
                self.state.lock().splits.retain(|split| !splits.contains(split));
            }
            return Err(splits);
        }
        if Self::has(fault::LOOKS_FOR_ROOM_FIRST) {
            drop(state);
            state = self.state.lock();
            if state.ended {
                return Err(splits);
            }
        }
        state.splits.extend(splits);
        state.splits.truncate(ROOM);
        drop(state);
        if !Self::has(fault::ASSIGNS_WITHOUT_A_BELL) {
            self.ring(&mut self.state.lock());
        }
        Ok(())
    }

    fn signal_no_more_splits(&self) {
        let mut state = self.state.lock();
        if Self::has(fault::ENDS_ALONE) && !state.ended {
            drop(state);
            state = self.state.lock();
            assert!(!state.ended || state.is_shut_down, "somebody else has said the end");
        }
        state.ended = true;
        if !Self::has(fault::ENDS_WITHOUT_A_BELL) {
            self.ring(&mut state);
        }
    }

    fn poll(this: &mut Arc<Self>) -> Polled {
        assert!(!Self::has(fault::PANICS), "it was written in a hurry");
        let mut state = this.state.lock();
        if state.taken_out > 0 {
            return Polled::Again;
        }
        if state.is_asked {
            this.barrier(&mut state);
        }
        if Self::has(fault::STOPS) {
            return Polled::Again;
        }
        let is_reversed = Self::has(fault::READS_THE_NEWEST) || Self::has(fault::KEEPS_NO_ORDER);
        let next = if is_reversed { state.splits.pop_back() } else { state.splits.pop_front() };
        let is_endless = Self::has(fault::RESTORES_WITHOUT_AN_END) && state.is_restored;
        let ended = state.ended && !Self::has(fault::NEVER_ENDS) && !is_endless;
        let Some(split) = next else {
            state.is_at_work = ended && Self::has(fault::FINISHES_WHEN_ASKED);
            drop(state);
            if Self::has(fault::FINISHES_WHEN_ASKED) {
                this.state.lock().is_at_work = false;
            }
            return if ended { Polled::Finished } else { Polled::Again };
        };
        // A cut that comes while the rows leave is taken behind them.
        (state.is_at_work, state.last_read) = (true, Some(split));
        let held = Self::has(fault::READS_UNDER_ITS_LOCK).then_some(state);
        let read = this.journal.read(split);
        drop(held);
        if Self::has(fault::READS_AGAIN) {
            let _rows = this.journal.read(split);
        }
        if Self::has(fault::READS_ANOTHER) {
            let _rows = this.journal.read(77);
        }
        if read.is_err() {
            let mut state = this.state.lock();
            state.is_asked = false;
            if !Self::has(fault::DROPS_WHAT_IT_CANNOT_READ) {
                state.splits.push_front(split);
            }
        }
        this.leave();
        match read {
            Ok(0) if Self::has(fault::FAILS_FOR_NOTHING) => Polled::Failed,
            Ok(_) => Polled::Again,
            Err(_) if Self::has(fault::FAILURE_IS_THE_END) => Polled::Finished,
            Err(_) => Polled::Failed,
        }
    }

    fn wait(this: &mut Arc<Self>) {
        let mut state = this.state.lock();
        state.is_asleep = true;
        state = this.until(state, |state| !Self::is_idle(state));
        (state.is_asleep, state.rung) = (false, 0);
    }

    fn checkpoint(&self) {
        let mut state = self.state.lock();
        if Self::has(fault::CUT_WAITS_FOR_THE_READ) {
            state = self.until(state, |state| !state.is_at_work);
        }
        assert!(!(Self::has(fault::CUT_NEEDS_THE_TASK) && state.is_shut_down), "the task is gone");
        // Either is right: to be silent, or to say that nothing is left.
        if state.is_shut_down && !Self::has(fault::KEEPS_NO_ORDER) {
            return;
        }
        if state.is_at_work || (Self::has(fault::ASKS_WITHOUT_A_BELL) && state.is_asleep) {
            state.is_asked = true;
            return;
        }
        self.barrier(&mut state);
        if Self::takes_out() {
            let mut splits = std::mem::take(&mut state.splits);
            state.taken_out = splits.len();
            drop(state);
            state = self.state.lock();
            state.taken_out = 0;
            splits.append(&mut state.splits);
            splits.truncate(ROOM);
            state.splits = splits;
            self.bell.notify_all();
        }
    }

    fn restore(journal: &Journal, snapshot: &[Split]) -> (Arc<Self>, Arc<Self>) {
        let mut splits: VecDeque<Split> = snapshot.iter().copied().collect();
        if Self::has(fault::RESTORES_REVERSED) {
            splits = splits.into_iter().rev().collect();
        }
        if Self::has(fault::RESTORES_NOTHING) {
            splits.clear();
        }
        Self::with(State { splits, is_restored: true, ..State::default() }, journal)
    }

    fn shutdown(this: &mut Arc<Self>) -> Vec<Split> {
        let mut state = this.state.lock();
        if !Self::has(fault::SHUTS_DOWN_INTO_A_CUT) {
            state = this.until(state, |state| state.taken_out == 0);
        }
        let mut back: Vec<Split> = state.splits.drain(..).collect();
        state.is_shut_down = true;
        state.ended = back.is_empty() || !Self::has(fault::SHUTS_WHEN_IDLE);
        if Self::has(fault::HANDS_BACK_WHAT_IT_READ) {
            back.extend(state.last_read);
        }
        if Self::has(fault::HANDS_BACK_REVERSED) {
            back.reverse();
        }
        if Self::has(fault::HANDS_BACK_ANOTHER) {
            back.push(77);
        }
        if Self::has(fault::SHUTS_DOWN_TWICE_OVER) { back.iter().chain(&back).copied().collect() } else { back }
    }
}

const BUDGET: Budget = Budget { time: Duration::from_secs(2), schedules: 100, repeats: 10 };

fn run<S: Subject>(scenario: &str, checker: Checker) -> Found {
    let scenario = SCENARIOS.iter().find(|known| known.name == scenario).expect("there is such a scenario");
    explore::<S>(scenario, checker, BUDGET).expect("it can do everything")
}

#[test]
fn what_is_right_passes_everywhere() {
    fn passes<const FAULT: u8>() {
        for scenario in SCENARIOS {
            for checker in Checker::ALL {
                let found = run::<Toy<FAULT>>(scenario.name, checker);
                assert!(found.violation.is_none(), "{} under {}: {found:?}", scenario.name, checker.name());
                assert!(found.executions > 1, "{} under {}", scenario.name, checker.name());
            }
        }
    }
    passes::<{ fault::NONE }>();
    passes::<{ fault::KEEPS_NO_ORDER }>();
}

#[test]
fn each_fault_is_seen_for_what_it_is() {
    fn sees<const FAULT: u8>(scenario: &str, guarantee: &str) {
        let found = run::<Toy<FAULT>>(scenario, Checker::Interleavings);
        let violation = found.violation.unwrap_or_else(|| panic!("{scenario} does not see fault {FAULT}"));
        assert_eq!(violation.guarantee, guarantee, "fault {FAULT} in {scenario}: {}", violation.what);
    }
    sees::<{ fault::READS_THE_NEWEST }>("batch", "I2");
    sees::<{ fault::HANDS_BACK_IN_PART }>("assign-after-end", "I5");
    sees::<{ fault::SHUTS_DOWN_TWICE_OVER }>("shutdown", "I5");
    sees::<{ fault::SNAPSHOT_TWICE_OVER }>("one-cut", "I6");
    sees::<{ fault::SNAPSHOT_OF_ANOTHER }>("one-cut", "I6");
    sees::<{ fault::SNAPSHOT_REVERSED }>("cut-of-two", "I2");
    sees::<{ fault::RESTORES_REVERSED }>("cut-of-two", "I7");
    sees::<{ fault::RESTORES_NOTHING }>("one-cut", "I7");
    sees::<{ fault::FAILURE_IS_THE_END }>("broken-split", "I12");
    sees::<{ fault::NEVER_ENDS }>("no-work", "I4");
    sees::<{ fault::ENDS_WITHOUT_A_BELL }>("woken-by-end", "I11");
    sees::<{ fault::READS_WHAT_IT_REFUSED }>("assign-after-end", "I5");
    sees::<{ fault::PANICS }>("no-work", "I12");
    sees::<{ fault::READS_ANOTHER }>("late-signal", "I5");
    sees::<{ fault::READS_AGAIN }>("late-signal", "I2");
    sees::<{ fault::HANDS_BACK_WHAT_IT_READ }>("shutdown", "I5");
    sees::<{ fault::HANDS_BACK_ANOTHER }>("shutdown", "I5");
    sees::<{ fault::HANDS_BACK_REVERSED }>("cut-meets-shutdown", "I2");
    sees::<{ fault::FAILS_FOR_NOTHING }>("split-without-rows", "I12");
    sees::<{ fault::SNAPSHOT_OF_WHAT_IS_READ }>("cut-after-read", "I6");
    sees::<{ fault::RESTORES_WITHOUT_AN_END }>("one-cut", "I7");
    sees::<{ fault::STOPS }>("late-signal", "I1");
}

/// Whatever a fault breaks is among what the scenario is said to see. I1, I3 and I13 are found in the casebook.
#[test]
fn what_a_scenario_is_said_to_see_is_what_it_sees() {
    fn found<const FAULT: u8>() -> impl Iterator<Item = String> {
        SCENARIOS.iter().filter_map(|scenario| {
            let guarantee = run::<Toy<FAULT>>(scenario.name, Checker::Interleavings).violation?.guarantee;
            let seen = scenario.sees().iter().any(|(seen, _)| *seen == guarantee);
            assert!(seen, "{} sees {guarantee}, and does not say so: fault {FAULT}", scenario.name);
            Some(guarantee)
        })
    }
    let mut all: Vec<String> = [
        found::<{ fault::NONE }>().collect::<Vec<_>>(),
        found::<{ fault::READS_THE_NEWEST }>().collect(),
        found::<{ fault::HANDS_BACK_IN_PART }>().collect(),
        found::<{ fault::SHUTS_DOWN_TWICE_OVER }>().collect(),
        found::<{ fault::SNAPSHOT_TWICE_OVER }>().collect(),
        found::<{ fault::SNAPSHOT_OF_ANOTHER }>().collect(),
        found::<{ fault::SNAPSHOT_REVERSED }>().collect(),
        found::<{ fault::RESTORES_REVERSED }>().collect(),
        found::<{ fault::RESTORES_NOTHING }>().collect(),
        found::<{ fault::FAILURE_IS_THE_END }>().collect(),
        found::<{ fault::NEVER_ENDS }>().collect(),
        found::<{ fault::ENDS_WITHOUT_A_BELL }>().collect(),
        found::<{ fault::READS_WHAT_IT_REFUSED }>().collect(),
        found::<{ fault::PANICS }>().collect(),
        found::<{ fault::READS_UNDER_ITS_LOCK }>().collect(),
    ]
    .concat();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all, ["I10", "I11", "I12", "I13", "I2", "I4", "I5", "I6", "I7"]);
}

#[test]
fn what_goes_wrong_where_two_operations_meet_is_seen_there_and_in_no_other_scenario() {
    fn sees<const FAULT: u8>(expected: &[(&str, &str)]) {
        let seen = SCENARIOS.iter().filter_map(|scenario| {
            let is_expected = expected.iter().any(|(name, _)| *name == scenario.name);
            let found = if is_expected {
                run::<Toy<FAULT>>(scenario.name, Checker::Interleavings)
            } else {
                drain::<Toy<FAULT>>(scenario, Some(2))
            };
            Some((scenario.name, found.violation?.guarantee))
        });
        let seen: Vec<_> = seen.collect();
        let seen: Vec<_> = seen.iter().map(|(scenario, guarantee)| (*scenario, &**guarantee)).collect();
        assert_eq!(seen, expected, "fault {FAULT}");
    }
    sees::<{ fault::READS_UNDER_ITS_LOCK }>(&[
        ("assign-while-slow", "I13"),
        ("cut-while-slow", "I10"),
        ("cut-and-assign-while-slow", "I13"),
    ]);
    sees::<{ fault::CUT_WAITS_FOR_THE_READ }>(&[("cut-while-slow", "I10"), ("cut-and-assign-while-slow", "I13")]);
    sees::<{ fault::ASSIGN_WAITS_FOR_THE_CUT }>(&[("cut-and-assign-while-slow", "I13")]);
    sees::<{ fault::CLOSES_WHEN_DRAINED }>(&[("assign-before-finished", "I3")]);
    sees::<{ fault::ENDS_ALONE }>(&[("end-by-two", "I12")]);
    sees::<{ fault::LOOKS_FOR_ROOM_FIRST }>(&[("last-room", "I3")]);
    sees::<{ fault::TAKES_BACK_WHEN_FULL }>(&[
        ("room-made-by-poll", "I5"),
        ("cut-meets-refusal", "I6"),
        ("shutdown-meets-more", "I5"),
    ]);
    sees::<{ fault::SNAPSHOT_OF_THE_LATE }>(&[("cut-meets-late-assign", "I6")]);
    sees::<{ fault::ASSIGNS_WITHOUT_A_BELL }>(&[("woken-for-a-batch", "I11")]);
    sees::<{ fault::ONE_BELL_A_BATCH }>(&[("woken-for-a-batch", "I11")]);
    sees::<{ fault::ASKS_WITHOUT_A_BELL }>(&[("woken-by-checkpoint", "I11")]);
    sees::<{ fault::FINISHES_WHEN_ASKED }>(&[("cut-meets-finish", "I10")]);
    sees::<{ fault::DROPS_WHAT_IT_CANNOT_READ }>(&[("cut-meets-failure", "I6")]);
    sees::<{ fault::CUT_MAKES_ROOM }>(&[("cut-meets-refusal", "I3")]);
    sees::<{ fault::SHUTS_DOWN_INTO_A_CUT }>(&[("cut-meets-shutdown", "I5")]);
    sees::<{ fault::CUT_NEEDS_THE_TASK }>(&[("cut-meets-shutdown", "I12")]);
    sees::<{ fault::SHUTS_WHEN_IDLE }>(&[("shutdown-meets-more", "I5")]);
}

#[test]
fn a_fault_that_needs_no_luck_is_seen_by_every_checker_and_who_waits_for_ever_is_given_up() {
    for checker in Checker::ALL {
        let found = run::<Toy<{ fault::READS_THE_NEWEST }>>("batch", checker);
        assert!(found.violation.is_some(), "{}", checker.name());
        let found = run::<Toy<{ fault::ENDS_WITHOUT_A_BELL }>>("woken-by-end", checker);
        let violation = found.violation.map(|violation| violation.guarantee);
        let is_sure = matches!(checker, Checker::Interleavings | Checker::WeakMemory);
        assert!(violation.as_deref() == Some("I11") || (!is_sure && violation.is_none()), "{}", checker.name());
    }
}

/// Says nothing of what it could do.
struct Modest;

impl Subject for Modest {
    const NAME: &'static str = "modest";
    type Poller = ();

    fn new(_: &Journal) -> (Arc<Self>, ()) {
        (Arc::new(Self), ())
    }
    fn assign(&self, splits: Vec<Split>) -> Result<(), Vec<Split>> {
        Err(splits)
    }
    fn signal_no_more_splits(&self) {}
    fn poll((): &mut ()) -> Polled {
        Polled::Finished
    }
}

#[test]
fn what_a_reader_cannot_do_is_not_supported_and_never_passed() {
    for scenario in SCENARIOS {
        let result = explore::<Modest>(scenario, Checker::Interleavings, BUDGET);
        assert_eq!(result.err().unwrap_or_default(), scenario.needs, "{}", scenario.name);
    }
}
