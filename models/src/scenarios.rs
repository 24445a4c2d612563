//! The claims, as code that any engine can run. This file is compiled once per engine, against `engine`.
//!
//! Each scenario states its claim, why it could fail, and why its size is enough. An oracle compares what was emitted
//! with what was accepted, in order; it never sorts, filters or counts alone. Every split records that it was dropped
//! exactly once.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::task::Wake;

use futures_core::stream::FusedStream;

pub use super::cluster::protocol_cluster;
use super::turnstile::delivery::{Attempt, Entry, Inbox, Message, ReaderId, Receipt};
use super::turnstile::{
    Answer, Batch, Busy, CheckpointId, Cut, OwnedLease, Poller, Reader, Refused, Remaining, Snapshot, blocking,
};
use super::{JoinHandle, Parker, UnsafeCell, reads_are_newest, spawn, yield_now};
use crate::history::{Answer as Saw, History, Op};
use crate::size::Size;

// ---------------------------------------------------------------------------------------------------------------------
// What is read

/// Rows in a split. Two, so that a cut can fall inside one.
pub(super) const ROWS: u64 = 2;

/// A split that knows whose it is, and that it was dropped.
#[derive(Debug)]
pub(super) struct Split {
    pub(super) from: usize,
    pub(super) number: usize,
    /// `None` in a clone: snapshots are not counted.
    drops: Option<Arc<AtomicU8>>,
}

impl Clone for Split {
    fn clone(&self) -> Self {
        Self { from: self.from, number: self.number, drops: None }
    }
}

impl Drop for Split {
    fn drop(&mut self) {
        if let Some(drops) = &self.drops {
            let before = drops.fetch_add(1, Ordering::Relaxed);
            assert_eq!(before, 0, "split {}.{} is dropped twice", self.from, self.number);
        }
    }
}

/// A row: whose split, which split, which row of it.
pub(super) type Row = (usize, usize, u64);

/// Issues splits, and knows at the end whether each of them was dropped once.
#[derive(Default)]
pub(super) struct Ledger(Mutex<Vec<Arc<AtomicU8>>>);

impl Ledger {
    pub(super) fn issue(&self, from: usize, number: usize) -> Split {
        let drops = Arc::new(AtomicU8::new(0));
        self.0.lock().expect("no panic inside").push(drops.clone());
        Split { from, number, drops: Some(drops) }
    }

    pub(super) fn settle(&self) {
        for (issued, drops) in self.0.lock().expect("no panic inside").iter().enumerate() {
            assert_eq!(drops.load(Ordering::Relaxed), 1, "the split issued as number {issued} is dropped once");
        }
    }
}

/// What has left the reader, in the order in which it left.
#[derive(Clone, Default)]
pub(super) struct Sink(Arc<Mutex<Vec<Row>>>);

impl Sink {
    pub(super) fn emit(&self, row: Row) {
        self.0.lock().expect("no panic inside").push(row);
    }

    pub(super) fn rows(&self) -> Vec<Row> {
        self.0.lock().expect("no panic inside").clone()
    }

    /// What `from` has emitted, in order.
    pub(super) fn of(&self, from: usize) -> Vec<Row> {
        self.rows().into_iter().filter(|row| row.0 == from).collect()
    }
}

pub(super) fn rows_of(from: usize, number: usize, position: u64) -> impl Iterator<Item = Row> {
    (position..ROWS).map(move |row| (from, number, row))
}

/// All rows of the first `splits` splits of `from`.
pub(super) fn rows(from: usize, splits: usize) -> Vec<Row> {
    (0..splits).flat_map(|number| rows_of(from, number, 0)).collect()
}

pub(super) type Storage<const N: usize> = [Split; N];

// ---------------------------------------------------------------------------------------------------------------------
// The parts that scenarios are made of

/// Hands splits over one by one, again while there is no room. Answers how many were accepted before the end.
fn deliver<const N: usize>(reader: &Reader<Storage<N>>, ledger: &Ledger, from: usize, splits: usize) -> usize {
    for number in 0..splits {
        if !insist(reader, [ledger.issue(from, number)]) {
            return number;
        }
    }
    splits
}

/// Hands a batch over, again while it is refused for now. False when the reader is closed.
fn insist<const N: usize, A: Batch<Split>>(reader: &Reader<Storage<N>>, mut batch: A) -> bool {
    loop {
        batch = match reader.assign(batch) {
            Ok(()) => return true,
            Err(Refused::Closed(_)) => return false,
            Err(Refused::Oversized(_)) => unreachable!("scenarios assign batches that fit"),
            Err(Refused::Full(batch) | Refused::Busy(batch)) => batch,
        };
        yield_now();
    }
}

type PollerOf<const N: usize> = Poller<Arc<Reader<Storage<N>>>>;

/// Emits all rows of the split that the poller was given.
macro_rules! emit_all {
    ($lease:ident, $sink:expr, $on_checkpoint:expr) => {{
        let (from, number) = ($lease.split().from, $lease.split().number);
        for row in rows_of(from, number, $lease.position()) {
            $sink.emit(row);
            if $lease.advance(row.2 + 1).is_some() {
                $on_checkpoint(&$lease.cut());
            }
        }
        drop($lease.complete());
    }};
}

/// Polls until Finished, and waits in between.
fn drain<const N: usize>(poller: &mut PollerOf<N>, parker: &Parker, sink: &Sink) {
    drain_until(poller, parker, sink, usize::MAX, |_| panic!("nobody asks for a checkpoint"));
}

/// Polls until Finished or until `splits` splits were completed, and waits in between.
fn drain_until<const N: usize>(
    poller: &mut PollerOf<N>,
    parker: &Parker,
    sink: &Sink,
    splits: usize,
    mut on_checkpoint: impl FnMut(&Cut<'_, Storage<N>>),
) {
    let waker = parker.waker();
    let mut completed = 0;
    while completed < splits {
        match poller.poll_with(&waker) {
            Answer::Split(mut lease) => {
                emit_all!(lease, sink, on_checkpoint);
                completed += 1;
            }
            Answer::Checkpoint(_) => on_checkpoint(&poller.cut().expect("the poller was just asked")),
            Answer::Pending => parker.park(),
            Answer::Finished => return,
        }
    }
}

/// One poll, no waiting.
fn poll_once<const N: usize>(poller: &mut PollerOf<N>, sink: &Sink) {
    if let Answer::Split(mut lease) = poller.poll() {
        emit_all!(lease, sink, |_: &_| ());
    }
}

/// Whatever is there, without waiting.
fn drain_now<const N: usize>(poller: &mut PollerOf<N>, sink: &Sink) {
    while let Answer::Split(mut lease) = poller.poll() {
        emit_all!(lease, sink, |_: &_| ());
    }
}

fn shared<const N: usize>() -> (Arc<Reader<Storage<N>>>, PollerOf<N>) {
    let reader = Arc::new(Reader::new());
    let poller = Poller::claim(reader.clone()).expect("the reader is new");
    (reader, poller)
}

pub(super) fn join<T>(thread: JoinHandle<T>) -> T {
    thread.join().expect("a thread of the scenario has panicked")
}

/// Starts threads that deliver `size.splits` splits each, or as many as are accepted before the end.
fn deliveries(reader: &Arc<Reader<Storage<4>>>, ledger: &Arc<Ledger>, size: Size) -> Vec<JoinHandle<usize>> {
    let delivery = |from| {
        let (reader, ledger) = (reader.clone(), ledger.clone());
        spawn(move || deliver(&reader, &ledger, from, size.splits))
    };
    (0..size.assigners).map(delivery).collect()
}

/// Waits for the deliveries. What each of them had accepted is what was emitted of it, in its order, and nothing else was.
fn check_deliveries(deliveries: Vec<JoinHandle<usize>>, sink: &Sink) -> Vec<usize> {
    let accepted: Vec<usize> = deliveries.into_iter().map(join).collect();
    for (from, splits) in accepted.iter().enumerate() {
        assert_eq!(sink.of(from), rows(from, *splits));
    }
    assert_eq!(sink.rows().len(), accepted.iter().sum::<usize>() * ROWS as usize);
    accepted
}

// ---------------------------------------------------------------------------------------------------------------------
// Assign, signal, poll

/// **Claim.** What is assigned, by one thread or by several at once, is emitted, in the order of each.
/// **Could fail** if the tail were published before the slots, a slot were freed before it was read, two threads wrote the same
/// slot, or none of them woke the poller, which waits.
/// **Size.** Two splits of one thread put a poll between them, and the index wraps after the second; or one each of two.
pub fn assign_poll(size: Size) {
    let (reader, mut poller) = shared::<4>();
    let (ledger, sink, parker) = (Arc::new(Ledger::default()), Sink::default(), Parker::new());
    let deliveries = deliveries(&reader, &ledger, size);
    drain_until(&mut poller, &parker, &sink, size.assigners * size.splits, |_| unreachable!());
    assert_eq!(check_deliveries(deliveries, &sink), vec![size.splits; size.assigners]);
    drop((poller, reader));
    ledger.settle();
}

/// **Claim.** A batch and the end, from one thread, reach a poller that waits: it emits the batch and finishes.
/// **Could fail** if a wake-up were lost, or Finished were made of two looks.
/// **Size.** Two splits in a batch, and the end right behind it.
pub fn batch_then_signal(size: Size) {
    let (reader, mut poller) = shared::<4>();
    let (ledger, sink, parker) = (Arc::new(Ledger::default()), Sink::default(), Parker::new());
    let delivery = spawn({
        let (reader, ledger) = (reader.clone(), ledger.clone());
        move || {
            for pair in 0..size.splits / 2 {
                assert!(insist(&reader, [0, 1].map(|one| ledger.issue(0, 2 * pair + one))));
            }
            reader.signal_no_more_splits();
        }
    });
    drain(&mut poller, &parker, &sink);
    assert_eq!(sink.rows(), rows(0, size.splits));
    join(delivery);
    drop((poller, reader));
    ledger.settle();
}

/// **Claim.** With the end announced by a third thread, exactly what was accepted is emitted, and what was not is handed
/// back; the poller, which waits, always finishes.
/// **Could fail** if the end and the queue were read one after the other, if a batch half written at the end were
/// forgotten, or if either of two notifiers relied on the other.
/// **Size.** One split, the end and a waiting poller: each pair of them meets in both orders.
pub fn assign_signal_poll(size: Size) {
    let (reader, mut poller) = shared::<4>();
    let (ledger, sink, parker) = (Arc::new(Ledger::default()), Sink::default(), Parker::new());
    let deliveries = deliveries(&reader, &ledger, size);
    let signal = spawn({
        let reader = reader.clone();
        move || reader.signal_no_more_splits()
    });
    drain(&mut poller, &parker, &sink);
    check_deliveries(deliveries, &sink);
    join(signal);
    drop((poller, reader));
    ledger.settle();
}

/// **Claim.** Threads that assign at once lose nothing, and each one's order is kept.
/// **Could fail** if two wrote the same slot, or one published what the other was still writing.
/// **Size.** Two threads with one split each, and two polls at any point; a refusal as Busy is tried again.
pub fn two_assigners(size: Size) {
    let (reader, mut poller) = shared::<4>();
    let (ledger, sink) = (Arc::new(Ledger::default()), Sink::default());
    let deliveries = deliveries(&reader, &ledger, size);
    let all = size.assigners * size.splits;
    for _ in 0..all {
        poll_once(&mut poller, &sink);
    }
    // With more splits than fit the threads need room.
    while all > reader.capacity() && sink.rows().len() < all * ROWS as usize {
        poll_once(&mut poller, &sink);
        yield_now();
    }
    let delivered: Vec<usize> = deliveries.into_iter().map(join).collect();
    drain_now(&mut poller, &sink);
    for (from, splits) in delivered.into_iter().enumerate() {
        assert_eq!(splits, size.splits);
        assert_eq!(sink.of(from), rows(from, splits));
    }
    assert_eq!(sink.rows().len(), all * ROWS as usize);
    drop((poller, reader));
    ledger.settle();
}

/// **Claim.** With room for one split, an assignment is accepted or handed back, never both and never neither, and each slot
/// is used again only when it was read. The index wraps on the way.
/// **Could fail** if full and empty looked alike, or the freed slot were published too early.
/// **Size.** Three assignments use the slot again, twice, across the limit of the integer.
pub fn full_and_wrap(size: Size) {
    let (reader, mut poller) = shared::<1>();
    let (ledger, sink) = (Arc::new(Ledger::default()), Sink::default());
    let delivery = spawn({
        let (reader, ledger) = (reader.clone(), ledger.clone());
        move || {
            let mut accepted = 0;
            for _ in 0..size.splits {
                match reader.assign([ledger.issue(0, accepted)]) {
                    Ok(()) => accepted += 1,
                    Err(Refused::Full(_)) => {}
                    Err(refused) => panic!("one assigner, not closed: {refused}"),
                }
            }
            accepted
        }
    });
    for _ in 0..size.splits {
        poll_once(&mut poller, &sink);
    }
    let accepted = join(delivery);
    drain_now(&mut poller, &sink);
    assert!(accepted >= 1);
    assert_eq!(sink.rows(), rows(0, accepted));
    drop((poller, reader));
    ledger.settle();
}

/// **Claim.** A thread that assigns sees the room as it was for whoever assigned before it, so it never takes a slot that is in use.
/// **Could fail** if the newest tail could be seen beside an older head: more would lie between them than there are slots.
/// **Size.** One slot, filled, freed and filled again by one thread, and an assignment by another that comes anywhere.
pub fn room_seen_by_another(_: Size) {
    let (reader, mut poller) = shared::<1>();
    let (ledger, sink) = (Arc::new(Ledger::default()), Sink::default());
    assert!(reader.assign([ledger.issue(0, 0)]).is_ok());
    let other = spawn({
        let (reader, ledger) = (reader.clone(), ledger.clone());
        move || reader.assign([ledger.issue(1, 0)]).is_ok()
    });
    poll_once(&mut poller, &sink);
    let again = reader.assign([ledger.issue(0, 1)]).is_ok();
    let other = join(other);
    drain_now(&mut poller, &sink);
    assert!(!(again && other), "there is room for one");
    assert_eq!(sink.of(0), rows(0, 1 + usize::from(again)));
    assert_eq!(sink.of(1), rows(1, usize::from(other)));
    drop((poller, reader));
    ledger.settle();
}

/// **Claim.** What was written before the end was announced is visible once Finished is answered.
/// **Could fail** if the end were announced, or read, without an ordering.
/// **Size.** One plain write, no split: nothing else could carry it.
pub fn payload_before_signal(_: Size) {
    struct Plain(UnsafeCell<u32>);
    // SAFETY: [exclusive] written before the end is announced, read after Finished: what the scenario checks.
    unsafe impl Sync for Plain {}
    // SAFETY: as above.
    unsafe impl Send for Plain {}
    let (reader, mut poller) = shared::<1>();
    let (sink, parker, plain) = (Sink::default(), Parker::new(), Arc::new(Plain(UnsafeCell::new(0))));
    let delivery = spawn({
        let plain = plain.clone();
        move || {
            plain.0.with_mut(|cell| {
                // SAFETY: [exclusive] nobody reads before Finished.
                unsafe { *cell = 7 }
            });
            reader.signal_no_more_splits();
        }
    });
    drain(&mut poller, &parker, &sink);
    plain.0.with(|cell| {
        // SAFETY: [exclusive] Finished was answered.
        assert_eq!(unsafe { *cell }, 7);
    });
    join(delivery);
}

/// **Claim.** Nothing appears after Finished: a late assignment is handed back, and Finished stays the answer, on the way out as well.
/// **Could fail** if an assignment that met the end were accepted after all, or if one that is being refused looked like one that may be accepted.
/// **Size.** One assignment against the end, polls until and after Finished, and a checkpoint that is asked for after it.
pub fn nothing_after_finished(size: Size) {
    let (reader, mut poller) = shared::<4>();
    let (ledger, sink, parker) = (Arc::new(Ledger::default()), Sink::default(), Parker::new());
    let deliveries = deliveries(&reader, &ledger, size);
    reader.signal_no_more_splits();
    drain(&mut poller, &parker, &sink);
    let emitted = sink.rows();
    reader.request_checkpoint(CheckpointId(0)).expect("nobody has asked before");
    assert!(matches!(poller.shutdown(), Remaining::Finished));
    check_deliveries(deliveries, &sink);
    drop(poller.cut().expect("nobody else sits"));
    assert!(matches!(reader.assign([ledger.issue(0, 0)]), Err(Refused::Closed(_))));
    assert!(matches!(poller.poll(), Answer::Finished));
    assert_eq!(sink.rows(), emitted);
    drop((poller, reader));
    ledger.settle();
}

// ---------------------------------------------------------------------------------------------------------------------
// Wake-ups, each with no later event to the rescue

/// **Claim.** An assignment alone wakes a poller that waits.
/// **Could fail** between the poller's last look and its waiting: nothing comes after to make up for it.
/// **Size.** One split, no end.
pub fn wake_by_assign(_: Size) {
    let (reader, mut poller) = shared::<2>();
    let (ledger, sink, parker) = (Arc::new(Ledger::default()), Sink::default(), Parker::new());
    let delivery = spawn({
        let (reader, ledger) = (reader.clone(), ledger.clone());
        move || assert!(reader.assign([ledger.issue(0, 0)]).is_ok())
    });
    drain_until(&mut poller, &parker, &sink, 1, |_| unreachable!());
    join(delivery);
    assert_eq!(sink.rows(), rows(0, 1));
    drop((poller, reader));
    ledger.settle();
}

/// **Claim.** The end alone wakes a poller that waits. **Could fail** as above. **Size.** No split at all.
pub fn wake_by_signal(_: Size) {
    let (reader, mut poller) = shared::<1>();
    let delivery = spawn(move || reader.signal_no_more_splits());
    drain(&mut poller, &Parker::new(), &Sink::default());
    join(delivery);
}

/// **Claim.** A checkpoint request alone wakes a poller that waits, and is answered by it.
/// **Could fail** because the request and the waker are in different words.
/// **Size.** One request, no split, no end.
pub fn wake_by_request(_: Size) {
    let (reader, mut poller) = shared::<1>();
    let parker = Parker::new();
    let requester = spawn({
        let reader = reader.clone();
        move || assert!(reader.request_checkpoint(CheckpointId(7)).is_ok(), "nobody else asks")
    });
    let waker = parker.waker();
    loop {
        match poller.poll_with(&waker) {
            Answer::Checkpoint(id) => {
                assert_eq!(id, CheckpointId(7));
                assert_eq!(poller.cut().expect("the poller was just asked").id(), Some(id));
                break;
            }
            Answer::Pending => parker.park(),
            answer => panic!("nothing else happens here: {answer:?}"),
        }
    }
    join(requester);
    assert!(!reader.checkpoint_requested());
}

/// **Claim.** A request is refused until the one before is answered, and then answered as itself.
/// **Could fail** if the second number were written while the first was read.
/// **Size.** One request answered, one that insists.
pub fn request_again(_: Size) {
    let (reader, mut poller) = shared::<1>();
    assert!(reader.request_checkpoint(CheckpointId(7)).is_ok(), "nobody else asks");
    let requester = spawn({
        let reader = reader.clone();
        move || {
            while reader.request_checkpoint(CheckpointId(8)).is_err() {
                yield_now();
            }
        }
    });
    for expected in [7, 8] {
        loop {
            match poller.poll() {
                Answer::Checkpoint(id) => {
                    assert_eq!(id, CheckpointId(expected));
                    assert_eq!(poller.cut().expect("the poller was just asked").id(), Some(id));
                    break;
                }
                Answer::Pending => yield_now(),
                answer => panic!("nothing else happens here: {answer:?}"),
            }
        }
    }
    join(requester);
    assert!(!reader.checkpoint_requested());
}

type LentSplit = OwnedLease<Arc<Reader<Storage<2>>>>;

/// Looks at the split, and drops the lease.
fn give_back(lease: LentSplit) {
    assert_eq!(lease.split().number, 0);
}

/// Lends the only split to a thread, which ends the lease in `end`, and polls until Finished, by when `offered_again`
/// splits were emitted here. The end is announced before, or by a third thread.
fn lent_to_a_thread(end: impl FnOnce(LentSplit) + Send + 'static, and_signal: bool, offered_again: usize) {
    let (reader, mut poller) = shared::<2>();
    let (ledger, sink, parker) = (Arc::new(Ledger::default()), Sink::default(), Parker::new());
    assert!(reader.assign([ledger.issue(0, 0)]).is_ok());
    if !and_signal {
        reader.signal_no_more_splits();
    }
    let Answer::Split(lease) = poller.poll() else { panic!("a split was assigned") };
    let lease = lease.into_owned();
    let worker = spawn(move || end(lease));
    let signal = and_signal.then(|| {
        let reader = reader.clone();
        spawn(move || reader.signal_no_more_splits())
    });
    drain(&mut poller, &parker, &sink);
    join(worker);
    if let Some(signal) = signal {
        join(signal);
    }
    drop((poller, reader));
    ledger.settle();
    assert_eq!(sink.rows(), rows(0, offered_again));
}

/// **Claim.** A lease dropped on another thread is offered again, and wakes a poller that waits for it; the poller does not
/// finish before.
/// **Could fail** if the end and the lease were judged apart, or the lease's end missed the waiting poller.
/// **Size.** One split, lent out, with the end announced before: the lease alone ends the Pending.
pub fn wake_by_give_back(_: Size) {
    lent_to_a_thread(give_back, false, 1);
}

/// **Claim.** A lease completed on another thread makes the reader finish, and wakes a poller that waits for it.
/// **Could fail** as above. **Size.** As above.
pub fn wake_by_complete(_: Size) {
    let complete = |lease: LentSplit| {
        assert_eq!(lease.split().number, 0);
        lease.complete();
    };
    lent_to_a_thread(complete, false, 0);
}

/// **Claim.** A lease that is dropped while the poller polls and the end is announced loses nothing: the split is emitted
/// once, then Finished is answered.
/// **Could fail** if Finished were decided without the lease, or one notifier hid the other.
/// **Size.** Three threads: the lease, the end, the poller that waits.
pub fn lease_dropped(_: Size) {
    lent_to_a_thread(give_back, true, 1);
}

/// **Claim.** A poll looks three times, and then has itself polled again: whatever others change meanwhile, it ends and loses nothing.
/// **Could fail** if the last look were taken for an answer with nobody to wake the poller.
/// **Size.** A split that is lent out, and three changes of the tail while the poll leaves its waker.
pub fn poll_gives_way(_: Size) {
    let (reader, mut poller) = shared::<2>();
    let ledger = Arc::new(Ledger::default());
    assert!(reader.assign([ledger.issue(0, 0)]).is_ok());
    let Answer::Split(lease) = poller.poll() else { panic!("a split was assigned") };
    let lease = lease.into_owned();
    let others = spawn({
        let (reader, ledger) = (reader.clone(), ledger.clone());
        move || {
            assert!(reader.assign([ledger.issue(0, 1)]).is_ok());
            reader.signal_no_more_splits();
            give_back(lease);
        }
    });
    let sink = Sink::default();
    drain(&mut poller, &Parker::new(), &sink);
    join(others);
    assert_eq!(sink.rows(), rows(0, 2));
    drop((poller, reader));
    ledger.settle();
}

/// **Claim.** The same without a waker: Pending is answered, and the next poll finds what is there.
/// **Could fail** as above.
/// **Size.** A split, and a checkpoint thread that asks and then takes the cut itself: three changes of the seat.
pub fn poll_in_vain(_: Size) {
    let (reader, mut poller) = shared::<4>();
    let ledger = Ledger::default();
    assert!(reader.assign([ledger.issue(0, 0)]).is_ok());
    let sink = Sink::default();
    let checkpoint = spawn({
        let reader = reader.clone();
        move || {
            reader.request_checkpoint(CheckpointId(1)).expect("nobody has asked before");
            reader.try_cut().map(|cut| cut.snapshot::<Vec<_>>().splits.len())
        }
    });
    poll_once(&mut poller, &sink);
    if let Ok(splits) = join(checkpoint) {
        assert!(splits <= 1);
    }
    reader.signal_no_more_splits();
    loop {
        match poller.poll() {
            Answer::Split(mut lease) => emit_all!(lease, sink, |_: &_| ()),
            Answer::Checkpoint(_) => drop(poller.cut().expect("the poller was just asked")),
            Answer::Pending => panic!("nothing is left to wait for"),
            Answer::Finished => break,
        }
    }
    assert_eq!(sink.rows(), rows(0, 1));
    drop((poller, reader));
    ledger.settle();
}

/// **Claim.** Two threads assign while the end is announced: what is accepted is emitted, once, and nothing is accepted behind the end.
/// **Could fail** if one that comes too late ended what the other is at.
/// **Size.** Three threads, one split each.
pub fn two_assigners_and_the_end(_: Size) {
    let (reader, mut poller) = shared::<2>();
    let ledger = Arc::new(Ledger::default());
    let deliver = {
        let (reader, ledger) = (reader.clone(), ledger.clone());
        move |from| usize::from(reader.assign([ledger.issue(from, 0)]).is_ok())
    };
    let other = spawn({
        let deliver = deliver.clone();
        move || deliver(1)
    });
    let signal = spawn({
        let reader = reader.clone();
        move || reader.signal_no_more_splits()
    });
    let accepted = [deliver(0), join(other)];
    join(signal);
    let sink = Sink::default();
    drain_now(&mut poller, &sink);
    assert!(matches!(poller.poll(), Answer::Finished));
    for (from, splits) in accepted.into_iter().enumerate() {
        assert_eq!(sink.of(from), rows(from, splits));
    }
    drop((poller, reader, deliver));
    ledger.settle();
}

/// **Claim.** A cut that says that there are no more splits holds every split that was accepted, or is behind it.
/// **Could fail** while a batch is being written and the end is announced: it is accepted, behind the cut, and a reader that were restored
/// as closed would refuse it.
/// **Size.** Three threads: one assigns, one announces the end, one takes the cut.
pub fn cut_says_the_end(_: Size) {
    let (reader, mut poller) = shared::<2>();
    let ledger = Arc::new(Ledger::default());
    let delivery = spawn({
        let (reader, ledger) = (reader.clone(), ledger.clone());
        move || usize::from(reader.assign([ledger.issue(0, 0)]).is_ok())
    });
    let signal = spawn({
        let reader = reader.clone();
        move || reader.signal_no_more_splits()
    });
    let cut = reader.try_cut().expect("nobody reads");
    let (says_the_end, holds) = (cut.no_more_splits(), cut.splits().len());
    drop(cut);
    join(signal);
    let accepted = join(delivery);
    assert!(holds <= accepted);
    assert!(!says_the_end || holds == accepted, "a split is accepted behind a cut that says that there are no more");
    let sink = Sink::default();
    drain_now(&mut poller, &sink);
    assert_eq!(sink.rows(), rows(0, accepted));
    drop((poller, reader));
    ledger.settle();
}

/// **Claim.** What needs no second thread: an empty batch is accepted and wakes nobody, one that never fits is handed back, a reader goes
/// on at its cut, and an inbox at its place in the log.
/// **Could fail** at the limits: a snapshot that is larger than the reader, a position with no split, an end that was announced.
/// **Size.** One thread, so one execution: here for what is altered in these operations.
pub fn alone(_: Size) {
    let (reader, mut poller) = shared::<2>();
    let ledger = Ledger::default();
    let (before, rung) = (Arc::new(Rung::default()), Arc::new(Rung::default()));
    for waker in [&before, &rung, &rung] {
        assert!(matches!(poller.poll_with(&waker.clone().into()), Answer::Pending));
    }
    assert!(reader.assign([]).is_ok(), "an empty batch is accepted");
    drop(reader.try_cut().expect("the poller waits"));
    assert_eq!(rung.0.load(Ordering::Relaxed), 0, "nobody is woken for nothing");
    let Err(Refused::Oversized(batch)) = reader.assign([0, 1, 2].map(|number| ledger.issue(1, number))) else {
        panic!("three splits do not fit in two places")
    };
    drop(batch);
    let mut batch: Vec<Split> = (0..2).map(|number| ledger.issue(0, number)).collect();
    assert!(reader.assign(&mut batch).is_ok() && batch.is_empty());
    assert_eq!(rung.0.load(Ordering::Relaxed), 1, "the poller is woken once");
    assert_eq!(before.0.load(Ordering::Relaxed), 0, "by its last waker");
    assert!(matches!(reader.assign([ledger.issue(1, 3)]), Err(Refused::Full([_]))));
    reader.signal_no_more_splits();
    assert!(matches!(reader.assign([ledger.issue(1, 4)]), Err(Refused::Closed([_]))));
    let sink = Sink::default();
    let Answer::Split(mut lease) = poller.poll() else { panic!("a split was assigned") };
    sink.emit((0, 0, 0));
    assert_eq!(lease.advance(1), None);
    drop(lease);
    assert_eq!(poller.cut().expect("the poller sits").position(), 1);
    assert_eq!(poller.cut().expect("nobody sits").splits().len(), 2);
    drop(poller);
    let snapshot = reader.try_cut().expect("there is no poller").snapshot::<Vec<_>>();
    assert_eq!((snapshot.splits.len(), snapshot.position, snapshot.accepted), (2, 1, 2));
    assert!(snapshot.no_more_splits);
    drop(reader);
    ledger.settle();

    let Err(Refused::Oversized(snapshot)) = Reader::<Storage<1>>::restore(snapshot) else {
        panic!("two splits do not fit in one place")
    };
    assert_eq!((snapshot.splits.len(), snapshot.position, snapshot.accepted), (2, 1, 2));
    let reader = Arc::new(Reader::<Storage<2>>::restore(snapshot).map_err(|_| "two fit").expect("two fit"));
    let mut poller = Poller::claim(reader.clone()).expect("the reader is new");
    assert_eq!(Poller::claim(reader.clone()).err(), Some(Busy::Claimed));
    drain_now(&mut poller, &sink);
    assert!(matches!(poller.poll(), Answer::Finished) && matches!(poller.poll(), Answer::Finished));
    assert!(poller.is_terminated());
    std::mem::forget(poller.cut().expect("nobody else sits"));
    assert!(matches!(poller.poll(), Answer::Finished));
    drop(reader.try_cut().expect("a poller that has finished does not sit, though its cut was forgotten"));
    assert_eq!(sink.rows(), rows(0, 2));
    drop((poller, reader));

    let drops = Arc::new(AtomicUsize::new(0));
    let reader = Reader::<[Bomb; 2]>::new();
    assert!(reader.assign([0, 1].map(|_| Bomb(drops.clone()))).is_ok());
    assert!(catch_unwind(AssertUnwindSafe(|| drop(reader))).is_err());
    assert_eq!(drops.load(Ordering::Relaxed), 2, "the rest is dropped when the destructor of a split panics");

    let empty = Snapshot { splits: Vec::new(), position: 1, accepted: 3, no_more_splits: false };
    let reader = Arc::new(Reader::<Storage<2>>::restore(empty).map_err(|_| "none fits").expect("none fits"));
    let mut inbox =
        Inbox::open(ReaderId(0), Attempt(2), reader.clone(), Some(CheckpointId(7))).expect("nobody uses it");
    assert_eq!((inbox.report().next, inbox.report().done, inbox.report().limit), (3, 3, 5));
    assert_eq!(inbox.report().cut.map(|mark| (mark.checkpoint, mark.next)), Some((CheckpointId(7), 3)));
    let message = |sequence, entry| Message { to: ReaderId(0), attempt: Attempt(2), sequence, behind: None, entry };
    assert_eq!(inbox.receive(message(2, Entry::Split(ledger.issue(0, 0)))), Receipt::Duplicate);
    assert_eq!(inbox.receive(message(4, Entry::NoMoreSplits)), Receipt::Gap { expected: 3 });
    for number in 0..2 {
        assert_eq!(
            inbox.receive(message(3 + number, Entry::Split(ledger.issue(0, number as usize)))),
            Receipt::Accepted
        );
    }
    assert_eq!(inbox.receive(message(5, Entry::Split(ledger.issue(0, 9)))), Receipt::Later);
    let cut = reader.try_cut().expect("there is no poller");
    let mark = cut.mark(CheckpointId(8));
    assert_eq!((mark.next, cut.position(), cut.splits().len(), cut.accepted()), (5, 0, 2, 5));
    drop(cut);
    assert!(inbox.taken(mark));
    assert_eq!(inbox.receive(message(5, Entry::NoMoreSplits)), Receipt::Accepted);
    assert_eq!((inbox.report().next, inbox.report().done), (6, 4));
    let ended = Snapshot { splits: Vec::new(), position: 0, accepted: 6, no_more_splits: false };
    let next = Arc::new(Reader::<Storage<2>>::restore(ended).map_err(|_| "none fits").expect("none fits"));
    reader.request_checkpoint(CheckpointId(9)).expect("nobody has asked before");
    let mut last = Poller::claim(inbox.reopen(next).expect("nobody uses it")).expect("it has none");
    // On the way out nobody waits for a checkpoint.
    for number in 0..2 {
        assert!(matches!(last.shutdown(), Remaining::Split { split, position: 0 } if split.number == number));
    }
    assert!(matches!(last.shutdown(), Remaining::Finished));
    drop((last, reader));
    assert_eq!((inbox.report().next, inbox.report().done, inbox.report().limit), (6, 6, 8));
    ledger.settle();
}

/// A split whose destructor panics, after it has counted.
struct Bomb(Arc<AtomicUsize>);

impl Drop for Bomb {
    fn drop(&mut self) {
        if self.0.fetch_add(1, Ordering::Relaxed) == 0 {
            resume_unwind(Box::new("the first one"));
        }
    }
}

/// How often a waker was woken. No part of the model.
#[derive(Default)]
struct Rung(AtomicUsize);

impl Wake for Rung {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

// ---------------------------------------------------------------------------------------------------------------------
// The cut

/// What a checkpoint thread found: the snapshot, and what had been emitted then.
pub(super) type Found = (Snapshot<Vec<Split>>, Vec<Row>);

/// The rows that `snapshot` still holds.
pub(super) fn remaining(snapshot: &Snapshot<Vec<Split>>) -> Vec<Row> {
    let mut position = snapshot.position;
    let mut rows = Vec::new();
    for split in &snapshot.splits {
        rows.extend(rows_of(split.from, split.number, position));
        position = 0;
    }
    rows
}

/// Checks a cut: emitted before it, and still in it, is exactly a prefix of what was assigned, which covers at least the
/// `accepted` splits that were accepted before. Then restores it and runs to the end.
fn check_cut((snapshot, emitted): Found, accepted: usize, assigned: usize) {
    let mut covered = emitted.clone();
    covered.extend(remaining(&snapshot));
    let splits = covered.len() / ROWS as usize;
    assert_eq!(covered, rows(0, splits), "emitted before the cut + snapshot = accepted");
    assert!(accepted <= splits && splits <= assigned, "{accepted} <= {splits} <= {assigned}");

    let restored = Arc::new(Reader::<Storage<4>>::restore(snapshot).expect("it fitted before"));
    let mut poller = Poller::claim(restored.clone()).expect("the reader is new");
    let ledger = Ledger::default();
    let more: Vec<_> = (splits..assigned).map(|number| ledger.issue(0, number)).collect();
    let sink = Sink(Arc::new(Mutex::new(emitted)));
    drain_now(&mut poller, &sink);
    for split in more {
        if restored.assign([split]).is_err() {
            break; // The end was announced before the cut.
        }
        drain_now(&mut poller, &sink);
    }
    restored.signal_no_more_splits();
    assert!(matches!(poller.poll(), Answer::Finished));
    let rows_out = sink.rows();
    assert_eq!(rows_out, rows(0, rows_out.len() / ROWS as usize), "restored and run to the end");
}

/// A checkpoint thread: takes the cut if the reader is idle, else asks the poller for it.
fn checkpoint(reader: &Reader<Storage<4>>, accepted: &AtomicUsize, sink: &Sink) -> Option<(Found, usize)> {
    // Accepted before the cut in the order of the execution: binding where the cut cannot read an older tail.
    let before = if reads_are_newest() { accepted.load(Ordering::Acquire) } else { 0 };
    match reader.try_cut() {
        Ok(cut) => Some(((cut.snapshot(), sink.rows()), before)),
        Err(_) => {
            assert!(reader.request_checkpoint(CheckpointId(1)).is_ok(), "nobody else asks");
            None
        }
    }
}

/// Runs a reader with rows in its hands against a checkpoint thread, and whatever else `beside` starts.
fn cut_beside(
    queued: usize,
    polls: usize,
    assigned: usize,
    beside: impl FnOnce(&Arc<Reader<Storage<4>>>, &Arc<Ledger>, &Arc<AtomicUsize>) -> Vec<JoinHandle<()>>,
) {
    let (reader, mut poller) = shared::<4>();
    let (ledger, sink) = (Arc::new(Ledger::default()), Sink::default());
    let accepted = Arc::new(AtomicUsize::new(0));
    if queued > 0 {
        let mut batch: Vec<_> = (0..queued).map(|number| ledger.issue(0, number)).collect();
        assert!(reader.assign(&mut batch).is_ok());
        accepted.store(queued, Ordering::Release);
    }
    let others = beside(&reader, &ledger, &accepted);
    let checkpoint_thread = spawn({
        let (reader, accepted, sink) = (reader.clone(), accepted.clone(), sink.clone());
        move || checkpoint(&reader, &accepted, &sink)
    });
    let mut answered = None;
    for _ in 0..polls {
        let on_checkpoint = |cut: &Cut<'_, Storage<4>>| {
            answered = Some(((cut.snapshot(), sink.rows()), 0));
        };
        step(&mut poller, &sink, on_checkpoint);
    }
    let taken = join(checkpoint_thread);
    others.into_iter().for_each(join);
    // Asked too late for the polls above: the poller answers now.
    while taken.is_none() && answered.is_none() {
        step(&mut poller, &sink, |cut| answered = Some(((cut.snapshot(), sink.rows()), 0)));
    }
    assert!(taken.is_some() != answered.is_some(), "one checkpoint, one answer");
    let (found, accepted) = taken.or(answered).expect("one of them");
    drain_now(&mut poller, &sink);
    assert_eq!(sink.rows(), rows(0, assigned), "the reader itself goes on as if nothing had happened");
    drop((poller, reader));
    ledger.settle();
    check_cut(found, accepted, assigned);
}

/// One poll that answers checkpoints, no waiting.
fn step<const N: usize>(poller: &mut PollerOf<N>, sink: &Sink, mut on_checkpoint: impl FnMut(&Cut<'_, Storage<N>>)) {
    match poller.poll() {
        Answer::Split(mut lease) => emit_all!(lease, sink, on_checkpoint),
        Answer::Checkpoint(_) => on_checkpoint(&poller.cut().expect("the poller was just asked")),
        Answer::Pending | Answer::Finished => {}
    }
}

/// **Claim.** With splits queued and rows being emitted, a cut holds exactly what is not emitted, whoever takes it.
/// **Could fail** if a taken split were in neither place for an instant, or a row were emitted between the cut's two looks.
/// **Size.** Two splits of two rows, two polls, one checkpoint: it falls before, inside and after each.
pub fn cut_poll(size: Size) {
    cut_beside(size.splits.min(4), size.splits.min(4), size.splits.min(4), |_, _, _| Vec::new());
}

/// **Claim.** The same while a batch is being assigned: it is in the cut whole, or behind it whole.
/// **Could fail** if the cut saw half of a batch, or an acknowledged assignment were behind it.
/// **Size.** A batch of two, two polls with a lease out, one checkpoint, three threads.
pub fn cut_assign_poll(size: Size) {
    let batch = size.splits.min(4);
    cut_beside(0, batch, batch, move |reader, ledger, accepted| {
        let (reader, ledger, accepted) = (reader.clone(), ledger.clone(), accepted.clone());
        vec![spawn(move || {
            let mut splits: Vec<_> = (0..batch).map(|number| ledger.issue(0, number)).collect();
            assert!(reader.assign(&mut splits).is_ok());
            accepted.store(batch, Ordering::Release);
        })]
    });
}

/// **Claim.** The same with the end announced behind the assignment: a restored reader finishes if it was told to.
/// **Could fail** if the end were taken from another instant than the splits.
/// **Size.** One split and the end from one thread, one poll, one checkpoint.
pub fn cut_assign_signal_poll(size: Size) {
    let splits = size.splits.min(4);
    cut_beside(0, splits + 1, splits, move |reader, ledger, accepted| {
        let (reader, ledger, accepted) = (reader.clone(), ledger.clone(), accepted.clone());
        vec![spawn(move || {
            for number in 0..splits {
                assert!(reader.assign([ledger.issue(0, number)]).is_ok());
                accepted.store(number + 1, Ordering::Release);
            }
            reader.signal_no_more_splits();
        })]
    });
}

/// **Claim.** Whatever several threads see of a reader, there is an order, one thing after the other, in which a queue of three fields would
/// have shown them the same; in time, where reads are of the newest value. The judge and the queue know nothing of the oracles here.
/// **Could fail** wherever an operation has more than one instant: Finished made of two looks, a batch visible in part, a cut that misses
/// what was accepted before it or holds what is completed.
/// **Size.** A batch and a split of one thread, a split and the end of another, which then takes a cut; two polls beside them, and what is
/// left behind them. Room for two, so that some are refused.
pub fn linearizable(_: Size) {
    let reader = Arc::new(Reader::<[u8; 2]>::new());
    let mut poller = Poller::claim(reader.clone()).expect("the reader is new");
    let history = History::new(reader.capacity(), reads_are_newest());
    let record = {
        let (reader, history) = (reader.clone(), history.clone());
        move |thread, op, act: &mut dyn FnMut() -> Saw| {
            // A step of the model between two operations: else the next one would begin with the last step of the one before.
            let _ = reader.checkpoint_requested();
            history.record(thread, op, act)
        }
    };
    let assign = {
        let (reader, record) = (reader.clone(), record.clone());
        move |thread, mut batch: Vec<u8>| {
            record(thread, Op::Assign(batch.clone()), &mut || match reader.assign(&mut batch) {
                Ok(()) => Saw::Done,
                Err(Refused::Full(_)) => Saw::Full,
                Err(Refused::Busy(_)) => Saw::Busy,
                Err(Refused::Closed(_)) => Saw::Closed,
                Err(Refused::Oversized(_)) => unreachable!("two fit"),
            })
        }
    };
    let batches = spawn({
        let assign = assign.clone();
        move || {
            assign(1, vec![1, 2]);
            assign(1, vec![3]);
        }
    });
    let end = spawn({
        let (reader, record) = (reader.clone(), record.clone());
        move || {
            assign(2, vec![4]);
            record(2, Op::Signal, &mut || {
                reader.signal_no_more_splits();
                Saw::Done
            });
            record(2, Op::Cut, &mut || match reader.try_cut() {
                Ok(cut) => Saw::Cut(cut.splits().copied().collect(), cut.no_more_splits()),
                Err(_) => Saw::Busy,
            });
        }
    });
    let mut poll = || {
        let mut lease = None;
        let saw = record(0, Op::Poll, &mut || match poller.poll() {
            Answer::Split(split) => {
                let number = *split.split();
                lease = Some(split.into_owned());
                Saw::Split(number)
            }
            Answer::Checkpoint(_) => unreachable!("nobody asks"),
            Answer::Pending => Saw::Pending,
            Answer::Finished => Saw::Finished,
        });
        if let Some(lease) = lease {
            let mut lease = Some(lease);
            record(0, Op::Complete, &mut || {
                lease.take().expect("once").complete();
                Saw::Done
            });
        }
        saw
    };
    poll();
    poll();
    join(batches);
    join(end);
    while poll() != Saw::Finished {}
    history.check();
}

/// **Claim.** A poller that meets one cut after the other is woken when it can go on.
/// **Could fail** if the knock that the first cut answered were taken for one at the second. Found by shuttle in `whole-reader`.
/// **Size.** Two cuts, one behind the other, a split to wait for, and one whose assignment wakes the poller in between.
pub fn cut_after_cut(_: Size) {
    let (reader, mut poller) = shared::<4>();
    let (ledger, sink, parker) = (Arc::new(Ledger::default()), Sink::default(), Parker::new());
    assert!(reader.assign([ledger.issue(0, 0)]).is_ok());
    let checkpoints = spawn({
        let reader = reader.clone();
        move || {
            for _ in 0..2 {
                drop(reader.try_cut());
            }
        }
    });
    let delivery = spawn({
        let (reader, ledger) = (reader.clone(), ledger.clone());
        move || assert!(reader.assign([ledger.issue(0, 1)]).is_ok())
    });
    drain_until(&mut poller, &parker, &sink, 2, |_| panic!("nobody asks"));
    join(checkpoints);
    join(delivery);
    assert_eq!(sink.rows(), rows(0, 2));
    drop((poller, reader));
    ledger.settle();
}

/// **Claim.** A cut taken while an owned lease emits holds the lent split at its position, whenever it comes: before the poller
/// sits, after it has lent the split, between two batches of rows.
/// **Could fail** if the checkpoint thread read a position while the lease moved it.
/// **Size.** A split whose first row is emitted before it is lent and the second after, one behind it, and one cut.
pub fn cut_owned_lease(_: Size) {
    let (reader, mut poller) = shared::<4>();
    let (ledger, sink) = (Arc::new(Ledger::default()), Sink::default());
    assert!(reader.assign([ledger.issue(0, 0), ledger.issue(0, 1)]).is_ok());
    let checkpoint_thread = spawn({
        let (reader, sink) = (reader.clone(), sink.clone());
        move || loop {
            if let Ok(cut) = reader.try_cut() {
                return (cut.snapshot(), sink.rows());
            }
            yield_now();
        }
    });
    let mut lease = loop {
        match poller.poll() {
            Answer::Split(mut lease) => {
                sink.emit((0, 0, 0));
                assert!(lease.advance(1).is_none(), "nobody asks");
                break lease.into_owned();
            }
            Answer::Pending => yield_now(), // The cut is being taken.
            answer => panic!("splits were assigned: {answer:?}"),
        }
    };
    let mut rows_of_lease = loop {
        if let Ok(rows) = lease.enter() {
            break rows;
        }
        yield_now();
    };
    sink.emit((0, 0, 1));
    assert!(rows_of_lease.advance(2).is_none(), "nobody asks");
    drop(rows_of_lease);
    lease.complete();
    let found = join(checkpoint_thread);
    drain_now(&mut poller, &sink);
    assert_eq!(sink.rows(), rows(0, 2));
    drop((poller, reader));
    ledger.settle();
    check_cut(found, 2, 2);
}

/// The log of one reader: its splits, and the end.
fn entry(ledger: &Ledger, attempt: u64, sequence: usize, splits: usize) -> Message<Split> {
    let entry = if sequence < splits { Entry::Split(ledger.issue(0, sequence)) } else { Entry::NoMoreSplits };
    Message { to: ReaderId(0), attempt: Attempt(attempt), sequence: sequence as u64, behind: None, entry }
}

/// **Claim.** A cut taken while messages arrive and rows are emitted holds the splits and the place in the log of one instant: a
/// reader restored from it, to which the whole log is sent again, emits the rest of it, once.
/// **Could fail** if the place in the log were kept beside the queue, and a cut came between the two.
/// **Size.** One split, the same message again, and the end, from one thread; one cut; and a poller that waits.
pub fn inbox_cut_poll(size: Size) {
    let splits = size.splits.min(4);
    let (reader, mut poller) = shared::<4>();
    let (ledger, sink, parker) = (Arc::new(Ledger::default()), Sink::default(), Parker::new());
    let mut inbox = Inbox::open(ReaderId(0), Attempt(1), reader.clone(), None).expect("nobody uses it yet");
    let checkpoint_thread = spawn({
        let (reader, sink) = (reader.clone(), sink.clone());
        move || loop {
            if let Ok(cut) = reader.try_cut() {
                return (cut.snapshot::<Vec<_>>(), cut.mark(CheckpointId(1)), sink.rows());
            }
            yield_now();
        }
    });
    let delivery = spawn({
        let ledger = ledger.clone();
        move || {
            for sequence in 0..=splits {
                assert_eq!(inbox.receive(entry(&ledger, 1, sequence, splits)), Receipt::Accepted);
                assert_eq!(inbox.receive(entry(&ledger, 1, sequence, splits)), Receipt::Duplicate);
            }
        }
    });
    drain(&mut poller, &parker, &sink);
    join(delivery);
    let (snapshot, mark, emitted) = join(checkpoint_thread);
    assert_eq!(sink.rows(), rows(0, splits));
    drop((poller, reader));
    ledger.settle();

    let mut covered = emitted.clone();
    covered.extend(remaining(&snapshot));
    assert_eq!(covered, rows(0, snapshot.accepted as usize), "emitted before the cut + snapshot = applied");
    assert_eq!(mark.next, snapshot.accepted + u64::from(snapshot.no_more_splits));
    let restored = Arc::new(Reader::<Storage<4>>::restore(snapshot).expect("it fitted before"));
    let mut inbox =
        Inbox::open(ReaderId(0), Attempt(2), restored.clone(), Some(CheckpointId(1))).expect("nobody uses it yet");
    let mut poller = Poller::claim(restored).expect("the reader is new");
    let sink = Sink(Arc::new(Mutex::new(emitted)));
    for sequence in 0..=splits {
        let receipt = inbox.receive(entry(&ledger, 2, sequence, splits));
        let expected = if (sequence as u64) < mark.next { Receipt::Duplicate } else { Receipt::Accepted };
        assert_eq!(receipt, expected);
        drain_now(&mut poller, &sink);
    }
    assert!(matches!(poller.poll(), Answer::Finished));
    assert_eq!(sink.rows(), rows(0, splits), "restored and run to the end");
}

/// **Claim.** A poller that is dropped in the middle of a split loses nothing: whoever claims the reader next, on another thread,
/// goes on at its position.
/// **Could fail** if the head, the position or the waker did not reach the next poller.
/// **Size.** Two splits; the first poller reads one and a half of them, and leaves a waker behind.
pub fn poller_handover(_: Size) {
    let (reader, mut first) = shared::<2>();
    let (ledger, sink, parker) = (Arc::new(Ledger::default()), Sink::default(), Parker::new());
    let before = spawn({
        let (reader, ledger, sink) = (reader.clone(), ledger.clone(), sink.clone());
        move || {
            let parker = Parker::new();
            assert!(matches!(first.poll_with(&parker.waker()), Answer::Pending));
            assert!(reader.assign([ledger.issue(0, 0), ledger.issue(0, 1)]).is_ok());
            poll_once(&mut first, &sink);
            let Answer::Split(mut lease) = first.poll() else { panic!("a second split was assigned") };
            sink.emit((0, 1, 0));
            assert!(lease.advance(1).is_none(), "nobody asks");
        }
    });
    let mut second = loop {
        match Poller::claim(reader.clone()) {
            Ok(poller) => break poller,
            Err(_) => yield_now(),
        }
    };
    reader.signal_no_more_splits();
    drain(&mut second, &parker, &sink);
    join(before);
    assert_eq!(sink.rows(), rows(0, 2));
    drop((second, reader));
    ledger.settle();
}

// ---------------------------------------------------------------------------------------------------------------------
// Shutdown, and the blocking face

/// **Claim.** A shutdown hands back every split that was accepted, and an assignment that meets it is either handed back
/// there or refused to its caller.
/// **Could fail** if a batch that was being written were neither.
/// **Size.** One split queued, one being assigned.
pub fn shutdown_assign(size: Size) {
    let (reader, mut poller) = shared::<4>();
    let ledger = Arc::new(Ledger::default());
    assert!(reader.assign([ledger.issue(size.assigners, 0)]).is_ok());
    let deliveries = deliveries(&reader, &ledger, size);
    let mut back = Vec::new();
    loop {
        match poller.shutdown() {
            Remaining::Split { split, position } => back.push((split.from, split.number, position)),
            Remaining::Pending => yield_now(),
            Remaining::Finished => break,
        }
    }
    let of = |from| back.iter().filter(move |split| split.0 == from).copied().collect::<Vec<_>>();
    let mut accepted = 1;
    for (from, delivery) in deliveries.into_iter().enumerate() {
        let splits = join(delivery);
        assert_eq!(of(from), (0..splits).map(|number| (from, number, 0)).collect::<Vec<_>>());
        accepted += splits;
    }
    assert_eq!(back[0], (size.assigners, 0, 0));
    assert_eq!(back.len(), accepted);
    drop((poller, reader));
    ledger.settle();
}

/// **Claim.** In the blocking face a checkpoint gets its cut while the task reads or waits, the task goes on after it, and
/// both come to an end.
/// **Could fail** if either waited for the other for ever, or a row were emitted while the checkpoint stands.
/// **Size.** One split of two rows, one checkpoint.
pub fn blocking_checkpoint(size: Size) {
    let splits = size.splits.min(4);
    let ledger = Ledger::default();
    let reader = blocking::Reader::new(Reader::<Storage<4>>::new());
    let mut poller = reader.poller().expect("the reader is new");
    let sink = Sink::default();
    for number in 0..splits {
        assert!(reader.assign([ledger.issue(0, number)]).is_ok());
    }
    let checkpoint_thread = spawn({
        let (reader, sink) = (reader.clone(), sink.clone());
        move || {
            let checkpoint = reader.checkpoint(CheckpointId(3));
            assert_eq!(checkpoint.id(), CheckpointId(3));
            let found = (checkpoint.snapshot(), sink.rows());
            yield_now();
            assert_eq!(sink.rows(), found.1, "the task stands still while the checkpoint lives");
            drop(checkpoint);
            reader.signal_no_more_splits();
            found
        }
    });
    while let Some(mut lease) = poller.next() {
        let (from, number) = (lease.split().from, lease.split().number);
        for row in rows_of(from, number, lease.position()) {
            sink.emit(row);
            lease.advance(row.2 + 1);
        }
        drop(lease.complete());
    }
    let found = join(checkpoint_thread);
    assert_eq!(sink.rows(), rows(0, splits));
    drop((poller, reader));
    ledger.settle();
    check_cut(found, splits, splits);
}

/// **Claim.** All of it at once: threads assign and one of them announces the end, the poller waits and reads, and checkpoint after
/// checkpoint is taken; each cut is exact, and the reader comes to its end.
/// **Could fail** in any way that needs more than three operations to meet.
/// **Size.** As large as the checker can bear: this one is for shuttle and for real threads.
pub fn whole_reader(size: Size) {
    let (reader, mut poller) = shared::<4>();
    let (ledger, sink, parker) = (Arc::new(Ledger::default()), Sink::default(), Parker::new());
    let left = Arc::new(AtomicUsize::new(size.assigners));
    let deliveries: Vec<_> = (0..size.assigners)
        .map(|from| {
            let (reader, ledger, left) = (reader.clone(), ledger.clone(), left.clone());
            spawn(move || {
                let accepted = deliver(&reader, &ledger, from, size.splits);
                if left.fetch_sub(1, Ordering::AcqRel) == 1 {
                    reader.signal_no_more_splits();
                }
                accepted
            })
        })
        .collect();
    let checkpoints = spawn({
        let (reader, sink) = (reader.clone(), sink.clone());
        move || {
            for id in 0..size.splits as u64 {
                take_checkpoint(&reader, CheckpointId(id), &sink, size);
            }
        }
    });
    drain_until(&mut poller, &parker, &sink, usize::MAX, |cut| check_covered(&cut.snapshot(), &sink.rows(), size));
    assert_eq!(check_deliveries(deliveries, &sink), vec![size.splits; size.assigners]);
    join(checkpoints);
    drop((poller, reader));
    ledger.settle();
}

/// Takes the cut, or asks the poller and waits until one of the two has taken it.
fn take_checkpoint(reader: &Reader<Storage<4>>, id: CheckpointId, sink: &Sink, size: Size) {
    let mut asked = false;
    loop {
        if let Ok(cut) = reader.try_cut() {
            assert!(cut.id().is_none_or(|answered| asked && answered == id));
            return check_covered(&cut.snapshot(), &sink.rows(), size);
        }
        if asked && !reader.checkpoint_requested() {
            return;
        }
        asked = asked || reader.request_checkpoint(id).is_ok();
        yield_now();
    }
}

/// Emitted before the cut, and still in it, is a prefix of what each thread assigns.
fn check_covered(snapshot: &Snapshot<Vec<Split>>, emitted: &[Row], size: Size) {
    let mut covered = emitted.to_vec();
    covered.extend(remaining(snapshot));
    for from in 0..size.assigners {
        let own: Vec<Row> = covered.iter().filter(|row| row.0 == from).copied().collect();
        assert_eq!(own, rows(from, own.len() / ROWS as usize), "emitted before the cut + snapshot = accepted");
    }
}
