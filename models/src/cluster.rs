//! The whole system: readers, an enumerator, checkpoints and crashes, on threads that hear of each other through a network that
//! loses, doubles and reorders. This file is compiled once per engine, beside the scenarios.

use std::collections::VecDeque;
use std::mem;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use oorandom::Rand32;

use super::turnstile::delivery::{
    self, Attempt, Heard, Home, Identity, Inbox, Log, Message, Policy, ReaderId, Receipt, Report, Slot,
};
use super::turnstile::{Answer, CheckpointId, Cut, Poller, Reader, Snapshot};
use super::{JoinHandle, Lock, Parker, seed, spawn, yield_now};
use crate::size::Size;

/// Rows in a split. Two, so that a cut and a crash can fall inside one.
const ROWS: u64 = 2;
/// How many splits a reader holds.
const ROOM: usize = 4;
/// How many packets wait for one participant. More are lost: who is slow would only hear old ones.
const MAILBOX: usize = 16;
/// How often somebody crashes. One of these times it is the enumerator.
const CRASHES: usize = 6;
/// The coordinator gives up then. An execution that comes to its end takes some two thousand.
const ROUNDS: u32 = 200_000;

type Storage = [Split; ROOM];
type Enumerator = delivery::Enumerator<Box<[Slot<Split>]>, Box<[Log]>>;
type Plan = delivery::Plan<Box<[Slot<Split>]>, Box<[Log]>>;
/// Which split, and which row of it.
type Row = (u32, u64);

#[derive(Clone, Copy, Debug, PartialEq)]
struct Split(u32);

impl Identity for Split {
    type Id = u32;
    fn id(&self) -> u32 {
        self.0
    }
}

fn lock<T, R>(of: &Lock<T>, with: impl FnOnce(&mut T) -> R) -> R {
    with(&mut of.lock().expect("no participant has panicked"))
}

// ---------------------------------------------------------------------------------------------------------------------
// The network

/// What waits for one participant. Outlives its incarnations.
struct Mailbox<P> {
    packets: VecDeque<P>,
    /// One that is very late.
    held: Option<P>,
}

impl<P: Clone> Mailbox<P> {
    const fn new() -> Self {
        Self { packets: VecDeque::new(), held: None }
    }

    fn put(&mut self, dice: &mut Rand32, packet: &P) {
        let copies = match dice.rand_range(0..10) {
            0..=2 => 0,
            3..=4 => 2,
            _ => 1,
        };
        for _ in 0..copies {
            let mut packet = Some(packet.clone());
            if dice.rand_range(0..16) == 0 {
                mem::swap(&mut packet, &mut self.held);
            }
            self.packets.extend(packet.filter(|_| self.packets.len() < MAILBOX));
        }
    }

    /// The oldest; or the one behind it, and the oldest goes to the back.
    fn take(&mut self, dice: &mut Rand32) -> Option<P> {
        if self.packets.len() > 1 && dice.rand_range(0..4) == 0 {
            self.packets.rotate_left(1);
        }
        self.packets.pop_front()
    }
}

struct Network {
    dice: Rand32,
    reports: Mailbox<Report>,
    messages: Vec<Mailbox<Message<Split>>>,
}

impl Network {
    fn roll(&mut self, range: Range<u32>) -> u32 {
        self.dice.rand_range(range)
    }

    fn report(&mut self, report: Report) {
        self.reports.put(&mut self.dice, &report);
    }

    fn next_report(&mut self) -> Option<Report> {
        self.reports.take(&mut self.dice)
    }

    fn message(&mut self, message: Message<Split>) {
        self.messages[message.to.0 as usize].put(&mut self.dice, &message);
    }

    fn next_message(&mut self, to: ReaderId) -> Option<Message<Split>> {
        self.messages[to.0 as usize].take(&mut self.dice)
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// What outlives a crash

/// A reader's part of a checkpoint: itself, and how many rows it has written, at one cut.
#[derive(Clone)]
struct Part {
    snapshot: Snapshot<Vec<Split>>,
    rows: usize,
    /// The first entry of its log that is not in it.
    next: u64,
}

/// A completed checkpoint.
struct Checkpoint {
    plan: Plan,
    parts: Vec<Part>,
}

/// Where the coordinator says how checkpoints stand, and finds the parts of the newest. If that is not the completed one, it is
/// under way; those between the two are aborted. Whoever looks too late has missed what was in between.
struct Board {
    completed: CheckpointId,
    newest: CheckpointId,
    plan: Option<Plan>,
    parts: Vec<Option<Part>>,
    /// The enumerator says that everything is done.
    done: bool,
}

struct Cluster {
    splits: u32,
    network: Lock<Network>,
    sinks: Vec<Lock<Vec<Row>>>,
    board: Lock<Board>,
}

// ---------------------------------------------------------------------------------------------------------------------
// The participants

/// One life of the enumerator. Ends when `crashed` is set.
fn enumerate(cluster: &Cluster, mut enumerator: Enumerator, crashed: &AtomicBool) {
    // From the first on, also after a restore: what is known is passed over.
    let mut undiscovered = (0..cluster.splits).map(Split);
    while !crashed.load(Ordering::Acquire) {
        while let Some(report) = lock(&cluster.network, Network::next_report) {
            let heard = enumerator.hear(report);
            assert!(!matches!(heard, Heard::Torn { .. } | Heard::Unknown), "{report:?} is {heard:?}");
            for message in enumerator.messages(report.from) {
                lock(&cluster.network, |network| network.message(message.cloned()));
            }
        }
        let mut discovered = 0;
        for split in undiscovered.by_ref().take(8) {
            enumerator.discover(split).expect("there is room for all, and each has a name of its own");
            discovered += 1;
        }
        if discovered == 0 {
            enumerator.seal();
        }
        let (completed, newest) = lock(&cluster.board, |board| (board.completed, board.newest));
        (completed.0 + 1..newest.0).for_each(|id| enumerator.checkpoint_aborted(CheckpointId(id)));
        enumerator.checkpoint_completed(completed);
        let plan = enumerator.snapshot(newest).ok();
        lock(&cluster.board, |board| {
            board.done = enumerator.is_done();
            if plan.is_some() && board.newest == newest {
                board.plan = plan;
            }
        });
        yield_now();
    }
}

/// One life of a reader.
struct Incarnation {
    id: ReaderId,
    reader: Arc<Reader<Storage>>,
    inbox: Lock<Inbox<Arc<Reader<Storage>>>>,
    crashed: AtomicBool,
    finished: AtomicBool,
}

impl Incarnation {
    fn has_crashed(&self) -> bool {
        self.crashed.load(Ordering::Acquire)
    }

    /// The delivery thread.
    fn deliver(&self, cluster: &Cluster) {
        while !self.has_crashed() {
            while let Some(message) = lock(&cluster.network, |network| network.next_message(self.id)) {
                let receipt = lock(&self.inbox, |inbox| inbox.receive(message));
                assert_ne!(receipt, Receipt::Misaddressed);
            }
            let report = lock(&self.inbox, |inbox| inbox.report());
            lock(&cluster.network, |network| network.report(report));
            yield_now();
        }
    }

    /// The poller's thread. A crash ends it between two rows.
    fn emit(&self, cluster: &Cluster) {
        let parker = Parker::new();
        let waker = parker.waker();
        let mut poller = Poller::claim(self.reader.clone()).expect("this is the only one");
        while !self.has_crashed() {
            match poller.poll_with(&waker) {
                Answer::Split(mut lease) => {
                    let Split(split) = *lease.split();
                    for row in lease.position()..ROWS {
                        if self.has_crashed() {
                            return;
                        }
                        lock(&cluster.sinks[self.id.0 as usize], |sink| sink.push((split, row)));
                        if let Some(checkpoint) = lease.advance(row + 1) {
                            self.store(cluster, checkpoint, lease.cut());
                        }
                    }
                    lease.complete();
                }
                Answer::Checkpoint(checkpoint) => {
                    self.store(cluster, checkpoint, poller.cut().expect("the poller was just asked"));
                }
                Answer::Pending => parker.park(),
                Answer::Finished => return self.finished.store(true, Ordering::Release),
            }
        }
    }

    /// Stores this reader's part of a checkpoint, whoever took the cut. At most one cut is taken for each checkpoint.
    fn store(&self, cluster: &Cluster, checkpoint: CheckpointId, cut: Cut<'_, Storage>) {
        let rows = lock(&cluster.sinks[self.id.0 as usize], |sink| sink.len());
        let (snapshot, mark) = (cut.snapshot(), cut.mark(checkpoint));
        let part = Part { snapshot, rows, next: mark.next };
        drop(cut);
        lock(&self.inbox, |inbox| inbox.taken(mark));
        lock(&cluster.board, |board| {
            if board.newest == checkpoint {
                let before = board.parts[self.id.0 as usize].replace(part);
                assert!(before.is_none(), "a second cut for {checkpoint:?}");
            }
        });
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// The coordinator

/// A reader, as the coordinator sees it.
struct Running {
    incarnation: Arc<Incarnation>,
    threads: [JoinHandle<()>; 2],
    /// The checkpoint that its poller was asked for last.
    asked: Option<CheckpointId>,
}

struct Coordinator {
    cluster: Arc<Cluster>,
    enumerator: Option<(Arc<AtomicBool>, JoinHandle<()>)>,
    readers: Vec<Option<Running>>,
    /// The newest that was ever started.
    attempt: Attempt,
    last: Checkpoint,
    rounds: u32,
}

impl Coordinator {
    fn roll(&self, range: Range<u32>) -> u32 {
        lock(&self.cluster.network, |network| network.roll(range))
    }

    fn stop_reader(&mut self, id: usize) {
        if let Some(Running { incarnation, threads, .. }) = self.readers[id].take() {
            incarnation.crashed.store(true, Ordering::Release);
            incarnation.reader.signal_no_more_splits(); // wakes the poller, which sees that it has crashed
            threads.into_iter().for_each(|thread| thread.join().expect("a reader has panicked"));
        }
    }

    fn stop_enumerator(&mut self) {
        if let Some((crashed, thread)) = self.enumerator.take() {
            crashed.store(true, Ordering::Release);
            thread.join().expect("the enumerator has panicked");
        }
    }

    /// A checkpoint that is under way in a crash is aborted, for the next.
    fn abort(&self) {
        lock(&self.cluster.board, |board| {
            if board.newest > board.completed {
                board.newest.0 += 1;
                (board.plan, board.parts) = (None, vec![None; self.readers.len()]);
            }
        });
    }

    /// Crashes the reader, if it runs, and restores it as a new attempt.
    fn start_reader(&mut self, id: usize) {
        self.stop_reader(id);
        self.abort();
        self.attempt.0 += 1;
        let Part { snapshot, rows, .. } = self.last.parts[id].clone();
        let completed = lock(&self.cluster.board, |board| board.completed);
        lock(&self.cluster.sinks[id], |sink| sink.truncate(rows));
        let reader = Arc::new(Reader::restore(snapshot).expect("it fitted before"));
        let number = ReaderId(id as u32);
        let inbox = Inbox::open(number, self.attempt, reader.clone(), Some(completed)).expect("nobody uses it yet");
        let [crashed, finished] = [false; 2].map(AtomicBool::new);
        let inbox = Lock::new(inbox);
        let incarnation = Arc::new(Incarnation { id: number, reader, inbox, crashed, finished });
        let threads = [Incarnation::deliver, Incarnation::emit].map(|work| {
            let (incarnation, cluster) = (incarnation.clone(), self.cluster.clone());
            spawn(move || work(&incarnation, &cluster))
        });
        self.readers[id] = Some(Running { incarnation, threads, asked: None });
    }

    /// Crashes the enumerator, if it runs, and restores it; and with it all readers, which cannot be ahead of it.
    fn start_enumerator(&mut self) {
        self.stop_enumerator();
        (0..self.readers.len()).for_each(|id| self.stop_reader(id));
        self.abort();
        let enumerator = Enumerator::restore(self.last.plan.clone(), self.attempt);
        let (crashed, cluster) = (Arc::new(AtomicBool::new(false)), self.cluster.clone());
        let thread = spawn({
            let crashed = crashed.clone();
            move || enumerate(&cluster, enumerator, &crashed)
        });
        self.enumerator = Some((crashed, thread));
        (0..self.readers.len()).for_each(|id| self.start_reader(id));
    }

    /// Takes the cut of each reader that has no part of the newest checkpoint, or asks its poller.
    fn trigger(&mut self) {
        let (newest, missing) = lock(&self.cluster.board, |board| {
            if board.newest == board.completed {
                board.newest.0 += 1;
                (board.plan, board.parts) = (None, vec![None; board.parts.len()]);
            }
            (board.newest, board.parts.iter().map(Option::is_none).collect::<Vec<_>>())
        });
        for (running, _) in self.readers.iter_mut().zip(missing).filter(|(_, missing)| *missing) {
            let running = running.as_mut().expect("all readers run");
            let Running { incarnation, asked, .. } = running;
            match incarnation.reader.try_cut() {
                // The poller has taken the cut for this checkpoint already.
                Ok(cut) if *asked == Some(newest) && cut.id() != *asked => {}
                Ok(cut) => incarnation.store(&self.cluster, newest, cut),
                Err(_) => {
                    if *asked != Some(newest) && incarnation.reader.request_checkpoint(newest).is_ok() {
                        *asked = Some(newest);
                    }
                }
            }
        }
    }

    /// Completes the newest checkpoint, if all parts are there. Is everybody at the end in it?
    fn complete(&mut self) -> bool {
        let completed = lock(&self.cluster.board, |board| {
            if board.plan.is_none() || board.parts.iter().any(Option::is_none) {
                return None;
            }
            board.completed = board.newest;
            let parts = mem::take(&mut board.parts).into_iter().flatten().collect::<Vec<_>>();
            board.parts = vec![None; parts.len()];
            Some(Checkpoint { plan: board.plan.take()?, parts })
        });
        let Some(completed) = completed else { return false };
        self.last = completed;
        self.check_parts();
        self.last.parts.iter().all(|Part { snapshot, .. }| snapshot.no_more_splits && snapshot.splits.is_empty())
    }

    /// A completed checkpoint holds each row once or not at all: written before the cut, or still to be written by who is restored
    /// from it; and the enumerator's part of it agrees.
    fn check_parts(&self) {
        let mut times = vec![0_u32; self.cluster.splits as usize * ROWS as usize];
        for (part, sink) in self.last.parts.iter().zip(&self.cluster.sinks) {
            let written = lock(sink, |sink| sink[..part.rows].to_vec());
            let first = part.snapshot.splits.first().into_iter();
            let begun = first.flat_map(|Split(split)| (part.snapshot.position..ROWS).map(|row| (*split, row)));
            let rest = part.snapshot.splits.iter().skip(1);
            let rest = rest.flat_map(|Split(split)| (0..ROWS).map(|row| (*split, row)));
            for (split, row) in written.into_iter().chain(begun).chain(rest) {
                times[(u64::from(split) * ROWS + row) as usize] += 1;
                let times = times[(u64::from(split) * ROWS + row) as usize];
                assert_eq!(times, 1, "row {row} of split {split} is in a completed checkpoint");
            }
        }
        let enumerator = Enumerator::restore(self.last.plan.clone(), self.attempt);
        for (split, times) in times.chunks(ROWS as usize).enumerate() {
            let home = enumerator.find(&(split as u32));
            let with_a_reader = match home {
                None | Some(Home::Pending) => false,
                Some(Home::Log { reader, sequence }) => sequence < self.last.parts[reader.0 as usize].next,
                Some(Home::Released) => true,
            };
            assert_eq!(times, [u32::from(with_a_reader); ROWS as usize], "split {split} is {home:?}");
        }
    }

    fn round(&mut self) {
        self.rounds += 1;
        assert!(self.rounds < ROUNDS, "no end is in sight");
        yield_now();
    }

    /// Until everything is done.
    fn run(&mut self) {
        // When so many rows are written: so they come at any time, and each of them does come.
        let rows = self.cluster.splits * ROWS as u32;
        let mut crashes: Vec<_> = (0..CRASHES).map(|_| self.roll(0..rows + 1)).collect();
        crashes.sort_unstable();
        let last_word = self.roll(0..CRASHES as u32) as usize;
        self.start_enumerator();
        loop {
            let written: usize = self.cluster.sinks.iter().map(|sink| lock(sink, |sink| sink.len())).sum();
            if crashes.first().is_some_and(|due| *due as usize <= written) {
                crashes.remove(0);
                if crashes.len() == last_word {
                    self.start_enumerator();
                } else {
                    let id = self.roll(0..self.readers.len() as u32);
                    self.start_reader(id as usize);
                }
            }
            let under_way = lock(&self.cluster.board, |board| board.newest > board.completed);
            if under_way || self.roll(0..4) == 0 {
                self.trigger();
            }
            if self.complete() && crashes.is_empty() {
                break;
            }
            self.round();
        }
        while !lock(&self.cluster.board, |board| board.done)
            || !self.readers.iter().flatten().all(|running| running.incarnation.finished.load(Ordering::Acquire))
        {
            self.round();
        }
        (0..self.readers.len()).for_each(|id| self.stop_reader(id));
        self.stop_enumerator();
    }
}

/// **Claim.** A whole job, on threads: while packets are lost, doubled and late, checkpoints are taken, and readers and the enumerator
/// crash and are restored, every row is written once, and all come to an end.
/// **Could fail** in any way that the parts do not show: a cut beside a delivery that is already in the next generation of the
/// log, a checkpoint that is aborted while its parts arrive, a restored reader that hears what was sent to the one before.
/// **Size.** Not for loom: each reader is two threads. For shuttle and for real threads as large as they can bear.
pub fn protocol_cluster(size: Size) {
    let readers = size.assigners;
    let splits = (size.splits * readers) as u32;
    let mut dice = Rand32::new(seed());
    let policy = [Policy::OnRequest, Policy::RoundRobin, Policy::ByHash][dice.rand_range(0..3) as usize];
    let slots = vec![Slot::EMPTY; splits as usize].into();
    let mut enumerator = Enumerator::new(slots, vec![Log::EMPTY; readers].into(), policy, Attempt(0));
    // The start is a checkpoint as well, so that there is always one to go back to.
    let start = CheckpointId(0);
    let plan = enumerator.snapshot(start).expect("it is the first");
    let snapshot = Snapshot { splits: Vec::new(), position: 0, accepted: 0, no_more_splits: false };
    let messages = (0..readers).map(|_| Mailbox::new()).collect();
    let parts = vec![None; readers];
    let cluster = Arc::new(Cluster {
        splits,
        network: Lock::new(Network { dice, reports: Mailbox::new(), messages }),
        sinks: (0..readers).map(|_| Lock::new(Vec::new())).collect(),
        board: Lock::new(Board { completed: start, newest: start, plan: None, parts, done: false }),
    });
    let mut coordinator = Coordinator {
        cluster: cluster.clone(),
        enumerator: None,
        readers: (0..readers).map(|_| None).collect(),
        attempt: Attempt(0),
        last: Checkpoint { plan, parts: vec![Part { snapshot, rows: 0, next: 0 }; readers] },
        rounds: 0,
    };
    coordinator.run();

    let mut times = vec![0; splits as usize];
    for sink in &cluster.sinks {
        for rows in lock(sink, mem::take).chunks(ROWS as usize) {
            let split = rows[0].0;
            let all: Vec<_> = (0..ROWS).map(|row| (split, row)).collect();
            assert_eq!(rows, all, "a split is written from its beginning to its end");
            times[split as usize] += 1;
        }
    }
    assert_eq!(times, vec![1; splits as usize], "each split is written once");
}
