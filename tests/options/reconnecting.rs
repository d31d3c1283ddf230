//! When what is dialed is dialed again, and when no more.

use std::time::{Duration, Instant};

use treewire::PipeState::{Closed, Connecting, Disconnected, Ready};
use treewire::prelude::*;
use treewire::{
    OfflineReason, PipeState, PushSocket, ReconnectStop, SimNetwork, SocketEvent, SocketEvents,
    World, driven,
};

use crate::support::*;

const NOBODY: &str = "sim://nobody";

async fn alone(world: &World) -> Node {
    let network = SimNetwork::new(world.seed());
    let node = Node::builder("alone").driven(world);
    let node = node.provide(network.registry("alone")).start();
    node.await.unwrap()
}

/// The socket, and its events from the beginning.
async fn spawned(node: &Node, push: Push) -> (PushSocket, SocketEvents) {
    let (spec, push) = push.into_spec();
    let events = push.events();
    in_time(node.spawn(spec)).await.unwrap();
    (push, events)
}

/// The next state of what is dialed, and why.
async fn state(events: &mut SocketEvents) -> (PipeState, Option<OfflineReason>) {
    loop {
        let event = events.next().await.expect("it is open");
        if let SocketEvent::State { state, reason, .. } = event {
            return (state, reason);
        }
    }
}

/// The states up to that of an endpoint that is given up, and why it is.
async fn states_until_given_up(events: &mut SocketEvents) -> (Vec<PipeState>, u32, OfflineReason) {
    let mut states = Vec::new();
    loop {
        let (state, reason) = state(events).await;
        states.push(state);
        if let Some(OfflineReason::GivenUp { attempts, last, .. }) = reason {
            return (states, attempts, *last);
        }
    }
}

#[test]
fn the_waits_between_two_attempts_are_as_they_were_set() {
    driven(1, async |world: World| {
        let node = alone(&world).await;
        let wait = Duration::from_secs(30);
        let push = Push::new("push")
            .dial(NOBODY)
            .reconnect_first(wait)
            .reconnect_ceiling(wait);
        let begun = world.now();
        let (_push, mut events) = spawned(&node, push).await;
        let mut times = Vec::new();
        while times.len() < 5 {
            if state(&mut events).await.0 == Connecting {
                times.push((world.now() - begun).as_secs());
            }
        }
        assert_eq!(times, [0, 0, 30, 60, 90]);
        node.stop().await.unwrap();
    });
}

/// When it is dialed the next times, in seconds.
async fn attempts(world: &World, begun: Instant, events: &mut SocketEvents) -> [u64; 3] {
    let mut times = [0; 3];
    for time in &mut times {
        while state(events).await.0 != Connecting {}
        *time = (world.now() - begun).as_secs();
    }
    times
}

#[test]
fn a_dialer_that_waits_takes_new_waits_from_its_next_one_on() {
    let in_url = "sim://nobody?reconnect-first=30s&reconnect-ceiling=30s";
    for (url, then) in [(NOBODY, [60, 65, 70]), (in_url, [60, 90, 120])] {
        driven(1, async |world: World| {
            let node = alone(&world).await;
            let wait = Duration::from_secs(30);
            let push = Push::new("push").dial(url).reconnect_first(wait);
            let begun = world.now();
            let push = push.reconnect_ceiling(wait);
            let (push, mut events) = spawned(&node, push).await;
            assert_eq!(attempts(&world, begun, &mut events).await, [0, 0, 30]);
            world.clock().sleep(Duration::from_secs(1)).await;
            push.set("reconnect-first", "5s").unwrap();
            push.set("reconnect-ceiling", "5s").unwrap();
            assert_eq!(attempts(&world, begun, &mut events).await, then);
            node.stop().await.unwrap();
        });
    }
}

#[test]
fn after_its_attempts_an_endpoint_is_given_up_until_it_is_dialed_anew() {
    driven(1, async |world: World| {
        let node = alone(&world).await;
        let push = Push::new("push").dial(NOBODY).reconnect_attempts(3);
        let (push, mut events) = spawned(&node, push).await;
        push.send("early").await.unwrap();
        let (states, attempts, last) = states_until_given_up(&mut events).await;
        let tried = [Connecting, Disconnected];
        assert_eq!(states, [&tried[..], &tried, &[Connecting, Closed]].concat());
        assert_eq!(attempts, 3);
        assert!(
            last.to_string()
                .contains("check that somebody listens there")
        );
        assert_eq!(push.pipes()[0].state, Closed);
        let text = push.pipes()[0].reason.as_ref().unwrap().to_string();
        assert!(text.starts_with("given up after 3 attempts, call redial to try again: "));
        let refused = push.try_send("refused").unwrap_err();
        assert!(refused.is_no_peer(), "{refused}");
        let tree = node.snapshot().await.unwrap();
        let dialer = of_kind(&tree, "dialer").next().unwrap();
        assert_eq!(dialer.details.get("given up"), Some(&text));

        let pull = Pull::new("pull").listen(NOBODY);
        let pull = node.spawn(pull).await.unwrap();
        let day = Duration::from_secs(86_400);
        world.clock().sleep(day).await;
        assert!(events.try_next().is_none(), "nothing is tried");
        // Who waits for a peer has one to come again.
        let late = async { push.send("late").await.unwrap() };
        let dialed = async {
            push.redial();
            assert_eq!(state(&mut events).await.0, Connecting);
            assert_eq!(state(&mut events).await.0, Ready);
        };
        tokio::join!(late, dialed);
        for expected in ["early", "late"] {
            let message = pull.recv().await.unwrap().unwrap();
            assert_eq!(*message.payload(), expected);
        }
        let tree = node.snapshot().await.unwrap();
        let dialer = of_kind(&tree, "dialer").next().unwrap();
        assert_eq!(dialer.details.get("given up"), None);

        // What was connected has all its attempts again.
        let _ = pull.close(Duration::ZERO).await;
        assert_eq!(state(&mut events).await.0, Disconnected);
        let (_, attempts, _) = states_until_given_up(&mut events).await;
        assert_eq!(attempts, 3);
        push.redial();
        let (states, attempts, _) = states_until_given_up(&mut events).await;
        assert_eq!(states, [&tried[..], &tried, &[Connecting, Closed]].concat());
        assert_eq!(attempts, 3);
        node.stop().await.unwrap();
    });
}

#[test]
fn a_refused_connection_or_a_failed_handshake_is_the_end_where_it_is_to_be() {
    driven(1, async |world: World| {
        let node = alone(&world).await;
        let (refused, failed) = (
            ReconnectStop::ConnectionRefused,
            ReconnectStop::HandshakeFailed,
        );
        let rep = Rep::new("rep").listen("sim://rep");
        let _rep = node.spawn(rep).await.unwrap();
        for (name, endpoint, condition, other) in [
            ("refused", NOBODY, refused, failed),
            ("failed", "sim://rep", failed, refused),
        ] {
            let push = Push::new(name).dial(endpoint).reconnect_stop(condition);
            let (_push, mut events) = spawned(&node, push).await;
            let (states, attempts, last) = states_until_given_up(&mut events).await;
            assert_eq!(states, [Connecting, Closed]);
            assert_eq!(attempts, 1);
            let is_refusal = matches!(last, OfflineReason::Refused(_));
            assert_eq!(is_refusal, condition == failed, "{last}");

            let goes_on = Push::new(format!("{name}, not named"));
            let goes_on = goes_on.dial(endpoint).reconnect_stop(other);
            let (_push, mut events) = spawned(&node, goes_on).await;
            for expected in [
                Connecting,
                Disconnected,
                Connecting,
                Disconnected,
                Connecting,
            ] {
                assert_eq!(state(&mut events).await.0, expected, "{name}");
            }
        }
        node.stop().await.unwrap();
    });
}

#[test]
fn each_endpoint_is_given_up_on_what_its_url_says() {
    driven(1, async |world: World| {
        let node = alone(&world).await;
        let urls = [
            "sim://a?reconnect-attempts=3",
            "sim://b?reconnect-stop=refused",
            "sim://c?reconnect-attempts=none",
            "sim://d",
        ];
        let push = Push::new("push").reconnect_attempts(5);
        let push = urls.iter().fold(push, |push, &url| push.dial(url));
        let push = node.spawn(push).await.unwrap();
        let hour = Duration::from_secs(3_600);
        world.clock().sleep(hour).await;
        let attempts = push.pipes().into_iter().map(|pipe| match pipe.reason {
            Some(OfflineReason::GivenUp { attempts, .. }) => Some(attempts),
            _ => None,
        });
        let attempts: Vec<_> = attempts.collect();
        assert_eq!(attempts, [Some(3), Some(1), None, Some(5)]);
        node.stop().await.unwrap();
    });
}
