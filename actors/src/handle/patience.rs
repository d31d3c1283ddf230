use std::future::pending;
use std::time::Duration;

use futures_util::future::BoxFuture;

use super::SocketHandle;

/// How long a call goes on waiting, counted from its first wait.
pub(super) struct Patience(Option<BoxFuture<'static, ()>>);

impl Patience {
    /// By the clock of the socket's node, so that a task needs no timers of its own; `None` is
    /// without end.
    pub(super) fn of(socket: &SocketHandle, time: Option<Duration>) -> Self {
        Patience(time.map(|time| Box::pin(socket.actor.clock().sleep(time)) as _))
    }

    /// Completes once, when it is at its end.
    pub(super) async fn ends(&mut self) {
        match &mut self.0 {
            Some(sleep) => sleep.await,
            None => pending().await,
        }
    }
}
