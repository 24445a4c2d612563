//! The peers. A queue that a split reader could be built on can take splits, singly and in batches, can be closed, and
//! answers a poll with one of three things. Adding a peer is one `impl` and a line in the list at the end.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::*};

use turnstile::{Answer, Poller, Reader};

/// Of every queue that is bounded.
pub(crate) const CAPACITY: usize = 128;

/// A split of `W` words.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Split<const W: usize>(pub(crate) [u64; W]);

impl<const W: usize> Default for Split<W> {
    fn default() -> Self {
        Self([1; W])
    }
}

/// What is put through a queue.
pub(crate) trait Item: Copy + Default + Send + Sync + 'static {}
impl<T: Copy + Default + Send + Sync + 'static> Item for T {}

pub(crate) enum Polled<T> {
    Item(T),
    Pending,
    Finished,
}

pub(crate) trait Queue<T>: 'static {
    const NAME: &'static str;
    type In: Send + 'static;
    type Out: Send + 'static;

    fn new() -> (Self::In, Self::Out);
    /// False when there is no room, or no right of way.
    fn push(to: &mut Self::In, item: T) -> bool;
    /// A batch for which there is room.
    fn push_batch(to: &mut Self::In, batch: &[T]) -> bool
    where
        T: Copy,
    {
        batch.iter().all(|item| Self::push(to, *item))
    }
    fn close(to: Self::In);
    fn poll(from: &mut Self::Out) -> Polled<T>;
}

pub(crate) struct Turnstile;

impl<T: Item> Queue<T> for Turnstile {
    const NAME: &'static str = "Turnstile";
    type In = Arc<Reader<[T; CAPACITY]>>;
    type Out = Poller<Arc<Reader<[T; CAPACITY]>>>;

    fn new() -> (Self::In, Self::Out) {
        let reader = Arc::new(Reader::new());
        let poller = Poller::claim(reader.clone()).expect("nobody else knows the reader");
        (reader, poller)
    }
    #[inline(always)]
    fn push(to: &mut Self::In, item: T) -> bool {
        to.assign([item]).is_ok()
    }
    #[inline(always)]
    fn push_batch(to: &mut Self::In, batch: &[T]) -> bool {
        to.assign(batch).is_ok()
    }
    fn close(to: Self::In) {
        to.signal_no_more_splits();
    }
    #[inline(always)]
    fn poll(from: &mut Self::Out) -> Polled<T> {
        match from.poll() {
            Answer::Split(lease) => Polled::Item(lease.complete()),
            Answer::Pending => Polled::Pending,
            Answer::Finished => Polled::Finished,
            Answer::Checkpoint(_) => unreachable!("nobody asks"),
        }
    }
}

/// Costs nothing by itself: what is counted with it is the harness.
pub(crate) struct Harness;

impl<T: Item> Queue<T> for Harness {
    const NAME: &'static str = "the harness";
    type In = Arc<std::sync::atomic::AtomicUsize>;
    type Out = (Self::In, bool);

    fn new() -> (Self::In, Self::Out) {
        let queued = Self::In::default();
        (queued.clone(), (queued, false))
    }
    #[inline(always)]
    fn push(to: &mut Self::In, _: T) -> bool {
        to.store(1, Relaxed);
        true
    }
    #[inline(always)]
    fn push_batch(to: &mut Self::In, batch: &[T]) -> bool {
        to.store(batch.len(), Relaxed);
        true
    }
    fn close(to: Self::In) {
        to.store(usize::MAX, Relaxed);
    }
    #[inline(always)]
    fn poll((queued, _): &mut Self::Out) -> Polled<T> {
        match queued.load(Relaxed) {
            0 => Polled::Pending,
            usize::MAX => Polled::Finished,
            n => {
                queued.store(n - 1, Relaxed);
                Polled::Item(T::default())
            }
        }
    }
}

/// A queue that cannot be closed, and a flag: empty is final only if it is still empty after the flag was seen.
pub(crate) struct Flagged<Q> {
    queue: Q,
    closed: AtomicBool,
}

macro_rules! with_a_flag {
    ($name:ident, $label:literal, $queue:ident, $new:expr, $push:expr) => {
        pub(crate) struct $name;
        impl<T: Item> Queue<T> for $name {
            const NAME: &'static str = $label;
            type In = Arc<Flagged<crossbeam_queue::$queue<T>>>;
            type Out = Self::In;

            fn new() -> (Self::In, Self::Out) {
                let both = Arc::new(Flagged { queue: $new, closed: AtomicBool::new(false) });
                (both.clone(), both)
            }
            #[inline(always)]
            fn push(to: &mut Self::In, item: T) -> bool {
                $push(&to.queue, item)
            }
            fn close(to: Self::In) {
                to.closed.store(true, Release);
            }
            #[inline(always)]
            fn poll(from: &mut Self::Out) -> Polled<T> {
                if let Some(item) = from.queue.pop() {
                    return Polled::Item(item);
                }
                if !from.closed.load(Acquire) {
                    return Polled::Pending;
                }
                from.queue.pop().map_or(Polled::Finished, Polled::Item)
            }
        }
    };
}
with_a_flag!(
    ArrayQueue,
    "ArrayQueue + flag",
    ArrayQueue,
    crossbeam_queue::ArrayQueue::new(CAPACITY),
    |queue: &crossbeam_queue::ArrayQueue<T>, item| queue.push(item).is_ok()
);
with_a_flag!(
    SegQueue,
    "SegQueue + flag",
    SegQueue,
    crossbeam_queue::SegQueue::new(),
    |queue: &crossbeam_queue::SegQueue<T>, item| {
        queue.push(item);
        true
    }
);

/// Channels, whose end is that the last sender is dropped.
macro_rules! channel {
    ($name:ident, $label:literal, $In:ty, $Out:ty, $new:expr, $sent:pat, $($answer:pat => $polled:expr),+) => {
        pub(crate) struct $name;
        impl<T: Item> Queue<T> for $name {
            const NAME: &'static str = $label;
            type In = $In;
            type Out = $Out;

            fn new() -> (Self::In, Self::Out) {
                $new
            }
            #[inline(always)]
            fn push(to: &mut Self::In, item: T) -> bool {
                matches!(to.try_send(item), $sent)
            }
            fn close(to: Self::In) {
                drop(to);
            }
            #[inline(always)]
            fn poll(from: &mut Self::Out) -> Polled<T> {
                match from.try_recv() {
                    $($answer => $polled,)+
                }
            }
        }
    };
}
channel!(
    CrossbeamChannel, "crossbeam-channel", crossbeam_channel::Sender<T>, crossbeam_channel::Receiver<T>,
    crossbeam_channel::bounded(CAPACITY), Ok(()),
    Ok(item) => Polled::Item(item),
    Err(crossbeam_channel::TryRecvError::Empty) => Polled::Pending,
    Err(crossbeam_channel::TryRecvError::Disconnected) => Polled::Finished
);
channel!(
    Flume, "flume", flume::Sender<T>, flume::Receiver<T>, flume::bounded(CAPACITY), Ok(()),
    Ok(item) => Polled::Item(item),
    Err(flume::TryRecvError::Empty) => Polled::Pending,
    Err(flume::TryRecvError::Disconnected) => Polled::Finished
);
channel!(
    Kanal, "kanal", kanal::Sender<T>, kanal::Receiver<T>, kanal::bounded(CAPACITY), Ok(true),
    Ok(Some(item)) => Polled::Item(item),
    Ok(None) => Polled::Pending,
    Err(_) => Polled::Finished
);
channel!(
    AsyncChannel, "async-channel", async_channel::Sender<T>, async_channel::Receiver<T>,
    async_channel::bounded(CAPACITY), Ok(()),
    Ok(item) => Polled::Item(item),
    Err(async_channel::TryRecvError::Empty) => Polled::Pending,
    Err(async_channel::TryRecvError::Closed) => Polled::Finished
);
channel!(
    SyncChannel, "std sync_channel", std::sync::mpsc::SyncSender<T>, std::sync::mpsc::Receiver<T>,
    std::sync::mpsc::sync_channel(CAPACITY), Ok(()),
    Ok(item) => Polled::Item(item),
    Err(std::sync::mpsc::TryRecvError::Empty) => Polled::Pending,
    Err(std::sync::mpsc::TryRecvError::Disconnected) => Polled::Finished
);
channel!(
    ThingBuf, "thingbuf", thingbuf::mpsc::blocking::Sender<T>, thingbuf::mpsc::blocking::Receiver<T>,
    thingbuf::mpsc::blocking::channel(CAPACITY), Ok(()),
    Ok(item) => Polled::Item(item),
    Err(thingbuf::mpsc::errors::TryRecvError::Empty) => Polled::Pending,
    Err(_) => Polled::Finished
);

pub(crate) struct ConcurrentQueue;

impl<T: Item> Queue<T> for ConcurrentQueue {
    const NAME: &'static str = "concurrent-queue";
    type In = Arc<concurrent_queue::ConcurrentQueue<T>>;
    type Out = Self::In;

    fn new() -> (Self::In, Self::Out) {
        let queue = Arc::new(concurrent_queue::ConcurrentQueue::bounded(CAPACITY));
        (queue.clone(), queue)
    }
    #[inline(always)]
    fn push(to: &mut Self::In, item: T) -> bool {
        to.push(item).is_ok()
    }
    fn close(to: Self::In) {
        to.close();
    }
    #[inline(always)]
    fn poll(from: &mut Self::Out) -> Polled<T> {
        match from.pop() {
            Ok(item) => Polled::Item(item),
            Err(concurrent_queue::PopError::Empty) => Polled::Pending,
            Err(concurrent_queue::PopError::Closed) => Polled::Finished,
        }
    }
}

/// What is under a lock.
pub(crate) struct Locked<T> {
    pub(crate) splits: VecDeque<T>,
    pub(crate) closed: bool,
}

impl<T> Default for Locked<T> {
    fn default() -> Self {
        Self { splits: VecDeque::with_capacity(CAPACITY), closed: false }
    }
}

impl<T> Locked<T> {
    pub(crate) fn pop(&mut self) -> Polled<T> {
        match self.splits.pop_front() {
            Some(item) => Polled::Item(item),
            None if self.closed => Polled::Finished,
            None => Polled::Pending,
        }
    }
}

/// One lock for a batch; one for each poll, because a split that is taken out in advance is in no snapshot.
macro_rules! mutex {
    ($name:ident, $label:literal, $mutex:ty, $($unwrap:tt)*) => {
        pub(crate) struct $name;
        impl<T: Item> Queue<T> for $name {
            const NAME: &'static str = $label;
            type In = Arc<$mutex>;
            type Out = Self::In;

            fn new() -> (Self::In, Self::Out) {
                let queue = Self::Out::default();
                (queue.clone(), queue)
            }
            #[inline(always)]
            fn push(to: &mut Self::In, item: T) -> bool {
                Self::push_batch(to, &[item])
            }
            #[inline(always)]
            fn push_batch(to: &mut Self::In, batch: &[T]) -> bool {
                let mut locked = to.lock()$($unwrap)*;
                let fits = locked.splits.len() + batch.len() <= CAPACITY;
                if fits {
                    locked.splits.extend(batch);
                }
                fits
            }
            fn close(to: Self::In) {
                to.lock()$($unwrap)*.closed = true;
            }
            #[inline(always)]
            fn poll(from: &mut Self::Out) -> Polled<T> {
                from.lock()$($unwrap)*.pop()
            }
        }
    };
}
mutex!(StdMutex, "std Mutex<VecDeque>", std::sync::Mutex<Locked<T>>, .unwrap());
mutex!(ParkingLot, "parking_lot Mutex<VecDeque>", parking_lot::Mutex<Locked<T>>,);

/// For one producer only: a bound, not a peer.
pub(crate) struct Rtrb;

impl<T: Item> Queue<T> for Rtrb {
    const NAME: &'static str = "rtrb (one producer)";
    type In = rtrb::Producer<T>;
    type Out = rtrb::Consumer<T>;

    fn new() -> (Self::In, Self::Out) {
        rtrb::RingBuffer::new(CAPACITY)
    }
    #[inline(always)]
    fn push(to: &mut Self::In, item: T) -> bool {
        to.push(item).is_ok()
    }
    #[inline(always)]
    fn push_batch(to: &mut Self::In, batch: &[T]) -> bool {
        to.write_chunk_uninit(batch.len()).is_ok_and(|chunk| chunk.fill_from_iter(batch.iter().copied()) == batch.len())
    }
    fn close(to: Self::In) {
        drop(to);
    }
    #[inline(always)]
    fn poll(from: &mut Self::Out) -> Polled<T> {
        match from.pop() {
            Ok(item) => Polled::Item(item),
            Err(_) if !from.is_abandoned() => Polled::Pending,
            Err(_) => from.pop().map_or(Polled::Finished, Polled::Item),
        }
    }
}

/// One scenario with every queue that several threads can push to. Turnstile comes first.
macro_rules! shared {
    ($scenario:ident, $item:ty) => {
        shared!($scenario, $item; Turnstile, ArrayQueue, SegQueue, CrossbeamChannel, ConcurrentQueue, Flume, Kanal,
            AsyncChannel, SyncChannel, ThingBuf, ParkingLot, StdMutex)
    };
    ($scenario:ident, $item:ty; $($queue:ident),+) => {
        vec![$($scenario::<crate::queues::$queue, $item>()),+]
    };
}
pub(crate) use shared;

/// The same, and the one that only one thread can push to.
macro_rules! every {
    ($scenario:ident, $item:ty) => {{
        let mut subjects = crate::queues::shared!($scenario, $item);
        subjects.push($scenario::<crate::queues::Rtrb, $item>());
        subjects
    }};
}
pub(crate) use every;
