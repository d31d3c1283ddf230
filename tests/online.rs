//! What every socket tells of its peers: that they are there, that they are away and why.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use treewire::PipeState::{Connecting, Disconnected, Ready};
use treewire::prelude::*;
use treewire::runtime::ChildState;
use treewire::transports::RefusalCode;
use treewire::{
    OfflineReason, PipeState, SocketEvent, SocketEvents, SocketHandle, Source, World, driven,
};

#[macro_use]
mod support;
use support::proxy::Proxy;
use support::raw::Raw;
use support::*;

over_every_transport! {
    iridium_09_online_and_offline_come_exactly_once_per_transition
}

/// What one end was told.
struct Witness {
    events: SocketEvents,
    /// Of each pipe that it ever had: whether its peer is there.
    is_online: HashMap<Source, bool>,
    online: u32,
    offline: Vec<OfflineReason>,
}

impl Witness {
    fn of(socket: &SocketHandle) -> Self {
        Witness {
            events: socket.events(),
            is_online: HashMap::new(),
            online: 0,
            offline: Vec::new(),
        }
    }

    /// Takes note of what was told since the last time, and that it can be.
    fn look(&mut self) {
        while let Some(event) = self.events.try_next() {
            match event {
                SocketEvent::Online { source, .. } => {
                    let before = self.is_online.insert(source, true);
                    assert_ne!(before, Some(true), "online twice");
                    self.online += 1;
                }
                SocketEvent::Offline { source, reason, .. } => {
                    let before = self.is_online.insert(source, false);
                    assert_eq!(before, Some(true), "offline twice, or before it was online");
                    self.offline.push(reason);
                }
                SocketEvent::Lagged { count } => panic!("{count} events were missed"),
                _ => {}
            }
        }
    }

    fn peers(&self) -> usize {
        let online = self.is_online.values().filter(|&&is_online| is_online);
        online.count()
    }
}

/// The states of what a socket dials, as they come.
async fn states_until(events: &mut SocketEvents, last: PipeState) -> Vec<PipeState> {
    let mut states = Vec::new();
    while states.last() != Some(&last) {
        let event = in_time(events.next()).await;
        if let SocketEvent::State { state, .. } = event.expect("the socket has closed") {
            assert_ne!(states.last(), Some(&state), "it did not change");
            states.push(state);
        }
    }
    states
}

#[tokio::test]
async fn conat_10_states_go_ready_disconnected_connecting_ready_and_what_was_written_arrives() {
    const MESSAGES: u32 = 100;
    let (near, far) = (node().await, node().await);
    let later = address_for_later("tcp://127.0.0.1:0");
    let pull = Pull::new("pull").listen(&later).delivery(Reliable);
    let (pull_spec, pull) = pull.into_spec();
    let group = Supervisor::new("group").child(pull_spec);
    far.spawn(group).await.unwrap();
    let push = Push::new("push").dial(&later).delivery(Reliable);
    let (push_spec, push) = push.into_spec();
    let mut events = push.events();
    near.spawn(push_spec).await.unwrap();
    let states = states_until(&mut events, Ready).await;
    assert_eq!(states, [Connecting, Ready]);
    assert_eq!(push.pipes()[0].state, Ready);
    in_time(far.stop_child("group/pull")).await.unwrap();
    let states = states_until(&mut events, Disconnected).await;
    assert_eq!(states, [Disconnected]);
    for number in 0..MESSAGES {
        in_time(push.send(number.to_string())).await.unwrap();
    }
    let states = states_until(&mut events, Disconnected).await;
    assert_eq!(states, [Connecting, Disconnected], "nobody is there");
    in_time(far.start_child("group/pull")).await.unwrap();
    let states = states_until(&mut events, Ready).await;
    assert_eq!(states[states.len() - 2..], [Connecting, Ready]);
    for number in 0..MESSAGES {
        let message = in_time(pull.recv()).await.unwrap().unwrap();
        assert_eq!(*message.payload(), number.to_string().as_str());
    }
    stop(near).await;
    stop(far).await;
}

#[test]
fn conat_10_without_reconnection_it_stays_down_until_told() {
    driven(1, async |world: World| {
        let node = Node::builder("test").driven(&world).start().await.unwrap();
        let push = Push::new("push").dial("inproc://down").reconnect(false);
        let push = node.spawn(push.delivery(Reliable)).await.unwrap();
        let state = || push.pipes()[0].state;
        let tree = node.snapshot().await.unwrap();
        let dialer = of_kind(&tree, "dialer").next().unwrap();
        assert_eq!(dialer.details["reconnects"], "when it is told to");
        let is_down_for_long = async || {
            world.pass(Duration::from_secs(3_600)).await;
            assert_eq!(state(), Disconnected);
        };
        is_down_for_long().await;
        let pull = Pull::new("pull").listen("inproc://down");
        let pull = node.spawn(pull.delivery(Reliable)).await.unwrap();
        is_down_for_long().await;
        push.redial();
        push.ready(1).await;
        // What is connected is left alone, also later.
        push.redial();
        for kind in ["connection", "dialer"] {
            kill(&node, kind).await;
            is_down_for_long().await;
            push.send("meanwhile").await.unwrap();
            push.redial();
            let message = pull.recv().await.unwrap().unwrap();
            assert_eq!(*message.payload(), "meanwhile");
        }
        node.stop().await.unwrap();
    });
}

#[tokio::test]
async fn conat_10_without_reconnection_a_cut_is_for_good_over_tcp_too() {
    /// A dialer that reconnects has tried several times by then.
    const LONG: Duration = Duration::from_millis(500);
    let (near, far) = (node().await, node().await);
    let pull = Pull::new("pull").listen("tcp://127.0.0.1:0");
    let pull = far.spawn(pull.delivery(Reliable)).await.unwrap();
    let push = Push::new("push").dial(address(&pull)).reconnect(false);
    let (push_spec, push) = push.delivery(Reliable).into_spec();
    let mut events = push.events();
    near.spawn(push_spec).await.unwrap();
    states_until(&mut events, Ready).await;
    kill(&far, "connection").await;
    states_until(&mut events, Disconnected).await;
    in_time(push.send("meanwhile")).await.unwrap();
    tokio::time::sleep(LONG).await;
    assert_eq!(push.pipes()[0].state, Disconnected);
    assert!(events.try_next().is_none(), "it did not even try");
    push.redial();
    let states = states_until(&mut events, Ready).await;
    assert_eq!(states, [Connecting, Ready]);
    let message = in_time(pull.recv()).await.unwrap().unwrap();
    assert_eq!(*message.payload(), "meanwhile");
    stop(near).await;
    stop(far).await;
}

/// Kills a child of that kind, if there is one.
async fn kill(node: &Node, kind: &str) {
    let tree = node.snapshot().await.unwrap();
    let path = of_kind(&tree, kind).next().map(|child| child.path.clone());
    if let Some(path) = path {
        // It may be gone by now.
        let _ = node.kill(&path).await;
    }
}

/// Through kills of connections, endpoints and sockets; over tcp also through cuts.
async fn iridium_09_online_and_offline_come_exactly_once_per_transition(listen: &str) {
    const DEEDS: u32 = 25;
    // Deeds come faster than they take effect: as many as it takes.
    const ABSENCES: usize = 6;
    for (seed, delivery) in [(1, BestEffort), (2, Reliable), (3, Reliable)] {
        let mut dice = Dice::new(seed);
        let [near, far] = nodes_together().await;
        let pull = Pull::new("pull").listen(listen);
        let pull = far.spawn(pull.delivery(delivery)).await.unwrap();
        let mut at_pull = Witness::of(&pull);
        let mut dialed = address(&pull);
        let mut proxy = None;
        if listen.starts_with("tcp") {
            let cuts = Proxy::to(&dialed, seed, 600).await;
            dialed.clone_from(&cuts.url);
            proxy = Some(cuts);
        }
        let push = Push::new("push").dial(&dialed).delivery(delivery);
        let (push_spec, push) = push.into_spec();
        let mut at_push = Witness::of(&push);
        near.spawn(push_spec).await.unwrap();
        let mut sent = 0_u32;
        let began = Instant::now();
        let mut deeds = 0;
        while deeds < DEEDS || at_push.offline.len() < ABSENCES {
            assert!(began.elapsed() < WATCHDOG, "the watchdog barked");
            deeds += 1;
            let node = if dice.below(2) == 0 { &near } else { &far };
            match dice.below(6) {
                0 => kill(node, "connection").await,
                1 => kill(&near, "dialer").await,
                2 => kill(&far, "listener").await,
                3 => kill(&near, "push").await,
                4 => kill(&far, "pull").await,
                // The proxy, if there is one, will have enough of it soon.
                _ => {
                    for _ in 0..30 {
                        in_time(push.send(sent.to_string())).await.unwrap();
                        sent += 1;
                    }
                }
            }
            while let Ok(Some(message)) = pull.try_recv() {
                drop(message);
            }
            if dice.below(3) > 0 {
                until("they are connected", || {
                    (push.peers(), pull.peers()) == (1, 1)
                })
                .await;
            }
            at_push.look();
            at_pull.look();
        }
        if let Some(proxy) = &proxy {
            proxy.calm_down();
        }
        // A kill takes effect when it does, and tells others; so each is looked at twice.
        for node in [&near, &far, &near, &far] {
            until_tree(node, "all kills have taken effect", |tree| {
                of_kind(tree, "connection").count() == 1
                    && tree.walk().all(|child| child.state == ChildState::Running)
            })
            .await;
        }
        until("what was told is how it is", || {
            while let Ok(Some(message)) = pull.try_recv() {
                drop(message);
            }
            at_push.look();
            at_pull.look();
            (push.peers(), pull.peers()) == (1, 1) && (at_push.peers(), at_pull.peers()) == (1, 1)
        })
        .await;
        let closed = async { push.close(WATCHDOG).await };
        let receive = async {
            while let Ok(Some(message)) = pull.recv().await {
                drop(message);
            }
        };
        tokio::select! {
            _ = in_time(closed) => {}
            () = receive => panic!("the pull has closed"),
        }
        until("the end was told", || {
            at_push.look();
            at_pull.look();
            (at_push.peers(), at_pull.peers()) == (0, 0)
        })
        .await;
        assert_eq!(at_push.offline.len(), at_push.online as usize);
        // Whose endpoint was just killed may have been about to stop it as well.
        let in_order = [OfflineReason::Stopped, OfflineReason::PeerClosed];
        for end in [&at_push, &at_pull] {
            let last = end.offline.last().unwrap();
            assert!(in_order.contains(last), "{last:?}");
        }
        stop(near).await;
        stop(far).await;
    }
}

/// The next reason why a peer is away.
async fn offline(events: &mut SocketEvents) -> OfflineReason {
    loop {
        let event = in_time(events.next()).await;
        if let SocketEvent::Offline { reason, .. } = event.expect("the socket has closed") {
            return reason;
        }
    }
}

#[tokio::test]
async fn who_goes_offline_has_a_reason() {
    let (near, far) = (node().await, node().await);
    let pull = Pull::new("pull").listen("tcp://127.0.0.1:0");
    let pull = far.spawn(pull).await.unwrap();
    let push = Push::new("push").dial(address(&pull));
    let push = near.spawn(push).await.unwrap();
    let (mut at_push, mut at_pull) = (push.events(), pull.events());
    let connected = async || in_time(async { tokio::join!(push.ready(1), pull.ready(1)) }).await;

    connected().await;
    kill(&near, "connection").await;
    assert_eq!(offline(&mut at_push).await, OfflineReason::Killed);
    let reason = offline(&mut at_pull).await;
    assert!(matches!(reason, OfflineReason::Lost(_)), "{reason:?}");

    connected().await;
    in_time(far.restart_child("pull")).await.unwrap();
    assert_eq!(offline(&mut at_pull).await, OfflineReason::Stopped);
    assert_eq!(offline(&mut at_push).await, OfflineReason::PeerClosed);

    connected().await;
    let mut rude = Raw::open(&address(&pull), "push", "pull").await;
    until("it is there", || pull.peers() == 2).await;
    rude.say(&[0xff; 64]).await;
    let reason = offline(&mut at_pull).await;
    assert!(matches!(reason, OfflineReason::Misbehaved(_)), "{reason:?}");

    assert_eq!(in_time(push.close(WATCHDOG)).await, Closed::Flushed);
    assert_eq!(offline(&mut at_push).await, OfflineReason::Stopped);
    assert_eq!(offline(&mut at_pull).await, OfflineReason::PeerClosed);
    assert!(in_time(at_push.next()).await.is_some_and(|event| matches!(
        event,
        SocketEvent::State {
            state: PipeState::Closed,
            ..
        }
    )));
    assert!(in_time(at_push.next()).await.is_none(), "it has closed");
    stop(near).await;
    stop(far).await;
}

#[tokio::test]
async fn an_endpoint_that_cannot_be_reached_says_why() {
    let node = node().await;
    let nobody = address_for_later("tcp://127.0.0.1:0");
    let pull = Pull::new("pull").listen("tcp://127.0.0.1:0");
    let pull = node.spawn(pull.delivery(Reliable)).await.unwrap();
    let push = Push::new("push").dial(&nobody).dial(address(&pull));
    let push = node.spawn(push).await.unwrap();
    let of = |endpoint: &str| {
        let pipes = push.pipes().into_iter();
        let mut of = pipes.filter(|pipe| pipe.endpoint.as_deref() == Some(endpoint));
        let pipe = of.next().unwrap();
        assert!(pipe.peer.is_none());
        pipe.reason
    };
    until("both were tried in vain", || {
        let is_lost = matches!(of(&nobody), Some(OfflineReason::Lost(_)));
        let unsupported = RefusalCode::Unsupported;
        is_lost && matches!(of(&address(&pull)), Some(OfflineReason::Refused(refusal)) if refusal.code == unsupported)
    })
    .await;
    assert_eq!(pull.pipes().len(), 0);
    stop(node).await;
    assert!(
        push.pipes()
            .iter()
            .all(|pipe| pipe.state == PipeState::Closed)
    );
}
