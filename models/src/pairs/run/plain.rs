//! **Claim.** Whatever two operations meet, in whatever situation: what was accepted is emitted or handed back, once and in order;
//! each cut is exact; a poller that waits is woken if it would now be answered anything else; and nothing is left to wait for.
//! **Could fail** on a pair that no scenario happens to hold.
//! **Size.** One operation each; one split of two rows more or less.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};

use futures_core::Stream;

use super::scenarios::{ROWS, Split, join, rows_of};
use super::turnstile::delivery::{Attempt, Entry, Inbox, Message, ReaderId, Receipt};
use super::turnstile::{Answer, CheckpointId, Event, Lease, OwnedLease, Poller, Reader, Refused, Remaining, Rows};
use super::{Record, Room, spawn};
use crate::pairs::Meeting;
use crate::pairs::plain::{Op, Situation};

type Core = Reader<Room>;
type Handle = Arc<Core>;

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
    record: Record,
    /// The checkpoints that were asked for and not answered by a cut.
    asked: Arc<Mutex<Vec<CheckpointId>>>,
    /// The lent split was completed.
    completed: Arc<AtomicBool>,
    /// Finished was answered before the two began.
    over: bool,
    bell: Arc<Bell>,
    /// Of the waker that was left first, where another one replaces it.
    old_bell: Arc<Bell>,
}

/// What only one thread has at a time.
#[derive(Default)]
struct Tools {
    poller: Option<Poller<Handle>>,
    lease: Option<OwnedLease<Handle>>,
    inbox: Option<Inbox<Handle>>,
    /// The poller's last answer was Pending, and this is to be rung.
    waits: Option<Arc<Bell>>,
}

/// The next one of the log.
fn message(inbox: &Inbox<Handle>, entry: Entry<Split>) -> Message<Split> {
    Message { to: ReaderId(0), attempt: Attempt(1), sequence: inbox.report().next, behind: None, entry }
}

impl Stage {
    fn waker(&self) -> Waker {
        Waker::from(self.bell.clone())
    }

    fn assign(&self, by: usize) {
        let split = self.record.issue(by);
        match self.reader.assign([split]) {
            Ok(()) => self.record.accept(by),
            Err(Refused::Full(_) | Refused::Busy(_) | Refused::Closed(_)) => {}
            Err(Refused::Oversized(_)) => panic!("one split fits"),
        }
    }

    fn receive(&self, inbox: &mut Inbox<Handle>, by: usize) {
        let split = self.record.issue(by);
        match inbox.receive(message(inbox, Entry::Split(split))) {
            Receipt::Accepted => self.record.accept(by),
            Receipt::Later => {}
            receipt => panic!("the next entry: {receipt:?}"),
        }
    }

    /// The seat is the cut's: what was emitted by now, and what it holds.
    fn cut(&self, cut: &super::turnstile::Cut<'_, Room>) {
        self.record.cut(cut.snapshot(), self.record.emitted());
        self.asked.lock().expect("no panic inside").retain(|id| Some(*id) != cut.id());
    }

    fn try_cut(&self) {
        // A step of the model: what was completed before it can be seen.
        let _ = self.reader.checkpoint_requested();
        let completed = self.completed.load(Ordering::Relaxed);
        let Ok(cut) = self.reader.try_cut() else { return };
        assert!(!completed || cut.splits().len() == 0, "a split that was completed is in no later cut");
        self.cut(&cut);
    }

    fn request(&self, id: CheckpointId) {
        // In time for a cut that answers before this returns.
        self.asked.lock().expect("no panic inside").push(id);
        if self.reader.request_checkpoint(id).is_err() {
            self.asked.lock().expect("no panic inside").retain(|asked| *asked != id);
        }
    }

    /// Reads the split to its end.
    fn read(&self, mut lease: Lease<'_, Handle>) {
        let (from, number) = (lease.split().from, lease.split().number);
        for row in rows_of(from, number, lease.position()) {
            self.record.sink.emit(row);
            if lease.advance(row.2 + 1).is_some() {
                self.cut(&lease.cut());
            }
        }
        drop(lease.complete());
    }

    /// Polls, with a waker or without one, and does what there is to do. True if there was nothing.
    fn poll(&self, poller: &mut Poller<Handle>, waker: Option<&Waker>) -> bool {
        let answer = match waker {
            Some(waker) => poller.poll_with(waker),
            None => poller.poll(),
        };
        match answer {
            Answer::Split(lease) => self.read(lease),
            Answer::Checkpoint(_) => self.cut(&poller.cut().expect("the poller was just asked")),
            Answer::Pending => {
                assert!(!self.over, "Finished is final");
                return true;
            }
            Answer::Finished => {}
        }
        false
    }

    /// Reads a split, which is there.
    fn read_one(&self, poller: &mut Poller<Handle>) {
        let Answer::Split(lease) = poller.poll() else { panic!("a split was assigned") };
        self.read(lease);
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
            self.record.sink.emit(row);
            let _ = lent.advance(row.2 + 1);
        }
    }
}

/// Sets the situation up, as far as nothing has to be borrowed.
fn prepare(Meeting { situation, first, second }: Meeting<Op>) -> (Stage, Tools) {
    use Situation::*;
    let reader = Arc::new(Core::new());
    let stage = Stage {
        reader,
        record: Record::default(),
        asked: Arc::default(),
        completed: Arc::default(),
        over: situation == Over,
        bell: Arc::default(),
        old_bell: Arc::default(),
    };
    let mut tools = Tools::default();
    if [first, second].iter().any(|op| matches!(op, Op::Receive | Op::ReceiveEnd | Op::Report)) {
        let inbox = Inbox::open(ReaderId(0), Attempt(1), stage.reader.clone(), None);
        tools.inbox = Some(inbox.expect("nobody uses it yet"));
    }
    let splits = match situation {
        Empty | Ended | Asked | Replaced | Over => 0,
        Waiting | Rested | OwnCut | Queued | Ending | QueuedAsked | Lent | LentWaiting | LentEnding | LentAsked
        | Knocked | Seated | Unclaimed => 1,
        Full => 2,
    };
    for _ in 0..splits {
        match &mut tools.inbox {
            Some(inbox) => stage.receive(inbox, 0),
            None => stage.assign(0),
        }
    }
    if matches!(situation, Ending | Ended | LentEnding | Seated | Over) {
        stage.reader.signal_no_more_splits();
    }
    let mut poller = Poller::claim(stage.reader.clone()).expect("the reader is new");
    if matches!(situation, Lent | LentWaiting | LentEnding | LentAsked) {
        let Answer::Split(mut lease) = poller.poll() else { panic!("a split was assigned") };
        // Only what is read to its end is completed.
        let read = if [first, second].contains(&Op::CompleteOwned) { ROWS } else { 1 };
        for row in rows_of(0, 0, 0).take(read as usize) {
            stage.record.sink.emit(row);
            let _ = lease.advance(row.2 + 1);
        }
        tools.lease = Some(lease.into_owned());
    }
    if matches!(situation, Waiting | Rested | Seated) {
        stage.read_one(&mut poller);
    }
    match situation {
        Rested => {
            assert!(matches!(poller.poll(), Answer::Pending));
            match &mut tools.inbox {
                Some(inbox) => stage.receive(inbox, 0),
                None => stage.assign(0),
            }
        }
        OwnCut => drop(poller.cut().expect("nobody else uses it yet")),
        Over => assert!(matches!(poller.poll(), Answer::Finished)),
        _ => {}
    }
    if let Some(bell) = match situation {
        Waiting | LentWaiting | LentEnding => Some(stage.bell.clone()),
        Replaced => Some(stage.old_bell.clone()),
        _ => None,
    } {
        assert!(matches!(poller.poll_with(&Waker::from(bell.clone())), Answer::Pending));
        tools.waits = Some(bell);
    }
    tools.poller = (situation != Unclaimed).then_some(poller);
    (stage, tools)
}

impl Tools {
    /// Takes out what this operation needs.
    fn of(&mut self, op: Op) -> Self {
        match op {
            Op::Poll | Op::PollWith | Op::PollNext | Op::Cut | Op::Shutdown | Op::DropPoller => {
                Self { poller: self.poller.take(), waits: self.waits.take(), ..Self::default() }
            }
            Op::Enter | Op::CompleteOwned | Op::GiveBack => Self { lease: self.lease.take(), ..Self::default() },
            Op::Receive | Op::ReceiveEnd | Op::Report => Self { inbox: self.inbox.take(), ..Self::default() },
            _ => Self::default(),
        }
    }

    /// Takes in what the other thread has left.
    fn and(&mut self, other: Self) {
        assert!(self.poller.is_none() || other.poller.is_none(), "a reader has two pollers");
        self.poller = self.poller.take().or(other.poller);
        self.lease = self.lease.take().or(other.lease);
        self.waits = self.waits.take().or(other.waits);
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
            Op::Request => stage.request(CheckpointId(by as u64)),
            Op::TryCut => stage.try_cut(),
            Op::Requested => _ = stage.reader.checkpoint_requested(),
            Op::Claim => self.poller = Poller::claim(stage.reader.clone()).ok(),
            Op::Receive => stage.receive(self.inbox.as_mut().expect("it was opened"), by),
            Op::ReceiveEnd => {
                let inbox = self.inbox.as_mut().expect("it was opened");
                assert_eq!(inbox.receive(message(inbox, Entry::NoMoreSplits)), Receipt::Accepted);
            }
            Op::Report => _ = self.inbox.as_mut().expect("it was opened").report(),
            Op::Poll => {
                if !stage.poll(self.poller(), None) {
                    self.waits = None;
                }
            }
            Op::PollWith => {
                let waits = stage.poll(self.poller(), Some(&waker));
                self.waits = waits.then(|| stage.bell.clone());
            }
            Op::PollNext => {
                self.waits = None;
                match std::pin::Pin::new(self.poller()).poll_next(&mut Context::from_waker(&waker)) {
                    std::task::Poll::Pending => self.waits = Some(stage.bell.clone()),
                    std::task::Poll::Ready(Some(Event::Split(lease))) => self.lease = Some(lease),
                    std::task::Poll::Ready(Some(Event::Checkpoint(_)) | None) => {}
                }
            }
            Op::Cut => {
                _ = self.poller().cut().map(|cut| stage.cut(&cut));
            }
            Op::Shutdown => {
                self.waits = None;
                if let Remaining::Split { split, position } = self.poller().shutdown() {
                    rows_of(split.from, split.number, position).for_each(|row| stage.record.sink.emit(row));
                }
            }
            Op::DropPoller => {
                self.waits = None;
                self.poller = None;
            }
            Op::Enter => stage.enter(self.lease.as_mut().expect("it is lent")),
            Op::CompleteOwned => {
                self.lease.take().expect("it is lent").complete();
                stage.completed.store(true, Ordering::Relaxed);
            }
            Op::GiveBack => self.lease = None,
            Op::Advance | Op::LeaseCut | Op::Complete | Op::IntoOwned => unreachable!("it borrows the poller"),
            Op::RowsAdvance | Op::RowsCut | Op::RowsDrop => unreachable!("it borrows the lease"),
            Op::CutDrop => unreachable!("it borrows the reader"),
        }
    }
}

/// Runs the two at once, on this thread and on another, and what is left of the reader to its end.
pub(super) fn run(case: Meeting<Op>) {
    let Meeting { situation, first, second } = case;
    let (stage, mut tools) = prepare(case);
    let reader = stage.reader.clone();
    let mut held = (first == Op::CutDrop).then(|| reader.try_cut().expect("nobody emits rows"));
    if situation == Situation::Knocked {
        assert!(matches!(tools.poller().poll_with(&stage.waker()), Answer::Pending));
        tools.waits = Some(stage.bell.clone());
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
        if matches!(situation, Situation::Asked | Situation::QueuedAsked | Situation::LentAsked) {
            stage.request(CheckpointId(0));
        }
    };
    let left = match first {
        Op::Advance | Op::LeaseCut | Op::Complete | Op::IntoOwned => {
            let Answer::Split(mut lease) = tools.poller().poll() else { panic!("a split was assigned") };
            let (from, number) = (lease.split().from, lease.split().number);
            stage.record.sink.emit((from, number, 0));
            assert_eq!(lease.advance(1), None, "nobody asks yet");
            ask();
            let other = other();
            match first {
                Op::Advance => {
                    stage.record.sink.emit((from, number, 1));
                    let is_asked = stage.reader.checkpoint_requested();
                    assert!(lease.advance(2).is_some() || !is_asked, "a checkpoint is heard of at the next row");
                }
                Op::LeaseCut => stage.cut(&lease.cut()),
                Op::Complete => {
                    stage.record.sink.emit((from, number, 1));
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
            assert!(stage.reader.try_cut().is_err(), "there are two cuts at once");
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
    let was_woken = waits.is_none_or(|bell| bell.0.load(Ordering::Relaxed));
    if !stage.poll(&mut poller, Some(&stage.waker())) {
        assert!(was_woken, "the poller waits, there is something for it to do, and it was not woken");
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
    // A poller that has finished answers no more, and does not sit.
    stage.cut(&stage.reader.try_cut().expect("nobody emits rows"));
    assert!(!stage.reader.checkpoint_requested(), "the request was answered");
    assert!(
        stage.asked.lock().expect("no panic inside").is_empty(),
        "each request was answered, by a cut that says so"
    );
    let Stage { reader, record, .. } = stage;
    drop((poller, reader));
    record.check();
}
