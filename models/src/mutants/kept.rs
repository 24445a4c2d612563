//! What no model can see missing, and why it stays.

use turnstile_altered::altered::Alteration;

/// By function, by a part of what stands there, and by the change.
const KEPT: &[(&str, &str, &str, &str)] = &[
    ("Chair::knock", "fetch_or(Seat::KNOCK, Release)", "Release to Relaxed", LOAD_BUFFERING),
    ("Chair::leave", "fetch_and(!Seat::HELD, AcqRel)", "AcqRel to Release", LOAD_BUFFERING),
    ("Chair::leave_and_answer_the_knock", "Seat::KNOCK), AcqRel)", "AcqRel to Release", LOAD_BUFFERING),
    ("Chair::give_back", "fetch_and(!Seat::OUT, AcqRel)", "AcqRel to Release", LOAD_BUFFERING),
    ("Chair::complete", "fetch_add(Seat::OUT_TO_DONE, AcqRel)", "AcqRel to Release", LOAD_BUFFERING),
    ("Chair::ask", "fetch_or(Seat::ASKED, AcqRel)", "AcqRel to Release", LOAD_BUFFERING),
];

const LOAD_BUFFERING: &str = "it forbids load buffering, which no engine here produces";

/// Why this stays although no model fails without it, if there is a reason.
pub(super) fn why_kept(alteration: &Alteration) -> Option<&'static str> {
    let is_it = |(function, part, change, _): &&(&str, &str, &str, &'static str)| {
        alteration.function == *function && alteration.code.contains(part) && alteration.change == *change
    };
    KEPT.iter().find(is_it).map(|(.., why)| *why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use turnstile_altered::altered::ALTERATIONS;

    #[test]
    fn what_is_kept_is_there() {
        for (function, part, change, _) in KEPT {
            let is_it = |alteration: &&Alteration| {
                alteration.function == *function && alteration.code.contains(part) && alteration.change == *change
            };
            assert_eq!(ALTERATIONS.iter().filter(is_it).count(), 1, "{function}, {part}, {change}");
        }
    }
}
