//! An execution as a picture.

use std::fmt::Write as _;

use crate::journal::Step;

/// An SVG that lists the steps.
pub fn svg(title: &str, caption: &str, steps: &[Step]) -> String {
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let lines = [title.to_string(), caption.to_string()].into_iter();
    let lines = lines.chain(steps.iter().map(|step| format!("{}: {}", step.lane.name(), step.text)));
    let height = 20 * (steps.len() + 3);
    let mut out = format!("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"800\" height=\"{height}\">\n");
    for (number, line) in (1..).zip(lines) {
        let _ = writeln!(out, "<text x=\"10\" y=\"{}\">{}</text>", 20 * number, escaped(&line));
    }
    out + "</svg>\n"
}
