//! A panic in user code, at each point at which the core calls it: nothing is stuck afterwards and nothing is lost. Every
//! test goes on to Finished, and compares what was read, and what was dropped, as exact sequences.

use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::task::{RawWaker, RawWakerVTable, Waker};

use turnstile::{Answer, Busy, CheckpointId, Poller, Reader, Refused, Remaining, Snapshot};

/// What is thrown on purpose. Not by `panic!`, so that the output stays quiet.
struct Planned;

fn throw() -> ! {
    resume_unwind(Box::new(Planned))
}

/// Runs `what`, which has to panic as planned and not otherwise.
#[track_caller]
fn thrown<T>(what: impl FnOnce() -> T) {
    match catch_unwind(AssertUnwindSafe(what)) {
        Ok(_) => panic!("nothing was thrown"),
        Err(payload) if payload.is::<Planned>() => {}
        Err(payload) => resume_unwind(payload),
    }
}

thread_local! {
    /// The splits that were dropped, in order. A clone is called by 100 more than what it was cloned from.
    static DROPPED: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
}

fn dropped() -> Vec<u32> {
    DROPPED.with_borrow(Vec::clone)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Throws {
    Never,
    WhenCloned,
    WhenDropped,
}

/// A split that owns memory, so that a tool that watches the heap notices one dropped twice as well.
struct Split {
    name: Box<u32>,
    throws: Throws,
}

fn split(name: u32, throws: Throws) -> Split {
    Split { name: Box::new(name), throws }
}

fn calm(name: u32) -> Split {
    split(name, Throws::Never)
}

impl Clone for Split {
    fn clone(&self) -> Self {
        if self.throws == Throws::WhenCloned {
            throw();
        }
        calm(*self.name + 100)
    }
}

impl Drop for Split {
    fn drop(&mut self) {
        DROPPED.with_borrow_mut(|dropped| dropped.push(*self.name));
        if self.throws == Throws::WhenDropped {
            throw();
        }
    }
}

/// What a waker points to.
#[derive(Default)]
struct Bell {
    rung: Cell<u32>,
    /// Wakers that point here and are neither dropped nor used up.
    alive: Cell<u32>,
    clone_throws: Cell<bool>,
    wake_throws: Cell<bool>,
    drop_throws: Cell<bool>,
    /// Runs in every clone.
    on_clone: Cell<Option<&'static dyn Fn()>>,
}

static VTABLE: RawWakerVTable =
    RawWakerVTable::new(Bell::raw_clone, Bell::raw_wake, Bell::raw_wake_by_ref, Bell::raw_drop);

impl Bell {
    fn new() -> &'static Self {
        Box::leak(Box::default())
    }

    fn waker(&'static self) -> Waker {
        self.alive.set(self.alive.get() + 1);
        // SAFETY: bells are never freed, and no test shows its wakers to another thread.
        unsafe { Waker::new(std::ptr::from_ref(self).cast(), &VTABLE) }
    }

    fn at(data: *const ()) -> &'static Self {
        // SAFETY: only `waker` and `raw_clone` make these pointers.
        unsafe { &*data.cast::<Self>() }
    }

    fn raw_clone(data: *const ()) -> RawWaker {
        let bell = Self::at(data);
        if bell.clone_throws.get() {
            throw();
        }
        if let Some(meanwhile) = bell.on_clone.get() {
            meanwhile();
        }
        bell.alive.set(bell.alive.get() + 1);
        RawWaker::new(data, &VTABLE)
    }

    fn raw_wake(data: *const ()) {
        let bell = Self::at(data);
        bell.alive.set(bell.alive.get() - 1);
        Self::raw_wake_by_ref(data);
    }

    fn raw_wake_by_ref(data: *const ()) {
        let bell = Self::at(data);
        bell.rung.set(bell.rung.get() + 1);
        if bell.wake_throws.get() {
            throw();
        }
    }

    fn raw_drop(data: *const ()) {
        let bell = Self::at(data);
        bell.alive.set(bell.alive.get() - 1);
        if bell.drop_throws.get() {
            throw();
        }
    }
}

type Four = Reader<[Split; 4]>;
type FourPoller<'r> = Poller<&'r Four>;

/// A poller of a reader with some splits in it.
fn poller<const K: usize>(reader: &Four, splits: [Split; K]) -> FourPoller<'_> {
    assert!(reader.assign(splits).is_ok());
    Poller::claim(reader).expect("the only poller")
}

/// Reads to the end, and says what was read.
#[track_caller]
fn read(mut poller: FourPoller<'_>, reader: &Four) -> Vec<u32> {
    reader.signal_no_more_splits();
    let mut read = Vec::new();
    loop {
        match poller.poll() {
            Answer::Split(lease) => read.push(*lease.complete().name),
            Answer::Checkpoint(_) => drop(poller.cut().expect("just asked")),
            Answer::Pending => panic!("stuck after {read:?}"),
            Answer::Finished => return read,
        }
    }
}

fn lease<'p, 'r>(poller: &'p mut FourPoller<'r>) -> turnstile::Lease<'p, &'r Four> {
    let Answer::Split(lease) = poller.poll() else { panic!("a split is there") };
    lease
}

mod a_split {
    use super::*;

    fn with_a_bad_clone(reader: &Four) -> FourPoller<'_> {
        poller(reader, [calm(0), split(1, Throws::WhenCloned), calm(2)])
    }

    #[test]
    fn whose_clone_throws_in_a_cut_by_a_checkpoint_thread_lets_the_reader_go_on() {
        let reader = Reader::new();
        let poller = with_a_bad_clone(&reader);
        thrown(|| reader.try_cut().expect("nobody is in the way").snapshot::<Vec<_>>());
        assert_eq!(dropped(), [100], "the clone made before");
        assert_eq!(read(poller, &reader), [0, 1, 2]);
    }

    #[test]
    fn whose_clone_throws_in_a_cut_by_the_poller_lets_the_reader_go_on() {
        let reader = Reader::new();
        let mut poller = with_a_bad_clone(&reader);
        reader.request_checkpoint(CheckpointId(1)).expect("nobody else asks");
        thrown(|| poller.cut().expect("nobody is in the way").snapshot::<Vec<_>>());
        assert_eq!(reader.request_checkpoint(CheckpointId(2)), Ok(()), "the cut was dropped, as always");
        assert_eq!(read(poller, &reader), [0, 1, 2]);
    }

    #[test]
    fn whose_clone_throws_in_a_cut_by_a_lease_leaves_the_lease_as_it_was() {
        let reader = Reader::new();
        let mut poller = with_a_bad_clone(&reader);
        let mut lease = lease(&mut poller);
        assert_eq!(lease.advance(5), None);
        thrown(|| lease.cut().snapshot::<Vec<_>>());
        assert_eq!(lease.position(), 5);
        assert_eq!(*lease.complete().name, 0);
        assert_eq!(read(poller, &reader), [1, 2]);
    }

    #[test]
    fn whose_clone_throws_in_a_cut_by_rows_leaves_the_rows_as_they_were() {
        let reader = Reader::new();
        let mut poller = with_a_bad_clone(&reader);
        let mut owned = lease(&mut poller).into_owned();
        let mut rows = owned.enter().expect("nobody cuts");
        thrown(|| rows.cut().snapshot::<Vec<_>>());
        assert_eq!(rows.advance(5), None);
        drop(rows);
        drop(owned);
        assert_eq!(lease(&mut poller).position(), 5);
        assert_eq!(read(poller, &reader), [0, 1, 2]);
    }

    #[test]
    fn whose_drop_throws_when_its_reader_has_let_it_go_takes_nothing_else_along() {
        let reader = Reader::new();
        let mut poller = poller(&reader, [calm(0), split(1, Throws::WhenDropped), calm(2)]);
        drop(lease(&mut poller).complete());
        thrown(|| drop(lease(&mut poller).complete()));
        assert_eq!(read(poller, &reader), [2]);
        assert_eq!(dropped(), [0, 1, 2]);
    }

    #[test]
    fn whose_drop_throws_when_a_poll_removes_it_is_not_offered_again() {
        let reader = Reader::new();
        let mut poller = poller(&reader, [split(0, Throws::WhenDropped), calm(1)]);
        let mut owned = lease(&mut poller).into_owned();
        assert_eq!(owned.enter().expect("nobody cuts").advance(9), None);
        owned.complete();
        thrown(|| drop(poller.poll()));
        assert_eq!(lease(&mut poller).position(), 0, "the position went with the split that it belonged to");
        assert_eq!(read(poller, &reader), [1]);
        assert_eq!(dropped(), [0, 1]);
    }

    #[test]
    fn whose_drop_throws_in_a_shutdown_does_not_stop_the_shutdown() {
        let reader = Reader::new();
        let mut poller = poller(&reader, [split(0, Throws::WhenDropped), calm(1), split(2, Throws::WhenDropped)]);
        lease(&mut poller).into_owned().complete();
        let mut handed_back = Vec::new();
        thrown(|| poller.shutdown());
        while let Remaining::Split { split, .. } = poller.shutdown() {
            handed_back.push(*split.name);
            if *split.name == 2 {
                thrown(|| drop(split));
            }
        }
        assert_eq!(handed_back, [1, 2]);
        assert_eq!(read(poller, &reader), []);
        assert_eq!(dropped(), [0, 1, 2]);
    }

    #[test]
    fn whose_drop_throws_does_not_keep_its_reader_from_dropping_the_rest() {
        for bad in 0..4 {
            let reader = Four::new();
            let splits =
                [0, 1, 2, 3].map(|name| split(name, if name == bad { Throws::WhenDropped } else { Throws::Never }));
            let mut poller = poller(&reader, splits);
            // The first was read and completed, and no poll has removed it yet: it is the reader's to drop as well.
            lease(&mut poller).into_owned().complete();
            drop(poller);
            thrown(|| drop(reader));
            assert_eq!(dropped(), [0, 1, 2, 3], "when {bad} throws");
            DROPPED.take();
        }
    }

    #[test]
    fn that_was_being_read_when_a_panic_dropped_its_lease_is_offered_again() {
        let reader = Reader::new();
        let mut poller = poller(&reader, [calm(0), calm(1)]);
        thrown(|| {
            let mut lease = lease(&mut poller);
            assert_eq!(lease.advance(3), None);
            throw();
        });
        assert_eq!(lease(&mut poller).position(), 3);
        thrown(|| {
            let mut owned = lease(&mut poller).into_owned();
            let mut rows = owned.enter().expect("nobody cuts");
            assert_eq!(rows.advance(4), None);
            throw();
        });
        assert_eq!(lease(&mut poller).position(), 4);
        assert_eq!(read(poller, &reader), [0, 1]);
        assert_eq!(dropped(), [0, 1]);
    }

    #[test]
    fn that_was_being_read_when_a_panic_dropped_its_poller_is_offered_to_the_next() {
        let reader = Reader::new();
        let mut first = poller(&reader, [calm(0), calm(1)]);
        thrown(move || {
            assert_eq!(lease(&mut first).advance(3), None);
            throw();
        });
        let mut second = Poller::claim(&reader).expect("the first is gone");
        assert_eq!(lease(&mut second).position(), 3);
        assert_eq!(read(second, &reader), [0, 1]);
    }
}

mod an_iterator {
    use super::*;

    /// A collection that throws instead of giving its `good + 1`st element, or when it is collected.
    struct Throwing {
        splits: std::vec::IntoIter<Split>,
        good: usize,
    }

    impl Iterator for Throwing {
        type Item = Split;
        fn next(&mut self) -> Option<Split> {
            self.good = self.good.checked_sub(1).unwrap_or_else(|| throw());
            self.splits.next()
        }
    }

    impl FromIterator<Split> for Throwing {
        fn from_iter<I: IntoIterator<Item = Split>>(splits: I) -> Self {
            let mut splits = splits.into_iter();
            drop(splits.next());
            throw();
        }
    }

    fn snapshot(good: usize) -> Snapshot<Throwing> {
        let splits = [0, 1, 2, 3].map(calm).into_iter().collect::<Vec<_>>().into_iter();
        Snapshot { splits: Throwing { splits, good }, position: 0, accepted: 0, no_more_splits: true }
    }

    #[test]
    fn that_throws_while_a_reader_is_restored_leaves_each_split_dropped_once() {
        thrown(|| Reader::<[Split; 4]>::restore(snapshot(2)));
        assert_eq!(dropped(), [2, 3, 0, 1], "what was not taken yet, then the reader");
    }

    #[test]
    fn that_throws_while_an_oversized_snapshot_is_put_together_leaves_each_split_dropped_once() {
        thrown(|| Reader::<[Split; 2]>::restore(snapshot(9)));
        assert_eq!(dropped(), [0, 2, 3, 1], "the one collected, what was not taken yet, then the reader");
    }
}

mod a_waker {
    use super::*;

    /// A poller that waits, with a waker that throws when it is woken.
    fn waits(poller: &mut FourPoller<'_>, bell: &'static Bell) {
        assert!(matches!(poller.poll_with(&bell.waker()), Answer::Pending));
        bell.wake_throws.set(true);
    }

    /// After a throw: the waker was rung once, the next one is heard, everything is read, and no waker is left behind.
    #[track_caller]
    fn goes_on(mut poller: FourPoller<'_>, reader: &Four, bell: &'static Bell, expected: &[u32]) {
        assert_eq!(bell.rung.get(), 1);
        let mut already = Vec::new();
        let next = Bell::new();
        loop {
            match poller.poll_with(&next.waker()) {
                Answer::Split(lease) => already.push(*lease.complete().name),
                Answer::Checkpoint(_) => drop(poller.cut().expect("just asked")),
                Answer::Pending => {
                    assert_eq!(next.rung.get(), 0);
                    reader.signal_no_more_splits();
                    assert_eq!(next.rung.get(), 1, "the next waker is heard");
                }
                Answer::Finished => break,
            }
        }
        already.extend(read(poller, reader));
        assert_eq!(already, expected);
        assert_eq!((bell.alive.get(), next.alive.get()), (0, 0));
    }

    #[test]
    fn that_throws_in_an_assignment_does_not_undo_it() {
        let (reader, bell) = (Reader::new(), Bell::new());
        let mut poller = poller(&reader, []);
        waits(&mut poller, bell);
        thrown(|| reader.assign([calm(0), calm(1)]));
        goes_on(poller, &reader, bell, &[0, 1]);
        assert_eq!(dropped(), [0, 1]);
    }

    #[test]
    fn that_throws_in_the_signal_does_not_undo_it() {
        let (reader, bell) = (Reader::new(), Bell::new());
        let mut poller = poller(&reader, []);
        waits(&mut poller, bell);
        thrown(|| reader.signal_no_more_splits());
        assert!(matches!(reader.assign([calm(0)]), Err(Refused::Closed(_))));
        assert!(matches!(poller.poll(), Answer::Finished));
        goes_on(poller, &reader, bell, &[]);
    }

    #[test]
    fn that_throws_in_a_checkpoint_request_does_not_undo_it() {
        let (reader, bell) = (Reader::new(), Bell::new());
        let mut poller = poller(&reader, []);
        waits(&mut poller, bell);
        thrown(|| reader.request_checkpoint(CheckpointId(7)));
        assert_eq!(reader.request_checkpoint(CheckpointId(8)), Err(Busy::Asked));
        assert!(matches!(poller.poll(), Answer::Checkpoint(CheckpointId(7))));
        drop(poller.cut().expect("just asked"));
        assert_eq!(reader.request_checkpoint(CheckpointId(8)), Ok(()));
        goes_on(poller, &reader, bell, &[]);
    }

    #[test]
    fn that_throws_when_an_owned_lease_is_dropped_does_not_keep_the_split() {
        let (reader, bell) = (Reader::new(), Bell::new());
        let mut poller = poller(&reader, [calm(0), calm(1)]);
        let owned = lease(&mut poller).into_owned();
        waits(&mut poller, bell);
        thrown(|| drop(owned));
        goes_on(poller, &reader, bell, &[0, 1]);
        assert_eq!(dropped(), [0, 1]);
    }

    #[test]
    fn that_throws_when_an_owned_lease_is_completed_does_not_bring_the_split_back() {
        let (reader, bell) = (Reader::new(), Bell::new());
        let mut poller = poller(&reader, [calm(0), calm(1)]);
        let owned = lease(&mut poller).into_owned();
        waits(&mut poller, bell);
        thrown(|| owned.complete());
        assert_eq!(reader.try_cut().expect("nobody is in the way").splits().len(), 1);
        goes_on(poller, &reader, bell, &[1]);
        assert_eq!(dropped(), [0, 1]);
    }

    #[test]
    fn that_throws_when_rows_end_does_not_keep_the_seat() {
        let (reader, bell) = (Reader::new(), Bell::new());
        let mut poller = poller(&reader, [calm(0)]);
        let mut owned = lease(&mut poller).into_owned();
        let rows = owned.enter().expect("nobody cuts");
        waits(&mut poller, bell);
        reader.request_checkpoint(CheckpointId(7)).expect("nobody else asks");
        assert_eq!(bell.rung.get(), 0, "whoever sits will say so");
        thrown(|| drop(rows));
        assert_eq!(reader.try_cut().expect("nobody is in the way").id(), Some(CheckpointId(7)));
        drop(owned);
        goes_on(poller, &reader, bell, &[0]);
    }

    #[test]
    fn that_throws_when_a_cut_ends_does_not_keep_the_seat() {
        let (reader, bell) = (Reader::new(), Bell::new());
        let mut poller = poller(&reader, [calm(0)]);
        let cut = reader.try_cut().expect("nobody is in the way");
        waits(&mut poller, bell);
        thrown(|| drop(cut));
        drop(reader.try_cut().expect("nobody is in the way"));
        goes_on(poller, &reader, bell, &[0]);
    }

    #[test]
    fn that_throws_when_a_cut_ends_does_not_undo_the_request_that_came_meanwhile() {
        let (reader, bell) = (Reader::new(), Bell::new());
        let mut poller = poller(&reader, []);
        let cut = reader.try_cut().expect("nobody is in the way");
        waits(&mut poller, bell);
        reader.request_checkpoint(CheckpointId(7)).expect("nobody else asks");
        thrown(|| drop(cut));
        assert!(matches!(poller.poll(), Answer::Checkpoint(CheckpointId(7))));
        goes_on(poller, &reader, bell, &[]);
    }

    #[test]
    fn that_throws_in_a_shutdown_does_not_stop_it() {
        let (reader, bell) = (Reader::new(), Bell::new());
        let mut poller = poller(&reader, [calm(0)]);
        let owned = lease(&mut poller).into_owned();
        waits(&mut poller, bell);
        thrown(|| poller.shutdown());
        assert!(matches!(reader.assign([calm(9)]), Err(Refused::Closed(_))));
        drop(owned);
        let Remaining::Split { split, position: 0 } = poller.shutdown() else { panic!("the split is handed back") };
        assert_eq!(*split.name, 0);
        goes_on(poller, &reader, bell, &[]);
    }

    #[cfg(feature = "alloc")]
    #[test]
    fn that_throws_in_an_assignment_that_is_refused_leaves_the_batch_in_its_vector() {
        let (reader, bell) = (Reader::new(), Bell::new());
        let mut poller = poller(&reader, [calm(0)]);
        let owned = lease(&mut poller).into_owned();
        reader.signal_no_more_splits();
        waits(&mut poller, bell);
        let mut batch = vec![calm(1)];
        thrown(|| drop(reader.assign(&mut batch)));
        assert_eq!(dropped(), [], "the batch was dropped");
        assert_eq!(batch.iter().map(|split| *split.name).collect::<Vec<_>>(), [1]);
        drop(batch);
        drop(owned);
        goes_on(poller, &reader, bell, &[0]);
    }

    #[test]
    fn that_throws_when_a_poll_wakes_itself_leaves_the_reader_as_it_was() {
        let (reader, bell) = (Box::leak(Box::new(Four::new())), Bell::new());
        let reader: &'static Four = reader;
        let mut poller = poller(reader, [calm(0)]);
        let owned = lease(&mut poller).into_owned();
        // Others are always quicker: whenever the waker is cloned, the queue has grown before it can be left.
        bell.on_clone.set(Some(&*Box::leak(Box::new(move || {
            assert!(reader.assign([calm(1)]).is_ok());
        }))));
        bell.wake_throws.set(true);
        thrown(|| drop(poller.poll_with(&bell.waker())));
        drop(owned);
        goes_on(poller, reader, bell, &[0, 1, 1, 1]);
        assert_eq!(dropped(), [0, 1, 1, 1]);
    }

    #[test]
    fn whose_clone_throws_leaves_the_poller_free_to_wait_with_another() {
        // The poller comes with the seat in its hands, or without, and with another waker left, or none.
        for (seated, before) in [(false, false), (false, true), (true, false), (true, true)] {
            DROPPED.take();
            let (reader, bad, good) = (Reader::new(), Bell::new(), Bell::new());
            let mut poller = poller(&reader, [calm(0)]);
            let owned = lease(&mut poller).into_owned();
            if before {
                assert!(matches!(poller.poll_with(&good.waker()), Answer::Pending));
            }
            drop(owned);
            drop(lease(&mut poller).complete());
            if !seated {
                assert!(matches!(poller.poll(), Answer::Pending));
            }
            bad.clone_throws.set(true);
            thrown(|| drop(poller.poll_with(&bad.waker())));
            let rung = good.rung.get();
            assert!(matches!(poller.poll_with(&good.waker()), Answer::Pending));
            assert_eq!(reader.request_checkpoint(CheckpointId(1)), Ok(()));
            assert_eq!(good.rung.get(), rung + 1, "seated {seated}, waker before {before}");
            assert!(reader.assign([calm(1)]).is_ok());
            assert_eq!(read(poller, &reader), [1]);
            assert_eq!(dropped(), [0, 1]);
            assert_eq!((good.alive.get(), bad.alive.get()), (0, 0));
        }
    }

    #[test]
    fn whose_drop_throws_when_another_takes_its_place_is_heard_when_it_is_left_again() {
        let (reader, first, second) = (Reader::new(), Bell::new(), Bell::new());
        let mut poller = poller(&reader, []);
        let waker = first.waker();
        assert!(matches!(poller.poll_with(&waker), Answer::Pending));
        first.drop_throws.set(true);
        thrown(|| drop(poller.poll_with(&second.waker())));
        first.drop_throws.set(false);
        assert!(matches!(poller.poll_with(&waker), Answer::Pending));
        assert!(reader.assign([calm(0)]).is_ok());
        assert_eq!((first.rung.get(), second.rung.get()), (1, 0), "the waker of the last poll counts");
        assert_eq!(read(poller, &reader), [0]);
    }

    #[test]
    fn whose_drop_throws_when_the_reader_goes_leaves_each_split_dropped_once() {
        let (reader, bell) = (Reader::new(), Bell::new());
        let mut poller = poller(&reader, [calm(0), calm(1)]);
        let owned = lease(&mut poller).into_owned();
        assert!(matches!(poller.poll_with(&bell.waker()), Answer::Pending));
        std::mem::forget(owned);
        drop(poller);
        bell.drop_throws.set(true);
        thrown(|| drop(reader));
        assert_eq!(dropped(), [0, 1]);
        assert_eq!(bell.alive.get(), 0);
    }
}

#[cfg(feature = "std")]
mod the_blocking_face {
    use super::*;
    use turnstile::blocking;

    #[test]
    fn takes_the_seat_back_when_what_was_unlocked_throws() {
        let reader = blocking::Reader::new(Four::new());
        let mut poller = reader.poller().expect("the only poller");
        assert!(reader.assign([calm(0), calm(1)]).is_ok());
        let mut lease = poller.next().expect("a split is there");
        lease.advance(3);
        thrown(|| {
            lease.unlocked(|| {
                assert_eq!(reader.checkpoint(CheckpointId(1)).position(), 3);
                throw()
            })
        });
        lease.advance(4);
        assert_eq!(*lease.complete().name, 0);
        reader.signal_no_more_splits();
        assert_eq!(*poller.next().expect("the second split").complete().name, 1);
        assert!(poller.next().is_none());
        assert_eq!(dropped(), [0, 1]);
    }

    #[test]
    fn gives_the_split_back_when_the_panic_goes_on_through_the_lease() {
        let reader = blocking::Reader::new(Four::new());
        let mut poller = reader.poller().expect("the only poller");
        assert!(reader.assign([calm(0)]).is_ok());
        thrown(|| {
            let mut lease = poller.next().expect("a split is there");
            lease.advance(3);
            lease.unlocked(|| throw())
        });
        assert_eq!(poller.next().expect("the split again").position(), 3);
        drop(poller);
        assert_eq!(reader.checkpoint(CheckpointId(1)).snapshot::<Vec<_>>().position, 3);
        assert_eq!(dropped(), [100]);
    }

    #[test]
    fn lets_the_task_go_on_when_a_snapshot_throws() {
        let reader = blocking::Reader::new(Four::new());
        let mut poller = reader.poller().expect("the only poller");
        assert!(reader.assign([split(0, Throws::WhenCloned), calm(1)]).is_ok());
        let mut lease = poller.next().expect("a split is there");
        lease.unlocked(|| thrown(|| reader.checkpoint(CheckpointId(1)).snapshot::<Vec<_>>()));
        lease.advance(1);
        assert_eq!(*lease.complete().name, 0);
        assert_eq!(*poller.next().expect("the second split").complete().name, 1);
        assert_eq!(dropped(), [0, 1]);
    }
}
