//! Messages as lines.

use crate::dialect::{Output, Unsendable};
use crate::{Envelope, Failure, Kind};

/// How the line begins that says why a request failed.
pub(super) const FAILURE: &str = "error ";

/// Whether a line carries it as it is.
pub(super) fn check(envelope: &Envelope) -> Result<(), Unsendable> {
    if envelope.kind != Kind::Data {
        // A failure has a line of its own, whatever its text.
        return Ok(());
    }
    let content = &envelope.content;
    let parts = content.part_count();
    if parts > 1 {
        return Err(Unsendable::TooManyParts { parts, limit: 1 });
    }
    if content.headers().is_some() {
        return Err(Unsendable::HeadersNotCarried);
    }
    let line: &[u8] = content.first();
    let at = memchr::memchr(b'\n', line).or_else(|| line.strip_suffix(b"\r").map(<[u8]>::len));
    match at {
        Some(at) => Err(Unsendable::EndOfLine { at }),
        None => Ok(()),
    }
}

/// Appends data or a failure.
pub(super) fn line(envelope: &Envelope, output: &mut Output) {
    let payload = envelope.content.first();
    match envelope.kind {
        Kind::Failure => output.frame(failure(payload).as_bytes(), Default::default()),
        _ => output.frame(b"", payload.clone()),
    }
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
