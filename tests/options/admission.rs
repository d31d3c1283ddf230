//! Hosts that an endpoint does not admit.

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use treewire::prelude::*;

use crate::support::*;

#[path = "../support/log.rs"]
mod log;

#[tokio::test]
async fn strangers_are_counted_and_the_log_tells_of_the_first() {
    let log = log::Log::catch();
    let start = log.end();
    let node = node().await;
    let pull = Pull::new("pull").listen("tcp://127.0.0.1:0?deny=127.0.0.0/8");
    let pull = node.spawn(pull).await.unwrap();
    let endpoint = &pull.endpoints()[0];
    for turned_away in 1..=3 {
        let mut stranger = TcpStream::connect(endpoint.address()).await.unwrap();
        // The end, or a reset.
        let _ = in_time(stranger.read(&mut [0])).await;
        until_tree(&node, "it is counted", |tree| {
            let mut listeners = of_kind(tree, "listener");
            let bad_peers = listeners.find_map(|listener| listener.details.get("bad peers"));
            bad_peers.is_some_and(|count| *count == turned_away.to_string())
        })
        .await;
    }
    let warnings = log.warnings_with(start, &format!("tcp://{}", endpoint.address()));
    assert_eq!(warnings.len(), 1, "{warnings:#?}");
    assert!(warnings[0].contains("deny lists its address"));
    assert_eq!(pull.peers(), 0);
    stop(node).await;
}
