//! A whole job over a terrible network. The engine, the enumerator and the readers hear of each other only by packets, which
//! are lost, doubled, overtaken and late, and every second one of them crashes. Still each row arrives exactly once.
//!
//! Nobody waits for an answer: every 10 ms each says how things are, and does what is new to it. What makes that safe is the
//! fence: `--without-fence` takes each message that arrives for the next one.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex};
use std::thread::{self, Scope, ScopedJoinHandle};
use std::time::{Duration, Instant};
use std::{mem, panic, process};

use clap::Parser;
use oorandom::Rand32;
use turnstile::delivery::{self, Attempt, Discovered, Identity, Log, Message, Policy, ReaderId, Report, Slot};
use turnstile::{CheckpointId, Snapshot, blocking};

/// How many splits a reader holds, the one that it reads included.
const QUEUE: usize = 8;
const TICK: Duration = Duration::from_millis(10);
/// How long a row takes.
const ROW: Duration = Duration::from_millis(1);
const BETWEEN_CHECKPOINTS: Duration = Duration::from_millis(100);
/// Of each hundred packets that arrive, so many arrive twice, and so many a second or two late.
const TWICE: u32 = 20;
const LATE: u32 = 2;

type Reader = blocking::Reader<[Split; QUEUE]>;
type Enumerator = delivery::Enumerator<Box<[Slot<Split>]>, Box<[Log]>>;
type Plan = delivery::Plan<Box<[Slot<Split>]>, Box<[Log]>>;
type Mailboxes = Arc<Mutex<HashMap<Who, Sender<Packet>>>>;

/// Runs a job over a network that loses, doubles, reorders and delays, with crashes, and counts the rows in the end.
#[derive(Parser)]
struct Args {
    /// How many readers share the work
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..))]
    readers: u32,
    /// How many splits there are
    #[arg(long, default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..))]
    splits: u32,
    /// How many rows a split has
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..))]
    rows: u64,
    /// The part of all packets that is lost
    #[arg(long, default_value_t = 0.3)]
    loss: f32,
    /// What the network does to which packet, and who crashes; the times are the system's
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How often one of the participants crashes
    #[arg(long, default_value_t = 1.0)]
    seconds_between_crashes: f32,
    /// When to give up
    #[arg(long, default_value_t = 60.0)]
    seconds: f32,
    /// Apply each message that arrives as if it were the next one
    #[arg(long)]
    without_fence: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Split(u32);

impl Identity for Split {
    type Id = u32;
    fn id(&self) -> u32 {
        self.0
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Who {
    Engine,
    Enumerator,
    Reader(ReaderId),
}

#[derive(Clone)]
enum Packet {
    /// Enumerator to reader.
    Message(Message<Split>),
    /// Reader to enumerator.
    Report(Report),
    /// Engine to all. If the newest checkpoint is not the completed one, it is under way; those between them are aborted.
    Checkpoints { completed: CheckpointId, newest: CheckpointId },
    /// Enumerator to engine: its part of a checkpoint.
    Plan(CheckpointId, Plan),
    /// Reader to engine: its part.
    Part(ReaderId, Part),
    /// To itself, every 10 ms.
    Tick,
}

/// A reader's part of a checkpoint: itself, and how many rows it has written, at one cut.
#[derive(Clone)]
struct Part {
    checkpoint: CheckpointId,
    snapshot: Snapshot<Vec<Split>>,
    rows: usize,
}

/// A completed checkpoint: all that a restart needs.
struct Checkpoint {
    id: CheckpointId,
    plan: Plan,
    parts: Vec<Part>,
}

/// What a participant holds of the network.
struct Line {
    wire: Sender<(Who, Packet)>,
    mailbox: Receiver<Packet>,
    tick: Instant,
}

impl Line {
    fn send(&self, to: Who, packet: Packet) {
        let _ = self.wire.send((to, packet));
    }

    /// The next packet, or `None` once the line is cut.
    fn next(&mut self) -> Option<Packet> {
        let rest = self.tick.saturating_duration_since(Instant::now());
        let received = if rest.is_zero() { Err(RecvTimeoutError::Timeout) } else { self.mailbox.recv_timeout(rest) };
        match received {
            Ok(packet) => Some(packet),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => {
                self.tick = Instant::now() + TICK;
                Some(Packet::Tick)
            }
        }
    }
}

/// What all threads share beside the network.
struct Job {
    args: Args,
    /// The rows that each reader has written. They outlive it, and a restored one rolls back those behind its checkpoint.
    sinks: Vec<Mutex<Vec<u64>>>,
    /// What happened how often.
    tally: Mutex<BTreeMap<String, u64>>,
}

impl Job {
    /// Counts a value by the name of its variant.
    fn count(&self, what: &str, value: impl Debug) {
        let value = format!("{value:?}");
        let variant = value.split(|c: char| !c.is_alphanumeric()).find(|word| !word.is_empty()).unwrap_or_default();
        *self.tally.lock().unwrap().entry(format!("{what} {variant}")).or_default() += 1;
    }

    fn readers(&self) -> impl Iterator<Item = ReaderId> + use<> {
        (0..self.args.readers).map(ReaderId)
    }

    /// The network's thread.
    fn carry(&self, sent: &Receiver<(Who, Packet)>, mailboxes: &Mailboxes) {
        let mut dice = Rand32::new(self.args.seed);
        let mut on_the_way: BTreeMap<(Instant, u32), (Who, Packet)> = BTreeMap::new();
        loop {
            while let Some(first) = on_the_way.first_entry().filter(|first| first.key().0 <= Instant::now()) {
                let (to, packet) = first.remove();
                if let Some(mailbox) = mailboxes.lock().unwrap().get(&to) {
                    let _ = mailbox.send(packet);
                }
            }
            let wait = on_the_way.first_key_value().map_or(TICK, |(&(due, _), _)| due - Instant::now());
            let (to, packet) = match sent.recv_timeout(wait) {
                Ok(sent) => sent,
                Err(RecvTimeoutError::Timeout) => continue,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            self.count("packets", "Sent");
            if dice.rand_float() < self.args.loss {
                self.count("packets", "Lost");
                continue;
            }
            let twice = dice.rand_range(0..100) < TWICE;
            if twice {
                self.count("packets", "Doubled");
            }
            for _ in 0..=u32::from(twice) {
                let late = dice.rand_range(0..100) < LATE;
                if late {
                    self.count("packets", "Late");
                }
                let delay = dice.rand_range(if late { 1000..2000 } else { 0..30 });
                let due = Instant::now() + Duration::from_millis(delay.into());
                on_the_way.insert((due, dice.rand_u32()), (to, packet.clone()));
            }
        }
    }

    /// The enumerator's thread.
    fn enumerate(&self, mut enumerator: Enumerator, mut line: Line) {
        let mut undiscovered = (0..self.args.splits).map(Split);
        let mut part = None;
        while let Some(packet) = line.next() {
            match packet {
                Packet::Report(report) => self.count("reports", enumerator.hear(report)),
                Packet::Checkpoints { completed, newest } => {
                    (completed.0 + 1..newest.0).for_each(|id| enumerator.checkpoint_aborted(CheckpointId(id)));
                    enumerator.checkpoint_completed(completed);
                    if let Ok(plan) = enumerator.snapshot(newest) {
                        part = Some((newest, plan));
                    }
                    if let Some((checkpoint, plan)) = part.clone() {
                        line.send(Who::Engine, Packet::Plan(checkpoint, plan));
                    }
                }
                Packet::Tick => {
                    // From the first on, also after a restore: what is known is passed over.
                    let mut is_new = |split: &Split| enumerator.discover(*split) == Ok(Discovered::New);
                    if undiscovered.by_ref().filter(&mut is_new).take(4).count() == 0 {
                        enumerator.seal();
                    }
                    for reader in self.readers() {
                        for message in enumerator.messages(reader) {
                            line.send(Who::Reader(reader), Packet::Message(message.cloned()));
                        }
                    }
                }
                _ => unreachable!("not for the enumerator"),
            }
        }
    }

    /// A reader's thread: the delivery side and the checkpoints of an incarnation that continues at `part`.
    fn read(&self, id: ReaderId, attempt: Attempt, mut part: Part, mut line: Line) {
        let sink = &self.sinks[id.0 as usize];
        let reader = Reader::new(turnstile::Reader::restore(part.snapshot.clone()).expect("it fitted before"));
        let mut inbox = reader.inbox(id, attempt, Some(part.checkpoint)).expect("nobody polls yet");
        thread::scope(|scope| {
            let (alive, crashed) = mpsc::channel();
            scope.spawn(|| self.emit(&reader, sink, crashed));
            while let Some(packet) = line.next() {
                match packet {
                    Packet::Message(mut message) => {
                        if self.args.without_fence {
                            let Report { attempt, next, .. } = inbox.report();
                            (message.attempt, message.sequence, message.behind) = (attempt, next, None);
                        }
                        self.count("receipts", inbox.receive(message));
                    }
                    Packet::Checkpoints { newest, .. } => {
                        if newest > part.checkpoint {
                            let cut = reader.checkpoint(newest); // no row is written until this is dropped
                            let (snapshot, mark) = (cut.snapshot(), cut.mark(newest));
                            part = Part { checkpoint: newest, snapshot, rows: sink.lock().unwrap().len() };
                            drop(cut);
                            inbox.taken(mark);
                        }
                        line.send(Who::Engine, Packet::Part(id, part.clone()));
                    }
                    Packet::Tick => line.send(Who::Enumerator, Packet::Report(inbox.report())),
                    _ => unreachable!("not for a reader"),
                }
            }
            drop::<Sender<()>>(alive);
            reader.stop();
        });
    }

    /// The thread of a reader's task. A crash ends it between two rows.
    fn emit(&self, reader: &Reader, sink: &Mutex<Vec<u64>>, crashed: Receiver<()>) {
        let mut poller = reader.poller().expect("this is the only one");
        while let Some(mut lease) = poller.next() {
            let Split(split) = *lease.split();
            for row in lease.position()..self.args.rows {
                if crashed.recv_timeout(ROW) == Err(RecvTimeoutError::Disconnected) {
                    return;
                }
                sink.lock().unwrap().push(u64::from(split) * self.args.rows + row);
                lease.advance(row + 1);
            }
            lease.complete();
        }
    }

    /// Has each reader written whole splits, each from its first row to its last?
    fn is_in_order(&self) -> bool {
        let rows = self.args.rows;
        let whole =
            |split: &[u64]| split.iter().copied().eq(split[0]..split[0] + rows) && split[0].is_multiple_of(rows);
        self.sinks.iter().all(|sink| sink.lock().unwrap().chunks(rows as usize).all(whole))
    }

    /// How many rows are missing, how many there are, and how many of them were there before.
    fn compare(&self) -> [usize; 3] {
        let mut times = vec![0_usize; self.args.splits as usize * self.args.rows as usize];
        self.sinks.iter().for_each(|sink| sink.lock().unwrap().iter().for_each(|row| times[*row as usize] += 1));
        let missing = times.iter().filter(|times| **times == 0).count();
        [missing, times.iter().sum(), times.iter().map(|times| times.saturating_sub(1)).sum()]
    }
}

/// Starts, crashes and restores the participants, and takes checkpoints of them.
struct Engine<'scope, 'env> {
    job: &'env Job,
    scope: &'scope Scope<'scope, 'env>,
    wire: Sender<(Who, Packet)>,
    mailboxes: Mailboxes,
    threads: HashMap<Who, ScopedJoinHandle<'scope, ()>>,
    /// The newest that was ever started.
    attempt: Attempt,
    last: Checkpoint,
}

impl Engine<'_, '_> {
    /// A line for a new incarnation. The one before is cut off: it is over when this returns.
    fn line(&mut self, who: Who) -> Line {
        let (packets, mailbox) = mpsc::channel();
        self.mailboxes.lock().unwrap().insert(who, packets);
        if let Some(thread) = self.threads.remove(&who) {
            thread.join().unwrap();
        }
        Line { wire: self.wire.clone(), mailbox, tick: Instant::now() }
    }

    fn start_reader(&mut self, id: ReaderId) {
        let (job, line) = (self.job, self.line(Who::Reader(id)));
        self.attempt.0 += 1;
        let (attempt, part) = (self.attempt, self.last.parts[id.0 as usize].clone());
        job.sinks[id.0 as usize].lock().unwrap().truncate(part.rows);
        let thread = self.scope.spawn(move || job.read(id, attempt, part, line));
        self.threads.insert(Who::Reader(id), thread);
    }

    /// And all readers: they cannot be ahead of it.
    fn start_enumerator(&mut self) {
        let (job, line) = (self.job, self.line(Who::Enumerator));
        let enumerator = Enumerator::restore(self.last.plan.clone(), self.attempt);
        let thread = self.scope.spawn(move || job.enumerate(enumerator, line));
        self.threads.insert(Who::Enumerator, thread);
        job.readers().for_each(|reader| self.start_reader(reader));
    }

    /// Until in a completed checkpoint all readers are at their end: true; or until that cannot be hoped for any more.
    fn run(mut self) -> bool {
        let Args { readers, seed, seconds, seconds_between_crashes, .. } = self.job.args;
        let mut dice = Rand32::new(!seed);
        let mut line = self.line(Who::Engine);
        self.start_enumerator();

        let [began, mut crashed, mut checkpointed] = [Instant::now(); 3];
        let mut crashes = 0;
        let (mut newest, mut plan, mut parts) = (self.last.id, None, BTreeMap::new());
        while let Some(packet) = line.next() {
            match packet {
                Packet::Plan(id, part) if id == newest => plan = Some(part),
                Packet::Part(id, part) if part.checkpoint == newest => drop(parts.insert(id, part)),
                Packet::Tick => {
                    let crash = crashed.elapsed().as_secs_f32() >= seconds_between_crashes;
                    // What is written twice is not made good by anything.
                    if began.elapsed().as_secs_f32() >= seconds || crash && self.job.compare()[2] > 0 {
                        return false;
                    }
                    if crash {
                        (crashed, crashes) = (Instant::now(), crashes + 1);
                        if crashes % 3 == 0 {
                            self.job.count("crashes", "Enumerator");
                            self.start_enumerator();
                        } else {
                            self.job.count("crashes", "Reader");
                            self.start_reader(ReaderId(dice.rand_range(0..readers)));
                        }
                    }
                    // A checkpoint that is under way in a crash is aborted, for the next.
                    let under_way = newest > self.last.id;
                    if if under_way { crash } else { checkpointed.elapsed() >= BETWEEN_CHECKPOINTS } {
                        newest.0 += 1;
                        (checkpointed, plan, parts) = (Instant::now(), None, BTreeMap::new());
                    }
                    for to in self.job.readers().map(Who::Reader).chain([Who::Enumerator]) {
                        line.send(to, Packet::Checkpoints { completed: self.last.id, newest });
                    }
                }
                _ => {} // of another checkpoint
            }
            if newest > self.last.id && parts.len() == self.last.parts.len() && plan.is_some() {
                self.job.count("checkpoints", "Completed");
                let (plan, parts) = (plan.take().unwrap(), mem::take(&mut parts).into_values().collect());
                self.last = Checkpoint { id: newest, plan, parts };
                let at_end = |Part { snapshot, .. }: &Part| snapshot.no_more_splits && snapshot.splits.is_empty();
                if self.last.parts.iter().all(at_end) {
                    return true;
                }
            }
        }
        unreachable!("this line is not cut")
    }
}

fn main() {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        report(panic);
        process::exit(101) // the other threads would wait for this one
    }));

    let args = Args::parse();
    let readers = args.readers as usize;
    let slots = vec![Slot::EMPTY; args.splits as usize].into();
    let mut enumerator = Enumerator::new(slots, vec![Log::EMPTY; readers].into(), Policy::OnRequest, Attempt(0));
    // The start is a checkpoint as well, so that there is always one to go back to.
    let id = CheckpointId(0);
    let plan = enumerator.snapshot(id).expect("it is the first");
    let snapshot = Snapshot { splits: Vec::new(), position: 0, accepted: 0, no_more_splits: false };
    let last = Checkpoint { id, plan, parts: vec![Part { checkpoint: id, snapshot, rows: 0 }; readers] };

    let began = Instant::now();
    let job = Job { args, sinks: (0..readers).map(|_| Mutex::default()).collect(), tally: Mutex::default() };
    let done = thread::scope(|scope| {
        let (wire, sent) = mpsc::channel();
        let (job, mailboxes) = (&job, Mailboxes::default());
        scope.spawn({
            let mailboxes = mailboxes.clone();
            move || job.carry(&sent, &mailboxes)
        });
        let (unplug, threads) = (mailboxes.clone(), HashMap::new());
        let done = Engine { job, scope, wire, mailboxes, threads, attempt: Attempt(0), last }.run();
        unplug.lock().unwrap().clear();
        done
    });

    job.tally.lock().unwrap().iter().for_each(|(what, times)| println!("{times:8} {what}"));
    let [missing, rows, duplicates] = job.compare();
    let end = if done { "done" } else { "given up" };
    println!("{end} after {:.1?} with {rows} rows: {missing} missing, {duplicates} duplicates", began.elapsed());
    let exactly_once = done && missing == 0 && duplicates == 0 && job.is_in_order();
    println!("{}", if exactly_once { "each row exactly once, in order" } else { "NOT exactly once" });
    process::exit(i32::from(!exactly_once));
}
