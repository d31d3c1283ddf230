use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use parking_lot::Mutex;
use tokio::net::{UnixListener, UnixStream};

use super::file::SocketFile;
use crate::Cutter;

/// A listening socket and its file, which leave together: when their acceptor is dropped, or from another thread when
/// they are cut. Clones share them.
#[derive(Clone)]
pub(super) struct Held(Arc<Mutex<State>>);

struct State {
    listener: Option<UnixListener>,
    file: Option<SocketFile>,
    acceptor: Option<Waker>,
}

impl Held {
    pub(super) fn new(listener: UnixListener, file: Option<SocketFile>) -> Self {
        Self(Arc::new(Mutex::new(State {
            listener: Some(listener),
            file,
            acceptor: None,
        })))
    }

    /// `NotConnected` once it was let go.
    pub(super) fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<UnixStream>> {
        let mut state = self.0.lock();
        let Some(listener) = &state.listener else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        let accepted = listener.poll_accept(cx);
        if accepted.is_pending() {
            state.acceptor = Some(cx.waker().clone());
        }
        accepted.map_ok(|(stream, _)| stream)
    }

    /// Frees the address. Links that wait to be accepted end.
    pub(super) fn let_go(&self) {
        let mut state = self.0.lock();
        // While the listener lives nobody takes the file for a stale one, nor can its inode be used again.
        if let Some(file) = state.file.take() {
            file.remove();
        }
        drop(state.listener.take());
        let acceptor = state.acceptor.take();
        drop(state);
        if let Some(acceptor) = acceptor {
            acceptor.wake();
        }
    }

    pub(super) fn cutter(&self) -> Cutter {
        let held = self.clone();
        Cutter::new(move || held.let_go())
    }
}
