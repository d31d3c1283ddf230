//! The end of a socket that sends: nothing is lost without a word.

use std::time::Duration;

use treewire::Closed;
use treewire::SocketHandle;

use crate::ending::{Ending, Outcome};
use crate::patience::Patience;

/// How a socket ends that sent all it was to send, or could not: well, if nothing was given up in
/// its life. Who ran out of time has it open still.
pub(super) async fn finish(socket: &SocketHandle, sent: Outcome, patience: &Patience) -> Outcome {
    sent?;
    match flush(socket, patience).await? {
        0 => Ok(()),
        lost => Err(Ending::Failed(lost_text(lost))),
    }
}

/// Waits until the peers confirmed everything, and closes the socket. Returns how
/// many messages were given up in its life.
async fn flush(socket: &SocketHandle, patience: &Patience) -> Result<u64, Ending> {
    let progress = || (socket.unflushed(), socket.peers());
    let lacking = "no confirmation";
    patience.wait(socket.drain(), progress, lacking).await?;
    // It closes without anybody, too.
    let patience = patience.with_nobody();
    patience.wait(close(socket, None), progress, lacking).await
}

/// Closes the socket at once. Returns how many messages were given up in its life.
pub(super) async fn give_up(socket: &SocketHandle) -> u64 {
    close(socket, Some(Duration::ZERO)).await
}

async fn close(socket: &SocketHandle, linger: Option<Duration>) -> u64 {
    // What the close itself gave up is among the lost ones.
    let (Closed::Flushed | Closed::Dropped(_)) = socket.close(linger).await;
    socket.lost()
}

pub(super) fn lost_text(lost: u64) -> String {
    match lost {
        1 => "1 message was dropped or not confirmed".to_owned(),
        _ => format!("{lost} messages were dropped or not confirmed"),
    }
}
