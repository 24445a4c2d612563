//! The judgement: what has to be true of every execution, whatever the scenario.

use super::{Cancelled, Scenario};
use crate::journal::{BROKEN, Cut, Pages, Split, set};
use crate::subject::{Ability, Polled};

/// What has to be true of every execution.
pub(super) fn judge(found: &Pages, last: Polled, shut_down: bool) -> Result<(), String> {
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
pub(super) fn judge_order(found: &Pages) -> Result<(), String> {
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
pub(super) fn judge_cut(found: &Pages) -> Result<Cut, String> {
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
