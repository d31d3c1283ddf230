//! Handshakes that fail, on a wire on which a stranger may say anything.

use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use super::support::raw::Raw;
use super::*;

/// The next event that is one of a handshake that failed.
async fn failed(events: &mut SocketEvents) -> OfflineReason {
    loop {
        let event = in_time(events.next()).await.expect("the socket has closed");
        if let SocketEvent::HandshakeFailed { reason, .. } = event {
            return reason;
        }
    }
}

#[tokio::test]
async fn zeromq_20_an_accepted_handshake_fails_without_detail_by_protocol_or_by_time() {
    let node = node().await;
    let pull = Pull::new("pull").listen("tcp://127.0.0.1:0");
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

#[tokio::test]
async fn zeromq_20_a_dialed_handshake_fails_without_detail_by_protocol_or_by_time() {
    let node = node().await;
    let stranger = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let push = Push::new("push").handshake_deadline(Duration::from_millis(500));
    let push = node.spawn(push).await.unwrap();
    let mut events = push.events();
    let endpoint = format!("tcp://{}", stranger.local_addr().unwrap());
    in_time(push.dial(&endpoint)).await.unwrap();
    let (hangs_up, _) = in_time(stranger.accept()).await.unwrap();
    drop(hangs_up);
    assert_eq!(kind(&failed(&mut events).await), "lost");
    let (mute, _) = in_time(stranger.accept()).await.unwrap();
    assert_eq!(failed(&mut events).await, OfflineReason::Silent);
    let (mut babbles, _) = in_time(stranger.accept()).await.unwrap();
    babbles.write_all(b"220 ready\r\n").await.unwrap();
    assert_eq!(kind(&failed(&mut events).await), "misbehaved");
    expect(&mut events, &endpoint, &["disconnected", "retrying"]).await;
    drop((mute, babbles));
    stop(node).await;
}
