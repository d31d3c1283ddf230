//! Bad peers on raw tcp: each costs its own connection only, is counted, and is named in the log
//! once, while others work.

use std::future::IntoFuture;
use std::sync::LazyLock;
use std::time::Duration;

use tokio::sync::{Mutex, MutexGuard};
use treewire::prelude::*;
use treewire::{NodeSnapshot, PullSocket, PushSocket, RepSocket, ReqSocket};

mod support;
use support::raw::*;
use support::*;

#[path = "support/log.rs"]
mod log;

/// One world at a time: the log names peers by ports, which the system uses again.
static TURN: Mutex<()> = Mutex::const_new(());

static LOG: LazyLock<log::Log> = LazyLock::new(log::Log::catch);

/// A pull and a rep that listen, and honest peers of both.
struct World {
    node: Node,
    pull: PullSocket,
    rep: RepSocket,
    push: PushSocket,
    req: ReqSocket,
    _turn: MutexGuard<'static, ()>,
}

/// What was there before a bad peer came.
struct Before {
    bad_peers: u64,
    log_end: usize,
}

async fn world() -> World {
    world_at("tcp://127.0.0.1:0").await
}

async fn world_at(listen: &str) -> World {
    let turn = TURN.lock().await;
    LazyLock::force(&LOG);
    let node = node().await;
    let pull = Pull::new("pull")
        .listen(listen)
        .receive_bound(Bound::messages(10))
        .handshake_deadline(Duration::from_millis(300));
    let pull = node.spawn(pull).await.unwrap();
    let rep = Rep::new("rep")
        .listen(listen)
        .handshake_deadline(Duration::from_millis(300));
    let rep = node.spawn(rep).await.unwrap();
    let push = node.spawn(Push::new("push").dial(address(&pull))).await;
    let req = node.spawn(Req::new("req").dial(address(&rep))).await;
    let world = World {
        node,
        pull,
        rep,
        push: push.unwrap(),
        req: req.unwrap(),
        _turn: turn,
    };
    world.works().await;
    world
}

impl World {
    /// The honest peers are served.
    async fn works(&self) {
        in_time(self.push.send("honest")).await.unwrap();
        while *in_time(self.pull.recv()).await.unwrap().unwrap().payload() != "honest" {}
        let asking = tokio::spawn(self.req.request("honest").into_future());
        loop {
            let request = in_time(self.rep.recv()).await.unwrap().unwrap();
            let honest = *request.content().first() == "honest";
            request.reply("served");
            if honest {
                break;
            }
        }
        let answer = in_time(asking).await.unwrap().unwrap();
        assert_eq!(*answer.first(), "served");
        assert_eq!((self.push.lost(), self.req.lost()), (0, 0));
    }

    /// One bad peer of each socket says its piece; then all is as `costs_itself_only` has it.
    async fn bears(&self, piece: &[u8], in_log: &str) {
        for socket in ["pull", "rep"] {
            let before = self.before(socket).await;
            let mut raw = Raw::connect(&self.address(socket)).await;
            raw.say(piece).await;
            raw.hear_all().await;
            self.costs_itself_only(&raw, socket, before, in_log).await;
        }
    }

    async fn before(&self, socket: &str) -> Before {
        Before {
            bad_peers: bad_peers(&self.node.snapshot().await.unwrap(), socket),
            log_end: LOG.end(),
        }
    }

    fn address(&self, socket: &str) -> String {
        match socket {
            "pull" => address(&self.pull),
            _ => address(&self.rep),
        }
    }

    async fn costs_itself_only(&self, raw: &Raw, socket: &str, before: Before, in_log: &str) {
        let tree = until_tree(&self.node, "it is counted and gone", |tree| {
            bad_peers(tree, socket) == before.bad_peers + 1 && !is_connected(tree, socket, raw)
        })
        .await;
        assert!(
            tree.walk().all(|child| child.restarts == 0),
            "{}",
            drawn(&tree)
        );
        let warnings = LOG.warnings_with(before.log_end, &raw.name);
        assert_eq!(warnings.len(), 1, "{warnings:#?}");
        assert!(warnings[0].contains(in_log), "{in_log} in {}", warnings[0]);
        self.works().await;
    }
}

fn listener<'a>(tree: &'a NodeSnapshot, socket: &str) -> &'a treewire::runtime::ChildSnapshot {
    let beginning = format!("{socket}/listener ");
    of_kind(tree, "listener")
        .find(|child| child.path.starts_with(&beginning))
        .unwrap()
}

/// Whether that listener has a connection of that peer. Only its own are looked at: the kernel gives
/// one local port to connections of different destinations.
fn is_connected(tree: &NodeSnapshot, socket: &str, raw: &Raw) -> bool {
    let listener = listener(tree, socket);
    tree.walk()
        .filter(|child| child.path.starts_with(&listener.path))
        .any(|child| child.name.contains(&raw.name))
}

fn bad_peers(tree: &NodeSnapshot, socket: &str) -> u64 {
    let details = &listener(tree, socket).details;
    details
        .get("bad peers")
        .map_or(0, |count| count.parse().unwrap())
}

#[tokio::test]
async fn garbage_is_no_hello() {
    let world = world().await;
    for seed in 1..20 {
        let mut dice = Dice::new(seed);
        let garbage: Vec<u8> = (0..dice.below(100_000) + 1)
            .map(|_| dice.roll() as u8)
            .collect();
        // It may begin like anything but a hello.
        let garbage = [&[0x5a][..], &garbage].concat();
        world.bears(&garbage, "dropped a bad peer").await;
    }
    stop(world.node).await;
}

#[tokio::test]
async fn an_http_request_is_no_hello() {
    let world = world().await;
    let request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    world.bears(request, "dropped a bad peer").await;
    stop(world.node).await;
}

#[tokio::test]
async fn an_upgrade_to_websocket_with_bad_headers_is_refused() {
    let world = world_at("ws://127.0.0.1:0").await;
    let plain = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    world.bears(plain, "upgrade").await;
    world.bears(b"POST / HTTP/1.1\r\n\r\n", "method").await;
    world.bears(&hello(), "refused its upgrade").await;
    let endless = [&b"GET / HTTP/1.1\r\nX: "[..], &[b'x'; 20_000]].concat();
    world.bears(&endless, "more than 16384 bytes").await;
    // One that never ends.
    world.bears(b"GET / HTTP/1.1\r\n", "handshake").await;
    stop(world.node).await;
}

#[tokio::test]
async fn a_frame_that_breaks_the_rules_of_websocket_is_refused() {
    let world = world_at("ws://127.0.0.1:0").await;
    let request =
        b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    let after_upgrade = |frame: &[u8]| [request, frame].concat();
    let masked = |head: &[u8]| after_upgrade(&[head, &[0; 4]].concat());
    world.bears(&masked(&[0x81, 0x80]), "text").await;
    world.bears(&after_upgrade(&[0x82, 0x00]), "mask").await;
    let lie = [&[0x82, 0xff][..], &[0xff; 8]].concat();
    world.bears(&masked(&lie), "too large").await;
    // What is in the frame is for the dialect.
    world
        .bears(&masked(&[0x82, 0x80]), "dropped a bad peer")
        .await;
    stop(world.node).await;
}

#[tokio::test]
async fn another_version_is_refused() {
    let world = world().await;
    world.bears(&hello_of_version(2), "version").await;
    world.bears(&hello_of_version(0), "version").await;
    stop(world.node).await;
}

#[tokio::test]
async fn a_frame_cut_off_by_the_end_is_no_frame() {
    let world = world().await;
    for (socket, peer) in [("pull", "push"), ("rep", "req")] {
        let whole = [hello(), open(peer), data(b"never whole")].concat();
        for cut in [1, 7, 20, hello().len() + 1, whole.len() - 1] {
            let before = world.before(socket).await;
            let mut raw = Raw::connect(&world.address(socket)).await;
            raw.say(&whole[..cut]).await;
            raw.finish().await;
            raw.hear_all().await;
            let log = "in the middle of a frame";
            world.costs_itself_only(&raw, socket, before, log).await;
        }
    }
    stop(world.node).await;
}

#[tokio::test]
async fn a_frame_that_claims_four_gigabytes_is_refused() {
    let world = world().await;
    for (socket, peer) in [("pull", "push"), ("rep", "req")] {
        for length in [u64::from(u32::MAX), u64::MAX, 1024 * 1024 + 1] {
            let before = world.before(socket).await;
            let mut raw = Raw::open(&world.address(socket), peer, socket).await;
            raw.say(&head(0x10, 1, length)).await;
            raw.hear_all().await;
            let log = "dropped a bad peer";
            world.costs_itself_only(&raw, socket, before, log).await;
        }
    }
    stop(world.node).await;
}

#[tokio::test]
async fn a_peer_that_says_nothing_has_until_the_handshake_deadline() {
    let world = world().await;
    world.bears(b"", "handshake within 300ms").await;
    world.bears(&hello(), "handshake within 300ms").await;
    world.bears(&hello()[..10], "handshake within 300ms").await;
    stop(world.node).await;
}

#[tokio::test]
async fn a_peer_that_only_looks_is_no_bad_peer() {
    let world = world().await;
    let before = world.before("pull").await;
    let mut raw = Raw::connect(&address(&world.pull)).await;
    raw.finish().await;
    raw.hear_all().await;
    let tree = until_tree(&world.node, "it is gone", |tree| {
        !is_connected(tree, "pull", &raw)
    })
    .await;
    world.works().await;
    assert_eq!(bad_peers(&tree, "pull"), 0);
    assert!(LOG.warnings_with(before.log_end, &raw.name).is_empty());
    stop(world.node).await;
}

#[tokio::test]
async fn a_wrong_socket_type_is_refused_with_a_reason_both_sides_read() {
    let world = world().await;
    for (socket, peer) in [
        ("pull", "req"),
        ("rep", "push"),
        ("pull", "\u{1f333}"),
        ("rep", ""),
    ] {
        let before = world.before(socket).await;
        let mut raw = Raw::connect(&world.address(socket)).await;
        raw.say(&[hello(), open(peer)].concat()).await;
        let heard = String::from_utf8_lossy(&raw.hear_all().await).into_owned();
        let reason = format!("a {socket} socket talks to");
        assert!(heard.contains(&reason), "{heard}");
        world.costs_itself_only(&raw, socket, before, &reason).await;
    }
    stop(world.node).await;
}

#[tokio::test]
async fn what_comes_out_of_turn_ends_the_connection() {
    let world = world().await;
    let ping = frame(0x90, 0, &[1]);
    for piece in [
        [hello(), data(b"before the open")].concat(),
        [hello(), credit(&credit_figures(0, 1, 1))].concat(),
        [hello(), frame(0x50, 1, &[0; 24])].concat(),
        [hello(), hello()].concat(),
        [hello(), frame(0x80, 1, &[0, 0, 0])].concat(),
        [hello(), frame(0xf0, 0, b"no such kind")].concat(),
        [hello(), frame(0x40, 1, b"no open")].concat(),
        [hello(), frame(0x40, 2, b"")].concat(),
        [hello(), frame(0x90, 7, &[1])].concat(),
        [ping, hello()].concat(),
    ] {
        world.bears(&piece, "dropped a bad peer").await;
    }
    stop(world.node).await;
}

#[tokio::test]
async fn broken_messages_end_the_connection() {
    let world = world().await;
    for (socket, peer) in [("pull", "push"), ("rep", "req")] {
        for piece in [
            // MORE with FRAGMENT; HEADERS alone; a header block that is none; a cut-off tag.
            frame(0x13, 1, b"x"),
            frame(0x14, 1, b"x"),
            [frame(0x15, 1, &[0xff; 9]), data(b"x")].concat(),
            frame(0x18, 1, &[0xff]),
            // Another kind in the middle of a message; a close there; another channel.
            [frame(0x11, 1, b"x"), cancel(1)].concat(),
            [frame(0x11, 1, b"x"), frame(0x80, 1, &[0, 0, 0])].concat(),
            frame(0x10, 3, b"x"),
            // More parts than a message may have.
            frame(0x11, 1, b"").repeat(1_100),
            // Credit that is none.
            credit(&[0xff; 30]),
        ] {
            let before = world.before(socket).await;
            let mut raw = Raw::open(&world.address(socket), peer, socket).await;
            raw.say(&piece).await;
            raw.hear_all().await;
            let log = "dropped a bad peer";
            world.costs_itself_only(&raw, socket, before, log).await;
        }
    }
    stop(world.node).await;
}

#[tokio::test]
async fn more_than_its_credit_ends_the_connection() {
    let world = world().await;
    let before = world.before("pull").await;
    let mut raw = Raw::open(&address(&world.pull), "push", "pull").await;
    // Nobody receives meanwhile, and the bound is 10.
    raw.say(&data(b"flood").repeat(100)).await;
    let heard = String::from_utf8_lossy(&raw.hear_all().await).into_owned();
    assert!(heard.contains("more than the 10 messages"), "{heard}");
    let log = "more than the 10 messages";
    world.costs_itself_only(&raw, "pull", before, log).await;
    stop(world.node).await;
}

/// Otherwise a peer could make a sender believe that everything was flushed.
#[tokio::test]
async fn credit_for_what_was_never_sent_ends_the_connection() {
    let world = world().await;
    let before = world.before("pull").await;
    let mut raw = Raw::open(&address(&world.pull), "push", "pull").await;
    raw.say(&credit(&credit_figures(1, 10, 10))).await;
    let log = "handled 1 messages, it was sent 0";
    let heard = String::from_utf8_lossy(&raw.hear_all().await).into_owned();
    assert!(heard.contains(log), "{heard}");
    world.costs_itself_only(&raw, "pull", before, log).await;
    stop(world.node).await;
}

#[tokio::test]
async fn a_second_channel_is_refused_and_the_first_goes_on() {
    let world = world().await;
    let mut raw = Raw::open(&address(&world.pull), "push", "pull").await;
    let mut second = open("push");
    second[1] = 3;
    raw.say(&[second, data(b"on the first")].concat()).await;
    let message = in_time(world.pull.recv()).await.unwrap().unwrap();
    assert_eq!(*message.payload(), "on the first");
    drop(message);
    let heard = raw.hear_for(Duration::from_millis(50)).await;
    let heard = String::from_utf8_lossy(&heard).into_owned();
    assert!(heard.contains("one channel already"), "{heard}");
    world.works().await;
    stop(world.node).await;
}

#[tokio::test]
async fn absurd_credit_breaks_nothing() {
    let _turn = TURN.lock().await;
    LazyLock::force(&LOG);
    let node = node().await;
    let push = Push::new("push").listen("tcp://127.0.0.1:0");
    let push = node.spawn(push).await.unwrap();
    let most = u64::MAX;
    let mut raw = Raw::connect(&address(&push)).await;
    raw.say(
        &[
            hello(),
            open_with("pull", &credit_figures(most, most, most)),
        ]
        .concat(),
    )
    .await;
    in_time(push.ready(1)).await;
    for figures in [(0, most, most), (0, 0, 0), (0, 0, most), (0, 1, 0)] {
        raw.say(&credit(&credit_figures(figures.0, figures.1, figures.2)))
            .await;
        for _ in 0..10 {
            in_time(push.send("into the void")).await.unwrap();
        }
    }
    // A peer without any credit gets nothing, and holds up nobody else.
    let nothing = [hello(), open_with("pull", &credit_figures(0, 0, 0))].concat();
    let _mean = Raw::open_with(&address(&push), &nothing, "push").await;
    in_time(push.ready(2)).await;
    drop(raw);
    until("it has left", || push.peers() == 1).await;
    in_time(push.send("for the mean one")).await.unwrap();
    let honest = Pull::new("honest").dial(address(&push));
    let honest = node.spawn(honest).await.unwrap();
    in_time(push.ready(2)).await;
    in_time(push.send("for the honest one")).await.unwrap();
    let message = in_time(honest.recv()).await.unwrap().unwrap();
    assert_eq!(*message.payload(), "for the honest one");
    stop(node).await;
}

#[tokio::test]
async fn a_flood_of_cancels_breaks_nothing() {
    let world = world().await;
    let mut raw = Raw::open(&address(&world.rep), "req", "rep").await;
    for round in 0..200 {
        let flood: Vec<u8> = (0..1_000)
            .flat_map(|n| cancel(round * 1_000 + n + 1))
            .collect();
        raw.say(&flood).await;
    }
    world.works().await;
    drop(raw);
    world.works().await;
    stop(world.node).await;
}

#[tokio::test]
async fn a_reply_to_a_request_that_was_none_goes_nowhere() {
    let world = world().await;
    let mut raw = Raw::open(&address(&world.rep), "req", "rep").await;
    let same = frame(0x18, 1, &[7, b'x']);
    // Untagged, then twice with the same id, then a failure nobody asked for.
    let piece = [data(b"x"), same.clone(), same, frame(0x28, 1, &[9, 1, 0])];
    raw.say(&piece.concat()).await;
    world.works().await;
    drop(raw);
    world.works().await;
    stop(world.node).await;
}
