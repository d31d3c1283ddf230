use std::io;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;
use parking_lot::Mutex;
use tokio::net::{UnixListener, UnixStream};

use super::file::SocketFile;
use crate::Cutter;

/// A listening socket and its file, which leave together: when their acceptor is dropped, or from another thread when
/// they are cut. Clones share them.
#[derive(Clone)]
pub(super) struct Held(Arc<Shared>);

struct Shared {
    /// `None` once it was let go.
    listening: Mutex<Option<Listening>>,
    acceptor: AtomicWaker,
}

struct Listening {
    listener: Arc<UnixListener>,
    file: Option<SocketFile>,
}

impl Held {
    pub(super) fn new(listener: UnixListener, file: Option<SocketFile>) -> Self {
        let listener = Arc::new(listener);
        Self(Arc::new(Shared {
            listening: Mutex::new(Some(Listening { listener, file })),
            acceptor: AtomicWaker::new(),
        }))
    }

    /// `NotConnected` once it was let go.
    pub(super) fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<UnixStream>> {
        self.0.acceptor.register(cx.waker());
        let listening = self.0.listening.lock();
        let listener = listening.as_ref().map(|listening| &listening.listener);
        let Some(listener) = listener.cloned() else {
            return Poll::Ready(Err(io::ErrorKind::NotConnected.into()));
        };
        drop(listening);
        listener.poll_accept(cx).map_ok(|(stream, _)| stream)
    }

    /// Frees the address. Links that wait to be accepted end.
    pub(super) fn let_go(&self) {
        let Some(Listening { listener, file }) = self.0.listening.lock().take() else {
            return;
        };
        // While the listener lives nobody takes the file for a stale one, nor can its inode be used again.
        if let Some(file) = file {
            file.remove();
        }
        drop(listener);
        self.0.acceptor.wake();
    }

    pub(super) fn cutter(&self) -> Cutter {
        let held = self.clone();
        Cutter::new(move || held.let_go())
    }
}
