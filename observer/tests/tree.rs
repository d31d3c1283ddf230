//! The tree over HTTP, also while the arbiter that runs user code is blocked.

use std::sync::mpsc;

use actix::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use treewire_observer::Observe;
use treewire_runtime::{Child, Node, NodeError, NodeSnapshot};

struct Blocked;

impl Actor for Blocked {
    type Context = treewire_runtime::Context<Self>;
}

struct Hold(mpsc::Receiver<()>);
impl Message for Hold {
    type Result = ();
}
impl Handler<Hold> for Blocked {
    type Result = ();
    fn handle(&mut self, hold: Hold, _: &mut Self::Context) {
        hold.0.recv().ok();
    }
}

async fn get(address: &str, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().to_owned(), body.to_owned())
}

#[tokio::test]
async fn the_tree_is_served_while_the_node_is_blocked() {
    let node = Node::builder("shop")
        .observe("127.0.0.1:0")
        .start()
        .await
        .unwrap();
    let blocked = node.spawn(Child::new("blocked", || Blocked)).await.unwrap();
    let (release, hold) = mpsc::channel();
    blocked.do_send(Hold(hold));

    let snapshot = node.snapshot().await.unwrap();
    let endpoint = snapshot.find("observer").unwrap().details["endpoint"].clone();
    let address = endpoint.strip_prefix("http://").unwrap();
    let (status, body) = get(address, "/api/tree").await;
    assert_eq!(status, "HTTP/1.1 200 OK");
    let tree: NodeSnapshot = serde_json::from_str(&body).unwrap();
    assert_eq!(tree.name, "shop");
    assert!(tree.find("blocked").is_some());
    assert!(get(address, "/other").await.0.contains("404"));

    drop(release);
    node.stop().await.unwrap();
}

#[tokio::test]
async fn a_taken_or_bad_address_fails_the_start() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for (address, says) in [
        (address.as_str(), "in use"),
        ("nowhere", "bad observer address"),
    ] {
        let error = Node::builder("shop")
            .observe(address)
            .start()
            .await
            .unwrap_err();
        let NodeError::Spawn(error) = error else {
            panic!("{error}")
        };
        assert!(error.to_string().contains(says), "{error}");
    }
}
