//! Lines out of bytes.

use bytes::{Bytes, BytesMut};

use super::encode::FAILURE;
use crate::dialect::Violation;
use crate::{Envelope, Failure};

/// Finds lines at the front of what has arrived; no byte is looked at twice.
#[derive(Debug)]
pub(super) struct Lines {
    message_bytes_max: u64,
    /// So many bytes at the front hold no end of a line.
    searched: usize,
}

impl Lines {
    pub(super) fn new(message_bytes_max: u64) -> Self {
        Self {
            message_bytes_max,
            searched: 0,
        }
    }

    /// The first line, if it is there to its end.
    pub(super) fn next(&mut self, input: &mut BytesMut) -> Result<Option<Bytes>, Violation> {
        let Some(found) = memchr::memchr(b'\n', &input[self.searched..]) else {
            self.searched = input.len();
            self.check(without_return(input).len())?;
            return Ok(None);
        };
        let end = self.searched + found;
        self.searched = 0;
        let line = input.split_to(end + 1).freeze();
        let line = line.slice(..without_return(&line[..end]).len());
        self.check(line.len())?;
        Ok(Some(line))
    }

    /// A line whose end is where the bytes end.
    pub(super) fn whole(&mut self, line: Bytes) -> Result<Bytes, Violation> {
        self.searched = 0;
        self.check(line.len())?;
        match memchr::memchr(b'\n', &line) {
            Some(at) => Err(Violation::LineInLine { at }),
            None => Ok(line),
        }
    }

    /// What was searched is gone.
    pub(super) fn restart(&mut self) {
        self.searched = 0;
    }

    fn check(&self, bytes: usize) -> Result<(), Violation> {
        let (bytes, limit) = (bytes as u64, self.message_bytes_max);
        match bytes > limit {
            true => Err(Violation::MessageTooLarge { bytes, limit }),
            false => Ok(()),
        }
    }
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// What the answer to a request says.
pub(super) fn answer(line: Bytes) -> Envelope {
    match failure(&line) {
        Some(failure) => Envelope::failure(0, &failure),
        None => Envelope::new(line),
    }
}

/// The failure in `error <code> <text>`.
fn failure(line: &[u8]) -> Option<Failure> {
    let line = str::from_utf8(line.strip_prefix(FAILURE.as_bytes())?).ok()?;
    let (code, text) = line.split_once(' ')?;
    let is_a_number = code.bytes().all(|digit| digit.is_ascii_digit());
    let code = code.parse().ok().filter(|_| is_a_number)?;
    Some(Failure::new(code, text))
}
