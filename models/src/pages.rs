//! The casebook as documents: a picture of a specimen.

use turnstile_kit::explore::Violation;
use turnstile_kit::picture::svg;

use crate::casebook::Case;

/// What the checker has found, as a picture.
pub(crate) fn picture(case: &Case, violation: &Violation) -> String {
    svg(&format!("{} · {}", case.case, case.slug), &violation.what, &violation.steps)
}
