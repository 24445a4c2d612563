//! What no model can see missing, and why it stays.

use turnstile_altered::altered::Alteration;

/// By function, by what stands there (or how it begins), and by the change. What stands there twice in a function is meant twice.
const KEPT: &[(&str, &str, &str, &str)] = &[
    ("Chair::knock", "self.word.fetch_or(Seat::KNOCK, Release)", "Release to Relaxed", LOAD_BUFFERING),
    ("Chair::leave", "self.word.fetch_and(!Seat::HELD, AcqRel)", "AcqRel to Release", LOAD_BUFFERING),
    (
        "Chair::leave_and_answer_the_knock",
        "self.word.fetch_and(!(Seat::HELD | Seat::KNOCK), AcqRel)",
        "AcqRel to Release",
        LOAD_BUFFERING,
    ),
    ("Chair::give_back", "self.word.fetch_and(!Seat::OUT, AcqRel)", "AcqRel to Release", LOAD_BUFFERING),
    ("Chair::complete", "self.word.fetch_add(Seat::OUT_TO_DONE, AcqRel)", "AcqRel to Release", LOAD_BUFFERING),
    ("Chair::ask", "self.word.fetch_or(Seat::ASKED, AcqRel)", "AcqRel to Release", LOAD_BUFFERING),
    ("blocking::Parker::park", "take(&mut bell.rung)", "always true", SPIN),
    ("blocking::Parker::park", "drop(bell);", "left out", SOON),
    ("blocking::Parker::park", "bell.rung = false;", "left out", "the next wait ends at once, with a poll too many"),
    ("blocking::Parker::park", "if take(…", "exchanged", "what was rung is heard either way"),
    ("blocking::Parker::ring", "drop(bell);", "left out", SOON),
    ("blocking::Parker::ring", "drop(bell); self…", "exchanged", SOON),
    ("blocking::Reader::checkpoint", "shared.reader.seat.look().has(Seat::HELD)", "always false", SPIN),
    ("blocking::Reader::checkpoint", "drop(turn);", "left out", SOON),
    ("blocking::Lease::advance", "reader.seat.look().has(Seat::ASKED)", "always true", COST),
    ("Cut::new", "let mut head = unsafe { front.head() }; let tail…", "exchanged", SEATED),
    ("Cut::new", "let tail = reader.ring.tail(); let mut position…", "exchanged", SEATED),
    ("Cut::new", "let mut position = unsafe { front.position() }; let accepted…", "exchanged", SEATED),
    ("Cut::new", "if seat.lent() == Lent::Done…", "exchanged", SEATED),
    ("Front::move_to", "unsafe { self.set_position(0) }; self…", "exchanged", SEATED),
    ("Front::move_to", "if next.number() == 0…", "exchanged", SEATED),
    ("Front::restore", "let head = unsafe { self.head() }; self…", "exchanged", FRESH),
    ("Front::restore", "self.position = UnsafeCell::new(position); self…", "exchanged", FRESH),
    ("Poller::ready", "!seat.is_quiet()", "always true", SLOWLY),
    ("Poller::ready", "self.seen == head", "always true", SLOWLY),
    ("Poller::ready", "self.seen == head", "always false", SLOWLY),
    ("Poller::ready", "self.finished && !self.seated", "always false", SLOWLY),
    ("Poller::ready", "!self.seated && now.is_empty_and_open(head) && has_waker", "always false", SLOWLY),
    ("Poller::ready", "self.seen = now.index();", "left out", SLOWLY),
    ("Poller::ready", "tail = Some(now);", "left out", SLOWLY),
    (
        "Poller::ready",
        "if !self.seated && now.is_empty_and_open(head)…",
        "exchanged",
        "where the first answers Pending, the second changes nothing",
    ),
    ("Poller::ready", "self.seen = now.index(); tail…", "exchanged", "nobody looks in between"),
    ("Poller::ready", "self.seated && self.seen != head", "always false", SLOWLY),
    ("Poller::ready", "let seat = seat.look(); let head…", "exchanged", POLLER),
    ("Poller::ready", "let head = unsafe { ring.front.head() }; if…", "exchanged", POLLER),
    ("Poller::settle", "self.reader().seat.reaped(); drop…", "exchanged", SEATED),
    ("Poller::settle", "seat = self.reader().seat.look();", "left out", AGAIN),
    ("Poller::queue", "self.seen != head", "always false", COST),
    (
        "Poller::park",
        "decide(self.view(seat, queue, heed_requests)) == Verdict::Knock && !seat.has(Seat::KNOCK)",
        "without !seat.has(Seat::KNOCK)",
        COST,
    ),
    ("Poller::park", "if decide(…", "exchanged", "a poller that sits does not knock"),
    ("Poller::park", "if self.seated…", "exchanged", "what the poller learns by standing up counts, either way"),
    ("Poller::park", "now.is_none() && registered == Registered::New", "always true", COST),
    ("Poller::park", "now.is_none() && registered == Registered::New", "without now.is_none()", COST),
    ("Poller::park", "now.is_none() && registered == Registered::New", "without registered == Registered::New", COST),
    ("Reader::request_checkpoint", "!seat.has(Seat::HELD)", "always true", WAKE),
    ("Ring::assign", "if splits == 0…", "exchanged", "of the two only one can be so"),
    ("Ring::assign", "if before.has(Tail::CLOSED)…", "exchanged", "what is loaded is not used then"),
    ("Ring::assign", "if splits > self.capacity() - before…", "exchanged", "what is computed is not used then"),
    ("Ring::assign", "batch.moved_out(); let…", "exchanged", "the batch is this thread's"),
    ("Ring::assign", "before.has(Tail::WAITING)", "always true", WAKE),
    ("Ring::give_up", "before.has(Tail::WAITING) && before.has(Tail::CLOSED)", "always true", WAKE),
    (
        "Ring::give_up",
        "before.has(Tail::WAITING) && before.has(Tail::CLOSED)",
        "without before.has(Tail::WAITING)",
        WAKE,
    ),
    (
        "Ring::give_up",
        "before.has(Tail::WAITING) && before.has(Tail::CLOSED)",
        "without before.has(Tail::CLOSED)",
        WAKE,
    ),
    ("Ring::close", "before.has(Tail::WAITING)", "always true", WAKE),
    ("Ring::register", "is_left(seen, waker, *known)", "always false", COST),
    ("Ring::register", "seen.has(Tail::WAITING)", "always true", COST),
    ("Ring::register", "*known = Some(Key::of(waker));", "left out", COST),
    ("Ring::register", "seen = withdrawn;", "left out", AGAIN),
    ("Ring::register", "let fresh…", "exchanged", USERS),
    ("Ring::register", "left", "always false", AGAIN),
    ("Ring::register", "drop(stale);", "left out", SOON),
    ("Ring::register", "if is_left(seen, waker, *known)…", "exchanged", AGAIN),
    ("Ring::register", "if seen.has(Tail::TAKING)…", "exchanged", AGAIN),
    ("Ring::register", "if seen.has(Tail::WAITING) { let…", "exchanged", USERS),
    ("Ring::register", "*known = Some(Key::of(waker)); let…", "exchanged", "nobody looks in between"),
    ("Ring::register", "let stale…", "exchanged", "nobody looks in between"),
    ("Ring::register", "let left…", "exchanged", USERS),
    ("Ring::drop", "forget(rest);", "left out", "the ring is empty by then, and is emptied once more"),
    ("Ring::refill", "self.slot(…", "exchanged", FRESH),
];

const LOAD_BUFFERING: &str = "it forbids load buffering, which no engine here produces";
const COST: &str = "it saves work: without it the same is done at a higher price";
const SLOWLY: &str = "it is a short way to an answer: without it the long one comes to the same";
const SPIN: &str = "it lets the processor rest: without it the thread asks again at once";
const WAKE: &str = "it saves a wake-up that would find nothing, or nobody";
const SOON: &str = "what is let go here is let go at the end of the function";
const SEATED: &str = "the thread sits: nobody else changes what it reads, or looks in between";
const POLLER: &str = "only the poller moves the head";
const AGAIN: &str = "either way the poller looks again";
const FRESH: &str = "nobody else knows the reader yet";
const USERS: &str = "code of the user, which runs while nothing is half done either way";

/// Is this what the row speaks of?
fn is_of(alteration: &Alteration, (function, code, change, _): &(&str, &str, &str, &str)) -> bool {
    let is_code = match code.strip_suffix('…') {
        Some(beginning) => alteration.code.starts_with(beginning),
        None => alteration.code == *code,
    };
    alteration.function == *function && is_code && alteration.change == *change
}

/// Why this stays although no model fails without it, if there is a reason.
pub(super) fn why_kept(alteration: &Alteration) -> Option<&'static str> {
    KEPT.iter().find(|row| is_of(alteration, row)).map(|(.., why)| *why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use turnstile_altered::altered::ALTERATIONS;

    #[test]
    fn what_is_kept_is_there() {
        for row in KEPT {
            assert!(ALTERATIONS.iter().any(|alteration| is_of(alteration, row)), "{row:?}");
        }
    }
}
