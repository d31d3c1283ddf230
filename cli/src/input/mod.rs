//! What is sent: read on a thread of its own, in bounded chunks, ahead of the sockets.

mod lines;
mod reader;

use std::fs::File;
use std::io::{IsTerminal, Read, stdin};
use std::thread;

use tokio::sync::mpsc;
use treewire::Payload;

use crate::arguments::InputArguments;
use crate::ending::Ending;
use reader::{Reader, read_lines, read_whole};

/// The messages to send, in order.
pub(crate) struct Input {
    batches: mpsc::Receiver<Result<Vec<Payload>, Ending>>,
    batch: std::vec::IntoIter<Payload>,
    /// How many more are wanted.
    left: u64,
    typed: bool,
}

/// How many chunks are read ahead.
const BATCHES_AHEAD: usize = 4;

impl Input {
    /// Begins to read what the arguments name, messages of so many bytes at most.
    pub(crate) fn open(arguments: InputArguments, bytes_max: usize) -> Result<Self, Ending> {
        let (sender, batches) = mpsc::channel(BATCHES_AHEAD);
        let mut input = Input {
            batches,
            batch: Vec::new().into_iter(),
            left: arguments.count.unwrap_or(u64::MAX),
            typed: false,
        };
        if !arguments.data.is_empty() {
            let messages: Vec<Payload> = arguments.data.into_iter().map(Payload::from).collect();
            input.batch = messages.into_iter();
            return Ok(input);
        }
        let (source, name): (Box<dyn Read + Send>, String) = match &arguments.file {
            None => {
                input.typed = stdin().is_terminal();
                (Box::new(stdin()), "standard input".into())
            }
            Some(path) => {
                let name = path.display().to_string();
                let cannot = |error| Ending::Failed(format!("cannot open {name}: {error}"));
                let file = File::open(path).map_err(cannot)?;
                (Box::new(file), name)
            }
        };
        let reader = Reader {
            source,
            name,
            bytes_max,
            batches: sender,
        };
        let read = if arguments.whole {
            read_whole
        } else {
            read_lines
        };
        thread::Builder::new()
            .name("treewire-input".into())
            .spawn(move || read(reader))
            .map_err(Ending::failed)?;
        Ok(input)
    }

    /// Whether a person types it.
    pub(crate) fn is_typed(&self) -> bool {
        self.typed
    }

    /// The next message; `None` at the end. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Result<Option<Payload>, Ending> {
        if self.left == 0 {
            return Ok(None);
        }
        loop {
            if let Some(message) = self.batch.next() {
                self.left -= 1;
                return Ok(Some(message));
            }
            match self.batches.recv().await {
                Some(batch) => self.batch = batch?.into_iter(),
                None => return Ok(None),
            }
        }
    }
}
