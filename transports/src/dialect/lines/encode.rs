//! Messages as lines.

use crate::dialect::{Output, Unsendable};
use crate::{Content, Envelope, Failure, Kind, Payload};

/// How the line begins that says why a request failed.
pub(super) const FAILURE: &str = "error ";

/// Whether a line carries it as it is.
pub(super) fn check(envelope: &Envelope, parts_max: usize) -> Result<(), Unsendable> {
    if envelope.kind != Kind::Data {
        // A failure has a line of its own, whatever its text.
        return Ok(());
    }
    let content = &envelope.content;
    let parts = content.part_count();
    if parts > parts_max {
        let limit = parts_max;
        return Err(Unsendable::TooManyParts { parts, limit });
    }
    if content.headers().is_some() {
        return Err(Unsendable::HeadersNotCarried);
    }
    let line = joined(content);
    let ends_with = |last: &[u8]| line.strip_suffix(last).map(<[u8]>::len);
    match memchr::memchr(b'\n', &line).or_else(|| ends_with(b"\r")) {
        Some(at) => Err(Unsendable::EndOfLine { at }),
        None => Ok(()),
    }
}

/// The parts with a space between them.
fn joined(content: &Content) -> Payload {
    match content.part_count() {
        1 => content.first().clone(),
        _ => {
            let parts: Vec<&[u8]> = content.parts().map(|part| &**part).collect();
            parts.join(&b' ').into()
        }
    }
}

/// Appends data or a failure.
pub(super) fn line(envelope: &Envelope, output: &mut Output) {
    let content = &envelope.content;
    let line = match envelope.kind {
        Kind::Failure => failure(content.first()).into(),
        _ => joined(content),
    };
    output.frame(b"", line);
    // A link of whole messages says itself where one ends.
    if !output.is_packets() {
        output.bytes(b"\n");
    }
}

fn failure(encoded: &[u8]) -> String {
    let failure =
        Failure::decode(encoded).unwrap_or_else(|malformed| Failure::new(0, malformed.to_string()));
    let text = failure.text.replace(['\n', '\r'], " ");
    format!("{FAILURE}{} {text}", failure.code)
}
