//! The judge, judged: a reader that is right passes under every checker, and each fault of it is seen, for what it is.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use turnstile_kit::explore::{Budget, Checker, Found, explore};
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
}

#[derive(Default)]
struct State {
    splits: VecDeque<Split>,
    ended: bool,
}

/// A reader with everything under one lock, and one fault.
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

    fn is_idle(state: &MutexGuard<'_, State>) -> bool {
        state.splits.is_empty() && !state.ended
    }
}

impl<const FAULT: u8> Subject for Toy<FAULT> {
    const NAME: &'static str = "toy";
    const ABILITIES: &'static [Ability] = &[
        Ability::KeepsOrder,
        Ability::ManyDeliveries,
        Ability::Refuses,
        Ability::Waits,
        Ability::Snapshots,
        Ability::Restores,
        Ability::Fails,
        Ability::ShutsDown,
    ];
    type Poller = Arc<Self>;

    fn new(journal: &Journal) -> (Arc<Self>, Arc<Self>) {
        Self::with(State::default(), journal)
    }

    fn assign(&self, mut splits: Vec<Split>) -> Result<(), Vec<Split>> {
        let mut state = self.state.lock();
        if state.ended {
            if Self::has(fault::HANDS_BACK_IN_PART) {
                splits.pop();
            }
            if Self::has(fault::READS_WHAT_IT_REFUSED) {
                state.splits.extend(&splits);
            }
            return Err(splits);
        }
        state.splits.extend(splits);
        self.bell.notify_all();
        Ok(())
    }

    fn signal_no_more_splits(&self) {
        self.state.lock().ended = true;
        if !Self::has(fault::ENDS_WITHOUT_A_BELL) {
            self.bell.notify_all();
        }
    }

    fn poll(this: &mut Arc<Self>) -> Polled {
        assert!(!Self::has(fault::PANICS), "it was written in a hurry");
        let mut state = this.state.lock();
        let next = if Self::has(fault::READS_THE_NEWEST) { state.splits.pop_back() } else { state.splits.pop_front() };
        let ended = state.ended && !Self::has(fault::NEVER_ENDS);
        // The rows leave under the lock: a cut that comes meanwhile waits, unless a row is slow.
        match next.map(|split| this.journal.read(split)) {
            Some(Err(_)) if !Self::has(fault::FAILURE_IS_THE_END) => Polled::Failed,
            Some(_) => Polled::Again,
            None if ended => Polled::Finished,
            None => Polled::Again,
        }
    }

    fn wait(this: &mut Arc<Self>) {
        let mut state = this.state.lock();
        while Self::is_idle(&state) {
            state = this.bell.wait(state);
        }
    }

    fn checkpoint(&self) {
        let state = self.state.lock();
        let mut snapshot: Vec<Split> = state.splits.iter().copied().collect();
        if Self::has(fault::SNAPSHOT_TWICE_OVER) {
            snapshot.extend(snapshot.clone());
        }
        if Self::has(fault::SNAPSHOT_OF_ANOTHER) {
            snapshot.push(77);
        }
        if Self::has(fault::SNAPSHOT_REVERSED) {
            snapshot.reverse();
        }
        self.journal.barrier(&snapshot);
    }

    fn restore(journal: &Journal, snapshot: &[Split]) -> (Arc<Self>, Arc<Self>) {
        let mut splits: VecDeque<Split> = snapshot.iter().copied().collect();
        if Self::has(fault::RESTORES_REVERSED) {
            splits = splits.into_iter().rev().collect();
        }
        if Self::has(fault::RESTORES_NOTHING) {
            splits.clear();
        }
        Self::with(State { splits, ended: false }, journal)
    }

    fn shutdown(this: &mut Arc<Self>) -> Vec<Split> {
        let mut state = this.state.lock();
        state.ended = true;
        let back: Vec<Split> = state.splits.drain(..).collect();
        if Self::has(fault::SHUTS_DOWN_TWICE_OVER) { back.iter().chain(&back).copied().collect() } else { back }
    }
}

const BUDGET: Budget = Budget { time: Duration::from_secs(2), schedules: 100, repeats: 10 };

fn run<S: Subject>(scenario: &str, checker: Checker) -> Found {
    let scenario = SCENARIOS.iter().find(|known| known.name == scenario).expect("there is such a scenario");
    explore::<S>(scenario, checker, BUDGET).expect("it can do everything")
}

#[test]
fn what_is_right_passes_everywhere_but_where_a_lock_is_held_while_a_split_is_read() {
    for scenario in SCENARIOS {
        for checker in Checker::ALL {
            let found = run::<Toy<{ fault::NONE }>>(scenario.name, checker);
            let guarantee = found.violation.as_ref().map(|violation| &*violation.guarantee);
            let expected = (scenario.name == "cut-while-slow").then_some("I10");
            // Chance and the machine may miss it.
            let is_sure = matches!(checker, Checker::Interleavings | Checker::WeakMemory);
            let is_fine = guarantee == expected || (!is_sure && guarantee.is_none());
            assert!(is_fine, "{} under {}: {found:?}", scenario.name, checker.name());
            assert!(found.executions > 1 || expected.is_some(), "{} under {}", scenario.name, checker.name());
        }
    }
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
    ]
    .concat();
    all.sort_unstable();
    all.dedup();
    assert_eq!(all, ["I10", "I11", "I12", "I2", "I4", "I5", "I6", "I7"]);
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
