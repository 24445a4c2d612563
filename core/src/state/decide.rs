//! What a poll answers: one total table.

use super::{Lent, Queue};

/// Where the poller stands to the seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    /// The poller sits.
    Mine,
    /// Nobody sits.
    Free,
    /// A checkpoint thread or an owned lease sits.
    Taken,
}

/// All that an answer depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct View {
    pub(crate) place: Place,
    pub(crate) lent: Lent,
    pub(crate) asked: bool,
    pub(crate) queue: Queue,
}

/// What the poller does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Verdict {
    /// Sit down and hand out the split at the head.
    Split,
    /// Sit down and answer the checkpoint.
    Checkpoint,
    /// Sit down, remove the split that an owned lease has completed, and look again.
    Reap,
    /// Nothing to do until something changes.
    Pending,
    /// The same, and the change will come from whoever sits, or from the lease: knock.
    Knock,
    /// Nothing to do ever again.
    Finished,
}

/// The table. In words: clean up, answer checkpoints before data, wait for a split that is lent out, hand out what
/// is there; and what needs the seat waits while somebody else sits.
pub(crate) const fn decide(view: View) -> Verdict {
    let wanted = match (view.lent, view.asked, view.queue) {
        (Lent::Done, _, _) => Verdict::Reap,
        (Lent::Out | Lent::No, true, _) => Verdict::Checkpoint,
        (Lent::Out, false, _) => Verdict::Knock,
        (Lent::No, false, Queue::Ready) => Verdict::Split,
        (Lent::No, false, Queue::Empty | Queue::Ending) => Verdict::Pending,
        (Lent::No, false, Queue::Ended) => Verdict::Finished,
    };
    match (view.place, wanted) {
        (Place::Taken, Verdict::Split | Verdict::Checkpoint | Verdict::Reap) => Verdict::Knock,
        (Place::Mine | Place::Free | Place::Taken, wanted) => wanted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn views() -> impl Iterator<Item = View> {
        let places = [Place::Mine, Place::Free, Place::Taken];
        let lents = [Lent::No, Lent::Out, Lent::Done];
        let queues = [Queue::Ready, Queue::Empty, Queue::Ending, Queue::Ended];
        places.into_iter().flat_map(move |place| {
            lents.into_iter().flat_map(move |lent| {
                [false, true]
                    .into_iter()
                    .flat_map(move |asked| queues.into_iter().map(move |queue| View { place, lent, asked, queue }))
            })
        })
    }

    #[test]
    fn finished_is_answered_only_when_ended_with_no_lease_and_no_checkpoint_to_answer() {
        for view in views() {
            let due = view.queue == Queue::Ended && view.lent == Lent::No && !view.asked;
            assert_eq!(decide(view) == Verdict::Finished, due, "{view:?}");
        }
    }

    #[test]
    fn nothing_is_done_on_a_seat_that_somebody_else_has() {
        for view in views().filter(|view| view.place == Place::Taken) {
            let verdict = decide(view);
            assert!(matches!(verdict, Verdict::Knock | Verdict::Pending | Verdict::Finished), "{view:?}");
        }
    }

    #[test]
    fn a_lent_split_is_never_handed_out_again() {
        for view in views().filter(|view| view.lent != Lent::No) {
            assert_ne!(decide(view), Verdict::Split, "{view:?}");
        }
    }

    #[test]
    fn whoever_could_act_with_the_seat_knocks_when_it_is_taken() {
        for view in views().filter(|view| view.place == Place::Taken) {
            let free = decide(View { place: Place::Free, ..view });
            let acts = matches!(free, Verdict::Split | Verdict::Checkpoint | Verdict::Reap | Verdict::Knock);
            assert_eq!(decide(view) == Verdict::Knock, acts, "{view:?}");
        }
    }

    /// The table as `docs/states.md` shows it.
    fn printed() -> std::string::String {
        use std::{format, string::String};
        let mut table =
            String::from("\n| lent | asked | queue | seat mine or free | seat taken |\n|---|---|---|---|---|\n");
        for lent in [Lent::No, Lent::Out, Lent::Done] {
            for asked in [false, true] {
                for queue in [Queue::Ready, Queue::Empty, Queue::Ending, Queue::Ended] {
                    let answer = |place| decide(View { place, lent, asked, queue });
                    assert_eq!(answer(Place::Mine), answer(Place::Free));
                    let (free, taken) = (answer(Place::Free), answer(Place::Taken));
                    let asked = if asked { "yes" } else { "no" };
                    table += &format!("| {lent:?} | {asked} | {queue:?} | {free:?} | {taken:?} |\n");
                }
            }
        }
        table + "\n"
    }

    #[test]
    fn the_documented_table_is_the_one_that_runs() {
        const MARK: &str = "<!-- decide -->\n";
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/states.md");
        let Ok(text) = std::fs::read_to_string(path) else { return }; // The packaged crate has no docs folder.
        let parts: std::vec::Vec<&str> = text.split(MARK).collect();
        assert_eq!(parts.len(), 3, "{path} has the mark twice");
        if std::env::var_os("UPDATE_DOCS").is_some() {
            let fresh = std::format!("{}{MARK}{}{MARK}{}", parts[0], printed(), parts[2]);
            std::fs::write(path, fresh).expect("the document can be written");
        } else {
            assert_eq!(
                parts[1],
                printed(),
                "bring it up to date: UPDATE_DOCS=1 cargo test -p turnstile-core documented"
            );
        }
    }
}
