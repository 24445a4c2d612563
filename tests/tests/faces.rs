//! The three faces, used as their users use them: a poll loop over a `static`, a stream whose leases move into tasks,
//! and a thread per task with checkpoints from outside.

mod plain {
    use std::ops::Range;
    use std::thread;

    use turnstile::{Answer, CheckpointId, Poller, Reader, Refused};

    type Row = (u32, u64);

    const ROWS: u64 = 10;

    /// Hands splits over in batches of two, and again for as long as there is no room.
    fn deliver(reader: &Reader<[u32; 8]>, splits: Range<u32>) {
        for batch in splits.collect::<Vec<_>>().chunks(2) {
            while let Err(refused) = reader.assign(batch) {
                assert!(matches!(refused, Refused::Full(_) | Refused::Busy(_)), "{refused}");
                thread::yield_now();
            }
        }
    }

    #[test]
    fn a_static_reader_hands_out_what_several_threads_assign_once_and_in_the_order_of_each() {
        static READER: Reader<[u32; 8]> = Reader::new();
        const DELIVERIES: [Range<u32>; 3] = [0..1000, 1000..2000, 2000..3000];

        let read = thread::scope(|scope| {
            let task = scope.spawn(|| {
                let mut poller = Poller::claim(&READER).unwrap();
                let mut read = Vec::new();
                loop {
                    match poller.poll() {
                        Answer::Split(lease) => read.push(lease.complete()),
                        Answer::Pending => thread::yield_now(),
                        Answer::Finished => return read,
                        Answer::Checkpoint(_) => unreachable!("nobody asks"),
                    }
                }
            });
            let deliveries = DELIVERIES.map(|splits| scope.spawn(|| deliver(&READER, splits)));
            deliveries.into_iter().for_each(|delivery| delivery.join().unwrap());
            READER.signal_no_more_splits();
            task.join().unwrap()
        });

        for splits in DELIVERIES {
            let of_one: Vec<u32> = read.iter().copied().filter(|split| splits.contains(split)).collect();
            assert_eq!(of_one, splits.collect::<Vec<_>>());
        }
        assert_eq!(read.len(), DELIVERIES.map(|splits| splits.len()).iter().sum());
    }

    /// Reads what the reader holds and then the rest, alone.
    fn read_to_the_end(reader: Reader<[u32; 8]>, rest: Range<u32>) -> Vec<Row> {
        let mut poller = Poller::claim(&reader).unwrap();
        let (mut rows, mut rest) = (Vec::new(), rest.peekable());
        loop {
            while rest.next_if(|&split| reader.assign([split]).is_ok()).is_some() {}
            if rest.peek().is_none() {
                reader.signal_no_more_splits();
            }
            match poller.poll() {
                Answer::Split(lease) => {
                    rows.extend((lease.position()..ROWS).map(|row| (*lease.split(), row)));
                    lease.complete();
                }
                Answer::Finished => return rows,
                other => unreachable!("{other:?}"),
            }
        }
    }

    #[test]
    fn the_rows_before_a_checkpoint_and_those_of_a_reader_restored_from_it_are_all_rows() {
        const SPLITS: u32 = 500;
        const CHECKPOINTS: u64 = 50;

        let reader = Reader::<[u32; 8]>::new();
        let (rows, checkpoints) = thread::scope(|scope| {
            let task = scope.spawn(|| {
                let mut poller = Poller::claim(&reader).unwrap();
                let (mut rows, mut checkpoints) = (Vec::new(), Vec::new());
                loop {
                    match poller.poll() {
                        Answer::Split(mut lease) => {
                            let split = *lease.split();
                            for row in lease.position()..ROWS {
                                rows.push((split, row));
                                if let Some(id) = lease.advance(row + 1) {
                                    checkpoints.push((id, rows.len(), lease.cut().snapshot::<Vec<_>>()));
                                }
                            }
                            lease.complete();
                        }
                        Answer::Checkpoint(id) => checkpoints.push((id, rows.len(), poller.cut().unwrap().snapshot())),
                        Answer::Pending => thread::yield_now(),
                        Answer::Finished => return (rows, checkpoints),
                    }
                }
            });
            let delivery = scope.spawn(|| deliver(&reader, 0..SPLITS));
            for id in 0..CHECKPOINTS {
                reader.request_checkpoint(CheckpointId(id)).unwrap();
                while reader.checkpoint_requested() {
                    thread::yield_now();
                }
            }
            delivery.join().unwrap();
            reader.signal_no_more_splits();
            task.join().unwrap()
        });

        let all: Vec<Row> = (0..SPLITS).flat_map(|split| (0..ROWS).map(move |row| (split, row))).collect();
        assert_eq!(rows, all);
        let ids: Vec<u64> = checkpoints.iter().map(|(id, ..)| id.0).collect();
        assert_eq!(ids, (0..CHECKPOINTS).collect::<Vec<_>>());
        for (_, emitted, snapshot) in checkpoints {
            // What was assigned after the cut is assigned again: that is the enumerator's part of the checkpoint.
            let accepted = snapshot.splits.last().copied().or(rows[..emitted].last().map(|row| row.0));
            let behind = accepted.map_or(0, |last| last + 1);
            let restored = read_to_the_end(Reader::restore(snapshot).unwrap(), behind..SPLITS);
            assert_eq!([&rows[..emitted], &restored].concat(), all);
        }
    }
}

mod stream {
    use std::future::{Future, poll_fn};
    use std::mem;
    use std::sync::{Arc, Mutex};
    use std::task::Poll;

    use futures::StreamExt;
    use futures::executor::{LocalPool, ThreadPool, block_on};
    use futures::task::{LocalSpawnExt, SpawnExt};
    use turnstile::{CheckpointId, Event, OwnedLease, Poller, Reader, Snapshot};

    type Shared = Arc<Reader<[u32; 4]>>;

    /// Lets others run, as I/O would.
    fn io() -> impl Future<Output = ()> {
        let mut waits = true;
        poll_fn(move |cx| {
            if !mem::take(&mut waits) {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        })
    }

    /// Reads rows up to `end`, and the split is read if there are no more than five.
    async fn read(mut lease: OwnedLease<Shared>, end: u64, rows: Arc<Mutex<Vec<(u32, u64)>>>) {
        let split = *lease.split();
        loop {
            io().await;
            let mut batch = lease.enter().expect("nobody takes a cut");
            let row = batch.position();
            if row == end {
                break;
            }
            rows.lock().unwrap().push((split, row));
            assert_eq!(batch.advance(row + 1), None);
        }
        if end == 5 {
            lease.complete();
        }
    }

    #[test]
    fn a_lease_dropped_in_a_task_is_offered_again_at_its_position_and_one_completed_there_is_not() {
        let reader: Shared = Arc::new(Reader::new());
        let pool = ThreadPool::builder().pool_size(2).create().unwrap();
        let rows = Arc::new(Mutex::new(Vec::new()));
        reader.assign([1, 2, 3]).unwrap();
        reader.signal_no_more_splits();

        let offers = block_on(async {
            let mut poller = Poller::claim(reader.clone()).unwrap();
            let mut offers = Vec::new();
            while let Some(event) = poller.next().await {
                let Event::Split(lease) = event else { unreachable!("nobody asks") };
                // The second split fails twice.
                let end = match (*lease.split(), offers.len()) {
                    (2, 1) => 1,
                    (2, 2) => 3,
                    _ => 5,
                };
                offers.push(*lease.split());
                pool.spawn(read(lease, end, rows.clone())).unwrap();
            }
            offers
        });

        assert_eq!(offers, [1, 2, 2, 2, 3]);
        let all: Vec<(u32, u64)> = (1..=3).flat_map(|split| (0..5).map(move |row| (split, row))).collect();
        assert_eq!(*rows.lock().unwrap(), all);
    }

    #[test]
    fn a_checkpoint_request_wakes_a_stream_that_waits_whether_a_lease_is_out_or_not() {
        let reader: Shared = Arc::new(Reader::new());
        let mut pool = LocalPool::new();
        let spawner = pool.spawner();
        // Spawned tasks run when the one below waits. If it were not woken, this would never end.
        let meanwhile = |act: fn(&Reader<[u32; 4]>)| {
            let reader = reader.clone();
            spawner.spawn_local(async move { act(&reader) }).unwrap();
        };
        pool.run_until(async {
            let mut poller = Poller::claim(reader.clone()).unwrap();

            meanwhile(|reader| reader.request_checkpoint(CheckpointId(1)).unwrap());
            assert!(matches!(poller.next().await, Some(Event::Checkpoint(CheckpointId(1)))));
            let nothing = Snapshot { splits: vec![], position: 0, accepted: 0, no_more_splits: false };
            assert_eq!(poller.cut().unwrap().snapshot::<Vec<_>>(), nothing);

            meanwhile(|reader| reader.assign([10, 20]).unwrap());
            let Some(Event::Split(mut lease)) = poller.next().await else { panic!("a split was assigned") };
            assert_eq!(lease.enter().unwrap().advance(3), None);

            meanwhile(|reader| reader.request_checkpoint(CheckpointId(2)).unwrap());
            assert!(matches!(poller.next().await, Some(Event::Checkpoint(CheckpointId(2)))));
            let lent = Snapshot { splits: vec![10, 20], position: 3, accepted: 2, no_more_splits: false };
            assert_eq!(poller.cut().unwrap().snapshot::<Vec<_>>(), lent);
            assert!(!reader.checkpoint_requested());

            spawner.spawn_local(async move { lease.complete() }).unwrap();
            let Some(Event::Split(lease)) = poller.next().await else { panic!("a second split was assigned") };
            assert_eq!(*lease.split(), 20);
            lease.complete();
            meanwhile(Reader::signal_no_more_splits);
            assert!(poller.next().await.is_none());
        });
    }
}

mod blocking {
    use std::sync::{Mutex, mpsc};
    use std::thread;

    use turnstile::{CheckpointId, Reader, Snapshot, blocking};

    #[test]
    fn checkpoints_land_between_two_rows_of_a_split_while_it_is_read() {
        const ROWS: u64 = 100_000;
        const CHECKPOINTS: u64 = 100;

        let reader = blocking::Reader::new(Reader::<[&str; 2]>::new());
        let written = Mutex::new(Vec::new());
        let (half, half_is_written) = mpsc::channel();
        reader.assign(["large"]).unwrap();
        reader.signal_no_more_splits();

        let cuts = thread::scope(|scope| {
            scope.spawn(|| {
                let mut poller = reader.poller().unwrap();
                while let Some(mut lease) = poller.next() {
                    for row in lease.position()..ROWS {
                        written.lock().unwrap().push(row);
                        if row == ROWS / 2 {
                            // Not over before there was a checkpoint: this row boundary is one, if none before was.
                            half.send(()).unwrap();
                            while !reader.checkpoint_requested() {
                                thread::yield_now();
                            }
                        }
                        lease.advance(row + 1);
                    }
                    lease.complete();
                }
            });
            let mut cuts = Vec::new();
            for id in 0..CHECKPOINTS {
                if id == CHECKPOINTS / 2 {
                    half_is_written.recv().unwrap();
                }
                let checkpoint = reader.checkpoint(CheckpointId(id));
                let position = if checkpoint.splits().len() == 0 { ROWS } else { checkpoint.position() };
                cuts.push((position, written.lock().unwrap().len() as u64));
            }
            cuts
        });

        assert!(cuts.iter().any(|&(position, _)| 0 < position && position < ROWS), "{cuts:?}");
        for (position, written) in cuts {
            assert_eq!(position, written);
        }
        assert_eq!(written.into_inner().unwrap(), (0..ROWS).collect::<Vec<_>>());
    }

    #[test]
    fn a_checkpoint_is_taken_while_the_task_blocks_unlocked() {
        let reader = blocking::Reader::new(Reader::<[&str; 2]>::new());
        let (row, rows) = mpsc::channel();
        let (blocked, is_blocked) = mpsc::channel();
        reader.assign(["slow", "next"]).unwrap();

        let (written, snapshots) = thread::scope(|scope| {
            let mut poller = reader.poller().unwrap();
            let task = scope.spawn(move || {
                let mut written = Vec::new();
                let mut lease = poller.next().unwrap();
                let next_row = || {
                    blocked.send(()).unwrap();
                    rows.recv()
                };
                while let Ok(row) = lease.unlocked(next_row) {
                    written.push(row);
                    lease.advance(lease.position() + 1);
                }
                lease.complete();
                written
            });
            let snapshots = [0, 1, 2].map(|id| {
                is_blocked.recv().unwrap();
                let snapshot = reader.checkpoint(CheckpointId(id)).snapshot::<Vec<_>>();
                row.send(id).unwrap();
                snapshot
            });
            drop(row);
            (task.join().unwrap(), snapshots)
        });

        for (position, snapshot) in (0..).zip(snapshots) {
            assert_eq!(
                snapshot,
                Snapshot { splits: vec!["slow", "next"], position, accepted: 2, no_more_splits: false }
            );
        }
        assert_eq!(written, [0, 1, 2]);
        let rest = reader.checkpoint(CheckpointId(3)).snapshot::<Vec<_>>();
        assert_eq!(rest, Snapshot { splits: vec!["next"], position: 0, accepted: 2, no_more_splits: false });
    }
}
