//! A plan that was read from somewhere is examined before anything rests on it.

use core::fmt;

use super::{CUTS, Chain, Enumerator, Kept, Live, Log, Plan, ReaderId, Slot, Storage, probe};
use crate::delivery::message::Identity;

/// A plan that contradicts itself: it was damaged, or was not written by this version. Read another checkpoint.
///
/// What a split says of itself is not examined: that is for a checksum over the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damaged(&'static str);

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "this is not a plan as it was written: {}", self.0)
    }
}

impl core::error::Error for Damaged {}

impl<S, T, L> TryFrom<Enumerator<T, L>> for Plan<T, L>
where
    S: Identity + PartialEq,
    T: Storage<Item = Slot<S>>,
    L: Storage<Item = Log>,
{
    type Error = Damaged;

    fn try_from(read: Enumerator<T, L>) -> Result<Self, Damaged> {
        let says = |holds: bool, what| if holds { Ok(()) } else { Err(Damaged(what)) };
        says(read.names_are_found(), "a name is not where it is looked for")?;
        says(read.chains_hold_all(), "a split is in no list, or in two")?;
        says(read.logs_are_whole(), "a log's numbers do not fit its entries")?;
        says(read.cuts == [None; CUTS] && read.completed.is_none(), "a cut is under way in it")?;
        Ok(Self(read))
    }
}

impl<S, T, L> Enumerator<T, L>
where
    S: Identity + PartialEq,
    T: Storage<Item = Slot<S>>,
    L: Storage<Item = Log>,
{
    /// Each name once, and where a search for it ends.
    fn names_are_found(&self) -> bool {
        let slots = self.slots.items();
        let is_found = |slot: &Slot<S>| {
            let found = match &slot.0 {
                Kept::Nothing => return true,
                Kept::Split(live) => probe(slots, &live.split.id()),
                Kept::Name(name) => probe(slots, name),
            };
            found.is_ok_and(|found| core::ptr::eq(found, &slot.0))
        };
        let names = slots.iter().filter(|slot| !matches!(slot.0, Kept::Nothing)).count();
        slots.iter().all(is_found) && self.discovered == names as u64
    }

    /// Each live split is in the one chain that it says.
    fn chains_hold_all(&self) -> bool {
        let live = self.slots.items().iter().filter(|slot| matches!(slot.0, Kept::Split(_))).count();
        let pending = self.length(&self.pending, |live| live.logged.is_none());
        let logs = self.logs.items().iter().enumerate().map(|(reader, log)| {
            let reader = ReaderId(reader as u32);
            self.length(&log.chain, |live| live.logged.is_some_and(|logged| logged.reader == reader))
        });
        logs.chain([pending]).try_fold(0, |all, length| Some(all + length?)) == Some(live)
    }

    /// How many splits there are in a chain, if it ends, where it says, and all of them belong to it. No place can be in it twice:
    /// a list that comes to a place again does not end.
    fn length(&self, chain: &Chain, belongs: impl Fn(&Live<S>) -> bool) -> Option<usize> {
        let slots = self.slots.items();
        let (mut last, mut at, mut length) = (None, chain.first, 0);
        while let Some(place) = at {
            let Some(Slot(Kept::Split(live))) = slots.get(place as usize) else { return None };
            length += 1;
            if length > slots.len() || !belongs(live) {
                return None;
            }
            (last, at) = (at, live.link);
        }
        (last == chain.last).then_some(length)
    }

    /// The numbers of the splits in a log grow, and what lies between them are ends. To be asked when the chains are known to end.
    fn logs_are_whole(&self) -> bool {
        let readers = self.logs.items().len();
        let live = self
            .slots
            .items()
            .iter()
            .filter_map(|slot| if let Kept::Split(live) = &slot.0 { Some(live) } else { None });
        let fits = |live: &Live<S>| {
            live.generation <= self.generation
                && live.owner.is_none_or(|owner| (owner.0 as usize) < readers)
                && live.logged.is_none_or(|logged| logged.behind <= self.newest)
        };
        let is_whole = |log: &Log| {
            let (mut sequence, mut splits, mut at) = (log.start, 0, log.chain.first);
            while let Some(live) = at.map(|place| self.slots.items()[place as usize].live()) {
                let Some(logged) = live.logged.filter(|logged| (sequence..log.end).contains(&logged.sequence)) else {
                    return false;
                };
                (sequence, splits, at) = (logged.sequence + 1, splits + 1, live.link);
            }
            let kept = log.end.checked_sub(log.start).map(|entries| entries - splits);
            // Ends that were released are counted as well.
            let ends = kept.and_then(|kept| u64::from(log.ended).checked_sub(kept));
            let Log { chain, start, end, ended, .. } = *log;
            ends.is_some_and(|released| released <= start)
                && end < u64::MAX / 2
                && ended <= self.rounds()
                && *log == Log { chain, start, end, ended, ..Log::EMPTY }
        };
        readers > 0
            && self.generation < u32::MAX / 2
            && live.clone().all(fits)
            && self.logs.items().iter().all(is_whole)
    }
}
