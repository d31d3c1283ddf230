//! Many bad peers at once: memory stays flat. In a binary of its own, since it measures the process.

use std::future::IntoFuture;
use std::time::Duration;

use treewire::prelude::*;

mod support;
use support::memory::resident_bytes;
use support::raw::*;
use support::*;

/// What the process may have gained, for peers by the thousand.
const GAIN_BYTES_MAX: u64 = 48 * 1024 * 1024;

#[tokio::test]
async fn a_thousand_bad_peers_at_once_leave_memory_flat_and_others_served() {
    let node = node().await;
    let rep = Rep::new("rep")
        .listen("tcp://127.0.0.1:0")
        .handshake_deadline(Duration::from_secs(2));
    let rep = node.spawn(rep).await.unwrap();
    let server = rep.clone();
    tokio::spawn(async move {
        while let Some(request) = server.recv().await.unwrap() {
            request.reply("served");
        }
    });
    let req = node
        .spawn(Req::new("req").dial(address(&rep)))
        .await
        .unwrap();
    let served = async || {
        let answer = in_time(req.request("honest").into_future()).await.unwrap();
        assert_eq!(*answer.first(), "served");
    };
    served().await;

    let mut before = None;
    let nothing = (false, Vec::new());
    for (what, (opens, piece)) in [
        ("nothing, for the caches", nothing.clone()),
        ("nothing", nothing),
        ("half a hello", (false, hello()[..9].to_vec())),
        ("a hello", (false, hello())),
        ("garbage", (false, vec![b'x'; 1_000])),
        ("a frame of 4 GiB", (true, head(0x10, 1, 1 << 32))),
        (
            "a frame of 1 MiB that does not come",
            (true, head(0x10, 1, 1 << 20)),
        ),
        (
            "a message that does not end",
            (true, frame(0x12, 1, &[0; 1_000])),
        ),
    ] {
        let mut peers = Vec::new();
        for number in 0..1_000 {
            let mut raw = if opens {
                Raw::open(&address(&rep), "req", "rep").await
            } else {
                Raw::connect(&address(&rep)).await
            };
            raw.say(&piece).await;
            peers.push(raw);
            if number % 100 == 0 {
                served().await;
            }
        }
        let gained = resident_bytes().saturating_sub(*before.get_or_insert_with(resident_bytes));
        assert!(gained < GAIN_BYTES_MAX, "{what}: {gained} bytes more");
        served().await;
        drop(peers);
        until_tree(&node, "all are gone", |tree| {
            of_kind(tree, "connection").count() == 2
        })
        .await;
        served().await;
        eprintln!("{what}: {gained} bytes more");
    }
    stop(node).await;
}
