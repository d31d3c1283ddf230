//! Bodies of control frames: postcard, with room for fields of later versions at the end.

use serde::{Deserialize, Serialize};

use super::frame::FrameKind;
use crate::dialect::Violation;

/// Texts in control frames are cut to this many bytes.
pub(super) const TEXT_BYTES_MAX: usize = 4 * 1024;

pub(super) fn encode(body: &impl Serialize) -> Vec<u8> {
    postcard::to_stdvec(body).expect("plain structs always encode into a growing vector")
}

/// Reads a body; bytes after it are ignored.
pub(super) fn decode<'a, T: Deserialize<'a>>(
    kind: FrameKind,
    body: &'a [u8],
) -> Result<T, Violation> {
    match postcard::take_from_bytes(body) {
        Ok((value, _)) => Ok(value),
        Err(_) => Err(Violation::MalformedBody { frame: kind.name() }),
    }
}

/// The text without what exceeds `bytes_max`.
pub(super) fn cut(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
