//! Bytes into lines.

use bytes::Bytes;
use treewire::Payload;

/// Splits chunks at `\n`, which it removes; `\r` stays. Short lines share their chunk.
pub(super) struct Lines {
    /// The beginning of a line that goes on in the next chunk.
    begun: Vec<u8>,
    bytes_max: usize,
}

/// A line is longer than a message may be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

impl Lines {
    pub(super) fn new(bytes_max: usize) -> Self {
        Lines {
            begun: Vec::new(),
            bytes_max,
        }
    }

    /// The lines that end in this chunk, in order.
    pub(super) fn split(
        &mut self,
        mut chunk: Bytes,
        lines: &mut Vec<Payload>,
    ) -> Result<(), TooLong> {
        while let Some(end) = chunk.iter().position(|byte| *byte == b'\n') {
            let line = chunk.split_to(end);
            let _newline = chunk.split_to(1);
            if self.begun.is_empty() {
                self.check(line.len())?;
                lines.push(Payload::from(line));
            } else {
                self.begin(&line)?;
                lines.push(Payload::from(std::mem::take(&mut self.begun)));
            }
        }
        self.begin(&chunk)
    }

    /// The last line, if the input does not end with `\n`.
    pub(super) fn finish(self) -> Option<Payload> {
        (!self.begun.is_empty()).then(|| Payload::from(self.begun))
    }

    fn begin(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        self.check(self.begun.len() + bytes.len())?;
        self.begun.extend_from_slice(bytes);
        Ok(())
    }

    fn check(&self, bytes: usize) -> Result<(), TooLong> {
        if bytes > self.bytes_max {
            Err(TooLong)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(chunks: &[&str]) -> Vec<String> {
        let mut lines = Lines::new(100);
        let mut found = Vec::new();
        for chunk in chunks {
            lines
                .split(Bytes::copy_from_slice(chunk.as_bytes()), &mut found)
                .unwrap();
        }
        found.extend(lines.finish());
        let text = |line: Payload| String::from_utf8(line.to_vec()).unwrap();
        found.into_iter().map(text).collect()
    }

    #[test]
    fn lines_do_not_depend_on_the_chunks() {
        let text = "a\n\nbc\r\n last, without an end of line";
        let expected = ["a", "", "bc\r", " last, without an end of line"];
        for size in 1..text.len() {
            let chunks: Vec<&str> = text
                .as_bytes()
                .chunks(size)
                .map(|chunk| std::str::from_utf8(chunk).unwrap())
                .collect();
            assert_eq!(split(&chunks), expected, "in chunks of {size}");
        }
    }

    #[test]
    fn only_what_was_written_is_a_message() {
        assert_eq!(split(&[]), [""; 0]);
        assert_eq!(split(&["\n"]), [""]);
        assert_eq!(split(&["a\n"]), ["a"]);
    }

    #[test]
    fn a_line_that_is_too_long_is_not_collected() {
        for chunks in [&["12345\n"][..], &["123", "45"], &["12", "34", "5\n"]] {
            let mut lines = Lines::new(4);
            let mut found = Vec::new();
            let result: Result<(), TooLong> = chunks.iter().try_for_each(|chunk| {
                lines.split(Bytes::from_static(chunk.as_bytes()), &mut found)
            });
            assert_eq!(result, Err(TooLong));
            assert!(lines.begun.len() <= 4 && found.is_empty());
        }
    }
}
