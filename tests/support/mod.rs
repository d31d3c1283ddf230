//! What the tests share: a watchdog, conditions to wait for, quick sockets.

#![allow(
    dead_code,
    unused_macros,
    reason = "each test binary uses its share of it"
)]

pub(crate) mod greedy;
pub(crate) mod memory;
pub(crate) mod proxy;
pub(crate) mod raw;
pub(crate) mod threads;

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use treewire::runtime::ChildSnapshot;
use treewire::transports::Registry;
use treewire::{Node, NodeSnapshot, SocketHandle};

/// After this long a test has failed.
pub(crate) const WATCHDOG: Duration = Duration::from_secs(30);

/// How often a condition is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// Runs each named function, an `async fn(listen: &str)`, over every transport: one
/// more transport is one more line here. `{}` is a number of the test's own.
macro_rules! over_every_transport {
    ($($(#[$attribute:meta])* $test:ident)*) => {
        over_every_transport!(@ tcp "tcp://127.0.0.1:0" $($(#[$attribute])* $test)*);
        #[cfg(unix)]
        over_every_transport!(@ ipc "ipc:///tmp/treewire-here-{}.sock" $($(#[$attribute])* $test)*);
        over_every_transport!(@ ws "ws://127.0.0.1:0" $($(#[$attribute])* $test)*);
        over_every_transport!(@ inproc "inproc://here" $($(#[$attribute])* $test)*);
    };
    (@ $transport:ident $listen:literal $($(#[$attribute:meta])* $test:ident)*) => {
        mod $transport {
            $(
                $(#[$attribute])*
                #[tokio::test]
                async fn $test() {
                    super::$test(&$crate::support::numbered($listen)).await;
                }
            )*
        }
    };
}

/// The same over every transport whose bytes a stranger can write.
macro_rules! over_every_wire {
    ($($(#[$attribute:meta])* $test:ident)*) => {
        over_every_transport!(@ tcp "tcp://127.0.0.1:0" $($(#[$attribute])* $test)*);
        #[cfg(unix)]
        over_every_transport!(@ ipc "ipc:///tmp/treewire-wire-{}.sock" $($(#[$attribute])* $test)*);
        over_every_transport!(@ ws "ws://127.0.0.1:0" $($(#[$attribute])* $test)*);
    };
}

/// The place with a number instead of `{}` that no other test has, in this process or another.
pub(crate) fn numbered(place: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    place.replace("{}", &format!("{}-{number}", std::process::id()))
}

/// Fails the test instead of hanging it.
pub(crate) async fn in_time<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(WATCHDOG, what)
        .await
        .expect("the watchdog barked")
}

/// Waits for a condition; `what` is the text of the failure.
pub(crate) async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let barks = Instant::now() + WATCHDOG;
    while !condition() {
        assert!(Instant::now() < barks, "the watchdog barked: {what}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// Waits until the tree is as it should be, and gives it.
pub(crate) async fn until_tree(
    node: &Node,
    what: &str,
    mut condition: impl FnMut(&NodeSnapshot) -> bool,
) -> NodeSnapshot {
    let barks = Instant::now() + WATCHDOG;
    loop {
        let tree = in_time(node.snapshot()).await.unwrap();
        if condition(&tree) {
            return tree;
        }
        assert!(
            Instant::now() < barks,
            "the watchdog barked: {what}:\n{}",
            drawn(&tree)
        );
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// The tree in a few lines, for the texts of failures.
pub(crate) fn drawn(tree: &NodeSnapshot) -> String {
    let mut lines = String::new();
    for child in tree.walk() {
        let exits: Vec<_> = child.exits.iter().map(|exit| &exit.reason).collect();
        lines += &format!(
            "{} {}, restarts {}, in {}, out {}, {exits:?} {:?} {:?}\n",
            child.path,
            child.state,
            child.restarts,
            child.messages_in,
            child.messages_out,
            child.drops,
            child.details
        );
    }
    lines
}

pub(crate) async fn node() -> Node {
    Node::builder("test").start().await.unwrap()
}

/// Nodes that know each other's `inproc` names.
pub(crate) async fn nodes_together<const COUNT: usize>() -> [Node; COUNT] {
    let registry = Registry::standard();
    let mut nodes = Vec::new();
    for _ in 0..COUNT {
        let node = Node::builder("test").provide(registry.clone());
        nodes.push(node.start().await.unwrap());
    }
    let nodes = nodes.try_into();
    nodes.unwrap_or_else(|_| unreachable!("there are as many as that"))
}

pub(crate) async fn stop(node: Node) {
    in_time(node.stop()).await.unwrap();
}

/// Where the socket listens, to be dialed.
pub(crate) fn address(socket: &SocketHandle) -> String {
    socket.endpoints()[0].to_string()
}

/// An address that somebody can listen at later: itself, or a free port.
pub(crate) fn address_for_later(listen: &str) -> String {
    match listen.strip_suffix(":0") {
        None => listen.to_owned(),
        Some(host) => {
            let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            format!("{host}:{}", free.local_addr().unwrap().port())
        }
    }
}

/// Polls the future once.
pub(crate) async fn poll_once<F: Future + ?Sized>(mut future: Pin<&mut F>) -> Poll<F::Output> {
    std::future::poll_fn(|task| Poll::Ready(future.as_mut().poll(task))).await
}

/// The children of that kind, anywhere in the tree.
pub(crate) fn of_kind<'a>(
    tree: &'a NodeSnapshot,
    kind: &'a str,
) -> impl Iterator<Item = &'a ChildSnapshot> {
    tree.walk().filter(move |child| child.kind == kind)
}

/// What became of messages that a child dropped because of `cause`.
pub(crate) fn drops(tree: &NodeSnapshot, path: &str, cause: &str) -> u64 {
    let child = tree.find(path);
    child.map_or(0, |child| child.drops.get(cause).copied().unwrap_or(0))
}

/// Messages that the child at `path` got over its wires.
pub(crate) fn messages_in(tree: &NodeSnapshot, path: &str) -> u64 {
    tree.find(path).map_or(0, |child| child.messages_in)
}

/// Messages that the child at `path` sent over its wires.
pub(crate) fn messages_out(tree: &NodeSnapshot, path: &str) -> u64 {
    tree.find(path).map_or(0, |child| child.messages_out)
}

/// Repeatable chance (xorshift).
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Dice(seed.max(1))
    }

    pub(crate) fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Below `limit`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.roll() % limit
    }
}

/// Kills one child after the other, again and again, until `work` is done.
pub(crate) async fn while_killing<T>(
    nodes: [&Node; 2],
    seed: u64,
    work: impl Future<Output = T>,
) -> (T, u64) {
    let mut kills = 0;
    let kill = async {
        let mut dice = Dice::new(seed);
        loop {
            let node = nodes[dice.below(2) as usize];
            let tree = node.snapshot().await.unwrap();
            let paths: Vec<_> = tree.walk().map(|child| child.path.clone()).collect();
            // It may be gone by now.
            if node
                .kill(&paths[dice.below(paths.len() as u64) as usize])
                .await
                .is_ok()
            {
                kills += 1;
            }
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    };
    let result = tokio::select! {
        result = work => result,
        never = kill => never,
    };
    (result, kills)
}
