//! Received messages on their way to standard output.
//!
//! They are written on a thread of their own: a reader that does not read holds
//! up neither heartbeats nor signals.

mod format;

use std::io::{IsTerminal, Write, stdout};
use std::thread;

use tokio::sync::{mpsc, watch};

use crate::ending::Ending;
pub(crate) use format::append;

/// Bytes, and what may happen once they are written.
struct Batch {
    bytes: Vec<u8>,
    covers: Option<Box<dyn FnOnce() + Send>>,
}

impl Batch {
    fn written(mut self) {
        if let Some(covers) = self.covers.take() {
            covers();
        }
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        // A message that is dropped counts as handled, and these were not written.
        std::mem::forget(self.covers.take());
    }
}

/// Whether a person reads it.
pub(crate) fn is_terminal() -> bool {
    stdout().is_terminal()
}

/// How many batches wait for the one that is being written.
const BATCHES_AHEAD: usize = 2;

pub(crate) struct Output {
    batches: mpsc::Sender<Batch>,
    state: watch::Receiver<State>,
}

#[derive(Clone)]
enum State {
    Writing,
    Written,
    Failed(String),
}

impl Output {
    pub(crate) fn open() -> Result<Self, Ending> {
        let (batches, receiver) = mpsc::channel(BATCHES_AHEAD);
        let (sender, state) = watch::channel(State::Writing);
        thread::Builder::new()
            .name("treewire-output".into())
            .spawn(move || {
                sender.send_replace(write_all(receiver));
            })
            .map_err(Ending::failed)?;
        Ok(Output { batches, state })
    }

    /// Hands over `bytes` to be written; `covers` is called once they are. It
    /// waits when much is waiting already.
    pub(crate) async fn write(
        &self,
        bytes: Vec<u8>,
        covers: impl FnOnce() + Send + 'static,
    ) -> Result<(), Ending> {
        let batch = Batch {
            bytes,
            covers: Some(Box::new(covers)),
        };
        match self.batches.send(batch).await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.failed().await),
        }
    }

    /// Waits until nothing can be written any more.
    pub(crate) async fn failed(&self) -> Ending {
        let mut state = self.state.clone();
        let failed = state.wait_for(|state| matches!(state, State::Failed(_)));
        match failed.await.as_deref() {
            Ok(State::Failed(text)) => Ending::Failed(text.clone()),
            _ => Ending::failed("the thread that writes standard output is gone"),
        }
    }

    /// Waits until everything is written.
    pub(crate) async fn finish(self) -> Result<(), Ending> {
        drop(self.batches);
        let mut state = self.state;
        let ended = state.wait_for(|state| !matches!(state, State::Writing));
        match ended.await.as_deref() {
            Ok(State::Written) => Ok(()),
            Ok(State::Failed(text)) => Err(Ending::Failed(text.clone())),
            _ => Err(Ending::failed(
                "the thread that writes standard output is gone",
            )),
        }
    }
}

fn write_all(mut batches: mpsc::Receiver<Batch>) -> State {
    let mut stdout = stdout().lock();
    while let Some(batch) = batches.blocking_recv() {
        let written = stdout.write_all(&batch.bytes).and_then(|()| stdout.flush());
        match written {
            Ok(()) => batch.written(),
            Err(error) => {
                return State::Failed(format!("cannot write to standard output: {error}"));
            }
        }
    }
    State::Written
}
