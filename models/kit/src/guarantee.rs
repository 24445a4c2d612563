//! The guarantees, for people: what it means for a job that one is broken, and what a repair has to achieve.

use crate::explore::Violation;

/// What each is called. Those of the numbers from 1 to 14 that are not here have no scenario.
const NAMES: &[(u8, &str)] = &[
    (1, "conservation"),
    (2, "taking consumes"),
    (3, "Finished is linearizable"),
    (4, "closing is state"),
    (5, "owner or back"),
    (6, "one cut"),
    (7, "restore is not start"),
    (8, "give-back by checkpoint id"),
    (9, "level-triggered waits"),
    (10, "bounded snapshot"),
    (11, "no lost wake-up"),
    (12, "total transitions"),
    (13, "progress"),
];

/// How one is broken, by a part of what the judgement says; the last one of a guarantee stands for the rest. `{s}` is the split.
struct Broken {
    guarantee: &'static str,
    says: &'static str,
    means: &'static str,
    repair: &'static str,
}

macro_rules! broken {
    ($($guarantee:literal $says:literal, $means:literal, $repair:literal;)*) => {
        const BROKEN: &[Broken] =
            &[$(Broken { guarantee: $guarantee, says: $says, means: $means, repair: $repair }),*];
    };
}

broken! {
    "I1" "the job has ended", "The job ends without an error, and the rows of {s} are missing.",
        "A split is pending until a reader that is there has got it: to assign it moves it, or fails and leaves it.";
    "I1" "nobody discovered it", "Rows are in the result that belong to no split of the source.",
        "A reader reads what it was assigned, and nothing else.";
    "I1" "", "The job never reads {s}, and hangs: it has work, and does not see it.",
        "A split that was accepted stays where a poll finds it until it is read, also one without rows.";
    "I2" " came, and ", "The reader says that it keeps the order, and does not: who resumes by order reads the wrong splits.",
        "Take the oldest, snapshot the oldest first, hand back the oldest first; or do not say KeepsOrder.";
    "I2" "is read twice", "The rows of {s} are in the result twice, and nothing reports it.",
        "A split has one reader; another gets it when the first has lost it, and a message that comes again finds it taken.";
    "I2" "", "The rows of {s} are in the result more than once, and nothing reports it.",
        "Take a split out of the state in the step that finds it: a poll that comes later must not find it again.";
    "I3" "", "The job ends without an error, and the rows of {s} are missing.",
        "'Nothing is there' and 'nothing will come' have to be true at one instant: look at both in one step, or first at the end and \
         then at the queue.";
    "I4" "everything is read", "The job never ends: all rows are there, and a reader waits for a word that nobody says.",
        "Say the end to every reader, with work and without, and again to each that starts or may not have heard it.";
    "I4" "", "The job never ends: the task waits for splits that will not come.",
        "The end is state that each poll looks at, and no event that one poll may miss.";
    "I5" "the job", "Nobody owns {s}: the enumerator counts it as assigned, no reader has it, and its rows are missing.",
        "What was sent is kept until it is known to have arrived, and is sent again until then.";
    "I5" "neither read nor handed back", "Nobody owns {s}: the engine believes that the reader has it, and its rows are missing.",
        "Whether an assignment is in or comes back is decided in the same step as the end; a shutdown hands back all that is in.";
    "I5" "", "Who owns {s} is not clear: the engine gives to others what comes back, and only that; rows are missing, or there twice.",
        "Take an assignment whole or hand it back whole, and what is handed back is kept by nobody.";
    "I6" "the job has ended", "{s} crosses the checkpoint, and is in neither part of it: after a restore its rows are missing.",
        "Until a complete checkpoint holds a split in its reader's part, it is in the enumerator's.";
    "I6" "is lost", "A job restored from this checkpoint never reads {s}: it ends without an error, and rows are missing.",
        "A split that has left the queue is in the snapshot until its rows are out: no checkpoint may come between the two, or it has to \
         see the split that is being read.";
    "I6" "is read again", "A job restored from this checkpoint reads {s} again: its rows are there twice.",
        "A split leaves the state and its rows go out with no checkpoint in between; nothing is read between a snapshot and its barrier.";
    "I6" "", "A job restored from this checkpoint reads {s}, which nobody had assigned.",
        "A snapshot is a copy, taken at one instant, of what was accepted and is not read.";
    "I7" "the job has ended", "A job that starts again takes {s} for done, and its rows are missing.",
        "Continue from the enumerator's part, and nothing else: what is behind the checkpoint has not happened.";
    "I7" "is read twice", "A job that starts again plans {s} once more although a reader has it: its rows are there twice.",
        "Discovery is a union by name over everything that was ever discovered, and the names are in the enumerator's part.";
    "I7" "", "A job restored from this checkpoint reads something else than the checkpoint holds, or never ends.",
        "Rebuild the state from the snapshot, all of it and in its order, before the first poll.";
    "I8" "", "A reader that crashed is restored with {s}, and gets it from the enumerator as well: its rows are there twice.",
        "What goes back to the enumerator follows from the checkpoint that the reader is restored from, not from what was heard of it.";
    "I9" "", "The job hangs: {s} is there, somebody waits for work, and no event will bring the two together.",
        "What a reader waits for can be found out again from what is known, by whichever event comes next; and asking twice is asking once.";
    "I10" "", "The job has no checkpoint for as long as this lasts: the engine gives up, and a crash costs everything since the last one.",
        "A checkpoint waits for no read and for no other call: leave a note that the poller answers between two rows, and answer it \
         yourself while nobody reads.";
    "I11" "", "The task sleeps and nobody wakes it: the job hangs with work, or the end, in front of it.",
        "Change first and then wake; and whoever goes to sleep looks once more after it has said so.";
    "I12" "the reader says Finished", "The job succeeds although {s} could not be read.",
        "Remember the failure: the reader never says Finished after it.";
    "I12" "nothing was wrong", "The job fails, and no split was broken.",
        "Say Failed for a split that cannot be read, and for nothing else.";
    "I12" "", "The task dies in a situation that every job can get into.",
        "Each call has an answer in each state, also after the end, after a failure, and with nothing to read.";
    "I13" "", "The job hangs, and the engine's thread with it.",
        "No call waits for what another has to do on the same thread, and no loop waits without letting others go on: say 'full' or \
         'nothing now', and return.";
}

/// `I1` to `I14`.
pub(crate) fn all() -> impl Iterator<Item = String> {
    (1..=14).map(|number| format!("I{number}"))
}

/// What it is called, if a scenario sees it.
pub(crate) fn name(guarantee: &str) -> &'static str {
    NAMES.iter().find(|(number, _)| guarantee == format!("I{number}")).map_or("", |(_, name)| name)
}

/// What a violation means for a job, and what a repair has to achieve.
pub(crate) fn explained(violation: &Violation) -> (String, String) {
    let Violation { guarantee, what, .. } = violation;
    let found = BROKEN.iter().find(|broken| broken.guarantee == guarantee && what.contains(broken.says));
    let split = split(what).unwrap_or_else(|| "a split".into());
    let told = |text: &str| text.replace("{s}", &split);
    found.map_or_else(Default::default, |found| (told(found.means), told(found.repair)))
}

/// The first split that is named.
fn split(text: &str) -> Option<String> {
    let words = text.split(|c: char| !c.is_alphanumeric());
    let is_split =
        |word: &&str| word.strip_prefix('s').is_some_and(|number| !number.is_empty() && number.parse::<u8>().is_ok());
    words.into_iter().find(is_split).map(ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_guarantee_that_has_a_scenario_is_explained_and_the_rest_of_it_comes_last() {
        let by_readers = crate::scenario::SCENARIOS.iter().flat_map(|it| it.sees()).map(|(id, _)| id);
        let by_jobs = crate::job::scenario::SCENARIOS.iter().flat_map(|it| it.sees());
        let seen: Vec<&str> = by_readers.chain(by_jobs).collect();
        for id in all() {
            assert_eq!(seen.contains(&&*id), !name(&id).is_empty(), "{id}");
            let rows: Vec<&Broken> = BROKEN.iter().filter(|broken| broken.guarantee == id).collect();
            assert_eq!(rows.iter().filter(|broken| broken.says.is_empty()).count(), usize::from(seen.contains(&&*id)));
            assert!(rows.last().is_none_or(|broken| broken.says.is_empty()), "{id}");
        }
    }

    #[test]
    fn a_violation_is_told_with_its_split() {
        let told = |what: &str| explained(&Violation::new(what.into(), vec![])).0;
        let lost = "I6 one cut: restored from this checkpoint, s1 is lost (read before the barrier: s2)";
        assert_eq!(
            told(lost),
            "A job restored from this checkpoint never reads s1: it ends without an error, and rows are missing."
        );
        assert_eq!(
            told("I1 conservation: s0, s1 was accepted"),
            "The job never reads s0, and hangs: it has work, and does not see it."
        );
        assert!(told("index out of bounds").starts_with("The task dies"), "a panic is a broken I12");
    }
}
