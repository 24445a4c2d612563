//! The reader as its documentation describes it, one claim at a time and on one thread.

use std::cell::Cell;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Wake, Waker};

use turnstile::{
    Answer, Buffer, Busy, CheckpointId, Cut, Handle, Lease, OwnedLease, Poller, Reader, Refused, Remaining, Rows,
    Snapshot,
};

/// The next answer has to be a split.
#[track_caller]
fn lease<H: Handle>(poller: &mut Poller<H>) -> Lease<'_, H> {
    match poller.poll() {
        Answer::Split(lease) => lease,
        other => panic!("{other:?} instead of a split"),
    }
}

/// Completes what is there, up to the first answer that is not a split.
fn complete_all<H: Handle>(poller: &mut Poller<H>) -> Vec<<H::Buffer as Buffer>::Split> {
    let mut read = Vec::new();
    while let Answer::Split(lease) = poller.poll() {
        read.push(lease.complete());
    }
    read
}

#[track_caller]
fn finished<H: Handle>(poller: &mut Poller<H>) {
    assert!(matches!(poller.poll(), Answer::Finished));
}

#[track_caller]
fn pending<H: Handle>(poller: &mut Poller<H>) {
    assert!(matches!(poller.poll(), Answer::Pending));
}

#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

fn bell() -> (Arc<Bell>, Waker) {
    let bell = Arc::new(Bell::default());
    (bell.clone(), Waker::from(bell))
}

mod storage {
    use super::*;

    /// Fills a reader to the brim, reads it empty, and does so until every slot was used over and over; the index, which
    /// starts two splits before its limit, wraps in the first round.
    fn filled_and_emptied<B: Buffer<Split = usize>>(reader: &Reader<B>, capacity: usize, rounds: usize) {
        assert_eq!(reader.capacity(), capacity);
        let mut poller = Poller::claim(reader).expect("the only poller");
        for round in 0..rounds {
            let expected: Vec<usize> = (0..capacity).map(|split| round * capacity + split).collect();
            for &split in &expected {
                assert_eq!(reader.assign([split]), Ok(()));
            }
            assert_eq!(reader.assign([0]), Err(Refused::Full([0])));
            assert_eq!(complete_all(&mut poller), expected);
        }
        reader.signal_no_more_splits();
        finished(&mut poller);
    }

    /// Half a minute at most, where 2²⁸ splits are all that an index can tell apart.
    #[cfg(target_pointer_width = "32")]
    #[test]
    fn the_count_begins_again_for_real_and_a_cut_has_counted_on() {
        const BATCH: usize = 64;
        let reader = Reader::<[u64; BATCH]>::new();
        let mut poller = Poller::claim(&reader).expect("the only poller");
        let mut assigned = 0;
        while assigned <= 1 << 28 {
            let batch: [u64; BATCH] = std::array::from_fn(|split| assigned + split as u64);
            assert_eq!(reader.assign(batch), Ok(()));
            for expected in batch {
                assert_eq!(lease(&mut poller).complete(), expected);
            }
            assigned += BATCH as u64;
            assert!(matches!(poller.poll(), Answer::Pending));
        }
        assert_eq!(reader.try_cut().expect("the poller waits").accepted(), assigned);
    }

    #[test]
    fn a_reader_for_one_split_works_across_the_limit_of_the_index() {
        filled_and_emptied(&Reader::<[usize; 1]>::new(), 1, 10);
    }

    #[test]
    fn a_reader_for_a_thousand_splits_works_across_the_limit_of_the_index() {
        filled_and_emptied(&Reader::<[usize; 1024]>::new(), 1024, 3);
    }

    #[test]
    fn every_filling_of_a_small_ring_is_read_in_order_from_every_slot() {
        // `offset` splits pass through first, so that each filling begins at each slot, on both sides of the limit.
        for offset in 0..9 {
            for filling in 0..=4 {
                let reader = Reader::<[usize; 4]>::new();
                let mut poller = Poller::claim(&reader).expect("the only poller");
                for split in 0..offset {
                    assert_eq!(reader.assign([split]), Ok(()));
                    assert_eq!(lease(&mut poller).complete(), split);
                }
                let batch: Vec<usize> = (0..filling).collect();
                assert_eq!(reader.assign(&batch[..]), Ok(()));
                let room = 4 - filling;
                assert!(reader.assign(&[9; 5][..=room]).is_err());
                assert_eq!(poller.cut().expect("nobody is in the way").splits().copied().collect::<Vec<_>>(), batch);
                assert_eq!(complete_all(&mut poller), batch);
            }
        }
    }

    #[test]
    fn splits_without_a_size_are_counted_all_the_same() {
        #[derive(Debug, PartialEq, Eq)]
        struct Nothing;
        let reader = Reader::<[Nothing; 2]>::new();
        let mut poller = Poller::claim(&reader).expect("the only poller");
        for _ in 0..3 {
            assert_eq!(reader.assign([Nothing, Nothing]), Ok(()));
            assert_eq!(reader.assign([Nothing]), Err(Refused::Full([Nothing])));
            assert_eq!(reader.try_cut().expect("the poller waits").splits().len(), 2);
            assert_eq!(complete_all(&mut poller), [Nothing, Nothing]);
        }
    }

    #[test]
    fn large_splits_that_own_memory_arrive_as_they_were_sent() {
        let split = |name: &str| ([name.to_string(), name.to_string()], [name.len(); 500]);
        let reader = Reader::<[([String; 2], [usize; 500]); 2]>::new();
        let mut poller = Poller::claim(&reader).expect("the only poller");
        assert_eq!(reader.assign([split("a"), split("bb")]), Ok(()));
        let refused = reader.assign([split("ccc")]);
        assert_eq!(refused, Err(Refused::Full([split("ccc")])));
        assert_eq!(lease(&mut poller).complete(), split("a"));
        assert_eq!(reader.assign(refused.unwrap_err().into_batch()), Ok(()));
        assert_eq!(complete_all(&mut poller), [split("bb"), split("ccc")]);
    }

    #[test]
    fn a_reader_can_be_a_static() {
        static READER: Reader<[&str; 2]> = Reader::new();
        let mut poller = Poller::claim(&READER).expect("the only poller");
        let task = std::thread::spawn(move || {
            loop {
                match poller.poll() {
                    Answer::Split(lease) => return lease.complete(),
                    _ => std::thread::yield_now(),
                }
            }
        });
        assert_eq!(READER.assign(["part-0"]), Ok(()));
        assert_eq!(task.join().expect("the task"), "part-0");
    }

    #[test]
    fn splits_may_borrow_from_what_outlives_the_reader() {
        let name = String::from("part-0");
        let reader = Reader::<[&str; 1]>::new();
        assert_eq!(reader.assign([name.as_str()]), Ok(()));
        let read = lease(&mut Poller::claim(&reader).expect("the only poller")).complete();
        drop(reader);
        assert_eq!(read, name);
    }

    #[cfg(feature = "alloc")]
    #[test]
    fn a_reader_on_the_heap_has_the_next_power_of_two_as_its_capacity() {
        for (splits, capacity) in [(0, 1), (1, 1), (2, 2), (3, 4), (4, 4), (5, 8), (1000, 1024)] {
            filled_and_emptied(&Reader::with_capacity(splits), capacity, 3);
        }
    }

    #[cfg(feature = "alloc")]
    #[test]
    fn a_capacity_that_cannot_be_is_a_panic_and_not_a_reader_without_room() {
        for splits in [usize::MAX, usize::MAX / 2 + 2, usize::MAX / 16] {
            let outcome = std::panic::catch_unwind(|| Reader::<Box<[()]>>::with_capacity(splits).capacity());
            assert!(outcome.is_err(), "{splits}: {outcome:?}");
        }
    }

    #[cfg(feature = "alloc")]
    #[test]
    fn an_arc_keeps_the_reader_for_its_poller_and_its_lease() {
        let reader = Arc::new(Reader::<[String; 2]>::new());
        assert_eq!(reader.assign(["a".to_string(), "b".to_string()]), Ok(()));
        let gone = Arc::downgrade(&reader);
        let mut poller = Poller::claim(reader).expect("the only poller");
        let owned = lease(&mut poller).into_owned();
        drop(poller);
        let owned = std::thread::spawn(move || {
            assert_eq!(owned.split(), "a");
            owned
        });
        let owned = owned.join().expect("the thread");
        assert!(gone.upgrade().is_some());
        owned.complete();
        assert!(gone.upgrade().is_none(), "the lease was the last to hold on");
    }
}

mod assigning {
    use super::*;

    #[test]
    fn a_refused_batch_comes_back_as_it_was_and_leaves_the_reader_as_it_was() {
        let text = |split: u32| split.to_string();
        let reader = Reader::<[String; 2]>::new();
        let mut poller = Poller::claim(&reader).expect("the only poller");
        let long = [1, 2, 3].map(text);
        assert_eq!(reader.assign(long.clone()), Err(Refused::Oversized(long.clone())));
        assert_eq!(reader.assign([text(1)]), Ok(()));
        let two = [2, 3].map(text);
        assert_eq!(reader.assign(two.clone()), Err(Refused::Full(two.clone())));
        assert_eq!(reader.assign([text(2)]), Ok(()));
        reader.signal_no_more_splits();
        assert_eq!(reader.assign(two.clone()), Err(Refused::Closed(two)));
        assert_eq!(reader.assign(long.clone()), Err(Refused::Oversized(long)), "never fits, closed or not");
        assert_eq!(complete_all(&mut poller), [1, 2].map(text));
        finished(&mut poller);
    }

    #[test]
    fn an_empty_batch_is_always_accepted_and_never_means_the_end() {
        let reader = Reader::<[u32; 1]>::new();
        let mut poller = Poller::claim(&reader).expect("the only poller");
        assert_eq!(reader.assign([]), Ok(()));
        pending(&mut poller);
        assert_eq!(reader.assign([1]), Ok(()));
        assert_eq!(reader.assign([]), Ok(()), "when full");
        assert_eq!(complete_all(&mut poller), [1]);
        pending(&mut poller);
        reader.signal_no_more_splits();
        assert_eq!(reader.assign([]), Ok(()), "when closed");
        finished(&mut poller);
        assert_eq!(reader.assign([]), Ok(()), "when finished");
    }

    #[test]
    fn an_empty_batch_wakes_nobody() {
        let (bell, waker) = bell();
        let reader = Reader::<[u32; 1]>::new();
        let mut poller = Poller::claim(&reader).expect("the only poller");
        assert!(matches!(poller.poll_with(&waker), Answer::Pending));
        assert_eq!(reader.assign([]), Ok(()));
        assert_eq!(bell.0.load(Relaxed), 0);
    }

    #[cfg(feature = "alloc")]
    #[test]
    fn a_vec_is_emptied_when_accepted_and_untouched_when_refused() {
        let reader = Reader::<[String; 2]>::new();
        let mut batch = vec!["a".to_string(), "b".to_string()];
        assert!(reader.assign(&mut batch).is_ok());
        assert!(batch.is_empty());
        batch.push("c".to_string());
        let refused = reader.assign(&mut batch).unwrap_err();
        assert!(matches!(refused, Refused::Full(_)));
        assert_eq!(*refused.into_batch(), ["c"]);
        assert_eq!(batch, ["c"]);
    }

    #[test]
    fn a_slice_of_copies_is_copied() {
        let reader = Reader::<[u32; 4]>::new();
        let batch = [1, 2, 3];
        assert_eq!(reader.assign(&batch[1..]), Ok(()));
        assert_eq!(reader.assign(&batch[..]), Err(Refused::Full(&batch[..])));
        let mut poller = Poller::claim(&reader).expect("the only poller");
        assert_eq!(complete_all(&mut poller), batch[1..]);
    }

    #[test]
    fn a_split_counts_towards_the_capacity_until_it_is_completed() {
        let reader = Reader::<[u32; 1]>::new();
        let mut poller = Poller::claim(&reader).expect("the only poller");
        assert_eq!(reader.assign([1]), Ok(()));
        let lease = lease(&mut poller);
        assert_eq!(reader.assign([2]), Err(Refused::Full([2])));
        assert_eq!(lease.complete(), 1);
        assert_eq!(reader.assign([2]), Ok(()));
    }
}

mod polling {
    use super::*;

    #[test]
    fn there_is_one_poller_at_a_time() {
        let reader = Reader::<[u32; 1]>::new();
        let first = Poller::claim(&reader).expect("the first");
        assert_eq!(Poller::claim(&reader).err(), Some(Busy::Claimed));
        drop(first);
        assert!(Poller::claim(&reader).is_ok());
    }

    #[test]
    fn the_next_poller_continues_where_one_stopped_in_the_middle_of_a_split() {
        let reader = Reader::<[u32; 2]>::new();
        assert_eq!(reader.assign([1, 2]), Ok(()));
        let mut first = Poller::claim(&reader).expect("the first");
        assert_eq!(lease(&mut first).advance(7), None);
        drop(first);
        let mut second = Poller::claim(&reader).expect("the second");
        let again = lease(&mut second);
        assert_eq!((*again.split(), again.position()), (1, 7));
        assert_eq!(again.complete(), 1);
        assert_eq!(lease(&mut second).position(), 0);
        assert_eq!(complete_all(&mut second), [2]);
    }

    #[test]
    fn the_next_poller_respects_an_owned_lease_and_removes_what_it_has_completed() {
        let reader = Reader::<[u32; 2]>::new();
        assert_eq!(reader.assign([1, 2]), Ok(()));
        let mut first = Poller::claim(&reader).expect("the first");
        let owned = lease(&mut first).into_owned();
        drop(first);
        let mut second = Poller::claim(&reader).expect("the second");
        pending(&mut second);
        drop(second);
        owned.complete();
        let mut third = Poller::claim(&reader).expect("the third");
        assert_eq!(complete_all(&mut third), [2]);
    }

    #[test]
    fn finished_is_the_answer_to_every_later_poll_of_every_later_poller() {
        let reader = Reader::<[u32; 1]>::new();
        reader.signal_no_more_splits();
        reader.signal_no_more_splits();
        let mut first = Poller::claim(&reader).expect("the first");
        finished(&mut first);
        assert_eq!(reader.assign([1]), Err(Refused::Closed([1])));
        finished(&mut first);
        drop(first);
        finished(&mut Poller::claim(&reader).expect("the second"));
    }

    #[test]
    fn a_dropped_lease_is_offered_again_at_its_last_position_and_before_all_others() {
        let reader = Reader::<[u32; 2]>::new();
        assert_eq!(reader.assign([1, 2]), Ok(()));
        let mut poller = Poller::claim(&reader).expect("the only poller");
        for position in [5, 3, u64::MAX] {
            let mut lease = lease(&mut poller);
            assert_eq!(*lease.split(), 1);
            assert_eq!(lease.advance(position), None);
            drop(lease);
            assert_eq!(poller.cut().expect("nobody is in the way").position(), position);
        }
        assert_eq!(complete_all(&mut poller), [1, 2]);
    }

    #[test]
    fn forgotten_cuts_of_the_poller_and_of_a_lease_are_as_good_as_dropped_ones() {
        let reader = Reader::<[u32; 2]>::new();
        assert_eq!(reader.assign([1, 2]), Ok(()));
        let mut poller = Poller::claim(&reader).expect("the only poller");
        std::mem::forget(poller.cut().expect("nobody is in the way"));
        std::mem::forget(lease(&mut poller).cut());
        assert_eq!(complete_all(&mut poller), [1, 2]);
    }

    #[test]
    fn a_waker_is_cloned_only_when_it_is_not_the_one_that_waits_already() {
        static CLONES: AtomicUsize = AtomicUsize::new(0);
        static VTABLE: std::task::RawWakerVTable = std::task::RawWakerVTable::new(clone, |_| {}, |_| {}, |_| {});
        fn clone(at: *const ()) -> std::task::RawWaker {
            CLONES.fetch_add(1, Relaxed);
            std::task::RawWaker::new(at, &VTABLE)
        }
        // SAFETY: the functions of the table do not touch what the pointer points to.
        let [one, other] = [1, 2].map(|at| unsafe { Waker::new(std::ptr::without_provenance(at), &VTABLE) });
        let reader = Reader::<[u32; 2]>::new();
        let mut poller = Poller::claim(&reader).expect("the only poller");
        let mut clones = |waker: &Waker| {
            assert!(matches!(poller.poll_with(waker), Answer::Pending));
            CLONES.load(Relaxed)
        };
        assert_eq!([&one, &one, &other, &other, &one].map(&mut clones), [1, 1, 2, 2, 3]);
        assert_eq!(reader.request_checkpoint(CheckpointId(1)), Ok(()));
        drop(reader.try_cut().expect("the poller waits"));
        assert_eq!([&one, &one].map(clones), [4, 4], "it was woken and waits no more");
    }

    #[test]
    fn what_is_forgotten_elsewhere_stops_the_reader_and_loses_nothing() {
        for forget_rows in [false, true] {
            let reader = Reader::<[Rc<()>; 2]>::new();
            let split = Rc::new(());
            assert!(reader.assign([split.clone(), split.clone()]).is_ok());
            let mut poller = Poller::claim(&reader).expect("the only poller");
            let mut owned = lease(&mut poller).into_owned();
            if forget_rows {
                std::mem::forget(owned.enter().expect("nobody cuts"));
                assert_eq!(owned.enter().err(), Some(Busy::Held));
            } else {
                std::mem::forget(reader.try_cut().expect("nobody is in the way"));
            }
            assert_eq!(reader.try_cut().err(), Some(Busy::Held));
            drop(owned);
            pending(&mut poller);
            assert!(matches!(poller.shutdown(), Remaining::Pending));
            drop(poller);
            drop(reader);
            assert_eq!(Rc::strong_count(&split), 1, "the reader has dropped both");
        }
    }
}

mod cuts {
    use super::*;

    #[test]
    fn a_request_is_refused_while_the_one_before_is_not_answered() {
        let reader = Reader::<[u32; 1]>::new();
        let mut poller = Poller::claim(&reader).expect("the only poller");
        assert!(!reader.checkpoint_requested());
        assert_eq!(reader.request_checkpoint(CheckpointId(1)), Ok(()));
        assert!(reader.checkpoint_requested());
        assert_eq!(reader.request_checkpoint(CheckpointId(2)), Err(Busy::Asked));
        for _ in 0..2 {
            assert!(matches!(poller.poll(), Answer::Checkpoint(CheckpointId(1))), "asked again until it is answered");
        }
        let cut = poller.cut().expect("just asked");
        assert_eq!(cut.id(), Some(CheckpointId(1)));
        assert_eq!(reader.request_checkpoint(CheckpointId(2)), Err(Busy::Asked), "the cut is not yet dropped");
        drop(cut);
        assert!(!reader.checkpoint_requested());
        assert_eq!(reader.request_checkpoint(CheckpointId(2)), Ok(()));
    }

    #[test]
    fn whoever_takes_a_cut_answers_the_request() {
        let reader = Reader::<[u32; 2]>::new();
        let mut poller = Poller::claim(&reader).expect("the only poller");
        assert_eq!(reader.assign([1, 2]), Ok(()));
        let ask = |id| assert_eq!(reader.request_checkpoint(CheckpointId(id)), Ok(()));
        let answers = |cut: Cut<'_, _>| cut.id().map(|id| id.0);
        ask(1);
        assert_eq!(answers(reader.try_cut().expect("nobody is in the way")), Some(1));
        ask(2);
        assert_eq!(answers(poller.cut().expect("nobody is in the way")), Some(2));
        let mut lease = lease(&mut poller);
        ask(3);
        assert_eq!(lease.advance(1), Some(CheckpointId(3)));
        assert_eq!(lease.advance(2), Some(CheckpointId(3)), "until it is answered");
        assert_eq!(answers(lease.cut()), Some(3));
        assert_eq!(lease.advance(3), None);
        let mut owned = lease.into_owned();
        let mut rows = owned.enter().expect("nobody cuts");
        ask(4);
        assert_eq!(answers(rows.cut()), Some(4));
        assert_eq!(rows.advance(4), None);
        drop(rows);
        assert_eq!(answers(reader.try_cut().expect("nobody is in the way")), None);
    }

    #[test]
    fn a_cut_without_a_request_before_it_leaves_the_one_that_comes_meanwhile_alone() {
        let (bell, waker) = bell();
        let reader = Reader::<[u32; 1]>::new();
        let mut poller = Poller::claim(&reader).expect("the only poller");
        assert!(matches!(poller.poll_with(&waker), Answer::Pending));
        let cut = reader.try_cut().expect("the poller waits");
        assert_eq!(reader.request_checkpoint(CheckpointId(1)), Ok(()));
        assert_eq!((cut.id(), bell.0.load(Relaxed)), (None, 0));
        drop(cut);
        assert_eq!(bell.0.load(Relaxed), 1);
        assert!(matches!(poller.poll(), Answer::Checkpoint(CheckpointId(1))));
    }

    #[test]
    fn a_request_made_during_a_cut_of_the_poller_wakes_the_poller_that_waits() {
        let (bell, waker) = bell();
        let reader = Reader::<[u32; 1]>::new();
        let mut poller = Poller::claim(&reader).expect("the only poller");
        assert!(matches!(poller.poll_with(&waker), Answer::Pending));
        let cut = poller.cut().expect("nobody is in the way");
        assert_eq!(reader.request_checkpoint(CheckpointId(1)), Ok(()));
        drop(cut);
        assert_eq!(bell.0.load(Relaxed), 1, "the last answer was Pending, and now there is something to answer");
    }

    #[test]
    fn a_lease_that_comes_back_after_a_cut_wakes_the_poller_that_waits() {
        // Whoever cuts takes the poller's knock along when it goes. Here it does so in the middle of the poll that saw the
        // knock and does not knock again.
        struct Cutting {
            reader: &'static Reader<[u32; 1]>,
            rung: Cell<u32>,
        }
        static VTABLE: std::task::RawWakerVTable = std::task::RawWakerVTable::new(clone, wake, wake, |_| {});
        fn clone(at: *const ()) -> std::task::RawWaker {
            // SAFETY: made below from a leaked box, and used on one thread.
            drop(unsafe { &*at.cast::<Cutting>() }.reader.try_cut().expect("nobody is in the way"));
            std::task::RawWaker::new(at, &VTABLE)
        }
        fn wake(at: *const ()) {
            // SAFETY: as above.
            let rung = &unsafe { &*at.cast::<Cutting>() }.rung;
            rung.set(rung.get() + 1);
        }
        let reader: &'static _ = Box::leak(Box::new(Reader::new()));
        let cutting: &'static _ = Box::leak(Box::new(Cutting { reader, rung: Cell::new(0) }));
        // SAFETY: the box is leaked, and the waker stays on this thread.
        let waker = unsafe { Waker::new(std::ptr::from_ref(cutting).cast(), &VTABLE) };

        let mut poller = Poller::claim(reader).expect("the only poller");
        assert_eq!(reader.assign([1]), Ok(()));
        let owned = lease(&mut poller).into_owned();
        pending(&mut poller); // It knocks.
        assert!(matches!(poller.poll_with(&waker), Answer::Pending));
        drop(owned);
        assert_eq!(cutting.rung.get(), 1, "the split is there again");
        assert_eq!(complete_all(&mut poller), [1]);
    }

    #[test]
    fn a_cut_is_what_it_was_while_assignments_go_on_behind_it() {
        let reader = Reader::<[u32; 4]>::new();
        let mut poller = Poller::claim(&reader).expect("the only poller");
        assert_eq!(reader.assign([1, 2]), Ok(()));
        assert_eq!(lease(&mut poller).advance(9), None);
        let cut = poller.cut().expect("nobody is in the way");
        assert_eq!(reader.assign([3]), Ok(()));
        reader.signal_no_more_splits();
        let expected = Snapshot { splits: vec![1, 2], position: 9, accepted: 2, no_more_splits: false };
        assert_eq!(cut.snapshot::<Vec<_>>(), expected);
        assert_eq!(cut.splits().len(), 2);
        assert_eq!(cut.splits().rev().copied().collect::<Vec<_>>(), [2, 1]);
        assert_eq!((cut.position(), cut.no_more_splits()), (9, false));
        drop(cut);
        let after = reader.try_cut().expect("nobody is in the way").snapshot::<Vec<_>>();
        assert_eq!(after, Snapshot { splits: vec![1, 2, 3], position: 9, accepted: 3, no_more_splits: true });
    }

    #[test]
    fn a_split_that_an_owned_lease_has_completed_is_in_no_cut_and_still_takes_room() {
        let reader = Reader::<[u32; 2]>::new();
        let mut poller = Poller::claim(&reader).expect("the only poller");
        assert_eq!(reader.assign([1, 2]), Ok(()));
        let mut owned = lease(&mut poller).into_owned();
        assert_eq!(owned.enter().expect("nobody cuts").advance(5), None);
        let during = reader.try_cut().expect("nobody is in the way").snapshot::<Vec<_>>();
        assert_eq!(during, Snapshot { splits: vec![1, 2], position: 5, accepted: 2, no_more_splits: false });
        owned.complete();
        let after = reader.try_cut().expect("nobody is in the way").snapshot::<Vec<_>>();
        assert_eq!(after, Snapshot { splits: vec![2], position: 0, accepted: 2, no_more_splits: false });
        assert_eq!(reader.assign([3]), Err(Refused::Full([3])), "the poller has yet to remove it");
        let after = poller.cut().expect("nobody is in the way").snapshot::<Vec<_>>();
        assert_eq!(after, Snapshot { splits: vec![2], position: 0, accepted: 2, no_more_splits: false });
        drop(lease(&mut poller));
        assert_eq!(reader.assign([3]), Ok(()));
        assert_eq!(complete_all(&mut poller), [2, 3]);
    }

    #[test]
    fn whoever_sits_keeps_all_others_out() {
        let reader = Reader::<[u32; 1]>::new();
        let mut poller = Poller::claim(&reader).expect("the only poller");
        assert_eq!(reader.assign([1]), Ok(()));
        let lease = lease(&mut poller);
        assert_eq!(reader.try_cut().err(), Some(Busy::Held));
        let mut owned = lease.into_owned();
        let rows = owned.enter().expect("nobody cuts");
        assert_eq!(reader.try_cut().err(), Some(Busy::Held));
        assert_eq!(poller.cut().err(), Some(Busy::Held));
        drop(rows);
        let cut = poller.cut().expect("between two batches");
        assert_eq!(reader.try_cut().err(), Some(Busy::Held));
        assert_eq!(owned.enter().err(), Some(Busy::Held));
        drop(cut);
        let cut = reader.try_cut().expect("between two batches");
        assert_eq!(reader.try_cut().err(), Some(Busy::Held));
        assert_eq!(poller.cut().err(), Some(Busy::Held));
        assert_eq!(owned.enter().err(), Some(Busy::Held));
        drop(cut);
        assert!(owned.enter().is_ok());
    }
}

mod restoring {
    use super::*;

    fn snapshot(splits: &[u32]) -> Snapshot<Vec<u32>> {
        Snapshot { splits: splits.to_vec(), position: 7, accepted: 9, no_more_splits: true }
    }

    #[test]
    fn a_restored_reader_continues_at_exactly_the_cut() {
        let restored = Reader::<[u32; 4]>::restore(snapshot(&[1, 2, 3])).expect("it fits");
        assert_eq!(restored.try_cut().expect("nobody is in the way").snapshot::<Vec<_>>(), snapshot(&[1, 2, 3]));
        assert_eq!(restored.assign([4]), Err(Refused::Closed([4])));
        let mut poller = Poller::claim(&restored).expect("the only poller");
        assert_eq!(lease(&mut poller).position(), 7);
        assert_eq!(lease(&mut poller).complete(), 1);
        assert_eq!(lease(&mut poller).position(), 0);
        assert_eq!(complete_all(&mut poller), [2, 3]);
        finished(&mut poller);
        assert_eq!(
            poller.cut().expect("nobody is in the way").accepted(),
            9,
            "of which six were completed in other lives"
        );
    }

    #[test]
    fn a_restored_reader_that_is_full_and_not_closed_takes_more_when_there_is_room() {
        let full = Snapshot { no_more_splits: false, ..snapshot(&[1, 2]) };
        let restored = Reader::<[u32; 2]>::restore(full).expect("it fits");
        assert_eq!(restored.assign([3]), Err(Refused::Full([3])));
        let mut poller = Poller::claim(&restored).expect("the only poller");
        assert_eq!(lease(&mut poller).complete(), 1);
        assert_eq!(restored.assign([3]), Ok(()));
        assert_eq!(complete_all(&mut poller), [2, 3]);
        pending(&mut poller);
    }

    #[test]
    fn a_snapshot_that_does_not_fit_comes_back_whole_and_in_order() {
        for splits in [&[1, 2, 3][..], &[1, 2, 3, 4, 5, 6]] {
            let refused = Reader::<[u32; 2]>::restore(snapshot(splits)).err();
            assert_eq!(refused, Some(Refused::Oversized(snapshot(splits))));
        }
    }

    #[cfg(feature = "alloc")]
    #[test]
    fn a_reader_on_the_heap_is_restored_with_the_capacity_it_is_told() {
        let restored = Reader::restore_with_capacity(3, snapshot(&[1, 2, 3, 4])).expect("three is four");
        assert_eq!(restored.capacity(), 4);
        assert_eq!(restored.try_cut().expect("nobody is in the way").snapshot::<Vec<_>>(), snapshot(&[1, 2, 3, 4]));
        let refused = Reader::restore_with_capacity(2, snapshot(&[1, 2, 3])).err();
        assert_eq!(refused, Some(Refused::Oversized(snapshot(&[1, 2, 3]))));
    }

    #[test]
    fn a_position_without_a_split_is_not_given_to_the_split_that_is_assigned_next() {
        let restored =
            Reader::<[u32; 2]>::restore(Snapshot { no_more_splits: false, ..snapshot(&[]) }).expect("it fits");
        assert_eq!(restored.assign([1]), Ok(()));
        let mut poller = Poller::claim(&restored).expect("the only poller");
        assert_eq!(lease(&mut poller).position(), 0, "its first rows would be skipped");
    }
}

mod shutting_down {
    use super::*;

    #[test]
    fn hands_back_every_split_in_order_and_the_first_with_its_position() {
        let reader = Reader::<[u32; 4]>::new();
        let mut poller = Poller::claim(&reader).expect("the only poller");
        assert_eq!(reader.assign([1, 2, 3]), Ok(()));
        assert_eq!(lease(&mut poller).complete(), 1);
        assert_eq!(lease(&mut poller).advance(7), None);
        assert_eq!(poller.shutdown(), Remaining::Split { split: 2, position: 7 });
        assert_eq!(reader.assign([4]), Err(Refused::Closed([4])), "from the first call on");
        assert_eq!(poller.shutdown(), Remaining::Split { split: 3, position: 0 });
        assert_eq!(poller.shutdown(), Remaining::Finished);
        assert_eq!(poller.shutdown(), Remaining::Finished);
        finished(&mut poller);
    }

    #[test]
    fn waits_for_an_owned_lease_and_for_a_cut_but_not_for_a_request() {
        let reader = Reader::<[u32; 2]>::new();
        let mut poller = Poller::claim(&reader).expect("the only poller");
        assert_eq!(reader.assign([1, 2]), Ok(()));
        let owned = lease(&mut poller).into_owned();
        assert_eq!(poller.shutdown(), Remaining::Pending);
        owned.complete();
        let cut = reader.try_cut().expect("nobody is in the way");
        assert_eq!(poller.shutdown(), Remaining::Pending);
        drop(cut);
        assert_eq!(reader.request_checkpoint(CheckpointId(1)), Ok(()));
        assert_eq!(poller.shutdown(), Remaining::Split { split: 2, position: 0 });
        assert_eq!(poller.shutdown(), Remaining::Finished);
        assert!(reader.checkpoint_requested(), "left to whoever asked");
        assert_eq!(reader.try_cut().expect("nobody sits any more").id(), Some(CheckpointId(1)));
    }
}

#[cfg(feature = "stream")]
mod streaming {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use futures_core::{FusedStream, Stream};
    use turnstile::Event;

    use super::*;

    #[test]
    fn a_stream_is_pending_when_the_reader_is_and_ends_when_it_is_finished() {
        let (bell, waker) = bell();
        let reader = Reader::<[u32; 2]>::new();
        let mut poller = Poller::claim(&reader).expect("the only poller");
        let next = |poller: &mut Poller<_>| Pin::new(poller).poll_next(&mut Context::from_waker(&waker));
        assert!(next(&mut poller).is_pending());
        assert_eq!(reader.request_checkpoint(CheckpointId(1)), Ok(()));
        assert_eq!(bell.0.load(Relaxed), 1);
        for _ in 0..2 {
            let Poll::Ready(Some(Event::Checkpoint(CheckpointId(1)))) = next(&mut poller) else { panic!("asked") };
        }
        drop(poller.cut().expect("just asked"));
        assert!(next(&mut poller).is_pending());
        assert_eq!(reader.assign([1]), Ok(()));
        reader.signal_no_more_splits();
        assert_eq!(bell.0.load(Relaxed), 2);
        let Poll::Ready(Some(Event::Split(owned))) = next(&mut poller) else { panic!("a split is there") };
        assert_eq!(*owned.split(), 1);
        assert!(next(&mut poller).is_pending());
        assert!(!poller.is_terminated());
        drop(owned);
        assert_eq!(bell.0.load(Relaxed), 3);
        let Poll::Ready(Some(Event::Split(owned))) = next(&mut poller) else { panic!("the split again") };
        owned.complete();
        assert!(matches!(next(&mut poller), Poll::Ready(None)));
        assert!(poller.is_terminated());
        assert!(matches!(next(&mut poller), Poll::Ready(None)));
    }
}

mod printing {
    use super::*;

    #[test]
    fn every_handle_prints_what_its_user_knows_and_no_internals() {
        const READER: &str = "Reader { capacity: 4, splits: 2, no_more_splits: false, .. }";
        let reader = Reader::<[u32; 4]>::new();
        let mut poller = Poller::claim(&reader).expect("the only poller");
        assert_eq!(reader.assign([11, 22]), Ok(()));
        assert_eq!(format!("{reader:?}"), READER);
        assert_eq!(format!("{poller:?}"), format!("Poller {{ reader: {READER}, .. }}"));
        let answer = poller.poll();
        assert_eq!(format!("{answer:?}"), "Split(..)");
        let Answer::Split(mut lease) = answer else { panic!("a split is there") };
        assert_eq!(lease.advance(7), None);
        assert_eq!(format!("{lease:?}"), "Lease { position: 7, .. }");
        let mut owned = lease.into_owned();
        assert_eq!(format!("{owned:?}"), format!("OwnedLease {{ reader: {READER}, .. }}"));
        let rows = owned.enter().expect("nobody cuts");
        assert_eq!(format!("{rows:?}"), "Rows { position: 7, .. }");
        drop(rows);
        assert_eq!(reader.request_checkpoint(CheckpointId(3)), Ok(()));
        let answer = poller.poll();
        assert_eq!(format!("{answer:?}"), "Checkpoint(CheckpointId(3))");
        let cut = poller.cut().expect("just asked");
        let id = "Some(CheckpointId(3))";
        assert_eq!(format!("{cut:?}"), format!("Cut {{ id: {id}, splits: 2, position: 7, no_more_splits: false }}"));
        drop(cut);
        drop(owned);
        assert_eq!(complete_all(&mut poller), [11, 22]);
        assert_eq!(format!("{:?}", poller.poll()), "Pending");
        reader.signal_no_more_splits();
        assert_eq!(format!("{:?}", poller.poll()), "Finished");
        assert_eq!(format!("{:?}", poller.shutdown()), "Finished");
        assert_eq!(format!("{reader:?}"), "Reader { capacity: 4, splits: 0, no_more_splits: true, .. }");
    }

    #[test]
    fn a_refusal_can_be_printed_and_boxed_without_printing_the_batch() {
        struct Secret;
        let reasons =
            [Refused::Full(Secret), Refused::Oversized(Secret), Refused::Closed(Secret), Refused::Busy(Secret)];
        let shown: Vec<String> = reasons.iter().map(|refused| format!("{refused:?}")).collect();
        assert_eq!(shown, ["Full(..)", "Oversized(..)", "Closed(..)", "Busy(..)"]);
        let mut told: Vec<String> = Vec::new();
        for refused in reasons {
            let error: Box<dyn std::error::Error> = Box::new(refused);
            assert!(!told.contains(&error.to_string()), "each says something else");
            told.push(error.to_string());
        }
        for busy in [Busy::Claimed, Busy::Held, Busy::Asked] {
            let error: Box<dyn std::error::Error> = Box::new(busy);
            assert!(!told.contains(&error.to_string()), "each says something else");
            told.push(error.to_string());
        }
    }
}

mod threads {
    //! Which handles may go to another thread, and which may be used by several, for splits of every kind.

    use super::*;

    trait Not {
        const SEND: bool = false;
        const SYNC: bool = false;
    }
    struct Is<T>(PhantomData<T>);
    impl<T> Not for Is<T> {}
    impl<T: Send> Is<T> {
        const SEND: bool = true;
    }
    struct May<T>(PhantomData<T>);
    impl<T> Not for May<T> {}
    impl<T: Sync> May<T> {
        const SYNC: bool = true;
    }

    /// Whether each handle is `Send` and whether it is `Sync`, as text: for splits that are both; that are only `Send`; that
    /// are only `Sync`; that are neither.
    macro_rules! send_sync {
        ($handle:ident) => {
            [
                (Is::<$handle<[u32; 1]>>::SEND, May::<$handle<[u32; 1]>>::SYNC),
                (Is::<$handle<[Cell<u32>; 1]>>::SEND, May::<$handle<[Cell<u32>; 1]>>::SYNC),
                (Is::<$handle<[OnlySync; 1]>>::SEND, May::<$handle<[OnlySync; 1]>>::SYNC),
                (Is::<$handle<[Rc<u32>; 1]>>::SEND, May::<$handle<[Rc<u32>; 1]>>::SYNC),
            ]
        };
    }

    type OnlySync = std::sync::MutexGuard<'static, u32>;

    type ThePoller<B> = Poller<&'static Reader<B>>;
    type TheLease<B> = Lease<'static, &'static Reader<B>>;
    type TheAnswer<B> = Answer<'static, &'static Reader<B>>;
    type TheOwnedLease<B> = OwnedLease<&'static Reader<B>>;
    type TheRows<B> = Rows<'static, &'static Reader<B>>;
    type TheCut<B> = Cut<'static, B>;

    const BOTH: (bool, bool) = (true, true);
    const NEITHER: (bool, bool) = (false, false);
    const SEND: (bool, bool) = (true, false);
    #[cfg(feature = "std")]
    const SYNC: (bool, bool) = (false, true);

    #[test]
    fn what_shows_no_split_needs_splits_that_may_be_sent() {
        assert_eq!(send_sync!(Reader), [BOTH, BOTH, NEITHER, NEITHER]);
        assert_eq!(send_sync!(ThePoller), [BOTH, BOTH, NEITHER, NEITHER]);
    }

    #[test]
    fn what_shows_splits_is_shared_only_if_they_may_be() {
        assert_eq!(send_sync!(TheLease), [BOTH, SEND, NEITHER, NEITHER]);
        assert_eq!(send_sync!(TheAnswer), [BOTH, SEND, NEITHER, NEITHER]);
        assert_eq!(send_sync!(TheOwnedLease), [BOTH, SEND, NEITHER, NEITHER]);
        assert_eq!(send_sync!(TheRows), [BOTH, SEND, NEITHER, NEITHER]);
        assert_eq!(send_sync!(TheCut), [BOTH, SEND, NEITHER, NEITHER]);
    }

    #[cfg(feature = "std")]
    #[test]
    fn the_blocking_handles_follow_the_same_rules_and_a_checkpoint_stays_on_its_thread() {
        use turnstile::blocking;
        type TheReader<B> = blocking::Reader<B>;
        type ThePoller<B> = blocking::Poller<B>;
        type TheLease<B> = blocking::Lease<'static, B>;
        type TheCheckpoint<B> = blocking::Checkpoint<'static, B>;
        assert_eq!(send_sync!(TheReader), [BOTH, BOTH, NEITHER, NEITHER]);
        assert_eq!(send_sync!(ThePoller), [BOTH, BOTH, NEITHER, NEITHER]);
        assert_eq!(send_sync!(TheLease), [BOTH, SEND, NEITHER, NEITHER]);
        assert_eq!(send_sync!(TheCheckpoint), [SYNC, NEITHER, NEITHER, NEITHER]);
    }
}
