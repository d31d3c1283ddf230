//! The reading thread. It ends at the end of the input, or when nobody wants more.

use std::io::{ErrorKind, Read};

use bytes::Bytes;
use tokio::sync::mpsc;
use treewire::Payload;

use super::lines::{Lines, TooLong};
use crate::ending::Ending;

pub(super) struct Reader {
    pub(super) source: Box<dyn Read + Send>,
    /// For errors.
    pub(super) name: String,
    /// The largest message.
    pub(super) bytes_max: usize,
    pub(super) batches: mpsc::Sender<Result<Vec<Payload>, Ending>>,
}

const CHUNK_BYTES: usize = 64 * 1024;

pub(super) fn read_lines(mut reader: Reader) {
    let mut lines = Lines::new(reader.bytes_max);
    let mut read = 0;
    loop {
        let mut batch = Vec::new();
        let chunk = match reader.chunk() {
            Ok(chunk) => chunk,
            Err(ending) => return reader.give(Err(ending)),
        };
        if chunk.is_empty() {
            return reader.give(Ok(lines.finish().into_iter().collect()));
        }
        let split = lines.split(chunk, &mut batch);
        read += batch.len();
        if !batch.is_empty() {
            reader.give(Ok(batch));
        }
        if split == Err(TooLong) {
            let line = read + 1;
            let what = format!("line {line} of {}", reader.name);
            return reader.give(Err(reader.too_long(&what)));
        }
        if reader.batches.is_closed() {
            return;
        }
    }
}

pub(super) fn read_whole(mut reader: Reader) {
    let mut whole = Vec::new();
    // One byte more than is allowed tells that it is too long.
    let limit = (reader.bytes_max as u64).saturating_add(1);
    let read = (&mut reader.source).take(limit).read_to_end(&mut whole);
    let message = match read {
        Err(error) => Err(reader.cannot_read(error)),
        Ok(_) if whole.len() > reader.bytes_max => Err(reader.too_long(&reader.name)),
        Ok(_) => Ok(vec![Payload::from(whole)]),
    };
    reader.give(message);
}

impl Reader {
    /// What there is to read, at least one byte; empty at the end.
    fn chunk(&mut self) -> Result<Bytes, Ending> {
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            match self.source.read(&mut chunk) {
                Ok(count) => {
                    chunk.truncate(count);
                    return Ok(Bytes::from(chunk));
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(self.cannot_read(error)),
            }
        }
    }

    fn give(&self, batch: Result<Vec<Payload>, Ending>) {
        // Whoever sends may have all it wants.
        let _ = self.batches.blocking_send(batch);
    }

    fn cannot_read(&self, error: std::io::Error) -> Ending {
        Ending::Failed(format!("cannot read {}: {error}", self.name))
    }

    fn too_long(&self, what: &str) -> Ending {
        let bytes_max = self.bytes_max;
        Ending::Failed(format!(
            "{what} has more than {bytes_max} bytes, which is the limit of a message"
        ))
    }
}
