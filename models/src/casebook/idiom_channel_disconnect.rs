//! C19 · idiom-channel-disconnect
//!
//! A channel of the standard library, and the end is that its sender is dropped: taking and ending are in order, because the
//! channel tells "nothing now" from "nothing ever again". But nobody can look into a channel, so the reader keeps a list beside it
//! of what was sent and not yet received. A split that was received and is not read yet is in no list.
//!
//! Seen in: no report that we know. The gap is that of the Iceberg reader of SeaTunnel, read in its code.
//!
//! In Turnstile: the queue can be looked at where it lies. A cut shows the split that is being read and those behind it, under
//! the one seat that the poller needs to go on.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};

use turnstile_kit::journal::{Journal, Split, set};
use turnstile_kit::subject::{Ability, Polled, Subject};
use turnstile_kit::sync::{Mutex, Shared};

/// The sending end, and the list beside the channel.
pub struct Reader {
    sender: Mutex<Option<Sender<Split>>>,
    sent: Mutex<Vec<Split>>,
    journal: Journal,
}

impl Subject for Reader {
    const NAME: &'static str = "idiom-channel-disconnect";
    const ABILITIES: &'static [Ability] = &[Ability::ManyDeliveries, Ability::Refuses, Ability::Snapshots];
    type Poller = (Arc<Self>, Shared<Receiver<Split>>);

    fn new(journal: &Journal) -> (Arc<Self>, Self::Poller) {
        let (sender, receiver) = channel();
        let reader =
            Arc::new(Self { sender: Mutex::new(Some(sender)), sent: Mutex::new(Vec::new()), journal: journal.clone() });
        (reader.clone(), (reader, Shared::new(receiver)))
    }

    fn assign(&self, splits: Vec<Split>) -> Result<(), Vec<Split>> {
        let sender = self.sender.lock();
        let Some(sender) = &*sender else { return Err(splits) };
        self.sent.lock().extend(&splits);
        self.journal.note(format!("assign {}: listed, and sent", set(&splits)));
        splits.into_iter().for_each(|split| sender.send(split).expect("the poller has the other end"));
        Ok(())
    }

    fn signal_no_more_splits(&self) {
        self.sender.lock().take();
        self.journal.note("no more splits: the sender is dropped");
    }

    fn poll((this, receiver): &mut Self::Poller) -> Polled {
        match receiver.with(Receiver::try_recv) {
            Ok(split) => {
                this.sent.lock().retain(|other| *other != split);
                this.journal.note(format!("poll: receives s{split}, and takes it off the list"));
                let _rows = this.journal.read(split);
                Polled::Again
            }
            Err(TryRecvError::Empty) => Polled::Again,
            Err(TryRecvError::Disconnected) => {
                this.journal.note("poll: empty, and the sender is gone: finished");
                Polled::Finished
            }
        }
    }

    fn checkpoint(&self) {
        let sent = self.sent.lock();
        self.journal.barrier(&sent);
    }
}
