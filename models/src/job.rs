//! Turnstile's delivery protocol as a job under test: the shipping enumerator and the shipping fence, with a queue behind it.

use std::collections::VecDeque;
use std::fmt;

use turnstile::CheckpointId;
use turnstile::delivery::{
    Attempt, Entry, Enumerator as Core, Fence, Identity, Log, Mark, Message, Plan, Policy, ReaderId, Receipt, Report,
    Slot,
};
use turnstile_kit::job::{Ability, Enumerator, EnumeratorContext, Job, READERS, Reader, ReaderContext};
use turnstile_kit::journal::Split;

/// As many splits as the scenarios discover.
const SPLITS: usize = 4;
/// Splits that a reader has room for.
const ROOM: u64 = 2;

/// A split: its number is its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Named(Split);

impl Identity for Named {
    type Id = Split;
    fn id(&self) -> Split {
        self.0
    }
}

/// The protocol.
pub struct Turnstile;

impl Job for Turnstile {
    const NAME: &'static str = "turnstile";
    const ABILITIES: &'static [Ability] = &[
        Ability::Checkpoints,
        Ability::ReaderCrashes,
        Ability::EnumeratorCrashes,
        Ability::Losses,
        Ability::Repetitions,
    ];
    type Order = Order;
    type Report = Said;
    type Enumerator = Coordinator;
    type Reader = Inbox;
}

/// A message to a reader.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Order(Message<Named>);

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "entry {} for attempt {}, ", self.0.sequence, self.0.attempt.0)?;
        match self.0.entry {
            Entry::Split(Named(split)) => write!(f, "s{split}"),
            Entry::NoMoreSplits => f.write_str("no more splits"),
        }
    }
}

/// A message of a reader.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Said(Report);

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "attempt {}, next {}, done {}", self.0.attempt.0, self.0.next, self.0.done)?;
        self.0.cut.map_or(Ok(()), |cut| write!(f, ", cut {} at {}", cut.checkpoint.0, cut.next))
    }
}

/// The enumerator, and what it has sent: the same is sent again only when some time has passed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Coordinator {
    core: Core<[Slot<Named>; SPLITS], [Log; READERS]>,
    sent: [Option<(Attempt, u64)>; READERS],
}

impl Coordinator {
    fn send(&mut self, context: &mut EnumeratorContext<Order>) {
        for (reader, sent) in self.sent.iter_mut().enumerate() {
            for message in self.core.messages(ReaderId(reader as u32)).map(Message::cloned) {
                let key = (message.attempt, message.sequence);
                if sent.is_none_or(|newest| newest < key) {
                    *sent = Some(key);
                    context.send(reader, Order(message));
                }
            }
        }
    }
}

impl Enumerator<Order, Said> for Coordinator {
    type Plan = Plan<[Slot<Named>; SPLITS], [Log; READERS]>;

    fn start(newest_attempt: u64) -> Self {
        let storage = ([const { Slot::EMPTY }; SPLITS], [Log::EMPTY; READERS]);
        let core = Core::new(storage.0, storage.1, Policy::OnRequest, Attempt(newest_attempt));
        Self { core, sent: [None; READERS] }
    }

    fn restore(plan: &Self::Plan, newest_attempt: u64) -> Self {
        Self { core: Core::restore(plan.clone(), Attempt(newest_attempt)), sent: [None; READERS] }
    }

    fn discover(&mut self, splits: &[Split], all: bool, context: &mut EnumeratorContext<Order>) {
        for split in splits {
            if let Err(why) = self.core.discover(Named(*split)) {
                context.fail(format!("s{split} is not taken: {why:?}"));
            }
        }
        if all {
            self.core.seal();
        }
        self.send(context);
    }

    fn hear(&mut self, _: usize, Said(report): Said, context: &mut EnumeratorContext<Order>) {
        let _ = self.core.hear(report);
        self.send(context);
    }

    fn cut(&mut self, checkpoint: u64, context: &mut EnumeratorContext<Order>) -> Self::Plan {
        let plan = self.core.snapshot(CheckpointId(checkpoint)).expect("one checkpoint at a time");
        self.send(context);
        plan
    }

    fn completed(&mut self, checkpoint: u64, context: &mut EnumeratorContext<Order>) {
        self.core.checkpoint_completed(CheckpointId(checkpoint));
        self.send(context);
    }

    fn aborted(&mut self, checkpoint: u64, context: &mut EnumeratorContext<Order>) {
        self.core.checkpoint_aborted(CheckpointId(checkpoint));
        self.send(context);
    }

    fn remind(&mut self, context: &mut EnumeratorContext<Order>) {
        self.sent = [None; READERS];
        self.send(context);
    }
}

/// The fence, and the queue behind it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Inbox {
    fence: Fence,
    queue: VecDeque<Split>,
    ended: bool,
    said: Option<Report>,
}

/// A reader's part of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Part {
    mark: Mark,
    queue: VecDeque<Split>,
    ended: bool,
}

impl Inbox {
    fn report(&mut self, context: &mut ReaderContext<Said>) {
        let done = self.fence.next() - self.queue.len() as u64;
        let report = Report {
            from: self.fence.id(),
            attempt: self.fence.attempt(),
            next: self.fence.next(),
            done,
            limit: done + ROOM,
            cut: self.fence.cut(),
        };
        if self.said.replace(report) != Some(report) {
            context.send(Said(report));
        }
    }
}

impl Reader<Order, Said> for Inbox {
    type Part = Part;

    fn start(id: usize, attempt: u64, context: &mut ReaderContext<Said>) -> Self {
        let fence = Fence::new(ReaderId(id as u32), Attempt(attempt), 0);
        let mut this = Self { fence, queue: VecDeque::new(), ended: false, said: None };
        this.report(context);
        this
    }

    fn restore(id: usize, attempt: u64, _: u64, part: &Part, context: &mut ReaderContext<Said>) -> Self {
        let mut fence = Fence::new(ReaderId(id as u32), Attempt(attempt), part.mark.next);
        fence.taken(part.mark);
        let mut this = Self { fence, queue: part.queue.clone(), ended: part.ended, said: None };
        this.report(context);
        this
    }

    fn receive(&mut self, Order(message): Order, context: &mut ReaderContext<Said>) {
        let receipt = match self.fence.judge(&message) {
            Receipt::Accepted if self.ended => Receipt::Later,
            Receipt::Accepted => {
                match message.entry {
                    Entry::Split(Named(split)) => self.queue.push_back(split),
                    Entry::NoMoreSplits => self.ended = true,
                }
                self.fence.applied();
                Receipt::Accepted
            }
            receipt => receipt,
        };
        context.note(format!("{receipt:?}"));
        self.report(context);
    }

    fn poll(&mut self, context: &mut ReaderContext<Said>) -> bool {
        if let Some(split) = self.queue.pop_front() {
            context.read(split);
            self.report(context);
            return false;
        }
        self.ended
    }

    fn cut(&mut self, checkpoint: u64, context: &mut ReaderContext<Said>) -> Part {
        let mark = Mark { checkpoint: CheckpointId(checkpoint), next: self.fence.next() };
        let part = Part { mark, queue: self.queue.clone(), ended: self.ended };
        self.fence.taken(mark);
        self.report(context);
        part
    }

    fn remind(&mut self, context: &mut ReaderContext<Said>) {
        self.said = None;
        self.report(context);
    }
}
