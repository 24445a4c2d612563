//! Steps of the protocol, as people would say them.

use turnstile::delivery::{Entry, Message, Receipt, Report};
use turnstile_kit::journal::{Lane, Step};

use super::system::{Action, Packet, Split, State, Step as Event, System};

fn entry(message: &Message<Split>) -> String {
    match message.entry {
        Entry::Split(Split(split)) => format!("entry {}, s{split}", message.sequence),
        Entry::NoMoreSplits => format!("entry {}, no more", message.sequence),
    }
}

fn report(report: &Report) -> String {
    let cut = report.cut.map_or(String::new(), |cut| format!(", cut {} at {}", cut.checkpoint.0, cut.next));
    format!("reader {} is attempt {}, next {}{cut}", report.from.0, report.attempt.0, report.next)
}

impl<const N: usize, const R: usize> System<N, R> {
    /// What this action is, in this state.
    pub(super) fn describe(&self, before: &State<N, R>, Action { step, keeps }: Action) -> Step {
        let reader = |id: usize| Lane::READERS[id];
        let (lane, mut text) = match step {
            Event::Discover => (Lane::Enumerator, "discovers".to_string()),
            Event::Deliver(id, n) => {
                let message = self.messages(before, id).nth(n);
                (reader(id), message.map_or(String::new(), |message| self.receives(before, id, &message, "")))
            }
            Event::Hear(id) => (Lane::Enumerator, format!("hears: {}", report(&self.report(&before.readers[id])))),
            Event::Late(n) => match &before.late[n] {
                Packet::Entry(message) => {
                    let id = message.to.0 as usize;
                    (reader(id), self.receives(before, id, message, "late: "))
                }
                Packet::Report(late) => (Lane::Enumerator, format!("hears late: {}", report(late))),
            },
            Event::Emit(id) => (reader(id), "emits the next split".into()),
            Event::Reopen(id) => (reader(id), "begins the next generation".into()),
            Event::CutEnumerator(id) => (Lane::Enumerator, format!("cut {}", id.0)),
            Event::CutReader(id, number) => {
                (reader(number), format!("cut {}, next {}", id.0, before.readers[number].fence.next()))
            }
            Event::TearReader(id, number) => (reader(number), format!("first half of cut {}", id.0)),
            Event::Complete(id) => (Lane::Coordinator, format!("checkpoint {} completes", id.0)),
            Event::Abort(id) => (Lane::Coordinator, format!("gives checkpoint {} up", id.0)),
            Event::TellCompleted => (Lane::Enumerator, "hears that the checkpoint is complete".into()),
            Event::TellAborted(id) => (Lane::Enumerator, format!("hears that checkpoint {} was given up", id.0)),
            Event::CrashReader(id) => (reader(id), "crashes, and is restored".into()),
            Event::CrashEnumerator => (Lane::Enumerator, "crashes; all are restored".into()),
        };
        match keeps {
            Some(Packet::Entry(message)) => {
                text += &format!(
                    " [{} for attempt {} of reader {} stays under way]",
                    entry(&message),
                    message.attempt.0,
                    message.to.0
                );
            }
            Some(Packet::Report(late)) => text += &format!(" [{} stays under way]", report(&late)),
            None => {}
        }
        Step { lane, text }
    }

    fn receives(&self, before: &State<N, R>, id: usize, message: &Message<Split>, how: &str) -> String {
        let mut after = before.clone();
        self.deliver(&mut after, *message);
        let fence = &before.readers[id].fence;
        let receipt = if after.readers[id].fence.next() > fence.next() {
            "applied".to_string()
        } else if after.after_the_end {
            "arrives after the end".to_string()
        } else {
            match fence.judge(message) {
                Receipt::Accepted => "Later".into(),
                receipt => format!("{receipt:?}"),
            }
        };
        format!("{how}{}: {receipt}", entry(message))
    }
}
