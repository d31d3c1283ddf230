//! The end of a socket that sends: nothing is lost without a word.

use std::time::Duration;

use treewire::Closed;
use treewire::SocketHandle;

use crate::ending::Ending;
use crate::patience::Patience;

/// Waits until the peers confirmed everything, and closes the socket. Returns how
/// many messages were given up in its life.
pub(super) async fn flush(socket: &SocketHandle, patience: Patience) -> Result<u64, Ending> {
    let progress = || (socket.unflushed(), socket.peers());
    let close = patience.wait(socket.close(None), progress, "no confirmation");
    Ok(lost(socket, close.await?))
}

/// Closes the socket at once. Returns how many messages were given up in its life.
pub(super) async fn give_up(socket: &SocketHandle) -> u64 {
    lost(socket, socket.close(Duration::ZERO).await)
}

fn lost(socket: &SocketHandle, closed: Closed) -> u64 {
    let at_the_end = match closed {
        Closed::Flushed => 0,
        Closed::Dropped(count) => count,
    };
    socket.lost() + at_the_end
}

pub(super) fn lost_text(lost: u64) -> String {
    match lost {
        1 => "1 message was dropped or not confirmed".to_owned(),
        _ => format!("{lost} messages were dropped or not confirmed"),
    }
}
