//! C14 · identity-not-injective
//!
//! A table is cut into splits, and each is named by the table and a number. The number was meant to count the splits, and nothing counts
//! it up: all splits of a table have one name. A split whose name is known is taken for one that was discovered before, and dropped. Its
//! rows are missing, and nobody complains.
//!
//! Seen in: the MaxCompute source of SeaTunnel, apache/seatunnel#10845.
//!
//! In Turnstile: a split that is discovered is compared with the one that has its name. If they differ, it is refused as a `Conflict` and
//! handed back; unless a completed checkpoint holds the other, of which only the name is left then.

use std::collections::BTreeSet;

use turnstile_kit::job::{Enumerator, EnumeratorContext, Job};
use turnstile_kit::journal::Split;

use super::messages::{Obedient, Order, Report};

/// The job.
pub struct IdentityNotInjective;

impl Job for IdentityNotInjective {
    const NAME: &'static str = "identity-not-injective";
    type Order = Order;
    type Report = Report;
    type Enumerator = Assigner;
    type Reader = Obedient;
}

/// The names of all that was discovered, what is pending, and who waits.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Assigner {
    known: BTreeSet<String>,
    pending: Vec<Split>,
    discovered: bool,
    waiting: Vec<usize>,
}

impl Assigner {
    fn assign(&mut self, context: &mut EnumeratorContext<Order>) {
        if self.discovered {
            for reader in std::mem::take(&mut self.waiting) {
                if !self.pending.is_empty() {
                    context.send(reader, Order::Assign(std::mem::take(&mut self.pending)));
                }
                context.send(reader, Order::NoMoreSplits);
            }
        }
    }
}

impl Enumerator<Order, Report> for Assigner {
    type Plan = ();

    fn start(_: u64) -> Self {
        Self { known: BTreeSet::new(), pending: Vec::new(), discovered: false, waiting: Vec::new() }
    }

    fn restore((): &(), newest_attempt: u64) -> Self {
        Self::start(newest_attempt)
    }

    fn discover(&mut self, splits: &[Split], all: bool, context: &mut EnumeratorContext<Order>) {
        let number = 0;
        for split in splits {
            let name = format!("orders_{number}"); // Nobody counts it up.
            if self.known.insert(name.clone()) {
                context.note(format!("s{split} is {name}"));
                self.pending.push(*split);
            } else {
                context.note(format!("s{split} is {name}, and so known"));
            }
        }
        self.discovered = all;
        self.assign(context);
    }

    fn hear(&mut self, reader: usize, _: Report, context: &mut EnumeratorContext<Order>) {
        self.waiting.push(reader);
        self.assign(context);
    }
}
