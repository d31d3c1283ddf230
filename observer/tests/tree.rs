//! The tree over HTTP, also while the arbiter that runs user code is blocked.

use std::sync::mpsc;

use actix::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use treewire_observer::Observe;
use treewire_runtime::{
    Child, ChildSnapshot, Exit, Failure, IntoSpec, LEVELS_MAX, Node, NodeError, NodeSnapshot,
    SpawnError, Supervisor,
};

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

struct Fail;
impl Message for Fail {
    type Result = ();
}
impl Handler<Fail> for Blocked {
    type Result = ();
    fn handle(&mut self, _: Fail, context: &mut Self::Context) {
        context.end(Exit::Failed(Failure::new("no disk")));
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

#[tokio::test]
async fn the_deepest_tree_there_may_be_is_shown() {
    let node = Node::builder("deep").observe("127.0.0.1:0");
    let node = node.start().await.unwrap();
    let (actor, lowest) = Child::new("actor", || Blocked).into_spec();
    let nest = |actor, levels| {
        (1..levels).fold(actor, |below, level| {
            let supervisor = Supervisor::new(level.to_string()).child(below);
            supervisor.into_spec().0
        })
    };
    node.spawn(nest(actor, LEVELS_MAX)).await.unwrap();
    let (refused, _) = Child::new("refused", || Blocked).into_spec();
    let refused = node.spawn(nest(refused, LEVELS_MAX + 1)).await.unwrap_err();
    assert!(matches!(
        refused,
        SpawnError::TooDeep {
            levels_max: LEVELS_MAX,
            ..
        }
    ));

    lowest.send(Fail).await.unwrap();
    let snapshot = node.snapshot().await.unwrap();
    let endpoint = snapshot.find("observer").unwrap().details["endpoint"].clone();
    let address = endpoint.strip_prefix("http://").unwrap();
    let shown = tokio::time::timeout(std::time::Duration::from_secs(20), async {
        loop {
            let (status, body) = get(address, "/api/tree").await;
            assert_eq!(status, "HTTP/1.1 200 OK");
            let (levels, deepest) = read_deep(body);
            if !deepest.exits.is_empty() {
                return (levels, deepest);
            }
        }
    });
    let (levels, deepest) = shown.await.expect("the exit is recorded");
    // The observer is a child, too.
    assert_eq!(levels, LEVELS_MAX + 1);
    assert_eq!((deepest.name.as_str(), deepest.exits.len()), ("actor", 1));
    node.stop().await.unwrap();
}

/// How many children there are, and the last of them; read where there is stack enough.
fn read_deep(json: String) -> (usize, ChildSnapshot) {
    let read = move || {
        let mut json = serde_json::Deserializer::from_str(&json);
        json.disable_recursion_limit();
        let read = json.into_iter::<NodeSnapshot>().next();
        let tree = read.expect("there is a tree").unwrap();
        let deepest = tree.walk().last().cloned();
        (tree.walk().count(), deepest.expect("it has children"))
    };
    let thread = std::thread::Builder::new().stack_size(LEVELS_MAX * (32 << 10));
    thread.spawn(read).unwrap().join().unwrap()
}
