//! The table against the running code: a real reader is brought into every state that public operations can reach, and
//! answers there as [`decide`] says and as a reference model does.

mod model;
mod world;

use std::collections::{HashSet, VecDeque};
use std::vec::Vec;
use std::{println, vec};

use self::world::{Key, Op, World};
use crate::buffer::tests::Interrupted;
use crate::reader::Reader;
use crate::state::{Lent, Place, Queue, View};
use Op::*;

/// What is tried in every state.
const OPERATIONS: [Op; 23] = [
    Assign,
    AssignTwo,
    AssignNone,
    Begin,
    Publish,
    Signal,
    Ask,
    Claim,
    DropPoller,
    Poll,
    PollWith,
    Shutdown,
    TryCut,
    CutByPoller,
    CutByLease,
    DropCut,
    ForgetCut,
    Advance,
    Complete,
    GiveBack,
    IntoOwned,
    Enter,
    Leave,
];

/// What other threads can do in the middle of a poll.
const MEANWHILE: [Op; 9] = [Assign, Signal, Ask, TryCut, DropCut, Complete, GiveBack, Enter, Leave];

/// The operations; polls with one other in the middle of them; and, where it is crowded, with two, and with others that
/// are quicker than the poll as often as it looks.
fn operations(crowded: bool) -> Vec<Op> {
    let one = MEANWHILE.map(|op| vec![op]);
    let mut meetings = one.to_vec();
    let mut chases = Vec::new();
    if crowded {
        for (one, other) in one.iter().flat_map(|one| MEANWHILE.map(|other| (one[0], other))) {
            meetings.push(vec![one, other]);
            chases.push(PollChased(vec![one, other, one].leak()));
        }
    }
    let meetings = meetings.into_iter().map(|met| &*met.leak());
    let meetings = meetings.flat_map(|met| [PollMeeting(met), PollParting(met)]);
    OPERATIONS.into_iter().chain([PollMeeting(&[])]).chain(meetings).chain(chases).collect()
}

fn views() -> impl Iterator<Item = View> {
    let places = [Place::Mine, Place::Free, Place::Taken];
    let lents = [Lent::No, Lent::Out, Lent::Done];
    let queues = [Queue::Ready, Queue::Empty, Queue::Ending, Queue::Ended];
    let places = places.into_iter().flat_map(move |place| lents.map(|lent| (place, lent)));
    let asked = places.flat_map(|(place, lent)| [false, true].map(|asked| (place, lent, asked)));
    asked.flat_map(move |(place, lent, asked)| queues.map(|queue| View { place, lent, asked, queue }))
}

/// How public operations lead to a view, or why they never do.
fn recipe(view: View) -> Result<Vec<Op>, &'static str> {
    if view.lent != Lent::No && view.queue != Queue::Ready {
        return Err("a split that is lent out is still at the head of the queue");
    }
    let mut recipe = vec![Claim];
    if view.lent != Lent::No || view.place == Place::Mine {
        recipe.extend([Assign, Poll]);
    }
    match (view.lent, view.place, view.queue) {
        (Lent::No, Place::Mine, Queue::Ready) => recipe.push(GiveBack),
        (Lent::No, Place::Mine, _) => recipe.push(Complete),
        (Lent::No, Place::Free | Place::Taken, Queue::Ready) => recipe.push(Assign),
        (Lent::No, Place::Free | Place::Taken, _) => {}
        (Lent::Out | Lent::Done, Place::Mine, _) => recipe.extend([IntoOwned, CutByPoller, ForgetCut]),
        (Lent::Out | Lent::Done, Place::Free | Place::Taken, _) => recipe.push(IntoOwned),
    }
    if view.lent == Lent::Done {
        recipe.push(Complete);
    }
    match view.queue {
        Queue::Ready | Queue::Empty => {}
        Queue::Ending => recipe.extend([Begin, Signal]),
        Queue::Ended => recipe.push(Signal),
    }
    if view.asked {
        recipe.push(Ask);
    }
    if view.place == Place::Taken {
        recipe.push(TryCut);
    }
    Ok(recipe)
}

#[test]
fn a_poll_answers_what_the_table_says_in_every_view_that_can_be_reached() {
    let (mut reached, mut unreachable) = (0, 0);
    for view in views() {
        let Ok(recipe) = recipe(view) else {
            unreachable += 1;
            continue;
        };
        reached += 1;
        // What is left behind a split that an owned lease has completed decides what is answered once it is removed.
        let behind: &[&[Op]] = match view.lent {
            Lent::Done => &[&[], &[Signal], &[Assign], &[Begin, Signal]],
            Lent::No | Lent::Out => &[&[]],
        };
        for (behind, with_waker) in behind.iter().flat_map(|behind| [(behind, false), (behind, true)]) {
            let recipe: Vec<Op> = recipe.iter().chain(*behind).copied().collect();
            World::<2>::run(&recipe, &mut |world| {
                assert_eq!(world.view(), view);
                world.poll_by_the_table(with_waker);
            });
        }
    }
    assert_eq!((reached, unreachable), (36, 36), "all 72 views are accounted for");
}

/// Tries every operation in every state, as long as there are states not seen before. A state is identified by the two
/// words, the poller's locals and the handles that exist, so what is left out differs from what was tried in names only.
fn walk<const N: usize>(operations: &[Op]) {
    let mut seen: HashSet<Key> = HashSet::new();
    let mut paths: VecDeque<Vec<Op>> = VecDeque::from([Vec::new()]);
    World::<N>::run(&[], &mut |world| assert!(seen.insert(world.key())));
    let mut met = HashSet::new();
    let (mut sequences, mut longest) = (0_u64, 0);
    while let Some(path) = paths.pop_front() {
        let mut possible = Vec::new();
        World::<N>::run(&path, &mut |world| possible.extend(operations.iter().filter(|&&op| world.possible(op))));
        for op in possible {
            let path: Vec<Op> = path.iter().copied().chain([op]).collect();
            sequences += 1;
            let mut new = false;
            World::<N>::run(&path, &mut |world| {
                new = seen.insert(world.key());
                met.extend(world.possible(Poll).then(|| world.view()));
            });
            if new {
                longest = longest.max(path.len());
                paths.push_back(path);
            }
        }
    }
    println!(
        "capacity {N}: {} states, all operations in each: {sequences} sequences of up to {}",
        seen.len(),
        longest + 1
    );
    let reachable: HashSet<View> = views().filter(|&view| recipe(view).is_ok()).collect();
    assert_eq!(met, reachable, "the walk meets exactly the views that have a recipe");
}

#[test]
fn every_operation_in_every_state_answers_as_the_model_does_with_room_for_one() {
    walk::<1>(&operations(true));
}

#[test]
fn every_operation_in_every_state_answers_as_the_model_does_with_room_for_two() {
    walk::<2>(&operations(false));
}

#[test]
fn a_cut_that_shows_the_end_shows_every_split_that_was_accepted() {
    // Else whoever restores it gets a reader that refuses the rest, and finishes without it.
    let reader = Reader::<[u32; 2]>::new();
    let mut shown = None;
    let meanwhile = || {
        reader.signal_no_more_splits();
        shown = Some(reader.try_cut().expect("nobody is in the way").snapshot::<Vec<_>>());
    };
    let accepted = match reader.assign(Interrupted { split: 7, meanwhile }) {
        Ok(()) => vec![7],
        Err(_) => vec![],
    };
    let shown = shown.expect("taken in the middle of the assignment");
    assert!(!shown.no_more_splits || shown.splits == accepted, "{shown:?} of {accepted:?}");
}
