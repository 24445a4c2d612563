//! A whole job as one value: the enumerator, its readers, the network between them, the checkpoint coordinator and a sink that
//! rolls back. The enumerator and the fences are the core's own values; what is written here is everything around them.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use smallvec::SmallVec;
use turnstile::CheckpointId;
use turnstile::delivery::{
    Attempt, Entry, Enumerator, Fence, Heard, Home, Identity, Log, Mark, Message, Plan, Policy, ReaderId, Receipt,
    Report, Slot,
};

use super::rules::Rule;

/// Its part of a checkpoint.
type Stored<const N: usize, const R: usize> = Plan<[Slot<Split>; N], [Log; R]>;

/// The shipping enumerator, with room for N splits and R readers.
pub type Coordinator<const N: usize, const R: usize> = Enumerator<[Slot<Split>; N], [Log; R]>;

/// A few splits, in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Few {
    len: u8,
    items: [u8; 4],
}

impl Few {
    fn as_slice(&self) -> &[u8] {
        &self.items[..usize::from(self.len)]
    }

    /// One that does not fit has been here before: enough of them are.
    fn push(&mut self, split: u8) {
        if let Some(free) = self.items.get_mut(usize::from(self.len)) {
            *free = split;
            self.len += 1;
        }
    }

    fn pop_front(&mut self) -> Option<u8> {
        let first = self.as_slice().first().copied()?;
        self.items.rotate_left(1);
        self.items[3] = 0;
        self.len -= 1;
        Some(first)
    }
}

/// A value that does not change any more: cloned by reference, hashed once; and forgotten when nobody will ask for it.
#[derive(Clone, Debug)]
pub struct Fixed<T>(u64, Option<Arc<T>>);

impl<T: Hash> Fixed<T> {
    fn new(value: T) -> Self {
        let mut hasher = DefaultHasher::new();
        value.hash(&mut hasher);
        Self(hasher.finish(), Some(Arc::new(value)))
    }
}

impl<T> Fixed<T> {
    const FORGOTTEN: Self = Self(0, None);

    fn get(&self) -> &T {
        self.1.as_ref().expect("nothing is asked for that was forgotten")
    }
}

impl<T> Hash for Fixed<T> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.hash(hasher);
    }
}

impl<T: PartialEq> PartialEq for Fixed<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 && self.1 == other.1
    }
}

impl<T: Eq> Eq for Fixed<T> {}

/// A split: its number is its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Split(pub u8);

impl Identity for Split {
    type Id = u8;
    fn id(&self) -> u8 {
        self.0
    }
}

/// How large the job is, and how bad its network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Checkpoints that are triggered.
    pub checkpoints: u64,
    /// Crashes, of any of the participants.
    pub crashes: u8,
    /// Messages that the network keeps and delivers at any later time, as often as it likes. Besides, whatever a participant would
    /// send at this moment may arrive at this moment, more than once, out of order, or not at all.
    pub late: usize,
    /// Generations: readers are opened again when they have finished, and the rest of the splits lies behind the first end.
    pub generations: u32,
    /// Splits that a reader has room for.
    pub room: u64,
    /// Are splits discovered one by one, with anything in between? Else all of them, and that they are all, when the enumerator
    /// starts.
    pub discovery: bool,
    /// Does the coordinator give checkpoints up for no reason? Else only when somebody crashes, or a newer one completes.
    pub aborts: bool,
    /// May a checkpoint begin while another is under way?
    pub overlap: bool,
    /// Do splits wait in a reader's queue, with anything in between? Else a reader emits a split in the step in which it gets it.
    pub queues: bool,
    /// How splits are assigned.
    pub policy: Policy,
}

/// A job, explored with R readers.
#[derive(Clone, Copy, Debug)]
pub struct System<const N: usize, const R: usize> {
    /// How large.
    pub size: Size,
    /// The rule that is left out, to see it missed.
    pub without: Option<Rule>,
}

/// One incarnation of a reader, and what it has put into the sink.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reader {
    /// What lets its messages through.
    pub fence: Fence,
    /// Accepted, not completed.
    pub queue: Few,
    /// Which generation it reads.
    pub generation: u32,
    /// No more splits in it.
    pub ended: bool,
    /// Emitted, and not rolled back.
    pub output: Few,
    /// The queue as a torn cut has seen it. Only without [`Rule::OneInstant`].
    pub torn: Option<Few>,
}

/// A reader's part of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Part {
    mark: Mark,
    queue: Few,
    generation: u32,
    ended: bool,
    output: Few,
}

/// A checkpoint that is under way, or complete.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Checkpoint<const N: usize, const R: usize> {
    id: CheckpointId,
    plan: Option<Fixed<Stored<N, R>>>,
    parts: [Option<Fixed<Part>>; R],
}

/// Something that the network has kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Packet {
    /// To a reader.
    Entry(Message<Split>),
    /// To the enumerator.
    Report(Report),
}

/// The job at one instant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct State<const N: usize, const R: usize> {
    /// The shipping enumerator.
    pub enumerator: Coordinator<N, R>,
    /// Each with the shipping fence.
    pub readers: [Reader; R],
    /// How far the connector has discovered since the enumerator started.
    discovered: u8,
    pub(super) late: Vec<Packet>,
    under_way: SmallVec<[Checkpoint<N, R>; 1]>,
    stored: Option<(CheckpointId, Fixed<Checkpoint<N, R>>)>,
    /// Aborted, and the enumerator has not heard it.
    aborted: SmallVec<[CheckpointId; 2]>,
    completion_heard: bool,
    triggered: u64,
    /// The newest attempt of each reader.
    attempts: [u64; R],
    crashes: u8,
    /// The enumerator has met a reader that it cannot take up.
    pub torn: bool,
    /// An entry was applied to a reader that had ended.
    pub after_the_end: bool,
}

/// One step; and what the network keeps of what could have been sent before it and cannot be sent any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Action {
    /// What happens.
    pub step: Step,
    /// What is kept, to arrive later.
    pub keeps: Option<Packet>,
}

/// What happens in one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// The connector discovers its next split, or that there is none.
    Discover,
    /// The n-th message that the enumerator would send to a reader now arrives.
    Deliver(usize, usize),
    /// The report that a reader would send now arrives.
    Hear(usize),
    /// Something that the network has kept arrives.
    Late(usize),
    /// A reader emits its next split, and completes it.
    Emit(usize),
    /// The enumerator's part of a checkpoint is taken.
    CutEnumerator(CheckpointId),
    /// A reader's part is.
    CutReader(CheckpointId, usize),
    /// The first half of a torn one.
    TearReader(CheckpointId, usize),
    /// All parts are there: the coordinator completes it, and the sink commits.
    Complete(CheckpointId),
    /// A reader that has finished a generation begins the next.
    Reopen(usize),
    /// The coordinator gives it up.
    Abort(CheckpointId),
    /// The enumerator hears that the last one is complete.
    TellCompleted,
    /// The enumerator hears that one was aborted.
    TellAborted(CheckpointId),
    /// A reader dies, and is restored.
    CrashReader(usize),
    /// The enumerator dies; it and all readers are restored.
    CrashEnumerator,
}

impl<const N: usize, const R: usize> System<N, R> {
    fn left_out(&self, rule: Rule) -> bool {
        self.without == Some(rule)
    }

    /// The job before anything has happened: every reader is its first attempt.
    pub fn start(&self) -> State<N, R> {
        let mut state = State {
            enumerator: self.fresh_enumerator(Attempt(0)),
            readers: std::array::from_fn(|id| Reader {
                fence: Fence::new(ReaderId(id as u32), Attempt(1), 0),
                queue: Few::default(),
                generation: 0,
                ended: false,
                output: Few::default(),
                torn: None,
            }),
            discovered: 0,
            late: Vec::new(),
            under_way: SmallVec::new(),
            stored: None,
            aborted: SmallVec::new(),
            completion_heard: true,
            triggered: 0,
            attempts: [1; R],
            crashes: 0,
            torn: false,
            after_the_end: false,
        };
        self.discover_all(&mut state);
        state
    }

    fn fresh_enumerator(&self, floor: Attempt) -> Coordinator<N, R> {
        Enumerator::new([const { Slot::EMPTY }; N], [Log::EMPTY; R], self.size.policy, floor)
    }

    /// The connector discovers its next split, or that a generation has no more.
    fn discover(&self, state: &mut State<N, R>) {
        // The splits are dealt out to the generations in equal parts, each with its end behind it.
        let rounds = self.size.generations as usize;
        let in_one = N.div_ceil(rounds) + 1;
        let (generation, place) = (usize::from(state.discovered) / in_one, usize::from(state.discovered) % in_one);
        let split = generation * (in_one - 1) + place;
        if place + 1 < in_one {
            if split < N {
                state.enumerator.discover(Split(split as u8)).expect("there is room, and names are unique");
            }
        } else if state.enumerator.generation() as usize == generation {
            state.enumerator.seal();
            if generation + 1 < rounds {
                state.enumerator.reopen();
            }
        }
        state.discovered += 1;
    }

    /// So many things are there to discover.
    fn discoveries(&self) -> u8 {
        let rounds = self.size.generations as usize;
        (rounds * (N.div_ceil(rounds) + 1)) as u8
    }

    /// The enumerator has just started.
    fn discover_all(&self, state: &mut State<N, R>) {
        state.discovered = 0;
        while !self.size.discovery && state.discovered < self.discoveries() {
            self.discover(state);
        }
    }

    pub(super) fn report(&self, reader: &Reader) -> Report {
        let done = reader.fence.next() - reader.queue.as_slice().len() as u64;
        Report {
            from: reader.fence.id(),
            attempt: reader.fence.attempt(),
            next: reader.fence.next(),
            done,
            limit: done + self.size.room,
            cut: reader.fence.cut(),
        }
    }

    /// Everything that can happen now.
    pub fn steps(&self, state: &State<N, R>) -> SmallVec<[Step; 32]> {
        let mut steps = SmallVec::new();
        if state.discovered < self.discoveries() {
            steps.push(Step::Discover);
        }
        for id in 0..R {
            // What is refused changes nothing: to judge is to look.
            let accepted = |message: &Message<Split>| self.judge(&state.readers[id], message).1 == Receipt::Accepted;
            let messages = self.messages(state, id).enumerate().filter(|(_, message)| accepted(message));
            steps.extend(messages.map(|(n, _)| Step::Deliver(id, n)));
            steps.push(Step::Hear(id));
            if !state.readers[id].queue.as_slice().is_empty() {
                steps.push(Step::Emit(id));
            } else if state.readers[id].ended && state.readers[id].generation + 1 < self.size.generations {
                steps.push(Step::Reopen(id));
            }
        }
        steps.extend((0..state.late.len()).map(Step::Late));
        // A checkpoint begins with the first of its parts.
        let may_begin = self.size.overlap || state.under_way.is_empty();
        let new = (may_begin && state.triggered < self.size.checkpoints)
            .then(|| Checkpoint::new(CheckpointId(state.triggered + 1)));
        // Everybody takes the cuts in their order.
        let (mut enumerator_waits, mut reader_waits) = (false, [false; R]);
        for Checkpoint { id, plan, parts } in state.under_way.iter().chain(&new) {
            if plan.is_none() && !std::mem::replace(&mut enumerator_waits, true) {
                steps.push(Step::CutEnumerator(*id));
            }
            for (reader, part) in parts.iter().enumerate() {
                if part.is_none() && !std::mem::replace(&mut reader_waits[reader], true) {
                    steps.push(self.cut_reader(&state.readers[reader], *id, reader));
                }
            }
            if plan.is_some() && parts.iter().all(Option::is_some) {
                steps.push(Step::Complete(*id));
            }
            if plan.is_some() && self.size.aborts {
                steps.push(Step::Abort(*id)); // Without a plan, it is as if it never came to its end.
            }
        }
        if !state.completion_heard {
            steps.push(Step::TellCompleted);
        }
        if !self.left_out(Rule::AbortsAreHeard) {
            steps.extend(state.aborted.iter().map(|id| Step::TellAborted(*id)));
        }
        if state.crashes < self.size.crashes {
            steps.extend((0..R).map(Step::CrashReader));
            steps.push(Step::CrashEnumerator);
        }
        steps
    }

    fn cut_reader(&self, reader: &Reader, id: CheckpointId, number: usize) -> Step {
        let told = reader.fence.cut().is_some_and(|newest| newest.checkpoint == id);
        let torn = self.left_out(Rule::OneInstant) && reader.torn.is_none();
        if torn || (self.left_out(Rule::TakenAfterTheCut) && !told) {
            Step::TearReader(id, number)
        } else {
            Step::CutReader(id, number)
        }
    }

    pub(super) fn messages(&self, state: &State<N, R>, id: usize) -> impl Iterator<Item = Message<Split>> {
        let fence = state.readers[id].fence;
        let messages = state.enumerator.messages(ReaderId(id as u32)).map(Message::cloned);
        messages.filter(move |message| !self.without.is_some_and(|rule| rule.suppresses(message, &fence)))
    }

    /// Everything that can happen now, each with what the network may keep of it.
    pub fn actions(&self, state: &State<N, R>, actions: &mut Vec<Action>) {
        let could_send = if state.late.len() < self.size.late { self.packets(state) } else { Vec::new() };
        for step in self.steps(state) {
            actions.push(Action { step, keeps: None });
            if !could_send.is_empty() {
                let mut after = state.clone();
                self.step(&mut after, step);
                let still = self.packets(&after);
                let gone = could_send.iter().filter(|packet| !still.contains(packet) && !state.late.contains(packet));
                actions.extend(gone.map(|packet| Action { step, keeps: Some(*packet) }));
            }
        }
    }

    /// Whatever somebody would send now.
    fn packets(&self, state: &State<N, R>) -> Vec<Packet> {
        let messages = (0..R).flat_map(|id| self.messages(state, id)).map(Packet::Entry);
        let reports = state.readers.iter().map(|reader| Packet::Report(self.report(reader)));
        messages.chain(reports).collect()
    }

    /// The state after a step; `None` if it changes nothing.
    pub fn next(&self, before: &State<N, R>, action: Action) -> Option<State<N, R>> {
        let mut state = before.clone();
        self.step(&mut state, action.step);
        if state == *before {
            return None;
        }
        state.late.extend(action.keeps);
        Some(state)
    }

    fn step(&self, state: &mut State<N, R>, step: Step) {
        self.take(state, step);
        if state.crashes >= self.size.crashes {
            state.forget_checkpoints();
        }
    }

    fn take(&self, state: &mut State<N, R>, step: Step) {
        match step {
            Step::Discover => self.discover(state),
            Step::Deliver(id, n) => {
                let message = self.messages(state, id).nth(n);
                message.into_iter().for_each(|message| self.deliver(state, message));
            }
            Step::Hear(id) => {
                let report = self.report(&state.readers[id]);
                self.hear(state, report);
            }
            Step::Late(n) => match state.late[n] {
                Packet::Entry(message) => self.deliver(state, message),
                Packet::Report(report) => self.hear(state, report),
            },
            Step::Emit(id) => state.readers[id].emit(),
            Step::Reopen(id) => {
                state.readers[id].generation += 1;
                state.readers[id].ended = false;
            }
            Step::CutEnumerator(id) => {
                let plan = state.enumerator.snapshot(id).expect("cuts are taken in their order, and few");
                state.under_way(id).plan = Some(Fixed::new(plan));
            }
            Step::TearReader(id, reader) => {
                let torn = &mut state.readers[reader];
                if self.left_out(Rule::OneInstant) {
                    torn.torn = Some(torn.queue);
                } else {
                    torn.fence.taken(Mark { checkpoint: id, next: torn.fence.next() });
                }
            }
            Step::CutReader(id, reader) => {
                let this = &mut state.readers[reader];
                let mark = Mark { checkpoint: id, next: this.fence.next() };
                let queue = this.torn.take().unwrap_or(this.queue);
                let part = Part { mark, queue, generation: this.generation, ended: this.ended, output: this.output };
                this.fence.taken(mark);
                state.under_way(id).parts[reader] = Some(Fixed::new(part));
            }
            Step::Complete(id) => {
                let position =
                    state.under_way.iter().position(|checkpoint| checkpoint.id == id).expect("it is under way");
                state.stored = Some((id, Fixed::new(state.under_way.remove(position))));
                state.completion_heard = false;
                // A newer one subsumes those that were begun before it.
                let older = state.under_way.iter().filter(|older| older.id < id && older.plan.is_some());
                state.aborted.extend(older.map(|older| older.id));
                state.under_way.retain(|checkpoint| checkpoint.id > id);
            }
            Step::Abort(id) => {
                state.under_way.retain(|checkpoint| checkpoint.id != id);
                state.aborted.push(id);
                state.aborted.sort_unstable();
            }
            Step::TellCompleted => {
                state.completion_heard = true;
                let id = state.stored.as_ref().expect("one was completed").0;
                if self.left_out(Rule::ReleaseByItsOwnMark) {
                    (1..id.0).for_each(|older| state.enumerator.checkpoint_completed(CheckpointId(older)));
                }
                state.enumerator.checkpoint_completed(id);
            }
            Step::TellAborted(id) => {
                state.aborted.retain(|aborted| *aborted != id);
                state.enumerator.checkpoint_aborted(id);
            }
            Step::CrashReader(id) => {
                state.crashes += 1;
                self.abort_all(state);
                state.attempts[id] += 1;
                self.restore_reader(state, id);
            }
            Step::CrashEnumerator => {
                state.crashes += 1;
                self.abort_all(state);
                state.aborted.clear();
                state.completion_heard = true;
                let newest = state.attempts.into_iter().max().unwrap_or(0);
                let floor = if self.left_out(Rule::Floor) { Attempt(0) } else { Attempt(newest) };
                let plan = state.stored.as_ref().filter(|_| !self.left_out(Rule::RestoreIsNotStart));
                state.enumerator = match plan {
                    Some(stored) => {
                        Enumerator::restore(stored.1.get().plan.as_ref().expect("it is complete").get().clone(), floor)
                    }
                    None => self.fresh_enumerator(floor),
                };
                self.discover_all(state);
                if !self.left_out(Rule::FreshAttempts) {
                    state.attempts = [newest + 1; R];
                }
                if !self.left_out(Rule::AllAreRestored) {
                    for id in 0..R {
                        self.restore_reader(state, id);
                    }
                }
            }
        }
    }

    fn abort_all(&self, state: &mut State<N, R>) {
        if self.left_out(Rule::AbortOnCrash) {
            return;
        }
        for checkpoint in std::mem::take(&mut state.under_way) {
            if checkpoint.plan.is_some() {
                state.aborted.push(checkpoint.id);
            }
        }
        state.aborted.sort_unstable();
    }

    fn restore_reader(&self, state: &mut State<N, R>, id: usize) {
        let attempt = Attempt(state.attempts[id]);
        let part =
            state.stored.as_ref().and_then(|stored| stored.1.get().parts[id].as_ref().map(|part| part.get().clone()));
        let (mark, queue, generation, ended, mut output) = match part {
            Some(Part { mark, queue, generation, ended, output }) => (Some(mark), queue, generation, ended, output),
            None => (None, Few::default(), 0, false, Few::default()),
        };
        if self.left_out(Rule::RollBack) {
            output = state.readers[id].output;
        }
        let next = if self.left_out(Rule::NextIsStored) {
            queue.as_slice().len() as u64
        } else {
            mark.map_or(0, |mark| mark.next)
        };
        let mut fence = Fence::new(ReaderId(id as u32), attempt, next);
        if let Some(Mark { checkpoint, .. }) = mark {
            fence.taken(Mark { checkpoint, next });
        }
        state.readers[id] = Reader { fence, queue, generation, ended, output, torn: None };
    }

    /// What arrives, and what the fence says to it.
    fn judge(&self, reader: &Reader, message: &Message<Split>) -> (Message<Split>, Receipt) {
        let message = self.without.map_or(*message, |rule| rule.bend_message(*message, &reader.fence));
        (message, reader.fence.judge(&message))
    }

    pub(super) fn deliver(&self, state: &mut State<N, R>, message: Message<Split>) {
        let reader = &mut state.readers[message.to.0 as usize];
        let (message, Receipt::Accepted) = self.judge(reader, &message) else { return };
        match message.entry {
            Entry::Split(Split(split)) => {
                if reader.ended {
                    state.after_the_end |= reader.generation + 1 == self.size.generations;
                    return; // Closed: Later.
                }
                if reader.queue.as_slice().len() as u64 >= self.size.room {
                    return; // Full: Later.
                }
                reader.queue.push(split);
                if !self.size.queues {
                    reader.emit();
                }
            }
            Entry::NoMoreSplits if reader.ended => return, // Closed: Later.
            Entry::NoMoreSplits => reader.ended = true,
        }
        reader.fence.applied();
    }

    fn hear(&self, state: &mut State<N, R>, report: Report) {
        let report = match self.without {
            Some(rule) => {
                rule.bend_report(report, state.enumerator.attempt(report.from), &state.in_log_of(report.from))
            }
            None => report,
        };
        match state.enumerator.hear(report) {
            Heard::Torn { .. } => state.torn = true,
            Heard::Unknown => unreachable!("every reader has a log"),
            Heard::Registered { .. } | Heard::Advanced | Heard::Known | Heard::Stale { .. } => {}
        }
        if self.left_out(Rule::ReleaseWhenCompleted)
            && let Some(mark) = report.cut
        {
            state.enumerator.checkpoint_completed(mark.checkpoint);
        }
    }
}

impl Reader {
    /// Emits its next split, and completes it. The order of what was emitted is not looked at.
    fn emit(&mut self) {
        let Some(split) = self.queue.pop_front() else { return };
        self.output.push(split);
        let emitted = usize::from(self.output.len);
        self.output.items[..emitted].sort_unstable();
    }
}

impl<const N: usize, const R: usize> Checkpoint<N, R> {
    fn new(id: CheckpointId) -> Self {
        Self { id, plan: None, parts: std::array::from_fn(|_| None) }
    }
}

impl<const N: usize, const R: usize> State<N, R> {
    /// Nobody will crash any more: what checkpoints hold does not matter, only that they hold it.
    fn forget_checkpoints(&mut self) {
        if let Some((_, stored)) = &mut self.stored {
            *stored = Fixed::FORGOTTEN;
        }
        for Checkpoint { plan, parts, .. } in &mut self.under_way {
            if let Some(plan) = plan {
                *plan = Fixed::FORGOTTEN;
            }
            for part in parts.iter_mut().flatten() {
                *part = Fixed::FORGOTTEN;
            }
        }
    }

    fn under_way(&mut self, id: CheckpointId) -> &mut Checkpoint<N, R> {
        if self.triggered < id.0 {
            self.triggered = id.0;
            self.under_way.push(Checkpoint::new(id));
        }
        self.under_way.iter_mut().find(|checkpoint| checkpoint.id == id).expect("it is under way")
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// What has to be true of every state

impl<const N: usize, const R: usize> State<N, R> {
    /// The sequence numbers of the splits that the enumerator has in a reader's log.
    fn in_log_of(&self, reader: ReaderId) -> Vec<u64> {
        let homes = (0..N as u8).filter_map(|split| self.enumerator.find(&split));
        let sequences = homes.filter_map(|home| match home {
            Home::Log { reader: of, sequence } if of == reader => Some(sequence),
            Home::Log { .. } | Home::Pending | Home::Released => None,
        });
        let mut sequences: Vec<u64> = sequences.collect();
        sequences.sort_unstable();
        sequences
    }

    /// In how many places is a split: pending, in flight, queued, emitted, or not yet discovered?
    fn homes(&self, split: u8) -> usize {
        let held = |reader: &Reader| {
            reader.queue.as_slice().iter().chain(reader.output.as_slice()).filter(|held| **held == split).count()
        };
        let at_readers: usize = self.readers.iter().map(held).sum();
        let elsewhere = match self.enumerator.find(&split) {
            None | Some(Home::Pending) => 1,
            Some(Home::Released) => 0,
            Some(Home::Log { reader, sequence }) => {
                usize::from(sequence >= self.readers[reader.0 as usize].fence.next())
            }
        };
        at_readers + elsewhere
    }

    /// Every split has exactly one home.
    pub fn conserved(&self) -> bool {
        (0..N as u8).all(|split| self.homes(split) == 1)
    }

    /// Each reader has what is in its own log below its `next`, what it has emitted before what it has queued, and both in the order of
    /// the log. The output is kept as a set: it is compared with the log in the state in which it grows.
    pub fn in_order(&self) -> bool {
        self.readers.iter().all(|reader| {
            let of = |split: &u8| match self.enumerator.find(split) {
                Some(Home::Log { reader: of, sequence }) => (of == reader.fence.id()).then_some(Some(sequence)),
                Some(Home::Released) => Some(None), // Before all that is still in the log.
                Some(Home::Pending) | None => None,
            };
            let attempt = self.enumerator.attempt(reader.fence.id());
            if attempt != Some(reader.fence.attempt()) {
                return true; // The enumerator does not know this one yet.
            }
            let (output, queue) = (reader.output.as_slice(), reader.queue.as_slice());
            let last = output.iter().map(of).max().flatten();
            output.iter().chain(queue).all(|split| of(split).is_some())
                && queue.iter().map(of).is_sorted()
                && queue.first().is_none_or(|first| last <= of(first))
        })
    }

    /// Is this split in the output, once?
    fn emitted_once(&self, split: u8) -> bool {
        let output = self.readers.iter().flat_map(|reader| reader.output.as_slice());
        output.filter(|emitted| **emitted == split).count() == 1
    }

    /// Every reader would answer Finished, in the last generation.
    pub fn finished(&self, generations: u32) -> bool {
        let finished = |reader: &Reader| reader.ended && reader.queue.as_slice().is_empty();
        self.readers.iter().all(|reader| reader.generation + 1 == generations && finished(reader))
    }
}

impl<const N: usize, const R: usize> System<N, R> {
    /// Finished only if all is emitted; and so for what the enumerator knows.
    pub fn finished_is_final(&self, state: &State<N, R>) -> bool {
        let all = (0..N as u8).all(|split| state.emitted_once(split));
        let known = |reader: &Reader| state.enumerator.attempt(reader.fence.id()) == Some(reader.fence.attempt());
        let done = state.enumerator.is_done() && state.readers.iter().all(known);
        (!state.finished(self.size.generations) || all) && (!done || state.finished(self.size.generations) && all)
    }

    /// No dead end: if not all is done, a network that delivers and a coordinator that goes on can change something. Each of these steps
    /// makes a number grow that none of them makes smaller again, but for the one registration of an attempt, which comes once: so there is
    /// no going round in circles, and taken as long as there are any, they lead to Finished.
    pub fn goes_on(&self, state: &State<N, R>) -> bool {
        let mut changes = self.steps(state).into_iter().filter(|step| fair(state, step)).filter(|step| {
            let mut after = state.clone();
            self.step(&mut after, *step);
            after != *state
        });
        state.finished(self.size.generations) && state.enumerator.is_done() || changes.next().is_some()
    }

    /// And so they do, in one course of them, with the checkpoints that are under way completed or given up.
    pub fn leads_to_the_end(&self, state: &State<N, R>) -> bool {
        [true, false].into_iter().all(|complete| self.ends(state.clone(), complete))
    }

    fn ends(&self, mut state: State<N, R>, complete: bool) -> bool {
        while let Some(given_up) = state.under_way.first().filter(|_| !complete) {
            let id = given_up.id;
            self.step(&mut state, Step::Abort(id));
        }
        // Without one of the rules it may go on for ever.
        for _ in 0..200 {
            let before = state.clone();
            for step in self.steps(&state).into_iter().filter(|step| fair(&before, step)) {
                self.step(&mut state, step);
                if state != before {
                    break; // What was possible may not be any more.
                }
            }
            if state == before {
                return state.finished(self.size.generations) && state.enumerator.is_done();
            }
        }
        false
    }
}

/// Is this a step of a network that delivers and of a coordinator that goes on, and no crash, nothing late and nothing new?
fn fair<const N: usize, const R: usize>(state: &State<N, R>, step: &Step) -> bool {
    match step {
        Step::CutEnumerator(id) | Step::CutReader(id, _) | Step::TearReader(id, _) => id.0 <= state.triggered,
        Step::Discover | Step::Deliver(..) | Step::Hear(_) | Step::Emit(_) | Step::Reopen(_) => true,
        Step::Complete(_) | Step::TellCompleted | Step::TellAborted(_) => true,
        Step::Late(_) | Step::Abort(_) | Step::CrashReader(_) | Step::CrashEnumerator => false,
    }
}
