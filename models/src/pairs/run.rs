//! One case, on one engine. This file is compiled once per engine, against `engine`.
//!
//! **Claim.** Whatever two operations meet, in whatever situation: what was accepted is emitted or handed back, once and in order;
//! each cut is exact; a poller that waits is woken if it would now be answered anything else; and nothing is left to wait for.
//! **Could fail** on a pair that no scenario happens to hold.
//! **Size.** One operation each; one split of two rows more or less.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};

use futures_core::Stream;

use super::scenarios::{Found, Ledger, ROWS, Row, Sink, Storage, join, remaining, rows, rows_of};
use super::turnstile::delivery::{Attempt, Entry, Inbox, Message, ReaderId, Receipt};
use super::turnstile::{Answer, CheckpointId, Event, Lease, OwnedLease, Poller, Reader, Refused, Remaining, Rows};
use super::{reads_are_newest, spawn};
use crate::pairs::{Case, Op, Situation};

type Core = Reader<Storage<2>>;
type Handle = Arc<Core>;

/// Threads whose splits are told apart: who prepared, and the two.
const THREADS: usize = 3;

/// A waker, and whether it was woken. No part of the model.
#[derive(Default)]
struct Bell(AtomicBool);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// What both threads know.
#[derive(Clone)]
struct Stage {
    reader: Handle,
    ledger: Arc<Ledger>,
    sink: Sink,
    cuts: Arc<Mutex<Vec<Found>>>,
    /// How many splits of each thread were accepted.
    accepted: Arc<Mutex<[usize; THREADS]>>,
    bell: Arc<Bell>,
}

/// What only one thread has at a time.
#[derive(Default)]
struct Tools {
    poller: Option<Poller<Handle>>,
    lease: Option<OwnedLease<Handle>>,
    inbox: Option<Inbox<Handle>>,
    /// The poller's last answer was Pending, and there is a waker to be woken.
    waits: bool,
}

impl Stage {
    fn waker(&self) -> Waker {
        Waker::from(self.bell.clone())
    }

    fn accept(&self, by: usize) {
        self.accepted.lock().expect("no panic inside")[by] += 1;
    }

    fn number(&self, of: usize) -> usize {
        self.accepted.lock().expect("no panic inside")[of]
    }

    fn assign(&self, by: usize) {
        let split = self.ledger.issue(by, self.number(by));
        match self.reader.assign([split]) {
            Ok(()) => self.accept(by),
            Err(Refused::Full(_) | Refused::Busy(_) | Refused::Closed(_)) => {}
            Err(Refused::Oversized(_)) => panic!("one split fits"),
        }
    }

    fn receive(&self, inbox: &mut Inbox<Handle>, by: usize) {
        let split = self.ledger.issue(by, self.number(by));
        let sequence = inbox.report().next;
        let message = |entry| Message { to: ReaderId(0), attempt: Attempt(1), sequence, behind: None, entry };
        match inbox.receive(message(Entry::Split(split))) {
            Receipt::Accepted => self.accept(by),
            Receipt::Later => {}
            receipt => panic!("the next entry: {receipt:?}"),
        }
    }

    /// The seat is the cut's: what was emitted by now, and what it holds.
    fn cut(&self, cut: &super::turnstile::Cut<'_, Storage<2>>) {
        let found = (cut.snapshot(), self.sink.rows());
        self.cuts.lock().expect("no panic inside").push(found);
    }

    /// Reads the split to its end.
    fn read(&self, mut lease: Lease<'_, Handle>) {
        let (from, number) = (lease.split().from, lease.split().number);
        for row in rows_of(from, number, lease.position()) {
            self.sink.emit(row);
            if lease.advance(row.2 + 1).is_some() {
                self.cut(&lease.cut());
            }
        }
        drop(lease.complete());
    }

    /// Reads a lent split one row further, if nobody takes a cut.
    fn enter(&self, lease: &mut OwnedLease<Handle>) {
        let (from, number) = (lease.split().from, lease.split().number);
        if let Ok(mut rows) = lease.enter() {
            self.advance(&mut rows, from, number);
        }
    }

    fn advance(&self, lent: &mut Rows<'_, Handle>, from: usize, number: usize) {
        if let Some(row) = rows_of(from, number, lent.position()).next() {
            self.sink.emit(row);
            let _ = lent.advance(row.2 + 1);
        }
    }
}

/// Sets the situation up, as far as nothing has to be borrowed.
fn prepare(Case { situation, first, second }: Case) -> (Stage, Tools) {
    use Situation::*;
    let reader = Arc::new(Core::new());
    let (ledger, bell) = Default::default();
    let stage = Stage { reader, ledger, sink: Sink::default(), cuts: Arc::default(), accepted: Arc::default(), bell };
    let mut tools = Tools::default();
    if [first, second].iter().any(|op| matches!(op, Op::Receive | Op::Report)) {
        let inbox = Inbox::open(ReaderId(0), Attempt(1), stage.reader.clone(), None);
        tools.inbox = Some(inbox.expect("nobody uses it yet"));
    }
    let splits = match situation {
        Empty | Waiting | Ended | Asked => 0,
        Queued | Ending | QueuedAsked | Lent | LentWaiting | LentEnding | Knocked => 1,
        Full => 2,
    };
    for _ in 0..splits {
        match &mut tools.inbox {
            Some(inbox) => stage.receive(inbox, 0),
            None => stage.assign(0),
        }
    }
    if matches!(situation, Ending | Ended | LentEnding) {
        stage.reader.signal_no_more_splits();
    }
    let mut poller = Poller::claim(stage.reader.clone()).expect("the reader is new");
    if matches!(situation, Lent | LentWaiting | LentEnding) {
        let Answer::Split(mut lease) = poller.poll() else { panic!("a split was assigned") };
        // Only what is read to its end is completed.
        let read = if [first, second].contains(&Op::CompleteOwned) { ROWS } else { 1 };
        for row in rows_of(0, 0, 0).take(read as usize) {
            stage.sink.emit(row);
            let _ = lease.advance(row.2 + 1);
        }
        tools.lease = Some(lease.into_owned());
    }
    if matches!(situation, Waiting | LentWaiting | LentEnding) {
        assert!(matches!(poller.poll_with(&stage.waker()), Answer::Pending));
        tools.waits = true;
    }
    tools.poller = Some(poller);
    (stage, tools)
}

impl Tools {
    /// Takes out what this operation needs.
    fn of(&mut self, op: Op) -> Self {
        match op {
            Op::Poll | Op::PollWith | Op::PollNext | Op::Cut | Op::Shutdown | Op::DropPoller => {
                Self { poller: self.poller.take(), waits: std::mem::take(&mut self.waits), ..Self::default() }
            }
            Op::Enter | Op::CompleteOwned | Op::GiveBack => Self { lease: self.lease.take(), ..Self::default() },
            Op::Receive | Op::Report => Self { inbox: self.inbox.take(), ..Self::default() },
            _ => Self::default(),
        }
    }

    /// Takes in what the other thread has left.
    fn and(&mut self, other: Self) {
        assert!(self.poller.is_none() || other.poller.is_none(), "a reader has two pollers");
        self.poller = self.poller.take().or(other.poller);
        self.lease = self.lease.take().or(other.lease);
        self.waits |= other.waits;
    }

    fn poller(&mut self) -> &mut Poller<Handle> {
        self.poller.as_mut().expect("it was given to this thread")
    }

    /// An operation that borrows nothing, on any thread. What it needs is in here.
    fn act(&mut self, op: Op, stage: &Stage, by: usize) {
        let waker = stage.waker();
        match op {
            Op::Assign => stage.assign(by),
            Op::Signal => stage.reader.signal_no_more_splits(),
            Op::Request => _ = stage.reader.request_checkpoint(CheckpointId(by as u64)),
            Op::TryCut => _ = stage.reader.try_cut().map(|cut| stage.cut(&cut)),
            Op::Requested => _ = stage.reader.checkpoint_requested(),
            Op::Claim => self.poller = Poller::claim(stage.reader.clone()).ok(),
            Op::Receive => stage.receive(self.inbox.as_mut().expect("it was opened"), by),
            Op::Report => _ = self.inbox.as_mut().expect("it was opened").report(),
            Op::Poll => {
                let waited = self.waits;
                self.waits = answered(self.poller().poll(), stage) && waited;
            }
            Op::PollWith => self.waits = answered(self.poller().poll_with(&waker), stage),
            Op::PollNext => {
                self.waits = false;
                match std::pin::Pin::new(self.poller()).poll_next(&mut Context::from_waker(&waker)) {
                    std::task::Poll::Pending => self.waits = true,
                    std::task::Poll::Ready(Some(Event::Split(lease))) => self.lease = Some(lease),
                    std::task::Poll::Ready(Some(Event::Checkpoint(_)) | None) => {}
                }
            }
            Op::Cut => {
                // Who takes cuts of its own has to poll again by itself.
                self.waits = false;
                _ = self.poller().cut().map(|cut| stage.cut(&cut));
            }
            Op::Shutdown => {
                self.waits = false;
                if let Remaining::Split { split, position } = self.poller().shutdown() {
                    rows_of(split.from, split.number, position).for_each(|row| stage.sink.emit(row));
                }
            }
            Op::DropPoller => {
                self.waits = false;
                self.poller = None;
            }
            Op::Enter => stage.enter(self.lease.as_mut().expect("it is lent")),
            Op::CompleteOwned => self.lease.take().expect("it is lent").complete(),
            Op::GiveBack => self.lease = None,
            Op::Advance | Op::LeaseCut | Op::Complete | Op::IntoOwned => unreachable!("it borrows the poller"),
            Op::RowsAdvance | Op::RowsCut | Op::RowsDrop => unreachable!("it borrows the lease"),
            Op::CutDrop => unreachable!("it borrows the reader"),
        }
    }
}

/// Reads a split to its end. True if there was nothing.
fn answered(answer: Answer<'_, Handle>, stage: &Stage) -> bool {
    match answer {
        Answer::Split(lease) => stage.read(lease),
        Answer::Pending => return true,
        Answer::Checkpoint(_) | Answer::Finished => {}
    }
    false
}

/// Runs the two at once, on this thread and on another, and what is left of the reader to its end.
pub fn run(case: Case) {
    let Case { situation, first, second } = case;
    let (stage, mut tools) = prepare(case);
    let reader = stage.reader.clone();
    let mut held = (first == Op::CutDrop).then(|| reader.try_cut().expect("nobody emits rows"));
    if situation == Situation::Knocked {
        assert!(matches!(tools.poller().poll_with(&stage.waker()), Answer::Pending));
        tools.waits = true;
    }
    let mut theirs = tools.of(second);
    let other = {
        let stage = stage.clone();
        move || {
            spawn(move || {
                theirs.act(second, &stage, 2);
                theirs
            })
        }
    };
    let ask = || {
        if matches!(situation, Situation::Asked | Situation::QueuedAsked) {
            stage.reader.request_checkpoint(CheckpointId(0)).expect("nobody has asked before");
        }
    };
    let left = match first {
        Op::Advance | Op::LeaseCut | Op::Complete | Op::IntoOwned => {
            let Answer::Split(mut lease) = tools.poller().poll() else { panic!("a split was assigned") };
            stage.sink.emit((0, 0, 0));
            assert_eq!(lease.advance(1), None, "nobody asks yet");
            ask();
            let other = other();
            match first {
                Op::Advance => {
                    stage.sink.emit((0, 0, 1));
                    _ = lease.advance(2);
                }
                Op::LeaseCut => stage.cut(&lease.cut()),
                Op::Complete => {
                    stage.sink.emit((0, 0, 1));
                    drop(lease.complete());
                }
                _ => tools.lease = Some(lease.into_owned()),
            }
            other
        }
        Op::RowsAdvance | Op::RowsCut | Op::RowsDrop => {
            let mut rows = tools.lease.as_mut().expect("it is lent").enter().expect("nobody takes a cut yet");
            ask();
            let other = other();
            match first {
                Op::RowsAdvance => stage.advance(&mut rows, 0, 0),
                Op::RowsCut => stage.cut(&rows.cut()),
                _ => {}
            }
            drop(rows);
            other
        }
        Op::CutDrop => {
            let cut = held.take().expect("it was taken above");
            ask();
            let other = other();
            stage.cut(&cut);
            drop(cut);
            other
        }
        _ => {
            ask();
            let mut mine = tools.of(first);
            let other = other();
            mine.act(first, &stage, 1);
            tools.and(mine);
            other
        }
    };
    tools.and(join(left));
    settle(stage, tools);
}

/// With one thread left: was the poller told, is everything there, and does it come to an end?
fn settle(stage: Stage, Tools { poller, lease, waits, .. }: Tools) {
    let mut poller = poller.unwrap_or_else(|| Poller::claim(stage.reader.clone()).expect("it was dropped"));
    let was_woken = stage.bell.0.load(Ordering::Relaxed);
    if !answered(poller.poll_with(&stage.waker()), &stage) {
        assert!(!waits || was_woken, "the poller waits, there is something for it to do, and it was not woken");
    }
    drop(lease);
    stage.reader.signal_no_more_splits();
    loop {
        match poller.poll() {
            Answer::Split(lease) => stage.read(lease),
            Answer::Checkpoint(_) => stage.cut(&poller.cut().expect("the poller was just asked")),
            Answer::Pending => panic!("nothing is left to wait for"),
            Answer::Finished => break,
        }
    }
    if stage.reader.checkpoint_requested() {
        // A poller that has finished answers no more.
        stage.cut(&stage.reader.try_cut().expect("nobody emits rows"));
    }
    assert!(!stage.reader.checkpoint_requested(), "the request was answered");
    let Stage { reader, ledger, sink, cuts, accepted, .. } = stage;
    let accepted = *accepted.lock().expect("no panic inside");
    for (from, &splits) in accepted.iter().enumerate() {
        assert_eq!(sink.of(from), rows(from, splits), "what was accepted of {from} is emitted, or handed back, once");
    }
    let cuts = std::mem::take(&mut *cuts.lock().expect("no panic inside"));
    for (snapshot, emitted) in cuts.iter().filter(|_| reads_are_newest()) {
        let mut covered = emitted.clone();
        covered.extend(remaining(snapshot));
        assert_eq!(covered.len(), (snapshot.accepted * ROWS) as usize, "emitted before the cut + snapshot = accepted");
        for from in 0..THREADS {
            let own: Vec<Row> = covered.iter().filter(|row| row.0 == from).copied().collect();
            assert_eq!(own, rows(from, own.len() / ROWS as usize), "in order, and once");
        }
        if snapshot.no_more_splits {
            assert_eq!(snapshot.accepted as usize, accepted.iter().sum::<usize>(), "nothing is accepted after the end");
        }
    }
    drop((poller, reader, cuts));
    ledger.settle();
}
