//! The enumerator's half: which split is whose, and what is sent until it has arrived.
//!
//! All splits lie in one table, found by their names. A live one is in exactly one chain: the pending ones, or one reader's log.
//! Handing out, giving back and releasing move it from one chain to another; nothing is copied, and nothing can be in two.

#[cfg(feature = "serde")]
mod stored;

use core::hash::{Hash, Hasher};

use super::message::{Attempt, Entry, Identity, Message, ReaderId, Report};
use crate::reader::CheckpointId;
#[cfg(feature = "serde")]
pub use stored::Damaged;

/// How many checkpoints may be under way at once.
const CUTS: usize = 4;

/// Where slots and logs are kept: `[T; N]` inline, or with the `alloc` feature `Box<[T]>`.
pub trait Storage {
    /// What is stored.
    type Item;
    /// All of them.
    fn items(&self) -> &[Self::Item];
    /// All of them, to change.
    fn items_mut(&mut self) -> &mut [Self::Item];
}

impl<T, const N: usize> Storage for [T; N] {
    type Item = T;
    fn items(&self) -> &[T] {
        self
    }
    fn items_mut(&mut self) -> &mut [T] {
        self
    }
}

#[cfg(feature = "alloc")]
impl<T> Storage for alloc::boxed::Box<[T]> {
    type Item = T;
    fn items(&self) -> &[T] {
        self
    }
    fn items_mut(&mut self) -> &mut [T] {
        self
    }
}

/// Whose a split becomes. Once it is somebody's, that is recorded and not computed again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Policy {
    /// The oldest goes to the registered reader with the most room. Pull: readers ask through [`Report::limit`].
    OnRequest,
    /// The n-th split that was discovered goes to reader n mod the number of readers, at once.
    RoundRobin,
    /// By the hash of its name, at once.
    ByHash,
}

/// A place in a chain, or none.
type Link = Option<u32>;

/// Live splits, in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Chain {
    first: Link,
    last: Link,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Live<S> {
    split: S,
    generation: u32,
    /// Whose it will be; `None`: whoever asks.
    owner: Option<ReaderId>,
    /// Where it is in a log; `None`: pending.
    logged: Option<Logged>,
    link: Link,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
struct Logged {
    reader: ReaderId,
    sequence: u64,
    /// See [`Message::behind`].
    behind: Option<CheckpointId>,
}

/// A place for one split.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(bound(
        serialize = "S: serde::Serialize, S::Id: serde::Serialize",
        deserialize = "S: serde::Deserialize<'de>, S::Id: serde::Deserialize<'de>"
    ))
)]
pub struct Slot<S: Identity>(Kept<S, S::Id>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
enum Kept<S, N> {
    Nothing,
    Split(Live<S>),
    /// In the reader's part of a completed checkpoint. Its name stays, so that it is not discovered again.
    Name(N),
}

impl<S: Identity> Slot<S> {
    /// A place with nothing in it.
    pub const EMPTY: Self = Self(Kept::Nothing);

    fn live(&self) -> &Live<S> {
        match &self.0 {
            Kept::Split(live) => live,
            Kept::Nothing | Kept::Name(_) => unreachable!("chains hold live splits"),
        }
    }

    fn live_mut(&mut self) -> &mut Live<S> {
        match &mut self.0 {
            Kept::Split(live) => live,
            Kept::Nothing | Kept::Name(_) => unreachable!("chains hold live splits"),
        }
    }
}

/// What the enumerator keeps of one reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Log {
    /// The newest attempt known; while none is registered, the newest that is too old.
    attempt: Attempt,
    registered: bool,
    /// The splits from `start` on. A number between two of them, or behind the last, is an end.
    chain: Chain,
    /// The first split of the chain that is not acknowledged.
    unheard: Link,
    /// Entries below are in the reader's part of a completed checkpoint.
    start: u64,
    /// As reported.
    next: u64,
    done: u64,
    limit: u64,
    /// The sequence number of the next entry.
    end: u64,
    /// Generations whose end is in the log.
    ended: u32,
    /// What the newest of these ends lies behind.
    end_behind: Option<CheckpointId>,
    /// The reader's `next` at each cut that is under way, as far as it has said so.
    marks: [Option<u64>; CUTS],
}

impl Log {
    /// Of a reader that nobody has heard of.
    pub const EMPTY: Self = Self {
        attempt: Attempt(0),
        registered: false,
        chain: Chain { first: None, last: None },
        unheard: None,
        start: 0,
        next: 0,
        done: 0,
        limit: 0,
        end: 0,
        ended: 0,
        end_behind: None,
        marks: [None; CUTS],
    };
}

/// What came of a discovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Discovered {
    /// It is pending, or assigned already.
    New,
    /// It was discovered before, in this life or in one that this enumerator was restored from.
    Known,
}

/// Why a split was not taken, and the split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotTaken<S> {
    /// The table is full: names of all splits ever discovered are kept.
    Full(S),
    /// Another split has the same name.
    Conflict(S),
    /// Discovery was declared complete.
    Sealed(S),
}

/// What came of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Heard {
    /// A new incarnation of the reader. What its log held beyond the checkpoint that it was restored from was given back.
    Registered {
        /// So many splits.
        given_back: usize,
    },
    /// The reader is further than was known.
    Advanced,
    /// Nothing new: late or repeated.
    Known,
    /// From an incarnation that is over.
    Stale {
        /// The newest that is known.
        current: Attempt,
    },
    /// The reader stands where this log cannot take it up: it was restored from another checkpoint than this enumerator can
    /// serve. Nothing was changed, and saying it again changes nothing: restore all from the same one.
    Torn {
        /// The first entry that is kept.
        start: u64,
        /// The entry to come.
        end: u64,
    },
    /// There is no such reader.
    Unknown,
}

/// Why a cut was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crowded {
    /// As many as are possible are under way: complete or abort one of them.
    Full,
    /// A newer one was taken before: numbers of checkpoints increase.
    Old,
}

/// The enumerator's part of a checkpoint. A value of its own: nothing that happens later changes it.
///
/// With the `serde` feature it can be written and read. Reading it examines it: one that contradicts itself is [`Damaged`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(
    feature = "serde",
    serde(
        try_from = "Enumerator<T, L>",
        bound(
            serialize = "T: serde::Serialize, L: serde::Serialize",
            deserialize = "Enumerator<T, L>: serde::Deserialize<'de>, Self: TryFrom<Enumerator<T, L>, Error: core::fmt::Display>"
        )
    )
)]
#[must_use]
pub struct Plan<T, L>(Enumerator<T, L>);

/// Assigns splits to readers, and keeps what it has sent until a checkpoint holds it.
///
/// A value: cloned, compared and explored. Every method is total; none waits. Whatever makes a split available or a reader
/// willing also hands out, so there is no step that a caller could forget. Wrap it in a lock to share it.
///
/// `T` are the [`Slot`]s, one for every split ever discovered; `L` the [`Log`]s, one per reader.
///
/// ```
/// use turnstile::delivery::{Attempt, Enumerator, Fence, Identity, Log, Policy, Receipt, ReaderId, Report, Slot};
///
/// #[derive(Clone, Copy, Debug, PartialEq)]
/// struct File(&'static str);
/// impl Identity for File {
///     type Id = &'static str;
///     fn id(&self) -> &'static str {
///         self.0
///     }
/// }
///
/// let mut enumerator = Enumerator::new([Slot::<File>::EMPTY; 16], [Log::EMPTY; 2], Policy::OnRequest, Attempt(0));
/// enumerator.discover(File("a")).unwrap();
/// enumerator.seal();
///
/// // The first report of an attempt registers it.
/// let mut fence = Fence::new(ReaderId(0), Attempt(1), 0);
/// let report = Report { from: ReaderId(0), attempt: Attempt(1), next: fence.next(), done: 0, limit: 4, cut: None };
/// let _ = enumerator.hear(report);
///
/// let log: Vec<_> = enumerator.messages(ReaderId(0)).collect();
/// assert_eq!(log.len(), 2); // the file, and no more splits
/// assert_eq!(fence.judge(&log[0]), Receipt::Accepted);
/// fence.applied();
/// assert_eq!(fence.judge(&log[0]), Receipt::Duplicate);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Enumerator<T, L> {
    policy: Policy,
    slots: T,
    logs: L,
    pending: Chain,
    /// How many splits were discovered.
    discovered: u64,
    generation: u32,
    sealed: bool,
    /// Cuts under way, oldest first.
    cuts: [Option<CheckpointId>; CUTS],
    newest: Option<CheckpointId>,
    completed: Option<CheckpointId>,
}

impl<S, T, L> Enumerator<T, L>
where
    S: Identity + PartialEq,
    T: Storage<Item = Slot<S>>,
    L: Storage<Item = Log>,
{
    /// An enumerator that starts, over empty storage. Reports of attempts up to `floor` are refused: `Attempt(0)` at the very first
    /// start, the newest that was ever started if there was a life before and no checkpoint of it.
    ///
    /// # Panics
    ///
    /// If there is no log: somebody has to read.
    pub fn new(slots: T, logs: L, policy: Policy, floor: Attempt) -> Self {
        assert!(!logs.items().is_empty(), "an enumerator has readers");
        let mut this = Self {
            policy,
            slots,
            logs,
            pending: Chain::default(),
            discovered: 0,
            generation: 0,
            sealed: false,
            cuts: [None; CUTS],
            newest: None,
            completed: None,
        };
        this.refuse_up_to(floor);
        this
    }

    /// Continues at a checkpoint. Reports of attempts up to `floor`, the newest that was ever started, are refused from now on:
    /// all readers are restored with this enumerator, and have newer ones.
    pub fn restore(plan: Plan<T, L>, floor: Attempt) -> Self {
        let mut this = plan.0;
        this.refuse_up_to(floor);
        this
    }

    fn refuse_up_to(&mut self, floor: Attempt) {
        for log in self.logs.items_mut() {
            log.attempt = floor;
        }
    }

    /// Adds a split to what is known. Discovery is a union by name: to say everything again, after a restore for example,
    /// changes nothing.
    ///
    /// # Errors
    ///
    /// [`NotTaken`] hands the split back.
    pub fn discover(&mut self, split: S) -> Result<Discovered, NotTaken<S>> {
        let id = split.id();
        let free = match probe(self.slots.items(), &id) {
            Ok(Kept::Split(live)) if live.split != split => return Err(NotTaken::Conflict(split)),
            Ok(_) => return Ok(Discovered::Known),
            Err(free) => free,
        };
        if self.sealed {
            return Err(NotTaken::Sealed(split));
        }
        let Some(place) = free else { return Err(NotTaken::Full(split)) };
        let readers = self.logs.items().len() as u64;
        let owner = match self.policy {
            Policy::OnRequest => None,
            Policy::RoundRobin => Some(ReaderId((self.discovered % readers) as u32)),
            Policy::ByHash => Some(ReaderId((hash(&id) % readers) as u32)),
        };
        let live = Live { split, generation: self.generation, owner, logged: None, link: None };
        self.slots.items_mut()[place as usize] = Slot(Kept::Split(live));
        self.discovered += 1;
        append(self.slots.items_mut(), &mut self.pending, place);
        self.hand_out();
        Ok(Discovered::New)
    }

    /// Discovery is complete: every reader is told that there is no more when its share is handed out, with work or without.
    /// Idempotent.
    pub fn seal(&mut self) {
        self.sealed = true;
        self.hand_out();
    }

    /// Begins the next generation, for sources that read one thing after another: splits may be discovered again, and lie behind
    /// the end of the last generation in every log. False if discovery was not complete.
    pub fn reopen(&mut self) -> bool {
        let reopened = core::mem::take(&mut self.sealed);
        self.generation += u32::from(reopened);
        reopened
    }

    /// Which generation is being discovered, from 0. A connector that is restored goes on with this one.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// Takes a report in, in whatever order and however often reports come.
    ///
    /// The first one of a new attempt registers it: its `next` is then where the checkpoint left it, as nothing is sent to an attempt
    /// that is not registered.
    pub fn hear(&mut self, report: Report) -> Heard {
        let Some(log) = self.logs.items().get(report.from.0 as usize) else { return Heard::Unknown };
        if report.attempt < log.attempt || (report.attempt == log.attempt && !log.registered) {
            return Heard::Stale { current: log.attempt };
        }
        let registers = report.attempt > log.attempt;
        if report.next > log.end || (registers && report.next < log.start) {
            return Heard::Torn { start: log.start, end: log.end };
        }
        let heard = if registers {
            let given_back = self.give_back(report.from, report.next);
            let log = &mut self.logs.items_mut()[report.from.0 as usize];
            log.attempt = report.attempt;
            log.registered = true;
            (log.next, log.done, log.limit) = (report.next, report.done, report.limit);
            log.marks = [None; CUTS]; // Said by another attempt.
            // What the reader was restored from is a completed checkpoint.
            self.release(report.from, report.next);
            Heard::Registered { given_back }
        } else {
            let slots = self.slots.items();
            let log = &mut self.logs.items_mut()[report.from.0 as usize];
            let known = (log.next, log.done, log.limit);
            log.next = log.next.max(report.next);
            log.done = log.done.max(report.done);
            log.limit = log.limit.max(report.limit);
            while let Some(place) = log.unheard.filter(|place| sequence(slots, *place) < log.next) {
                log.unheard = slots[place as usize].live().link;
            }
            if (log.next, log.done, log.limit) == known { Heard::Known } else { Heard::Advanced }
        };
        if let Some(mut mark) = report.cut {
            mark.next = mark.next.min(self.logs.items()[report.from.0 as usize].next);
            if let Some(cut) = self.cuts.iter().position(|cut| *cut == Some(mark.checkpoint)) {
                self.logs.items_mut()[report.from.0 as usize].marks[cut] = Some(mark.next);
            } else if self.completed == Some(mark.checkpoint) {
                self.release(report.from, mark.next);
            }
        }
        self.hand_out();
        heard
    }

    /// What to send to a reader now, in order: all that it has room for and has not acknowledged. Send it when something has
    /// changed, and again from time to time.
    pub fn messages(&self, to: ReaderId) -> Messages<'_, S> {
        let log = self.logs.items().get(to.0 as usize).filter(|log| log.registered);
        Messages {
            slots: self.slots.items(),
            to,
            log,
            sequence: log.map_or(0, |log| log.next),
            place: log.and_then(|log| log.unheard),
        }
    }

    /// The cut through the enumerator for a checkpoint.
    ///
    /// # Errors
    ///
    /// [`Crowded`]: no cut was taken.
    pub fn snapshot(&mut self, checkpoint: CheckpointId) -> Result<Plan<T, L>, Crowded>
    where
        Self: Clone,
    {
        if self.newest >= Some(checkpoint) {
            return Err(Crowded::Old);
        }
        let Some(free) = self.cuts.iter().position(Option::is_none) else { return Err(Crowded::Full) };
        self.cuts[free] = Some(checkpoint);
        self.newest = Some(checkpoint);
        let mut plan = self.clone();
        (plan.cuts, plan.completed) = ([None; CUTS], None);
        for log in plan.logs.items_mut() {
            let Log { chain, start, end, ended, .. } = *log;
            *log = Log { chain, start, end, ended, ..Log::EMPTY };
        }
        Ok(Plan(plan))
    }

    /// A checkpoint is complete: all parts of it are stored. What the readers' parts hold need not be kept here.
    ///
    /// May be said late, or again. Not said at all, it is made up for by a later one; until then more is kept, and its cut counts
    /// as under way.
    pub fn checkpoint_completed(&mut self, checkpoint: CheckpointId) {
        self.completed = Some(checkpoint);
        // Only by what readers said of this very cut: what they said of an older one may come from an attempt that has died since,
        // and the part that completed this one from a later attempt, which was restored to less.
        if let Some(cut) = self.cuts.iter().position(|cut| *cut == Some(checkpoint)) {
            for reader in 0..self.logs.items().len() {
                if let Some(held) = self.logs.items()[reader].marks[cut] {
                    self.release(ReaderId(reader as u32), held);
                }
            }
        }
        while let Some(cut) = self.cuts[0].filter(|cut| *cut <= checkpoint) {
            self.forget_cut(cut);
        }
    }

    /// A checkpoint will not complete: nobody has to take its cut any more. To be said until it is heard, or readers that never
    /// take the cut wait for it until they take a later one.
    pub fn checkpoint_aborted(&mut self, checkpoint: CheckpointId) {
        let Some(position) = self.cuts.iter().position(|cut| *cut == Some(checkpoint)) else { return };
        let before = position.checked_sub(1).and_then(|before| self.cuts[before]);
        for slot in self.slots.items_mut() {
            if let Kept::Split(Live { logged: Some(logged), .. }) = &mut slot.0
                && logged.behind == Some(checkpoint)
            {
                logged.behind = before;
            }
        }
        for log in self.logs.items_mut() {
            if log.end_behind == Some(checkpoint) {
                log.end_behind = before;
            }
        }
        self.forget_cut(checkpoint);
    }

    /// The attempt of a reader that is registered.
    pub fn attempt(&self, reader: ReaderId) -> Option<Attempt> {
        self.logs.items().get(reader.0 as usize).filter(|log| log.registered).map(|log| log.attempt)
    }

    /// Where a split is, as far as this side can tell. Walks nothing, changes nothing.
    pub fn find(&self, id: &S::Id) -> Option<Home> {
        Some(match probe(self.slots.items(), id).ok()? {
            Kept::Split(Live { logged: Some(Logged { reader, sequence, .. }), .. }) => {
                Home::Log { reader: *reader, sequence: *sequence }
            }
            Kept::Split(_) => Home::Pending,
            Kept::Name(_) | Kept::Nothing => Home::Released,
        })
    }

    /// Is everything done: discovery complete, and every entry of every log reported as completed?
    pub fn is_done(&self) -> bool {
        let rounds = self.rounds();
        let done = |log: &Log| log.ended == rounds && log.done == log.end;
        self.sealed && self.logs.items().iter().all(done)
    }

    /// Generations that are completely discovered.
    fn rounds(&self) -> u32 {
        self.generation + u32::from(self.sealed)
    }

    /// The one place where splits find readers, and ends their logs.
    fn hand_out(&mut self) {
        loop {
            self.assign_pending();
            if !self.append_ends() {
                return;
            }
        }
    }

    fn assign_pending(&mut self) {
        let newest_cut = self.cuts.iter().flatten().last().copied();
        let (mut before, mut at) = (None, self.pending.first);
        while let Some(place) = at {
            let (slots, logs) = (self.slots.items_mut(), self.logs.items_mut());
            let &Live { generation, owner, link, .. } = slots[place as usize].live();
            let open = |log: &Log| log.ended == generation;
            let reader = match owner {
                Some(owner) => Some(owner.0 as usize).filter(|owner| open(&logs[*owner])),
                None => most_room(logs, open),
            };
            if let Some(reader) = reader {
                unlink(slots, &mut self.pending, before, place);
                let log = &mut logs[reader];
                let live = slots[place as usize].live_mut();
                live.logged = Some(Logged { reader: ReaderId(reader as u32), sequence: log.end, behind: newest_cut });
                log.end += 1;
                log.unheard = log.unheard.or(Some(place));
                append(slots, &mut log.chain, place);
            } else if owner.is_none() && most_room(logs, |_| true).is_none() {
                return;
            } else {
                before = Some(place);
            }
            at = link;
        }
    }

    /// Ends each log whose reader has got its share of a generation that is completely discovered.
    fn append_ends(&mut self) -> bool {
        let newest_cut = self.cuts.iter().flatten().last().copied();
        let rounds = self.rounds();
        let mut appended = false;
        for reader in 0..self.logs.items().len() {
            while self.logs.items()[reader].ended < rounds && !self.has_pending(self.logs.items()[reader].ended) {
                let log = &mut self.logs.items_mut()[reader];
                log.ended += 1;
                log.end += 1;
                log.end_behind = newest_cut;
                appended = true;
            }
        }
        appended
    }

    /// Is a split of this generation pending? Then it goes to somebody who asks; splits with an owner are never pending for long.
    fn has_pending(&self, generation: u32) -> bool {
        let slots = self.slots.items();
        let mut at = self.pending.first;
        while let Some(live) = at.map(|place| slots[place as usize].live()).filter(|live| live.generation != generation)
        {
            at = live.link;
        }
        at.is_some()
    }

    /// Cuts a log off at `next`; the splits from there on are pending again, before all others and in their order.
    fn give_back(&mut self, reader: ReaderId, next: u64) -> usize {
        let slots = self.slots.items_mut();
        let log = &mut self.logs.items_mut()[reader.0 as usize];
        let (mut kept, mut at) = (None, log.chain.first);
        while let Some(place) = at.filter(|place| sequence(slots, *place) < next) {
            (kept, at) = (Some(place), slots[place as usize].live().link);
        }
        let (first, last) = (at, log.chain.last);
        let mut splits = 0;
        while let Some(place) = at {
            let live = slots[place as usize].live_mut();
            live.logged = None;
            splits += 1;
            at = live.link;
        }
        if let (Some(first), Some(last)) = (first, last) {
            slots[last as usize].live_mut().link = self.pending.first;
            self.pending = Chain { first: Some(first), last: self.pending.last.or(Some(last)) };
            match kept {
                Some(kept) => slots[kept as usize].live_mut().link = None,
                None => log.chain.first = None,
            }
            log.chain.last = kept;
        }
        // Whatever is not a split is an end.
        log.ended -= (log.end - next) as u32 - splits as u32;
        log.end = next;
        log.unheard = None;
        splits
    }

    /// Entries below `held` are in the reader's part of a completed checkpoint: only their names are kept.
    fn release(&mut self, reader: ReaderId, held: u64) {
        let slots = self.slots.items_mut();
        let log = &mut self.logs.items_mut()[reader.0 as usize];
        while let Some(place) = log.chain.first.filter(|place| sequence(slots, *place) < held) {
            let slot = &mut slots[place as usize];
            let name = slot.live().split.id();
            log.chain.first = slot.live().link;
            slot.0 = Kept::Name(name);
        }
        if log.chain.first.is_none() {
            log.chain.last = None;
        }
        log.start = log.start.max(held);
    }

    fn forget_cut(&mut self, checkpoint: CheckpointId) {
        let Some(position) = self.cuts.iter().position(|cut| *cut == Some(checkpoint)) else { return };
        self.cuts[position..].rotate_left(1);
        self.cuts[CUTS - 1] = None;
        for log in self.logs.items_mut() {
            log.marks[position..].rotate_left(1);
            log.marks[CUTS - 1] = None;
        }
    }
}

/// Where the enumerator has a split.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Home {
    /// Nobody's yet.
    Pending,
    /// In a reader's log: in flight, or at that reader, which knows which of the two.
    Log {
        /// The reader.
        reader: ReaderId,
        /// The entry.
        sequence: u64,
    },
    /// In a reader's part of a completed checkpoint, or done.
    Released,
}

/// What a reader is to be sent, in order.
#[derive(Clone, Debug)]
pub struct Messages<'e, S: Identity> {
    slots: &'e [Slot<S>],
    to: ReaderId,
    log: Option<&'e Log>,
    sequence: u64,
    place: Link,
}

impl<'e, S: Identity> Iterator for Messages<'e, S> {
    type Item = Message<&'e S>;

    fn next(&mut self) -> Option<Self::Item> {
        let log = self.log.filter(|log| self.sequence < log.end)?;
        let sequence = self.sequence;
        let following = self.place.map(|place| self.slots[place as usize].live());
        let logged = following.and_then(|live| live.logged);
        // An end lies behind no more than the split after it; the last one remembers for itself.
        let behind = logged.map_or(log.end_behind, |logged| logged.behind);
        let entry = match following.filter(|_| logged.is_some_and(|logged| logged.sequence == sequence)) {
            Some(live) if sequence < log.limit => {
                self.place = live.link;
                Entry::Split(&live.split)
            }
            Some(_) => return None,
            None => Entry::NoMoreSplits,
        };
        self.sequence += 1;
        Some(Message { to: self.to, attempt: log.attempt, sequence, behind, entry })
    }
}

/// What is kept under a name; or the place where it would be, if there is one.
fn probe<'s, S: Identity>(slots: &'s [Slot<S>], id: &S::Id) -> Result<&'s Kept<S, S::Id>, Option<u32>> {
    let start = hash(id).checked_rem(slots.len() as u64).unwrap_or(0) as usize;
    for step in 0..slots.len() {
        let place = (start + step) % slots.len();
        match &slots[place].0 {
            Kept::Nothing => return Err(Some(place as u32)),
            kept @ Kept::Split(live) if live.split.id() == *id => return Ok(kept),
            kept @ Kept::Name(known) if known == id => return Ok(kept),
            Kept::Split(_) | Kept::Name(_) => {}
        }
    }
    Err(None)
}

fn sequence<S: Identity>(slots: &[Slot<S>], place: u32) -> u64 {
    slots[place as usize].live().logged.map_or(0, |logged| logged.sequence)
}

/// The reader with the most room, of those that are eligible. One that is not registered has none.
fn most_room(logs: &[Log], eligible: impl Fn(&Log) -> bool) -> Option<usize> {
    let room = |log: &Log| if eligible(log) { log.limit.saturating_sub(log.end) } else { 0 };
    let (reader, log) = logs.iter().enumerate().rev().max_by_key(|(_, log)| room(log))?;
    (room(log) > 0).then_some(reader)
}

fn append<S: Identity>(slots: &mut [Slot<S>], chain: &mut Chain, place: u32) {
    slots[place as usize].live_mut().link = None;
    match chain.last {
        Some(last) => slots[last as usize].live_mut().link = Some(place),
        None => chain.first = Some(place),
    }
    chain.last = Some(place);
}

/// Takes `place` out of the chain; `before` is the one before it.
fn unlink<S: Identity>(slots: &mut [Slot<S>], chain: &mut Chain, before: Link, place: u32) {
    let link = slots[place as usize].live().link;
    match before {
        Some(before) => slots[before as usize].live_mut().link = link,
        None => chain.first = link,
    }
    if chain.last == Some(place) {
        chain.last = before;
    }
}

/// FNV-1a (Fowler, Noll, Vo): small, and in no need of a seed. Numbers count as little-endian, and a size as 64 bits: a plan that one
/// machine has written is read by another.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    fn write_u16(&mut self, number: u16) {
        self.write(&number.to_le_bytes());
    }
    fn write_u32(&mut self, number: u32) {
        self.write(&number.to_le_bytes());
    }
    fn write_u64(&mut self, number: u64) {
        self.write(&number.to_le_bytes());
    }
    fn write_u128(&mut self, number: u128) {
        self.write(&number.to_le_bytes());
    }
    fn write_usize(&mut self, number: usize) {
        self.write_u64(number as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

fn hash<T: Hash>(value: &T) -> u64 {
    let mut hasher = Fnv::default();
    value.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests;
