//! What can happen to a job, and what it means when it goes wrong.

use super::Ability;
use crate::journal::{Split, set};

/// What the network does beside delivering messages in their order. A connection does not outlive either of its ends, and neither do
/// the messages in it; copies do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Network {
    /// Messages are lost.
    Loses,
    /// Messages come twice, the second time at any later moment.
    Repeats,
}

/// One situation, of which every state is visited.
#[derive(Clone, Copy, Debug)]
pub struct Scenario {
    /// Its name in tables.
    pub name: &'static str,
    /// What has to hold.
    pub claim: &'static str,
    /// What it needs of the job.
    pub needs: &'static [Ability],
    /// What the connector discovers, one after the other, and at any time.
    pub(super) discoveries: &'static [&'static [Split]],
    pub(super) checkpoints: u64,
    pub(super) reader_crashes: u8,
    pub(super) enumerator_crashes: u8,
    pub(super) network: Network,
    /// How often it does that.
    pub(super) faults: u8,
    breaks: Breaks,
}

/// The guarantee that is broken here, if something comes to a bad end.
#[derive(Clone, Copy, Debug)]
struct Breaks {
    twice: &'static str,
    lost: &'static str,
    parked: &'static str,
    endless: &'static str,
}

/// How a job goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// A split was read again.
    Twice(Split),
    /// One was read that nobody discovered.
    Strange(Split),
    /// The job has ended without these.
    Lost(Vec<Split>),
    /// These are never read, and the job never ends.
    Parked(Vec<Split>),
    /// All is read, and the job never ends.
    Endless,
    /// Somebody does not know what to do.
    Failed(String),
}

const BREAKS: Breaks = Breaks {
    twice: "I2 taking consumes",
    lost: "I1 conservation",
    parked: "I9 level-triggered waits",
    endless: "I4 closing is state",
};

const FAILED: &str = "I12 total transitions";
const STRANGE: &str = "I1 conservation";

const PLAIN: Scenario = Scenario {
    name: "",
    claim: "",
    needs: &[],
    discoveries: &[&[1]],
    checkpoints: 0,
    reader_crashes: 0,
    enumerator_crashes: 0,
    network: Network::Loses,
    faults: 0,
    breaks: BREAKS,
};

const RESTORED: Breaks = Breaks { twice: "I7 restore is not start", lost: "I7 restore is not start", ..BREAKS };

/// All of them.
pub const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "job-without-splits",
        claim: "A job that has nothing to read ends.",
        discoveries: &[&[]],
        ..PLAIN
    },
    Scenario {
        name: "job-of-one",
        claim: "One split for two readers is read once, and both readers finish: the one that gets it, and the one that gets none.",
        ..PLAIN
    },
    Scenario { name: "job-of-two", claim: "Two splits are two, whoever gets them.", discoveries: &[&[1, 2]], ..PLAIN },
    Scenario {
        name: "job-in-parts",
        claim: "Splits that are discovered later are read as well; a reader that has read what there was does not end the job for others.",
        discoveries: &[&[1], &[2, 3]],
        ..PLAIN
    },
    Scenario {
        name: "reader-starts-again",
        claim: "A reader that crashes before any checkpoint starts from nothing: its splits are read again, and it hears the end again.",
        needs: &[Ability::ReaderCrashes],
        reader_crashes: 1,
        ..PLAIN
    },
    Scenario {
        name: "reader-starts-again-of-two",
        claim: "The same while another reader waits, reads, or has finished.",
        needs: &[Ability::ReaderCrashes],
        discoveries: &[&[1, 2]],
        reader_crashes: 1,
        ..PLAIN
    },
    Scenario {
        name: "reader-is-restored",
        claim: "A split that crosses a checkpoint is on one side of it; what a crashed reader gets back follows from the checkpoint that it \
                is restored from, whatever the enumerator has heard of it.",
        needs: &[Ability::Checkpoints, Ability::ReaderCrashes],
        checkpoints: 1,
        reader_crashes: 1,
        breaks: Breaks {
            twice: "I8 give-back by checkpoint id",
            lost: "I6 one cut",
            endless: "I9 level-triggered waits",
            ..BREAKS
        },
        ..PLAIN
    },
    Scenario {
        name: "job-starts-again",
        claim: "An enumerator that crashes before any checkpoint starts from nothing, and everybody with it.",
        needs: &[Ability::EnumeratorCrashes],
        enumerator_crashes: 1,
        breaks: RESTORED,
        ..PLAIN
    },
    Scenario {
        name: "job-is-restored",
        claim: "A job that is restored goes on where the checkpoint left it, also when the connector discovers everything once more.",
        needs: &[Ability::Checkpoints, Ability::EnumeratorCrashes],
        checkpoints: 1,
        enumerator_crashes: 1,
        breaks: RESTORED,
        ..PLAIN
    },
    Scenario {
        name: "message-lost",
        claim: "A message that is lost without a word is made up for.",
        needs: &[Ability::Losses],
        faults: 1,
        breaks: Breaks { lost: "I5 owner or back", parked: "I5 owner or back", ..BREAKS },
        ..PLAIN
    },
    Scenario {
        name: "message-again",
        claim: "A message that comes again, late, changes nothing, also when the end has come before it.",
        needs: &[Ability::Repetitions],
        network: Network::Repeats,
        faults: 1,
        ..PLAIN
    },
    Scenario {
        name: "message-from-before",
        claim: "A message that was meant for a reader before its crash, or came from it, changes nothing after it.",
        needs: &[Ability::Repetitions, Ability::ReaderCrashes],
        network: Network::Repeats,
        faults: 1,
        reader_crashes: 1,
        ..PLAIN
    },
];

impl Scenario {
    /// How many splits there are.
    pub fn splits(&self) -> usize {
        self.discoveries.iter().map(|splits| splits.len()).sum()
    }

    /// The guarantees that can be seen broken in it.
    pub fn sees(&self) -> Vec<&'static str> {
        let Breaks { twice, lost, parked, endless } = self.breaks;
        let of_splits = [twice, lost, parked].into_iter().filter(|_| self.splits() > 0);
        let mut all: Vec<_> =
            of_splits.chain([endless, FAILED, STRANGE]).filter_map(|guarantee| guarantee.split(' ').next()).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The guarantee that is broken, and how, in a sentence.
    pub(super) fn says(&self, wrong: &Wrong) -> String {
        let Breaks { twice, lost, parked, endless } = self.breaks;
        match wrong {
            Wrong::Twice(split) => format!("{twice}: s{split} is read twice"),
            Wrong::Strange(split) => format!("{STRANGE}: s{split} is read, and nobody discovered it"),
            Wrong::Lost(splits) => format!("{lost}: the job has ended, and {} was never read", set(splits)),
            Wrong::Parked(splits) => format!("{parked}: {} is never read, and the job never ends", set(splits)),
            Wrong::Endless => format!("{endless}: everything is read, and the job never ends"),
            Wrong::Failed(why) => format!("{FAILED}: {why}"),
        }
    }
}
