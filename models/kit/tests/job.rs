//! The engine and the judgement of jobs, judged: a job that survives everything, and faults put into it one at a time.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;

use turnstile_kit::explore::{Budget, Found};
use turnstile_kit::job::scenario::{SCENARIOS, Scenario};
use turnstile_kit::job::search::explore;
use turnstile_kit::job::{Ability, Enumerator, EnumeratorContext, Job, READERS, Reader, ReaderContext};
use turnstile_kit::journal::Split;

/// What is wrong with a job.
mod fault {
    pub(crate) const NONE: u8 = 0;
    pub(crate) const TELLS_THE_END_TO_WHO_HAS_WORK: u8 = 1;
    pub(crate) const TELLS_A_READER_ONCE: u8 = 2;
    pub(crate) const TAKES_THE_FIRST_PART_FOR_ALL: u8 = 3;
    pub(crate) const GIVES_EVERYTHING_TO_BOTH: u8 = 4;
    pub(crate) const NEVER_REMINDS: u8 = 5;
    pub(crate) const TAKES_WHAT_COMES: u8 = 6;
    pub(crate) const FORGETS_THE_QUEUE: u8 = 7;
    pub(crate) const FORGETS_WHAT_IT_HAS_READ: u8 = 8;
    pub(crate) const COUNTS_ON_AFTER_A_RESTORE: u8 = 9;
    pub(crate) const PANICS_AT_AN_OLD_MESSAGE: u8 = 10;
    pub(crate) const FAILS_AT_THE_END: u8 = 11;
    pub(crate) const WAITS_FOR_BOTH_TO_START: u8 = 12;
    pub(crate) const READS_ANOTHER: u8 = 13;
    pub(crate) const COUNTS_ITS_REMINDERS_AND_NEVER_ENDS: u8 = 14;
}

/// All that a reader gets, as far as is known. Nothing in it is an event, so nothing can be missed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Share {
    splits: BTreeSet<Split>,
    all: bool,
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}{}", self.splits, if self.all { ", and that is all" } else { "" })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Here;

impl fmt::Display for Here {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("here I am")
    }
}

/// Every split has the reader that its number says.
struct Toy<const FAULT: u8>;

impl<const FAULT: u8> Job for Toy<FAULT> {
    const NAME: &'static str = "toy";
    const ABILITIES: &'static [Ability] = &[
        Ability::Checkpoints,
        Ability::ReaderCrashes,
        Ability::EnumeratorCrashes,
        Ability::Losses,
        Ability::Repetitions,
    ];
    type Order = Share;
    type Report = Here;
    type Enumerator = Dealer<FAULT>;
    type Reader = Taker<FAULT>;
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Dealer<const FAULT: u8> {
    shares: [Share; READERS],
    known: [bool; READERS],
    dealt: usize,
    reminders: u64,
}

impl<const FAULT: u8> Dealer<FAULT> {
    fn tell(&self, reader: usize, context: &mut EnumeratorContext<Share>) {
        let waits = FAULT == fault::WAITS_FOR_BOTH_TO_START && self.known != [true; READERS];
        if self.known[reader] && !waits {
            let mut share = self.shares[reader].clone();
            share.all &= FAULT != fault::COUNTS_ITS_REMINDERS_AND_NEVER_ENDS;
            share.all &= FAULT != fault::TELLS_THE_END_TO_WHO_HAS_WORK || !share.splits.is_empty();
            context.send(reader, share);
        }
    }
}

impl<const FAULT: u8> Enumerator<Share, Here> for Dealer<FAULT> {
    type Plan = usize;

    fn start(_: u64) -> Self {
        let share = || Share { splits: BTreeSet::new(), all: false };
        Self { shares: [share(), share()], known: [false; READERS], dealt: 0, reminders: 0 }
    }

    fn restore(plan: &usize, newest_attempt: u64) -> Self {
        let dealt = if FAULT == fault::COUNTS_ON_AFTER_A_RESTORE { *plan } else { 0 };
        Self { dealt, ..Self::start(newest_attempt) }
    }

    fn discover(&mut self, splits: &[Split], all: bool, context: &mut EnumeratorContext<Share>) {
        for split in splits {
            let first = self.dealt % READERS;
            self.dealt += 1;
            let owners = if FAULT == fault::GIVES_EVERYTHING_TO_BOTH { first..=READERS - 1 } else { first..=first };
            for owner in owners {
                self.shares[owner].splits.insert(*split);
            }
        }
        for reader in 0..READERS {
            self.shares[reader].all |= all || FAULT == fault::TAKES_THE_FIRST_PART_FOR_ALL;
            self.tell(reader, context);
        }
    }

    fn hear(&mut self, reader: usize, _: Here, context: &mut EnumeratorContext<Share>) {
        if FAULT == fault::TELLS_A_READER_ONCE && self.known[reader] {
            return;
        }
        self.known[reader] = true;
        let both = FAULT == fault::WAITS_FOR_BOTH_TO_START;
        (0..READERS).filter(|other| *other == reader || both).for_each(|reader| self.tell(reader, context));
    }

    fn reader_failed(&mut self, _: usize, _: Option<u64>, _: &mut EnumeratorContext<Share>) {
        if FAULT == fault::WAITS_FOR_BOTH_TO_START {
            self.known = [false; READERS]; // The other one will not say it again.
        }
    }

    fn cut(&mut self, _: u64, _: &mut EnumeratorContext<Share>) -> usize {
        self.dealt
    }

    fn remind(&mut self, context: &mut EnumeratorContext<Share>) {
        self.reminders += u64::from(FAULT == fault::COUNTS_ITS_REMINDERS_AND_NEVER_ENDS);
        if ![fault::NEVER_REMINDS, fault::TELLS_A_READER_ONCE, fault::WAITS_FOR_BOTH_TO_START].contains(&FAULT) {
            (0..READERS).for_each(|reader| self.tell(reader, context));
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Taker<const FAULT: u8> {
    seen: BTreeSet<Split>,
    queue: VecDeque<Split>,
    all: bool,
}

impl<const FAULT: u8> Reader<Share, Here> for Taker<FAULT> {
    type Part = (BTreeSet<Split>, VecDeque<Split>);

    fn start(_: usize, _: u64, context: &mut ReaderContext<Here>) -> Self {
        context.send(Here);
        Self { seen: BTreeSet::new(), queue: VecDeque::new(), all: false }
    }

    fn restore(id: usize, attempt: u64, _: u64, (seen, queue): &Self::Part, context: &mut ReaderContext<Here>) -> Self {
        let seen = if FAULT == fault::FORGETS_WHAT_IT_HAS_READ { BTreeSet::new() } else { seen.clone() };
        let queue = if FAULT == fault::FORGETS_THE_QUEUE { VecDeque::new() } else { queue.clone() };
        Self { seen, queue, ..Self::start(id, attempt, context) }
    }

    fn receive(&mut self, share: Share, context: &mut ReaderContext<Here>) {
        assert!(FAULT != fault::PANICS_AT_AN_OLD_MESSAGE || !self.all || share.all, "an old message");
        if FAULT == fault::FAILS_AT_THE_END && share.all {
            context.fail("nobody had thought of the end");
        }
        for split in share.splits {
            if self.seen.insert(split) || FAULT == fault::TAKES_WHAT_COMES {
                self.queue.push_back(split);
            }
        }
        self.all |= share.all;
    }

    fn poll(&mut self, context: &mut ReaderContext<Here>) -> bool {
        let Some(split) = self.queue.pop_front() else { return self.all };
        context.read(split);
        if FAULT == fault::READS_ANOTHER {
            context.read(split + 70);
        }
        false
    }

    fn cut(&mut self, _: u64, _: &mut ReaderContext<Here>) -> Self::Part {
        (self.seen.clone(), self.queue.clone())
    }

    fn remind(&mut self, context: &mut ReaderContext<Here>) {
        if FAULT != fault::NEVER_REMINDS && FAULT != fault::WAITS_FOR_BOTH_TO_START {
            context.send(Here);
        }
    }
}

fn run<J: Job>(scenario: &Scenario) -> Found {
    explore::<J>(scenario, Budget::default()).expect("it survives everything")
}

#[test]
fn what_is_right_holds_in_every_state_of_every_scenario() {
    for scenario in SCENARIOS {
        let found = run::<Toy<{ fault::NONE }>>(scenario);
        assert!(found.violation.is_none(), "{}: {found:?}", scenario.name);
        assert_eq!(found.bound, "exhaustive", "{}", scenario.name);
        assert!(found.executions > 20, "{}: {}", scenario.name, found.executions);
    }
}

#[test]
fn each_fault_is_seen_for_what_it_is_and_nowhere_else() {
    fn sees<const FAULT: u8>(expected: &[(&str, &str)]) {
        let seen = SCENARIOS.iter().filter_map(|scenario| {
            let violation = run::<Toy<FAULT>>(scenario).violation?;
            assert!(!violation.steps.is_empty(), "{}", scenario.name);
            assert!(scenario.sees().contains(&&*violation.guarantee), "{}: {violation:?}", scenario.name);
            Some((scenario.name, violation.guarantee))
        });
        let seen: Vec<(&str, String)> = seen.collect();
        let seen: Vec<(&str, &str)> = seen.iter().map(|(scenario, guarantee)| (*scenario, &**guarantee)).collect();
        assert_eq!(seen, expected, "fault {FAULT}");
    }
    sees::<{ fault::TELLS_THE_END_TO_WHO_HAS_WORK }>(&[
        ("job-without-splits", "I4"),
        ("job-of-one", "I4"),
        ("reader-starts-again", "I4"),
        ("reader-is-restored", "I9"),
        ("job-starts-again", "I4"),
        ("job-is-restored", "I4"),
        ("message-lost", "I4"),
        ("message-again", "I4"),
        ("message-from-before", "I4"),
    ]);
    sees::<{ fault::TELLS_A_READER_ONCE }>(&[
        ("reader-starts-again", "I9"),
        ("reader-starts-again-of-two", "I9"),
        ("reader-is-restored", "I9"),
        ("message-lost", "I5"),
        ("message-from-before", "I9"),
    ]);
    sees::<{ fault::TAKES_THE_FIRST_PART_FOR_ALL }>(&[("job-in-parts", "I1")]);
    let twice = [
        ("job-of-one", "I2"),
        ("job-of-two", "I2"),
        ("job-in-parts", "I2"),
        ("reader-starts-again", "I2"),
        ("reader-starts-again-of-two", "I2"),
        ("reader-is-restored", "I8"),
        ("job-starts-again", "I7"),
        ("job-is-restored", "I7"),
        ("message-lost", "I2"),
        ("message-again", "I2"),
        ("message-from-before", "I2"),
    ];
    sees::<{ fault::GIVES_EVERYTHING_TO_BOTH }>(&twice);
    sees::<{ fault::NEVER_REMINDS }>(&[("message-lost", "I5")]);
    sees::<{ fault::TAKES_WHAT_COMES }>(&twice);
    sees::<{ fault::FORGETS_THE_QUEUE }>(&[("reader-is-restored", "I6"), ("job-is-restored", "I7")]);
    sees::<{ fault::FORGETS_WHAT_IT_HAS_READ }>(&[("reader-is-restored", "I8"), ("job-is-restored", "I7")]);
    sees::<{ fault::COUNTS_ON_AFTER_A_RESTORE }>(&[("job-is-restored", "I7")]);
    sees::<{ fault::PANICS_AT_AN_OLD_MESSAGE }>(&[("message-again", "I12"), ("message-from-before", "I12")]);
    sees::<{ fault::FAILS_AT_THE_END }>(&SCENARIOS.iter().map(|scenario| (scenario.name, "I12")).collect::<Vec<_>>());
    let with_splits = SCENARIOS.iter().filter(|scenario| scenario.splits() > 0);
    sees::<{ fault::READS_ANOTHER }>(&with_splits.map(|scenario| (scenario.name, "I1")).collect::<Vec<_>>());
    let endless = |name: &'static str| (name, if name == "reader-is-restored" { "I9" } else { "I4" });
    sees::<{ fault::COUNTS_ITS_REMINDERS_AND_NEVER_ENDS }>(
        &SCENARIOS.iter().map(|scenario| endless(scenario.name)).collect::<Vec<_>>(),
    );
    sees::<{ fault::WAITS_FOR_BOTH_TO_START }>(&[
        ("reader-starts-again", "I9"),
        ("reader-starts-again-of-two", "I9"),
        ("reader-is-restored", "I9"),
        ("message-lost", "I5"),
        ("message-from-before", "I9"),
    ]);
}

/// Survives nothing, and does not say that it does.
struct Modest;

impl Job for Modest {
    const NAME: &'static str = "modest";
    type Order = Share;
    type Report = Here;
    type Enumerator = Dealer<{ fault::NEVER_REMINDS }>;
    type Reader = Taker<{ fault::NEVER_REMINDS }>;
}

#[test]
fn what_a_job_does_not_survive_is_not_supported_and_never_passed() {
    for scenario in SCENARIOS {
        match explore::<Modest>(scenario, Budget::default()) {
            Ok(found) => assert!(scenario.needs.is_empty() && found.violation.is_none(), "{}", scenario.name),
            Err(lacks) => assert_eq!(lacks, scenario.needs, "{}", scenario.name),
        }
    }
}
