//! Endpoints that come and go leave no file descriptors behind: alone in its process, so that
//! they can be counted.
#![cfg(target_os = "linux")]

use treewire::prelude::*;

mod support;
use support::*;

/// How many descriptors this process has open.
fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

#[tokio::test]
async fn churn_leaves_no_file_descriptors_behind() {
    let node = node().await;
    let pull = node.spawn(Pull::new("pull")).await.unwrap();
    let push = node.spawn(Push::new("push")).await.unwrap();
    // With how many a listener has.
    let places = [
        ("tcp://127.0.0.1:0".to_owned(), 2),
        ("ws://127.0.0.1:0".to_owned(), 2),
        (numbered("ipc:///tmp/treewire-churn-{}.sock"), 1),
    ];
    let mut before = None;
    for round in 0..20 {
        for (place, of_listener) in &places {
            let endpoint = in_time(pull.listen(place)).await.unwrap();
            let listening = descriptors();
            in_time(push.dial(&endpoint)).await.unwrap();
            in_time(push.send("round")).await.unwrap();
            in_time(pull.recv()).await.unwrap().unwrap();
            until("a connection has one at each end", || {
                descriptors() <= listening + 2
            })
            .await;
            // A listener that still has a connection has no descriptor of its own any more.
            let both = descriptors();
            in_time(pull.unlisten(place)).await.unwrap();
            until("the listener's are closed", || {
                descriptors() <= both - of_listener
            })
            .await;
            in_time(push.undial(&endpoint)).await.unwrap();
            assert!(in_time(pull.listen("tcp://256.0.0.1:0")).await.is_err());
            in_time(push.dial("tcp://127.0.0.1:1")).await.unwrap();
            in_time(push.undial("tcp://127.0.0.1:1")).await.unwrap();
        }
        until_tree(&node, "only the sockets are left", |tree| {
            tree.walk().count() == 2
        })
        .await;
        // The first round opens what stays.
        match before {
            None if round > 0 => before = Some(descriptors()),
            None => {}
            Some(before) => until("as many as before", || descriptors() <= before).await,
        }
    }
    stop(node).await;
}
