//! Neither allocation nor free after construction: a global allocator counts what each thread does, and every operation
//! has to leave the count of its thread alone.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::task::Waker;

use turnstile::{Answer, CheckpointId, Handle, Poller, Reader, Refused, Remaining};

struct Counting;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

fn one_more() {
    COUNT.set(COUNT.get() + 1);
}

// SAFETY: every call goes to the system's allocator as it is; counting touches no memory of the heap.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        one_more();
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        one_more();
        // SAFETY: the caller keeps the contract.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        one_more();
        // SAFETY: the caller keeps the contract.
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Runs `what`, and fails if the thread has allocated or freed meanwhile.
#[track_caller]
fn nothing_allocated<T>(what: impl FnOnce() -> T) -> T {
    let before = COUNT.get();
    let value = what();
    assert_eq!(COUNT.get() - before, 0, "something was allocated or freed");
    value
}

/// All operations of the plain and of the asynchronous face, through whatever handle.
fn everything<H: Handle>(handle: H, waker: &Waker, other: &Waker)
where
    H::Buffer: turnstile::Buffer<Split = u64>,
{
    let reader = handle.clone();
    let reader = reader.reader();
    let mut poller = Poller::claim(handle).expect("the only poller");

    // Polls that wait, with a first waker, the same one, another one; and what wakes them.
    assert!(matches!(poller.poll(), Answer::Pending));
    for waker in [waker, waker, other] {
        assert!(matches!(poller.poll_with(waker), Answer::Pending));
    }
    reader.assign([1, 2, 3]).expect("there is room");
    reader.assign([0; 0]).expect("nothing is always accepted");
    assert!(matches!(reader.assign([9; 6]), Err(Refused::Full(_))));
    assert!(matches!(reader.assign([9; 100]), Err(Refused::Oversized(_))));

    // A lease: advanced, asked, cut, dropped, completed.
    let Answer::Split(mut lease) = poller.poll_with(waker) else { panic!("a split is there") };
    assert_eq!(lease.advance(1), None);
    reader.request_checkpoint(CheckpointId(1)).expect("nobody else asks");
    assert_eq!(lease.advance(2), Some(CheckpointId(1)));
    let cut = lease.cut();
    assert_eq!((cut.id(), cut.position(), cut.no_more_splits()), (Some(CheckpointId(1)), 2, false));
    assert_eq!(cut.splits().sum::<u64>(), 6);
    drop(cut);
    drop(lease);
    let Answer::Split(lease) = poller.poll() else { panic!("the split is offered again") };
    assert_eq!(lease.complete(), 1);

    // An owned lease: entered, cut, left, given back, completed, removed by a later poll.
    let Answer::Split(lease) = poller.poll() else { panic!("a split is there") };
    let mut owned = lease.into_owned();
    let mut rows = owned.enter().expect("nobody cuts");
    assert_eq!(rows.advance(7), None);
    assert_eq!(rows.cut().splits().count(), 2);
    drop(rows);
    assert!(matches!(poller.poll_with(waker), Answer::Pending));
    drop(owned);
    let Answer::Split(lease) = poller.poll_with(waker) else { panic!("the split is offered again") };
    let owned = lease.into_owned();
    assert!(matches!(poller.poll_with(waker), Answer::Pending));
    owned.complete();
    let Answer::Split(lease) = poller.poll_with(other) else { panic!("the next split") };
    drop(lease);

    // Cuts by the poller, and by a checkpoint thread in whose way the poller waits.
    assert_eq!(poller.cut().expect("nobody is in the way").splits().count(), 1);
    let cut = reader.try_cut().expect("the poller's cut has let go");
    assert_eq!(cut.splits().len(), 1);
    assert!(matches!(poller.poll_with(waker), Answer::Pending));
    drop(cut);
    reader.request_checkpoint(CheckpointId(2)).expect("nobody else asks");
    assert!(matches!(poller.poll_with(waker), Answer::Checkpoint(CheckpointId(2))));
    drop(poller.cut().expect("just asked"));

    // The end.
    reader.signal_no_more_splits();
    assert!(matches!(reader.assign([4]), Err(Refused::Closed(_))));
    assert_eq!(poller.shutdown(), Remaining::Split { split: 3, position: 0 });
    assert_eq!(poller.shutdown(), Remaining::Finished);
    assert!(matches!(poller.poll_with(waker), Answer::Finished));
    drop(poller);
}

#[test]
fn the_count_sees_what_the_thread_allocates_and_frees() {
    let before = COUNT.get();
    drop(std::hint::black_box(Box::new(1)));
    assert_eq!(COUNT.get() - before, 2);
}

/// A waker that owns memory, so that a clone too many or a drop too few would show.
struct Bell;

impl std::task::Wake for Bell {
    fn wake(self: std::sync::Arc<Self>) {}
}

#[test]
fn a_reader_stored_inline_neither_allocates_nor_frees() {
    let bells = [std::sync::Arc::new(Bell), std::sync::Arc::new(Bell)];
    let [waker, other] = bells.clone().map(Waker::from);
    nothing_allocated(|| everything(&Reader::<[u64; 8]>::new(), &waker, &other));
}

#[test]
fn the_delivery_protocol_neither_allocates_nor_frees() {
    use turnstile::delivery::{Attempt, Enumerator, Identity, Inbox, Log, Message, Policy, ReaderId, Slot};

    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Split(u64);
    impl Identity for Split {
        type Id = u64;
        fn id(&self) -> u64 {
            self.0
        }
    }

    nothing_allocated(|| {
        let mut enumerator =
            Enumerator::new([const { Slot::EMPTY }; 16], [Log::EMPTY; 2], Policy::OnRequest, Attempt(0));
        for number in 0..16 {
            enumerator.discover(Split(number)).expect("there is room");
        }
        enumerator.seal();
        let reader = Reader::<[Split; 4]>::new();
        let mut inbox = Inbox::open(ReaderId(0), Attempt(1), &reader, None).expect("nobody uses it");
        let _ = enumerator.hear(inbox.report());
        let plan = enumerator.snapshot(CheckpointId(1)).expect("the first");
        for message in enumerator.messages(ReaderId(0)).map(Message::cloned) {
            let _ = inbox.receive(message);
        }
        inbox.taken(reader.try_cut().expect("nobody is in the way").mark(CheckpointId(1)));
        let _ = enumerator.hear(inbox.report());
        enumerator.checkpoint_completed(CheckpointId(1));
        enumerator = Enumerator::restore(plan, Attempt(1));
        assert!(!enumerator.is_done());
    });
}

#[cfg(feature = "alloc")]
mod on_the_heap {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_reader_on_the_heap_neither_allocates_nor_frees_once_it_is_there() {
        let (waker, other) = (Waker::from(Arc::new(Bell)), Waker::from(Arc::new(Bell)));
        let reader = Reader::<Box<[u64]>>::with_capacity(8);
        nothing_allocated(|| everything(&reader, &waker, &other));
        let reader = Arc::new(Reader::<[u64; 8]>::new());
        nothing_allocated(|| everything(reader.clone(), &waker, &other));
    }

    #[test]
    fn a_vec_is_emptied_and_keeps_its_memory() {
        let reader = Reader::<[u64; 4]>::new();
        let mut batch = Vec::with_capacity(3);
        nothing_allocated(|| {
            for round in 0..5 {
                batch.extend([round, round + 1, round + 2]);
                reader.assign(&mut batch).expect("there is room");
                assert_eq!((batch.len(), batch.capacity()), (0, 3));
                batch.extend([7, 8]);
                assert!(matches!(reader.assign(&mut batch), Err(Refused::Full(_))));
                assert_eq!(batch, [7, 8]);
                batch.clear();
                let mut poller = Poller::claim(&reader).expect("the only poller");
                for _ in 0..3 {
                    let Answer::Split(lease) = poller.poll() else { panic!("a split is there") };
                    lease.complete();
                }
            }
        });
    }
}

#[cfg(feature = "stream")]
#[test]
fn the_stream_neither_allocates_nor_frees() {
    use futures_core::Stream;
    use std::{pin::Pin, task::Context, task::Poll};
    use turnstile::Event;

    let waker = Waker::from(std::sync::Arc::new(Bell));
    let reader = Reader::<[u64; 2]>::new();
    nothing_allocated(|| {
        let mut poller = Poller::claim(&reader).expect("the only poller");
        let mut next = || Pin::new(&mut poller).poll_next(&mut Context::from_waker(&waker));
        assert!(next().is_pending());
        reader.assign([1]).expect("there is room");
        let Poll::Ready(Some(Event::Split(lease))) = next() else { panic!("a split is there") };
        assert!(next().is_pending());
        lease.complete();
        reader.signal_no_more_splits();
        assert!(matches!(next(), Poll::Ready(None)));
    });
}

#[cfg(feature = "std")]
mod blocking {
    use std::sync::atomic::{AtomicU64, Ordering::*};
    use std::time::Duration;

    use turnstile::{CheckpointId, Reader, blocking};

    use super::*;

    /// Makes the calling thread park once. parking_lot sets up what it knows of a thread when that thread first has to
    /// wait for a lock, and makes room for it in a table of the whole process: once per thread, whatever lock it is.
    fn park_once() {
        let (lock, condition) = (parking_lot::Mutex::new(()), parking_lot::Condvar::new());
        condition.wait_for(&mut lock.lock(), Duration::from_nanos(1));
    }

    #[test]
    fn the_blocking_face_neither_allocates_nor_frees_on_any_of_its_threads() {
        const ROUNDS: u64 = 200;
        let reader = blocking::Reader::new(Reader::<[u64; 4]>::new());
        let mut poller = reader.poller().expect("the only poller");
        let completed = AtomicU64::new(0);
        std::thread::scope(|scope| {
            let task = scope.spawn(|| {
                park_once();
                nothing_allocated(|| {
                    while let Some(mut lease) = poller.next() {
                        lease.advance(1);
                        lease.unlocked(|| ());
                        assert!(lease.complete() < ROUNDS);
                        completed.fetch_add(1, Release);
                    }
                    assert_eq!(poller.shutdown(), Remaining::Finished);
                });
            });
            let checkpoints = scope.spawn(|| {
                park_once();
                nothing_allocated(|| {
                    let mut id = 0;
                    while completed.load(Acquire) < ROUNDS {
                        id += 1;
                        let checkpoint = reader.checkpoint(CheckpointId(id));
                        assert!(checkpoint.splits().count() <= 1);
                    }
                });
            });
            park_once();
            nothing_allocated(|| {
                for round in 0..ROUNDS {
                    reader.assign([round]).expect("there is room");
                    // One split at a time, so that the task has to wait for each.
                    while completed.load(Acquire) == round {
                        std::thread::yield_now();
                    }
                }
                reader.signal_no_more_splits();
            });
            task.join().expect("the task");
            checkpoints.join().expect("the checkpoints");
        });
    }

    #[test]
    fn what_parking_lot_sets_up_for_a_new_thread_is_the_one_exception() {
        let first = std::thread::spawn(|| {
            let before = COUNT.get();
            park_once();
            let first = COUNT.get() - before;
            park_once();
            (first, COUNT.get() - before - first)
        });
        let (first, second) = first.join().expect("the thread");
        println!("a thread's first park: {first} allocations and frees; its second: {second}");
        assert_eq!(second, 0);
    }
}
