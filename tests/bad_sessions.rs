//! Bad peers of reliable sockets: their connection ends with a named reason, nothing else
//! suffers.

use std::sync::LazyLock;
use std::time::Duration;

use treewire::prelude::*;
use treewire::{PullSocket, PushSocket};

mod support;
use support::raw::*;
use support::*;

#[path = "support/log.rs"]
mod log;

static LOG: LazyLock<log::Log> = LazyLock::new(log::Log::catch);

/// A reliable pull that listens, and an honest push.
struct World {
    node: Node,
    pull: PullSocket,
    push: PushSocket,
}

async fn world() -> World {
    world_with(|pull| pull).await
}

async fn world_with(options: impl FnOnce(Pull) -> Pull) -> World {
    LazyLock::force(&LOG);
    let node = node().await;
    let pull = Pull::new("pull").listen("tcp://127.0.0.1:0");
    let pull = options(pull.delivery(Reliable));
    let pull = node.spawn(pull).await.unwrap();
    let push = Push::new("push").dial(address(&pull));
    let push = node.spawn(push.delivery(Reliable)).await.unwrap();
    let world = World { node, pull, push };
    world.works().await;
    world
}

impl World {
    async fn works(&self) {
        in_time(self.push.send("honest")).await.unwrap();
        let message = in_time(self.pull.recv()).await.unwrap().unwrap();
        assert_eq!(*message.payload(), "honest");
        drop(message);
        in_time(self.push.drain()).await;
        assert_eq!(self.push.lost(), 0);
    }

    /// A node of that instance asks to open a session.
    async fn ask(&self, instance: u8, opening: Opening) -> Raw {
        let mut raw = Raw::connect(&address(&self.pull)).await;
        raw.say(&[hello_of(1, [instance; 16]), opening.frame()].concat())
            .await;
        raw
    }

    /// The same, and it is granted.
    async fn open(&self, instance: u8, opening: Opening) -> Raw {
        let hello_and_open = [hello_of(1, [instance; 16]), opening.frame()].concat();
        Raw::open_with(&address(&self.pull), &hello_and_open, "pull").await
    }

    /// It is told that reason, and gone.
    async fn is_refused(&self, mut raw: Raw, reason: &str) {
        let heard = raw.hear_all().await;
        let heard = String::from_utf8_lossy(&heard).into_owned();
        assert!(heard.contains(reason), "{reason} in {heard}");
        self.works().await;
    }
}

/// What an OPEN says of its session.
#[derive(Clone, Copy)]
struct Opening {
    session: u8,
    epoch: u64,
    received: u64,
    handled: u64,
    resumes: bool,
    begins_after: u64,
}

/// The first attempt at a new session.
const NEW: Opening = Opening {
    session: 7,
    epoch: 1,
    received: 0,
    handled: 0,
    resumes: false,
    begins_after: 0,
};

/// The second attempt at it.
const AGAIN: Opening = Opening {
    epoch: 2,
    resumes: true,
    ..NEW
};

impl Opening {
    fn frame(self) -> Vec<u8> {
        let session = Session {
            received: self.received,
            resumes: self.resumes,
            begins_after: self.begins_after,
            ..Session::reliable([self.session; 16], self.epoch)
        };
        let credit = credit_figures(self.handled, 1_000, 1 << 24);
        frame(0x40, 1, &channel("push", session, &credit))
    }
}

#[tokio::test]
async fn a_session_that_is_not_known_is_not_resumed() {
    let world = world().await;
    let raw = world.ask(0x22, AGAIN).await;
    world.is_refused(raw, "the session is not known here").await;
    stop(world.node).await;
}

#[tokio::test]
async fn nobody_resumes_the_session_of_another_node() {
    let world = world().await;
    let owner = world.open(0x22, NEW).await;
    let thief = world.ask(0x33, AGAIN).await;
    world.is_refused(thief, "belongs to another node").await;
    drop(owner);
    let owner = world.open(0x22, AGAIN).await;
    drop(owner);
    stop(world.node).await;
}

#[tokio::test]
async fn a_stale_attempt_takes_nobodys_place() {
    let world = world().await;
    let owner = world.open(0x22, Opening { epoch: 9, ..NEW }).await;
    for epoch in [0, 1, 8, 9] {
        let stale = Opening { epoch, ..AGAIN };
        let stale = world.ask(0x22, stale).await;
        world.is_refused(stale, "a newer attempt").await;
    }
    until_tree(&world.node, "the owner is still there", |tree| {
        tree.walk().any(|child| child.name.contains(&owner.name))
    })
    .await;
    stop(world.node).await;
}

#[tokio::test]
async fn figures_that_cannot_be_end_the_connection() {
    let world = world().await;
    let never_sent = Opening {
        received: 1 << 63,
        ..NEW
    };
    let more_than_received = Opening { handled: 1, ..NEW };
    let endless = Opening {
        begins_after: 1 << 63,
        ..NEW
    };
    let said = [
        (endless, "goes on after message 9223372036854775808"),
        (never_sent, "has message 9223372036854775808"),
        (
            more_than_received,
            "handled 1 messages of the session and received 0",
        ),
    ];
    for (opening, reason) in said {
        let log_end = LOG.end();
        let raw = world.ask(0x22, opening).await;
        let name = raw.name.clone();
        world.is_refused(raw, reason).await;
        let warnings = LOG.warnings_with(log_end, &name);
        assert_eq!(warnings.len(), 1, "{warnings:#?}");
        assert!(warnings[0].contains(reason), "{warnings:#?}");
    }
    stop(world.node).await;
}

#[tokio::test]
async fn an_acknowledgement_of_what_was_never_sent_ends_the_connection() {
    let world = world().await;
    for (session, handled) in [(1, 1), (2, 1 << 63)] {
        let opening = Opening { session, ..NEW };
        let mut raw = world.open(0x22, opening).await;
        raw.say(&credit(&credit_figures(handled, 1_000, 1 << 24)))
            .await;
        world.is_refused(raw, "it was sent 0").await;
    }
    stop(world.node).await;
}

#[tokio::test]
async fn who_sends_a_byte_of_a_message_now_and_then_loses_its_connection() {
    const NOW_AND_THEN: Duration = Duration::from_millis(100);
    let start = LOG.end();
    let world = world_with(|pull| pull.heartbeat(NOW_AND_THEN, 10 * NOW_AND_THEN)).await;
    let mut raw = world.open(0x22, NEW).await;
    until_tree(&world.node, "it is there", |_| world.pull.peers() == 2).await;
    raw.say(&head(0x10, 1, 1_000)).await;
    in_time(async {
        while LOG.warnings_with(start, "too slow to be alive").is_empty() {
            raw.say(b"s").await;
            raw.hear_for(NOW_AND_THEN).await;
        }
    })
    .await;
    world.works().await;
    stop(world.node).await;
}

#[tokio::test]
async fn whoever_resumes_for_ever_has_one_session_and_one_place() {
    let world = world().await;
    let mut connections = Vec::new();
    for epoch in 1..200 {
        let opening = Opening {
            epoch,
            resumes: epoch > 1,
            ..NEW
        };
        // Each takes the place of the one before, whose connection is not closed first.
        connections.push(world.open(0x22, opening).await);
        until_tree(&world.node, "it has its place", |_| world.pull.peers() == 2).await;
    }
    world.works().await;
    stop(world.node).await;
}
