//! The delivery protocol on one thread, from the outside: what each message is answered, and a whole job by hand.

use turnstile::delivery::{
    Attempt, Entry, Enumerator, Fence, Heard, Identity, Inbox, Log, Mark, Message, Policy, ReaderId, Receipt, Slot,
};
use turnstile::{Answer, CheckpointId, Poller, Reader, Snapshot};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Split(u32);

impl Identity for Split {
    type Id = u32;
    fn id(&self) -> u32 {
        self.0
    }
}

fn message(sequence: u64, entry: Entry<Split>) -> Message<Split> {
    Message { to: ReaderId(3), attempt: Attempt(7), sequence, behind: None, entry }
}

fn split(sequence: u64) -> Message<Split> {
    message(sequence, Entry::Split(Split(sequence as u32)))
}

#[test]
fn every_message_has_an_answer_and_only_one_of_them_changes_anything() {
    let reader = Reader::<[Split; 2]>::new();
    let mut inbox = Inbox::open(ReaderId(3), Attempt(7), &reader, None).expect("nobody uses it");
    assert_eq!(inbox.receive(split(1)), Receipt::Gap { expected: 0 });
    assert_eq!(inbox.receive(Message { to: ReaderId(4), ..split(0) }), Receipt::Misaddressed);
    for attempt in [6, 8] {
        let other = Message { attempt: Attempt(attempt), ..split(0) };
        assert_eq!(inbox.receive(other), Receipt::Stale { current: Attempt(7) });
    }
    let cut = CheckpointId(5);
    let behind = Message { behind: Some(cut), ..split(0) };
    assert_eq!(inbox.receive(behind), Receipt::Early { cut });
    assert_eq!(inbox.report().next, 0);

    let mark = reader.try_cut().expect("nobody is in the way").mark(cut);
    assert!(inbox.taken(mark));
    assert!(!inbox.taken(mark), "one cut for a checkpoint");
    assert_eq!(inbox.receive(behind), Receipt::Accepted);
    assert_eq!(inbox.receive(behind), Receipt::Duplicate);
    assert_eq!(inbox.receive(Message { behind: Some(CheckpointId(4)), ..split(1) }), Receipt::Accepted, "an older cut");
    assert_eq!(inbox.receive(split(2)), Receipt::Later, "there is room for two");
    assert_eq!((inbox.report().next, inbox.report().done, inbox.report().limit), (2, 0, 2));

    let mut poller = Poller::claim(&reader).expect("the only poller");
    let Answer::Split(lease) = poller.poll() else { panic!("two were accepted") };
    assert_eq!(lease.complete(), Split(0));
    assert_eq!((inbox.report().done, inbox.report().limit), (1, 3));
    assert_eq!(inbox.receive(split(2)), Receipt::Accepted);
    assert_eq!(inbox.receive(message(3, Entry::NoMoreSplits)), Receipt::Accepted, "the end needs no room");
    assert_eq!(inbox.receive(message(3, Entry::NoMoreSplits)), Receipt::Duplicate);
    assert_eq!(inbox.receive(split(4)), Receipt::Later, "behind the end");
}

#[test]
fn a_fence_without_a_reader_lets_an_entry_through_once_and_a_cut_be_taken_once() {
    let mut fence = Fence::new(ReaderId(3), Attempt(7), 5);
    assert_eq!((fence.id(), fence.attempt(), fence.next(), fence.cut()), (ReaderId(3), Attempt(7), 5, None));
    assert_eq!(fence.judge(&split(5)), Receipt::Accepted);
    fence.applied();
    assert_eq!((fence.next(), fence.judge(&split(5))), (6, Receipt::Duplicate));
    let mark = |cut| Mark { checkpoint: CheckpointId(cut), next: 6 };
    assert!(fence.taken(mark(2)));
    for not_newer in [1, 2] {
        assert!(!fence.taken(mark(not_newer)));
        assert_eq!(fence.cut(), Some(mark(2)));
    }
    assert!(fence.taken(mark(3)));
    assert_eq!(fence.cut(), Some(mark(3)));
}

#[test]
fn a_reader_that_has_finished_is_opened_again_where_its_log_goes_on() {
    let first = Reader::<[Split; 2]>::new();
    let mut inbox = Inbox::open(ReaderId(3), Attempt(7), &first, None).expect("nobody uses it");
    assert_eq!(inbox.receive(message(0, Entry::NoMoreSplits)), Receipt::Accepted);
    let next = inbox.report().next;
    let empty = Snapshot { splits: Vec::new(), position: 0, accepted: next, no_more_splits: false };
    let second = Reader::<[Split; 2]>::restore(empty).expect("it is empty");
    inbox.reopen(&second).expect("nobody uses it");
    assert_eq!(inbox.receive(message(0, Entry::NoMoreSplits)), Receipt::Duplicate, "that was the last generation's");
    assert_eq!(inbox.receive(split(1)), Receipt::Accepted);
    assert_eq!(second.try_cut().expect("nobody is in the way").mark(CheckpointId(1)).next, 2);
}

#[test]
#[should_panic(expected = "the reader continues the log")]
fn a_reader_that_does_not_continue_the_log_is_not_taken() {
    let (first, second) = (Reader::<[Split; 2]>::new(), Reader::<[Split; 2]>::new());
    let mut inbox = Inbox::open(ReaderId(3), Attempt(7), &first, None).expect("nobody uses it");
    assert_eq!(inbox.receive(split(0)), Receipt::Accepted);
    let _ = inbox.reopen(&second);
}

#[test]
fn a_restored_reader_has_taken_its_checkpoint_and_stands_behind_the_end_if_it_was_told() {
    let cut = CheckpointId(5);
    for no_more_splits in [false, true] {
        let snapshot = Snapshot { splits: vec![Split(8)], position: 0, accepted: 9, no_more_splits };
        let reader = Reader::<[Split; 2]>::restore(snapshot).expect("it fits");
        let next = 9 + u64::from(no_more_splits);
        assert_eq!(reader.try_cut().expect("nobody is in the way").mark(cut).next, next);
        let mut inbox = Inbox::open(ReaderId(3), Attempt(7), &reader, Some(cut)).expect("nobody uses it");
        assert_eq!((inbox.report().next, inbox.report().done), (next, next - 1));
        let expected = if no_more_splits { Receipt::Later } else { Receipt::Accepted };
        assert_eq!(inbox.receive(Message { behind: Some(cut), ..split(next) }), expected);
    }
}

/// Sends all that there is to send, and reports.
fn deliver(enumerator: &mut Enumerator<[Slot<Split>; 8], [Log; 1]>, inbox: &mut Inbox<&Reader<[Split; 4]>>) {
    let _ = enumerator.hear(inbox.report());
    let messages: Vec<_> = enumerator.messages(ReaderId(0)).map(Message::cloned).collect();
    for message in messages {
        assert_eq!(inbox.receive(message), Receipt::Accepted);
    }
    let _ = enumerator.hear(inbox.report());
}

#[test]
fn a_job_that_crashes_behind_a_checkpoint_goes_on_at_it() {
    let mut enumerator = Enumerator::new([const { Slot::EMPTY }; 8], [Log::EMPTY; 1], Policy::OnRequest, Attempt(0));
    let reader = Reader::<[Split; 4]>::new();
    let mut inbox = Inbox::open(ReaderId(0), Attempt(1), &reader, None).expect("nobody uses it");
    for number in 0..3 {
        enumerator.discover(Split(number)).expect("there is room");
    }
    deliver(&mut enumerator, &mut inbox);
    let mut poller = Poller::claim(&reader).expect("the only poller");
    let Answer::Split(lease) = poller.poll() else { panic!("splits were delivered") };
    lease.complete();

    let checkpoint = CheckpointId(1);
    let plan = enumerator.snapshot(checkpoint).expect("the first");
    let cut = poller.cut().expect("nobody is in the way");
    let (snapshot, mark) = (cut.snapshot::<Vec<_>>(), cut.mark(checkpoint));
    drop(cut);
    inbox.taken(mark);
    assert_eq!((snapshot.splits.len(), snapshot.accepted, mark.next), (2, 3, 3));
    enumerator.discover(Split(3)).expect("there is room");
    enumerator.seal();
    deliver(&mut enumerator, &mut inbox);
    assert_eq!(inbox.report().next, 5, "a fourth split and the end are applied, and lost in the crash");

    let mut enumerator = Enumerator::restore(plan, Attempt(1));
    assert!(matches!(enumerator.hear(inbox.report()), Heard::Stale { .. }), "of the life before");
    let reader = Reader::<[Split; 4]>::restore(snapshot).expect("it fitted");
    let mut inbox = Inbox::open(ReaderId(0), Attempt(2), &reader, Some(checkpoint)).expect("nobody uses it");
    for number in 0..4 {
        enumerator.discover(Split(number)).expect("there is room, and three are known");
    }
    enumerator.seal();
    deliver(&mut enumerator, &mut inbox);
    let mut poller = Poller::claim(&reader).expect("the only poller");
    let mut read = Vec::new();
    while let Answer::Split(lease) = poller.poll() {
        read.push(lease.complete().0);
    }
    assert!(matches!(poller.poll(), Answer::Finished));
    assert_eq!(read, [1, 2, 3]);
    let _ = enumerator.hear(inbox.report());
    assert!(enumerator.is_done());
}
