//! The repaired reader with the types that it ships with.

use std::sync::Mutex;
use std::thread;

use queue_reader::{Output, Polled, RepairedReader};

#[derive(Default)]
struct Lists {
    rows: Mutex<Vec<u32>>,
    cut: Mutex<Option<(Vec<u32>, Vec<u32>)>>,
}

impl Output<u32> for Lists {
    fn emit(&self, split: &u32) {
        self.rows.lock().unwrap().push(*split);
    }
    fn barrier(&self, splits: &[u32]) {
        let rows = self.rows.lock().unwrap().clone();
        *self.cut.lock().unwrap() = Some((rows, splits.to_vec()));
    }
}

#[test]
fn each_split_is_read_once_and_is_on_one_side_of_a_cut() {
    let (reader, output) = (RepairedReader::new(0..500), Lists::default());
    thread::scope(|scope| {
        scope.spawn(|| {
            (500..1000).for_each(|split| reader.assign([split]));
            reader.signal_no_more_splits();
        });
        scope.spawn(|| reader.checkpoint(&output));
        while reader.poll(&output) == Polled::Again {}
    });
    let sorted = |mut splits: Vec<u32>| {
        splits.sort_unstable();
        splits
    };
    assert_eq!(sorted(output.rows.into_inner().unwrap()), (0..1000).collect::<Vec<_>>());
    let (rows, snapshot) = output.cut.into_inner().unwrap().expect("the checkpoint was taken");
    let both = sorted([rows, snapshot].concat());
    let accepted = u32::try_from(both.len()).unwrap();
    assert!(accepted >= 500 && both == (0..accepted).collect::<Vec<_>>(), "{both:?}");
}
