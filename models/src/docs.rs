//! Writes documents, with errors that name the file.

use std::path::Path;
use std::{fs, io};

/// The same error, about this file.
pub(crate) fn about(file: &Path) -> impl Fn(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("{}: {error}", file.display()))
}

/// Puts text between the two marks of a document.
pub(crate) fn write_into(doc: &Path, mark: &str, text: &str) -> io::Result<()> {
    let mark = format!("<!-- {mark} -->\n");
    let old = fs::read_to_string(doc).map_err(about(doc))?;
    let [before, _, after] = old.split(&*mark).collect::<Vec<_>>()[..] else {
        return Err(io::Error::other(format!("{} lacks two lines with {}", doc.display(), mark.trim())));
    };
    let text = text.trim_end();
    fs::write(doc, format!("{before}{mark}{text}\n\n{mark}{after}")).map_err(about(doc))
}

/// Digits in groups of three.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
