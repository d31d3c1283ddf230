//! Handshakes that fail, on a wire on which a stranger may say anything.

use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
#[cfg(unix)]
use tokio::net::UnixListener;

use super::support::raw::{Bytes, Raw};
use super::*;

over_every_wire! {
    zeromq_20_an_accepted_handshake_fails_without_detail_by_protocol_or_by_time
    zeromq_20_a_dialed_handshake_fails_without_detail_by_protocol_or_by_time
}

/// Somebody who is dialed, and speaks as the test does.
enum Stranger {
    Tcp(TcpListener),
    #[cfg(unix)]
    Ipc(UnixListener),
}

impl Stranger {
    /// Where it listens, too.
    async fn listen(place: &str) -> (Stranger, String) {
        let (scheme, path) = place.split_once("://").unwrap();
        #[cfg(unix)]
        if scheme == "ipc" {
            let listener = UnixListener::bind(path).unwrap();
            return (Stranger::Ipc(listener), place.to_owned());
        }
        let listener = TcpListener::bind(path).await.unwrap();
        let endpoint = format!("{scheme}://{}", listener.local_addr().unwrap());
        (Stranger::Tcp(listener), endpoint)
    }

    async fn accept(&self) -> Box<dyn Bytes> {
        match self {
            Stranger::Tcp(listener) => Box::new(in_time(listener.accept()).await.unwrap().0),
            #[cfg(unix)]
            Stranger::Ipc(listener) => Box::new(in_time(listener.accept()).await.unwrap().0),
        }
    }
}

/// Leaves no file behind.
#[cfg(unix)]
impl Drop for Stranger {
    fn drop(&mut self) {
        if let Stranger::Ipc(listener) = self {
            let address = listener.local_addr().unwrap();
            std::fs::remove_file(address.as_pathname().unwrap()).unwrap();
        }
    }
}

/// The next event that is one of a handshake that failed.
async fn failed(events: &mut SocketEvents) -> OfflineReason {
    loop {
        let event = in_time(events.next()).await.expect("the socket has closed");
        if let SocketEvent::HandshakeFailed { reason, .. } = event {
            return reason;
        }
    }
}

async fn zeromq_20_an_accepted_handshake_fails_without_detail_by_protocol_or_by_time(listen: &str) {
    let node = node().await;
    let pull = Pull::new("pull").listen(listen);
    let pull = pull.handshake_deadline(Duration::from_millis(500));
    let pull = node.spawn(pull).await.unwrap();
    let mut events = pull.events();
    let endpoint = address(&pull);
    drop(Raw::connect(&endpoint).await);
    assert_eq!(kind(&failed(&mut events).await), "lost");
    let mut raw = Raw::connect(&endpoint).await;
    raw.say(b"GET / HTTP/1.1\r\n\r\n").await;
    assert_eq!(kind(&failed(&mut events).await), "misbehaved");
    let mute = Raw::connect(&endpoint).await;
    assert_eq!(failed(&mut events).await, OfflineReason::Silent);
    drop((raw, mute));
    assert_eq!(pull.peers(), 0);
    stop(node).await;
}

async fn zeromq_20_a_dialed_handshake_fails_without_detail_by_protocol_or_by_time(listen: &str) {
    let node = node().await;
    let (stranger, endpoint) = Stranger::listen(listen).await;
    let push = Push::new("push").handshake_deadline(Duration::from_millis(500));
    let push = node.spawn(push).await.unwrap();
    let mut events = push.events();
    in_time(push.dial(&endpoint)).await.unwrap();
    let hangs_up = stranger.accept().await;
    drop(hangs_up);
    assert_eq!(kind(&failed(&mut events).await), "lost");
    let mute = stranger.accept().await;
    assert_eq!(failed(&mut events).await, OfflineReason::Silent);
    let mut babbles = stranger.accept().await;
    babbles.write_all(b"220 ready\r\n").await.unwrap();
    assert_eq!(kind(&failed(&mut events).await), "misbehaved");
    expect(&mut events, &endpoint, &["disconnected", "retrying"]).await;
    drop((mute, babbles));
    stop(node).await;
}
