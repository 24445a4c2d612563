//! What a poller costs that waits, what a snapshot costs, and how long a poller that sleeps takes to come back.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::*};
use std::task::{Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use atomic_waker::AtomicWaker;
use serde::Serialize;
use turnstile::{Answer, Reader, blocking};

use crate::handoff::single;
use crate::measure::{Scenario, Spread, Subject, load, nanos_each};
use crate::queues::{ArrayQueue, Item, Locked, ParkingLot, Polled, Queue, Split, StdMutex, Turnstile};

type Small = Split<3>;

#[rustfmt::skip]
pub(crate) const SCENARIOS: &[Scenario] = &[
    Scenario { id: "pending-waker", unit: "ns", title: "Pending, the same waker again", work: 200_000, subjects: || vec![
        pending::<Turnstile, Small>(), pending::<Woken, Small>(), pending::<WokenUnderLock, Small>(),
    ] },
    Scenario { id: "nobody-waits", unit: "ns", title: "assign and poll, wakers in use, nobody waits", work: 50_000, subjects: || vec![
        single::<Turnstile, Small>(), single::<Woken, Small>(), single::<WokenUnderLock, Small>(),
    ] },
    Scenario { id: "wakes", unit: "ns", title: "Pending, assign (wakes), poll", work: 50_000, subjects: || vec![
        woken::<Turnstile, Small>(), woken::<Woken, Small>(), woken::<WokenUnderLock, Small>(),
    ] },
    Scenario { id: "snapshot", unit: "ns per split", title: "snapshot of 40 queued splits", work: 5_000, subjects: || vec![
        snapshot::<Turnstile, Small>(), snapshot::<ArrayQueue, Small>(), snapshot::<ParkingLot, Small>(), snapshot::<StdMutex, Small>(),
    ] },
];

/// A queue whose poller can leave a waker, which a push wakes.
trait Waits<T>: Queue<T> {
    fn poll_with(from: &mut Self::Out, waker: &Waker) -> Polled<T>;
}

impl<T: Item> Waits<T> for Turnstile {
    #[inline(always)]
    fn poll_with(from: &mut Self::Out, waker: &Waker) -> Polled<T> {
        match from.poll_with(waker) {
            Answer::Split(lease) => Polled::Item(lease.complete()),
            Answer::Pending => Polled::Pending,
            Answer::Finished => Polled::Finished,
            Answer::Checkpoint(_) => unreachable!("nobody asks"),
        }
    }
}

/// [`ArrayQueue`] with an `AtomicWaker`.
struct Woken;

impl<T: Item> Queue<T> for Woken {
    const NAME: &'static str = "ArrayQueue + flag + AtomicWaker";
    type In = (<ArrayQueue as Queue<T>>::In, Arc<AtomicWaker>);
    type Out = (<ArrayQueue as Queue<T>>::Out, Arc<AtomicWaker>);

    fn new() -> (Self::In, Self::Out) {
        let ((to, from), waker) = (<ArrayQueue as Queue<T>>::new(), Arc::new(AtomicWaker::new()));
        ((to, waker.clone()), (from, waker))
    }
    #[inline(always)]
    fn push((to, waker): &mut Self::In, item: T) -> bool {
        let pushed = <ArrayQueue as Queue<T>>::push(to, item);
        waker.wake();
        pushed
    }
    fn close((to, waker): Self::In) {
        <ArrayQueue as Queue<T>>::close(to);
        waker.wake();
    }
    #[inline(always)]
    fn poll((from, _): &mut Self::Out) -> Polled<T> {
        <ArrayQueue as Queue<T>>::poll(from)
    }
}

impl<T: Item> Waits<T> for Woken {
    #[inline(always)]
    fn poll_with((from, cell): &mut Self::Out, waker: &Waker) -> Polled<T> {
        match <ArrayQueue as Queue<T>>::poll(from) {
            Polled::Pending => {
                cell.register(waker);
                <ArrayQueue as Queue<T>>::poll(from) // It may have come before the waker was there.
            }
            answer => answer,
        }
    }
}

/// A `Mutex<VecDeque>` with the waker under the same lock.
struct WokenUnderLock;

impl<T: Item> Queue<T> for WokenUnderLock {
    const NAME: &'static str = "parking_lot Mutex<VecDeque> + waker";
    type In = Arc<parking_lot::Mutex<(Locked<T>, Option<Waker>)>>;
    type Out = Self::In;

    fn new() -> (Self::In, Self::Out) {
        let both = Self::In::default();
        (both.clone(), both)
    }
    #[inline(always)]
    fn push(to: &mut Self::In, item: T) -> bool {
        let mut locked = to.lock();
        locked.0.splits.push_back(item);
        let waker = locked.1.take();
        drop(locked);
        waker.into_iter().for_each(Waker::wake);
        true
    }
    fn close(to: Self::In) {
        to.lock().0.closed = true;
    }
    #[inline(always)]
    fn poll(from: &mut Self::Out) -> Polled<T> {
        from.lock().0.pop()
    }
}

impl<T: Item> Waits<T> for WokenUnderLock {
    #[inline(always)]
    fn poll_with(from: &mut Self::Out, waker: &Waker) -> Polled<T> {
        let mut locked = from.lock();
        let polled = locked.0.pop();
        if matches!(polled, Polled::Pending) && !locked.1.as_ref().is_some_and(|left| left.will_wake(waker)) {
            locked.1 = Some(waker.clone());
        }
        polled
    }
}

fn pending<Q: Waits<T>, T: Item>() -> Subject {
    let (to, mut from) = Q::new();
    let round = move |polls| {
        let _open = &to;
        nanos_each(polls, || {
            for _ in 0..polls {
                assert!(matches!(Q::poll_with(black_box(&mut from), Waker::noop()), Polled::Pending));
            }
        })
    };
    Subject { name: Q::NAME, round: Box::new(round) }
}

/// The poller leaves a waker that does nothing, an assignment takes it out and calls it.
fn woken<Q: Waits<T>, T: Item>() -> Subject {
    let (mut to, mut from) = Q::new();
    let round = move |times| {
        nanos_each(times, || {
            for _ in 0..times {
                assert!(matches!(Q::poll_with(&mut from, Waker::noop()), Polled::Pending));
                assert!(Q::push(&mut to, black_box(T::default())));
                let Polled::Item(split) = Q::poll_with(&mut from, Waker::noop()) else { panic!("it was pushed") };
                black_box(&split);
            }
        })
    };
    Subject { name: Q::NAME, round: Box::new(round) }
}

/// A queue of which a checkpoint can store what is in it.
trait Stored<T>: Queue<T> {
    /// By whatever way there is; the splits stay queued.
    fn store(to: &mut Self::In, from: &mut Self::Out, into: &mut Vec<T>);
}

impl<T: Item> Stored<T> for Turnstile {
    #[inline(always)]
    fn store(to: &mut Self::In, _: &mut Self::Out, into: &mut Vec<T>) {
        into.extend(to.try_cut().expect("nobody sits").splits().copied());
    }
}

impl<T: Item> Stored<T> for ArrayQueue {
    /// Takes them all out and puts them in again: behind whatever was pushed meanwhile.
    #[inline(always)]
    fn store(to: &mut Self::In, from: &mut Self::Out, into: &mut Vec<T>) {
        while let Polled::Item(split) = Self::poll(from) {
            into.push(split);
        }
        into.iter().for_each(|split| assert!(Self::push(to, *split)));
    }
}

impl<T: Item> Stored<T> for ParkingLot {
    #[inline(always)]
    fn store(to: &mut Self::In, _: &mut Self::Out, into: &mut Vec<T>) {
        into.extend(&to.lock().splits);
    }
}

impl<T: Item> Stored<T> for StdMutex {
    #[inline(always)]
    fn store(to: &mut Self::In, _: &mut Self::Out, into: &mut Vec<T>) {
        into.extend(&to.lock().unwrap().splits);
    }
}

fn snapshot<Q: Stored<T>, T: Item>() -> Subject {
    const QUEUED: usize = 40;
    let (mut to, mut from) = Q::new();
    assert!(Q::push_batch(&mut to, &[T::default(); QUEUED]));
    let mut stored = Vec::with_capacity(QUEUED);
    let round = move |snapshots| {
        nanos_each(snapshots * QUEUED as u64, || {
            for _ in 0..snapshots {
                stored.clear();
                Q::store(&mut to, &mut from, black_box(&mut stored));
                assert_eq!(stored.len(), QUEUED);
            }
        })
    };
    Subject { name: Q::NAME, round: Box::new(round) }
}

/// How a poller waited, and what that cost.
#[derive(Debug, Serialize)]
pub(crate) struct Wakeup {
    pub(crate) name: &'static str,
    pub(crate) samples: usize,
    /// From before the assignment to when the poller has the split.
    pub(crate) micros: Spread,
    /// What the assigning thread spent on it.
    pub(crate) notify_micros: Spread,
    /// Of one processor, by the poller that waits for nothing, in per cent.
    pub(crate) idle_cpu: f64,
    /// How often that poller ran all the same, per second.
    pub(crate) idle_switches: f64,
    pub(crate) load: f64,
}

/// A poller that sleeps until a number is there. `wait` answers `None` at the end.
trait Sleeper: Send + Sync + 'static {
    const NAME: &'static str;
    fn new() -> Arc<Self>;
    fn assign(&self, number: u64);
    fn end(&self);
    /// Runs on the poller's thread: hands each number on until the end.
    fn run(self: Arc<Self>, took: &mut dyn FnMut(u64));
}

impl Sleeper for blocking::Reader<[u64; 128]> {
    const NAME: &'static str = "Turnstile, blocking face";
    fn new() -> Arc<Self> {
        Arc::new(Self::new(Reader::new()))
    }
    fn assign(&self, number: u64) {
        self.assign([number]).expect("there is room");
    }
    fn end(&self) {
        self.signal_no_more_splits();
    }
    fn run(self: Arc<Self>, took: &mut dyn FnMut(u64)) {
        let mut poller = self.poller().expect("the only one");
        while let Some(lease) = poller.next() {
            took(lease.complete());
        }
    }
}

/// Unparks a thread.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

impl Sleeper for Reader<[u64; 128]> {
    const NAME: &'static str = "Turnstile, a waker that unparks";
    fn new() -> Arc<Self> {
        Arc::new(Self::new())
    }
    fn assign(&self, number: u64) {
        self.assign([number]).expect("there is room");
    }
    fn end(&self) {
        self.signal_no_more_splits();
    }
    fn run(self: Arc<Self>, took: &mut dyn FnMut(u64)) {
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut poller = turnstile::Poller::claim(&*self).expect("the only one");
        loop {
            match poller.poll_with(&waker) {
                Answer::Split(lease) => took(lease.complete()),
                Answer::Pending => thread::park(),
                Answer::Finished => return,
                Answer::Checkpoint(_) => unreachable!("nobody asks"),
            }
        }
    }
}

/// One number and an end, without any queue.
struct Slot<const SLEEP_MILLIS: u64> {
    number: AtomicU64,
    ended: AtomicBool,
    thread: std::sync::OnceLock<Thread>,
}

impl<const SLEEP_MILLIS: u64> Sleeper for Slot<SLEEP_MILLIS> {
    const NAME: &'static str = if SLEEP_MILLIS == 0 { "std park" } else { "sleep 100 ms, look again" };
    fn new() -> Arc<Self> {
        Arc::new(Self { number: AtomicU64::new(0), ended: AtomicBool::new(false), thread: Default::default() })
    }
    fn assign(&self, number: u64) {
        self.number.store(number, Release);
        if SLEEP_MILLIS == 0 {
            self.thread.wait().unpark();
        }
    }
    fn end(&self) {
        self.ended.store(true, Release);
        self.thread.wait().unpark();
    }
    fn run(self: Arc<Self>, took: &mut dyn FnMut(u64)) {
        self.thread.set(thread::current()).expect("one poller");
        loop {
            match (self.number.swap(0, AcqRel), self.ended.load(Acquire)) {
                (0, true) => return,
                (0, false) if SLEEP_MILLIS == 0 => thread::park(),
                (0, false) => thread::sleep(Duration::from_millis(SLEEP_MILLIS)),
                (number, _) => took(number),
            }
        }
    }
}

/// What the system has counted for a thread: nanoseconds on a processor, and how often it went to sleep.
fn counted(thread: &str) -> Option<(u64, u64)> {
    let read = |file: &str| std::fs::read_to_string(format!("/proc/self/task/{thread}/{file}")).ok();
    let nanos = read("schedstat")?.split(' ').next()?.parse().ok()?;
    let status = read("status")?;
    let switches = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
    Some((nanos, switches.trim().parse().ok()?))
}

fn wakeup<S: Sleeper>(samples: usize, idle: Duration) -> Wakeup {
    let load = load();
    let sleeper = S::new();
    let start = Instant::now();
    let taken = Arc::new(AtomicU64::new(0));
    let poller = thread::spawn({
        let (sleeper, taken) = (sleeper.clone(), taken.clone());
        move || sleeper.run(&mut |_| taken.store(start.elapsed().as_nanos() as u64, Release))
    });
    let (mut micros, mut notify) = (Vec::new(), Vec::new());
    for sample in 0..samples as u64 {
        // Long enough to fall asleep, and not in step with a poller that looks every 100 ms.
        thread::sleep(Duration::from_micros(2_000 + sample * 7_919 % 3_000));
        taken.store(0, Release);
        let assigned = start.elapsed().as_nanos() as u64;
        sleeper.assign(sample + 1);
        notify.push((start.elapsed().as_nanos() as u64 - assigned) as f64 / 1e3);
        let at = loop {
            match taken.load(Acquire) {
                0 => thread::sleep(Duration::from_micros(200)),
                at => break at,
            }
        };
        micros.push(at.saturating_sub(assigned) as f64 / 1e3);
    }
    let (idle_cpu, idle_switches) = at_rest(&poller, idle).unwrap_or((f64::NAN, f64::NAN));
    sleeper.end();
    poller.join().unwrap();
    Wakeup {
        name: S::NAME,
        samples,
        micros: Spread::of(&micros),
        notify_micros: Spread::of(&notify),
        idle_cpu,
        idle_switches,
        load,
    }
}

/// Per cent of a processor, and sleeps per second, of the one other thread of this process.
fn at_rest(poller: &thread::JoinHandle<()>, idle: Duration) -> Option<(f64, f64)> {
    assert!(!poller.is_finished());
    let threads = std::fs::read_dir("/proc/self/task").ok()?;
    let me = std::fs::read_link("/proc/thread-self").ok()?;
    let me = me.file_name()?.to_owned();
    let other = threads.filter_map(|entry| entry.ok()).map(|entry| entry.file_name()).find(|name| *name != me)?;
    let other = other.to_str()?;
    thread::sleep(Duration::from_millis(50)); // It goes to sleep.
    let before = counted(other)?;
    thread::sleep(idle);
    let after = counted(other)?;
    let seconds = idle.as_secs_f64();
    Some(((after.0 - before.0) as f64 / 1e7 / seconds, (after.1 - before.1) as f64 / seconds))
}

/// Each way of waiting, one after the other: the poller must be the only other thread.
pub(crate) fn wakeups(quick: bool) -> Vec<Wakeup> {
    let (samples, idle) = if quick { (10, Duration::from_millis(200)) } else { (400, Duration::from_secs(1)) };
    vec![
        wakeup::<blocking::Reader<[u64; 128]>>(samples, idle),
        wakeup::<Reader<[u64; 128]>>(samples, idle),
        wakeup::<Slot<0>>(samples, idle),
        wakeup::<Slot<100>>(samples / 5, idle),
    ]
}
