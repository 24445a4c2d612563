//! A real reader and all its handles, driven one operation at a time, with a model beside it that has to agree.

use std::boxed::Box;
use std::cell::Cell;
use std::task::{RawWaker, RawWakerVTable, Waker};
use std::vec::Vec;

use super::model::{Heard, Model, Shown, Sits};
use crate::buffer::tests::Interrupted;
use crate::cut::Cut;
use crate::error::{Busy, Refused};
use crate::lease::{Lease, OwnedLease, Rows};
use crate::poller::{Answer, Poller, Ready, Remaining};
use crate::reader::{CheckpointId, Reader};
use crate::ring::Key as WakerKey;
use crate::state::{Index, Lent, Place, Queue, Seat, Tail, Verdict, View, decide};

/// Everything that the public operations allow one thread to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    Assign,
    AssignTwo,
    AssignNone,
    /// Begins an assignment: what follows happens while it is being written, up to [`Op::Publish`].
    Begin,
    Publish,
    Signal,
    Ask,
    Claim,
    DropPoller,
    Poll,
    PollWith,
    /// With another waker, which does all this when the poll clones it: what other threads could do at that moment.
    PollMeeting(&'static [Op]),
    /// The same, but one operation at a time: they go on changing what the poll has seen, as often as it looks.
    PollChased(&'static [Op]),
    /// With a waker in whose place there was another, and all this happens when the poll drops that one: the new one is
    /// left, and the seat is not.
    PollParting(&'static [Op]),
    Shutdown,
    TryCut,
    CutByPoller,
    /// By the lease, or by the rows of an owned one.
    CutByLease,
    DropCut,
    /// Forgets the poller's cut. (A forgotten one of a checkpoint thread keeps the seat for ever, as a sleeping one would.)
    ForgetCut,
    Advance,
    Complete,
    GiveBack,
    IntoOwned,
    Enter,
    Leave,
}

type Real<const N: usize> = &'static Reader<[u32; N]>;

/// A value in a box of its own, lent out for as long as the world says.
struct Lender<T>(*mut T);

impl<T> Lender<T> {
    fn new(value: T) -> Self {
        Self(Box::into_raw(Box::new(value)))
    }

    /// # Safety
    ///
    /// [exclusive] nothing lent before is used again, and nothing lent outlives the lender.
    unsafe fn lend(&self) -> &'static mut T {
        // SAFETY: [exclusive] the box lives as long as `self`; the caller vouches for the rest.
        unsafe { &mut *self.0 }
    }

    fn back(self) -> T {
        // SAFETY: [exclusive] the pointer came from a box, and `self` is forgotten.
        let value = unsafe { Box::from_raw(self.0) };
        core::mem::forget(self);
        *value
    }
}

impl<T> Drop for Lender<T> {
    fn drop(&mut self) {
        // SAFETY: [exclusive] the pointer came from a box.
        drop(unsafe { Box::from_raw(self.0) });
    }
}

static VTABLE: RawWakerVTable = RawWakerVTable::new(Bell::clone, Bell::ring, Bell::ring, Bell::drop);

/// What a waker points to. It lives as long as the world, so clones and drops need no count.
#[derive(Default)]
struct Bell {
    rung: Cell<u32>,
    /// Run inside every clone and inside every drop.
    on_clone: Cell<Option<Box<dyn FnMut()>>>,
    on_drop: Cell<Option<Box<dyn FnMut()>>>,
}

impl Bell {
    fn waker(&self) -> Waker {
        // SAFETY: [exclusive] the bells are shared, never moved, and outlive the reader; one thread has all of it.
        unsafe { Waker::new(core::ptr::from_ref(self).cast(), &VTABLE) }
    }

    fn at<'a>(data: *const ()) -> &'a Self {
        // SAFETY: [exclusive] as for `waker`, which is the only one to make these.
        unsafe { &*data.cast::<Self>() }
    }

    fn clone(data: *const ()) -> RawWaker {
        Self::meanwhile(&Self::at(data).on_clone);
        RawWaker::new(data, &VTABLE)
    }

    fn drop(data: *const ()) {
        Self::meanwhile(&Self::at(data).on_drop);
    }

    fn meanwhile(what: &Cell<Option<Box<dyn FnMut()>>>) {
        if let Some(mut meanwhile) = what.take() {
            meanwhile();
            what.set(Some(meanwhile));
        }
    }

    fn ring(data: *const ()) {
        let rung = &Self::at(data).rung;
        rung.set(rung.get() + 1);
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Cutter {
    CheckpointThread,
    Poller,
    Lease,
}

/// All that the future of a world depends on: the words, the locals of the poller, and which handles exist. Splits and
/// checkpoints are told apart by comparing answers, not here.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Key {
    words: [usize; 2],
    written: usize,
    slot: usize,
    poller: Option<(bool, bool, usize, Option<usize>)>,
    handles: [bool; 4],
    cut: Option<(Cutter, usize, u64, bool, bool)>,
    model: (usize, u64, bool, bool, Sits, Lent, bool),
    waits: Option<(usize, bool)>,
}

pub(super) struct World<const N: usize> {
    /// Where `reader` points, for whoever frees it.
    place: *mut Reader<[u32; N]>,
    reader: Real<N>,
    poller: Option<Lender<Poller<Real<N>>>>,
    /// Is there a lease? It is made anew from the poller for each use: that is all a lease is.
    lease: bool,
    owned: Option<Lender<OwnedLease<Real<N>>>>,
    rows: Option<Rows<'static, Real<N>>>,
    cut: Option<(Cutter, Cut<'static, [u32; N]>, Shown)>,
    bells: Box<[Bell; 2]>,
    pub(super) model: Model,
    accepted: Vec<u32>,
    completed: Vec<u32>,
    next: u32,
    /// Was the last answer Pending, which waker was left last, and how often had it been rung by then?
    waits: bool,
    left: Option<(usize, u32)>,
    /// By what the poller knows each waker.
    keys: [Option<WakerKey>; 2],
    /// What the poller remembers, apart from whether it sits.
    locals: Option<(bool, Index, Option<WakerKey>)>,
    /// Is this in the middle of a poll?
    meeting: bool,
    /// What the last poll answered.
    heard: Option<Ready>,
    done: Vec<Op>,
}

impl<const N: usize> World<N> {
    pub(super) fn new() -> Self {
        let place = Box::into_raw(Box::new(Reader::new()));
        Self {
            place,
            // SAFETY: [exclusive] it lives until `drop`, when all handles are gone.
            reader: unsafe { &*place },
            poller: None,
            lease: false,
            owned: None,
            rows: None,
            cut: None,
            bells: Box::default(),
            model: Model::new(N),
            accepted: Vec::new(),
            completed: Vec::new(),
            next: 0,
            waits: false,
            left: None,
            keys: [None; 2],
            locals: None,
            meeting: false,
            heard: None,
            done: Vec::new(),
        }
    }

    /// Runs `ops`, calls `then` right after the last one (in the middle of an assignment, if one is begun and not
    /// published), and ends in good order.
    pub(super) fn run(ops: &[Op], then: &mut dyn FnMut(&mut Self)) {
        let mut world = Self::new();
        let mut left = ops;
        let mut then = Some(then);
        while !left.is_empty() {
            world.some(&mut left, &mut then);
        }
        if let Some(then) = then.take() {
            then(&mut world);
        }
        world.finish();
    }

    /// Runs the operations of one level.
    fn some(&mut self, left: &mut &[Op], then: &mut Option<&mut dyn FnMut(&mut Self)>) {
        while let Some((&op, rest)) = left.split_first() {
            *left = rest;
            match op {
                Op::Publish => {
                    self.done.push(op);
                    return;
                }
                Op::Begin => self.begin(left, then),
                _ => self.step(op),
            }
        }
        if self.model.writing.is_some()
            && let Some(then) = then.take()
        {
            then(self);
        }
    }

    fn begin(&mut self, left: &mut &[Op], then: &mut Option<&mut dyn FnMut(&mut Self)>) {
        self.done.push(Op::Begin);
        let split = self.next;
        self.next += 1;
        let admitted = self.model.admit(1);
        let reader = self.reader;
        let mut interrupted = false;
        let meanwhile = || {
            interrupted = true;
            self.model.writing = Some(split);
            self.some(left, then);
        };
        let answer = reader.assign(Interrupted { split, meanwhile }).map_err(|refused| plain(refused).0);
        assert_eq!(answer, admitted);
        assert_eq!(interrupted, admitted.is_ok());
        if self.model.writing.take().is_some() {
            self.model.queue.push_back(split);
            self.accepted.push(split);
        }
        self.check();
    }

    /// Can this be done with the handles that exist?
    pub(super) fn possible(&self, op: Op) -> bool {
        let cutter = self.cut.as_ref().map(|&(cutter, ..)| cutter);
        let free = self.poller.is_some() && !self.lease && cutter != Some(Cutter::Poller);
        match op {
            Op::Assign | Op::AssignTwo | Op::AssignNone | Op::Signal | Op::Ask | Op::Claim | Op::TryCut => true,
            Op::Begin => self.model.writing.is_none(),
            Op::Publish => self.model.writing.is_some(),
            Op::PollMeeting(ops) | Op::PollChased(ops) | Op::PollParting(ops) => {
                free && ops.first().is_none_or(|&op| self.possible(op))
            }
            Op::DropPoller | Op::Poll | Op::PollWith | Op::Shutdown | Op::CutByPoller => free,
            Op::CutByLease => (self.lease || self.rows.is_some()) && cutter != Some(Cutter::Lease),
            Op::DropCut => cutter.is_some(),
            Op::ForgetCut => cutter == Some(Cutter::Poller),
            Op::Advance => (self.lease || self.rows.is_some()) && cutter != Some(Cutter::Lease),
            Op::Complete | Op::GiveBack => {
                self.lease && cutter != Some(Cutter::Lease) || self.owned.is_some() && self.rows.is_none()
            }
            Op::IntoOwned => self.lease && cutter != Some(Cutter::Lease),
            Op::Enter => self.owned.is_some() && self.rows.is_none(),
            Op::Leave => self.rows.is_some() && cutter != Some(Cutter::Lease),
        }
    }

    fn poller(&mut self) -> &mut Poller<Real<N>> {
        let poller = self.poller.as_ref().expect("there is a poller");
        // SAFETY: [exclusive] the only loan that outlives a step is the poller's cut, and `possible` sees to it that the
        // poller is not used beside it.
        unsafe { poller.lend() }
    }

    fn step(&mut self, op: Op) {
        self.done.push(op);
        match op {
            Op::Begin | Op::Publish => unreachable!("not a step"),
            Op::Assign => {
                let split = self.next;
                self.assign([split]);
            }
            Op::AssignTwo => {
                let split = self.next;
                self.assign([split, split + 1]);
            }
            Op::AssignNone => self.assign([]),
            Op::Signal => {
                self.reader.signal_no_more_splits();
                self.model.closed = true;
            }
            Op::Ask => {
                self.next += 1;
                let id = u64::from(self.next);
                let asked = if self.model.asked.is_some() { Err(Busy::Asked) } else { Ok(()) };
                assert_eq!(self.reader.request_checkpoint(CheckpointId(id)), asked);
                self.model.asked.get_or_insert(id);
            }
            Op::Claim => match Poller::claim(self.reader) {
                Err(busy) => assert!(self.poller.is_some() && busy == Busy::Claimed),
                Ok(poller) => {
                    assert!(self.poller.is_none(), "there are two pollers");
                    self.poller = Some(Lender::new(poller));
                }
            },
            Op::DropPoller => {
                self.poller = None;
                (self.waits, self.left) = (false, None);
                if self.model.sits == Sits::Poller {
                    self.model.sits = Sits::Nobody;
                }
            }
            Op::Poll => self.poll(None, &[], 0, false),
            Op::PollWith => self.poll(Some(0), &[], 0, false),
            Op::PollMeeting(ops) => self.poll(Some(1), ops, ops.len(), false),
            Op::PollChased(ops) => self.poll(Some(1), ops, 1, false),
            Op::PollParting(ops) => self.poll(Some(1), ops, ops.len(), true),
            Op::Shutdown => self.shutdown(),
            Op::TryCut => {
                let cut = self.reader.try_cut();
                self.cut_taken(Cutter::CheckpointThread, Sits::CheckpointThread, cut);
            }
            Op::CutByPoller => {
                // SAFETY: [exclusive] as for `poller`.
                let cut = unsafe { self.poller.as_ref().expect("there is a poller").lend() }.cut();
                self.cut_taken(Cutter::Poller, Sits::Poller, cut);
            }
            Op::CutByLease => {
                // What `Lease::cut` and `Rows::cut` do, without their borrow.
                let cut = Cut::of_a_lease(self.reader);
                let shown = self.compare(&cut);
                self.cut = Some((Cutter::Lease, cut, shown));
            }
            Op::DropCut => {
                let (cutter, cut, shown) = self.cut.take().expect("there is a cut");
                // Whatever has happened since: the cut is still what it was.
                assert_eq!(show(&cut), shown);
                drop(cut);
                if cutter != Cutter::Lease {
                    self.model.sits = Sits::Nobody;
                }
                if shown.answers.is_some() {
                    self.model.asked = None;
                }
            }
            Op::ForgetCut => {
                core::mem::forget(self.cut.take());
                self.waits = false; // The poller goes on sitting, and has to poll to know what it missed.
            }
            Op::Advance => {
                let to = 1 - self.model.position;
                let asked = match &mut self.rows {
                    Some(rows) => rows.advance(to),
                    None => Lease::new(self.poller()).advance(to),
                };
                self.model.position = to;
                assert_eq!(asked, self.model.asked.map(CheckpointId));
            }
            Op::Complete => {
                self.completed.push(self.model.queue[0]);
                match self.owned.take() {
                    Some(owned) => {
                        owned.back().complete();
                        self.model.lent = Lent::Done;
                    }
                    None => {
                        self.lease = false;
                        let split = Lease::new(self.poller()).complete();
                        assert_eq!(Some(&split), self.completed.last());
                        self.model.remove();
                    }
                }
            }
            Op::GiveBack => match self.owned.take() {
                Some(owned) => {
                    drop(owned.back());
                    self.model.lent = Lent::No;
                }
                None => {
                    self.lease = false;
                    drop(Lease::new(self.poller()));
                }
            },
            Op::IntoOwned => {
                self.lease = false;
                let owned = Lease::new(self.poller()).into_owned();
                assert_eq!(*owned.split(), self.model.queue[0]);
                self.owned = Some(Lender::new(owned));
                (self.model.lent, self.model.sits) = (Lent::Out, Sits::Nobody);
            }
            Op::Enter => {
                // SAFETY: [exclusive] the lease is not used while there are rows, see `possible`.
                let rows = unsafe { self.owned.as_ref().expect("there is an owned lease").lend() }.enter();
                let free = self.model.sit(Sits::Rows);
                assert_eq!(rows.as_ref().err().copied(), (!free).then_some(Busy::Held));
                self.rows = rows.ok();
                if let Some(rows) = &self.rows {
                    assert_eq!(rows.position(), self.model.position);
                }
            }
            Op::Leave => {
                self.rows = None;
                self.model.sits = Sits::Nobody;
            }
        }
        self.check();
    }

    fn assign<const K: usize>(&mut self, batch: [u32; K]) {
        let admitted = self.model.admit(K);
        let answer = self.reader.assign(batch).map_err(|refused| {
            let (reason, back) = plain(refused);
            assert_eq!(back, batch, "a refused batch comes back as it was");
            reason
        });
        let both = self.model.closed && self.model.writing.is_some();
        if both && answer == Err(Refused::Closed(())) {
            assert_eq!(admitted, Err(Refused::Busy(())), "each of the two is true");
        } else {
            assert_eq!(answer, admitted);
        }
        if admitted.is_ok() {
            self.model.queue.extend(batch);
            self.accepted.extend(batch);
        }
        self.next += K as u32;
    }

    /// Polls with one of the wakers, or none, while others do `meeting`, `at_once` of it in each clone of the waker; or in
    /// the drop of the one before, if `parting`.
    fn poll(&mut self, waker: Option<usize>, meeting: &'static [Op], at_once: usize, parting: bool) {
        self.waits = false;
        if !meeting.is_empty() {
            let world = core::ptr::from_mut(self);
            let mut meeting = meeting.iter();
            let place = if parting { &self.bells[0].on_drop } else { &self.bells[1].on_clone };
            place.set(Some(Box::new(move || {
                // SAFETY: [exclusive] called from inside the poll below, which has the poller but not the world; and no
                // operation of a meeting uses the poller.
                let world = unsafe { &mut *world };
                // What an owned lease has completed is removed before the waker is left, so before others can come between.
                world.model.reap();
                for &op in meeting.by_ref().take(at_once) {
                    if world.possible(op) {
                        world.step(op);
                    }
                }
            })));
        }
        let rung = waker.map(|waker| (waker, self.bells[waker].rung.get()));
        let waker = waker.map(|waker| self.bells[waker].waker());
        // SAFETY: [exclusive] as for `poller`.
        let poller = unsafe { self.poller.as_ref().expect("there is a poller").lend() };
        self.meeting = true;
        let answer = match &waker {
            None => poller.poll(),
            Some(waker) => poller.poll_with(waker),
        };
        let (heard, ready) = match answer {
            Answer::Split(lease) => (Heard::Split(*lease.split(), lease.position()), Ready::Split),
            Answer::Checkpoint(id) => (Heard::Checkpoint(id.0), Ready::Checkpoint(id)),
            Answer::Pending => (Heard::Pending, Ready::Pending),
            Answer::Finished => (Heard::Finished, Ready::Finished),
        };
        self.heard = Some(ready);
        self.meeting = false;
        drop((self.bells[0].on_drop.take(), self.bells[1].on_clone.take()));
        let woken = rung.is_some_and(|(waker, rung)| self.bells[waker].rung.get() != rung);
        if woken && heard == Heard::Pending {
            // Others came in between, and the new waker has been rung already: by them, or by the poll that they were too
            // quick for. How far it came with removing a split and with standing up is not for others to see.
            if self.reader.seat.look().lent() == Lent::No {
                self.model.reap();
            }
            if self.model.sits == Sits::Poller && !self.poller().seated {
                self.model.sits = Sits::Nobody;
            }
        } else {
            assert_eq!(heard, self.model.poll(true));
        }
        self.lease = matches!(heard, Heard::Split(..));
        self.waits = heard == Heard::Pending;
        if let Some((waker, _)) = rung {
            let left = self.poller().left;
            if !self.keys.contains(&left) {
                self.keys[waker] = left;
            }
        }
        if rung.is_some() {
            self.left = rung.filter(|_| self.waits);
        }
        if heard == Heard::Finished {
            assert_eq!(self.completed, self.accepted, "Finished, and something is left");
            assert!(self.model.closed);
        }
    }

    fn shutdown(&mut self) {
        self.waits = false;
        self.model.closed = true;
        let heard = self.model.poll(false);
        match self.poller().shutdown() {
            Remaining::Split { split, position } => {
                assert_eq!(Heard::Split(split, position), heard);
                self.completed.push(split);
                self.model.remove();
            }
            Remaining::Pending => assert_eq!(Heard::Pending, heard),
            Remaining::Finished => assert_eq!(Heard::Finished, heard),
        }
    }

    fn cut_taken(&mut self, cutter: Cutter, who: Sits, cut: Result<Cut<'static, [u32; N]>, Busy>) {
        let free = self.model.sit(who);
        assert_eq!(cut.as_ref().err().copied(), (!free).then_some(Busy::Held));
        if let Ok(cut) = cut {
            let shown = self.compare(&cut);
            self.cut = Some((cutter, cut, shown));
        }
    }

    fn compare(&self, cut: &Cut<'_, [u32; N]>) -> Shown {
        let (shown, mut expected) = (show(cut), self.model.cut());
        if self.model.writing.is_some() {
            // Before the end or behind it: what an assignment in flight allows to be said has a test of its own.
            expected.no_more_splits = shown.no_more_splits;
        }
        assert_eq!(shown, expected);
        let all: Vec<u32> = self.completed.iter().copied().chain(cut.splits().copied()).collect();
        assert_eq!(all, self.accepted, "a cut is what was accepted and not completed");
        shown
    }

    /// What holds after every step.
    fn check(&mut self) {
        assert_eq!(self.reader.checkpoint_requested(), self.model.asked.is_some());
        if self.meeting || matches!(self.cut, Some((Cutter::Poller, ..))) {
            return; // The poller is busy, and remembers what it did.
        }
        self.locals = self.poller.is_some().then(|| {
            let poller = self.poller();
            (poller.finished, poller.seen, poller.left)
        });
        let answer = self.model.clone().poll(true);
        if self.waits
            && answer != Heard::Pending
            && let Some((waker, rung)) = self.left
        {
            let now = self.bells[waker].rung.get();
            assert_ne!(now, rung, "a poll would answer {answer:?} and nobody wakes the poller");
        }
    }

    /// What the poller sees now, had it looked.
    pub(super) fn view(&mut self) -> View {
        let seat = self.reader.seat.look();
        let poller = self.poller();
        let seen = poller.seen;
        let (queue, _) = poller.queue(None);
        poller.seen = seen;
        poller.view(seat, queue, true)
    }

    /// One poll, held against the table: its answer, and how it leaves the seat and the waker.
    pub(super) fn poll_by_the_table(&mut self, with_waker: bool) {
        let mut view = self.view();
        if decide(view) == Verdict::Reap {
            let (queue, model) = (&self.model.queue, &self.model);
            let queue = match (queue.len(), model.closed, model.writing) {
                (2.., ..) => Queue::Ready,
                (_, false, _) => Queue::Empty,
                (_, true, Some(_)) => Queue::Ending,
                (_, true, None) => Queue::Ended,
            };
            view = View { place: Place::Mine, lent: Lent::No, queue, ..view };
        }
        self.step(if with_waker { Op::PollWith } else { Op::Poll });
        let heard = match decide(view) {
            Verdict::Split => Ready::Split,
            Verdict::Checkpoint => Ready::Checkpoint(CheckpointId(self.model.asked.expect("asked"))),
            Verdict::Pending | Verdict::Knock => Ready::Pending,
            Verdict::Finished => Ready::Finished,
            Verdict::Reap => unreachable!("it was done above"),
        };
        assert_eq!(self.heard, Some(heard), "{view:?}");
        let (seat, tail) = (self.reader.seat.look(), self.reader.ring.tail());
        let sits = matches!(heard, Ready::Split | Ready::Checkpoint(_));
        assert_eq!(self.poller().seated, sits, "{view:?}");
        assert_eq!(seat.has(Seat::HELD), sits || view.place == Place::Taken, "{view:?}");
        assert_eq!(seat.has(Seat::KNOCK), decide(view) == Verdict::Knock, "{view:?}");
        assert_eq!(tail.has(Tail::WAITING), with_waker && heard == Ready::Pending, "{view:?}");
    }

    pub(super) fn key(&self) -> Key {
        let (seat, tail, head) = (self.reader.seat.look(), self.reader.ring.tail(), self.reader.ring.front.freed());
        let poller = self.locals.map(|(finished, seen, left)| {
            let left = left.map(|left| self.keys.iter().position(|&key| key == Some(left)).expect("left by a poll"));
            (self.model.sits == Sits::Poller, finished, seen.since(head), left)
        });
        let model = &self.model;
        Key {
            words: [seat.bits(), tail.bits() & (Index::STEP - 1)],
            written: tail.index().since(head),
            slot: head.slot(N),
            poller,
            handles: [self.lease, self.owned.is_some(), self.rows.is_some(), self.cut.is_some()],
            cut: self
                .cut
                .as_ref()
                .map(|(who, _, cut)| (*who, cut.splits.len(), cut.position, cut.no_more_splits, cut.answers.is_some())),
            model: (
                model.queue.len(),
                model.position,
                model.closed,
                model.writing.is_some(),
                model.sits,
                model.lent,
                model.asked.is_some(),
            ),
            waits: self.left.map(|(waker, rung)| (waker, self.bells[waker].rung.get() == rung && self.waits)),
        }
    }

    /// Lets go of everything, and reads the rest to the end: nothing may be lost or stuck, whatever happened before.
    fn finish(&mut self) {
        for op in [Op::DropCut, Op::Leave, Op::GiveBack, Op::Signal] {
            if self.possible(op) {
                self.step(op);
            }
        }
        if self.poller.is_none() {
            self.step(Op::Claim);
        }
        for _ in 0..4 * (N + 1) {
            self.step(Op::Poll);
            match (self.lease, self.waits) {
                (true, _) => self.step(Op::Complete),
                (false, true) => panic!("pending with nothing in the way"),
                (false, false) if self.model.asked.is_some() => {
                    self.step(Op::CutByPoller);
                    self.step(Op::DropCut);
                }
                (false, false) => {
                    assert_eq!(self.completed, self.accepted);
                    return;
                }
            }
        }
        panic!("the reader does not finish");
    }
}

impl<const N: usize> Drop for World<N> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            std::eprintln!("capacity {N}, after {:?}", self.done);
        }
        self.cut = None;
        self.rows = None;
        self.owned = None;
        self.poller = None;
        // SAFETY: [exclusive] it comes from `new`, and no handle is left.
        drop(unsafe { Box::from_raw(self.place) });
    }
}

fn show<const N: usize>(cut: &Cut<'_, [u32; N]>) -> Shown {
    Shown {
        splits: cut.splits().copied().collect(),
        position: cut.position(),
        no_more_splits: cut.no_more_splits(),
        answers: cut.id().map(|CheckpointId(id)| id),
    }
}

fn plain<A>(refused: Refused<A>) -> (Refused<()>, A) {
    match refused {
        Refused::Full(batch) => (Refused::Full(()), batch),
        Refused::Oversized(batch) => (Refused::Oversized(()), batch),
        Refused::Closed(batch) => (Refused::Closed(()), batch),
        Refused::Busy(batch) => (Refused::Busy(()), batch),
    }
}
