//! How long a child is waited for may change while it runs.

use std::time::Duration;

use actix::prelude::*;
use treewire_runtime::{
    Backoff, Child, Context, EventKind, Events, Exit, Failure, Killer, Node, Patience, World,
    driven,
};

const SECOND: Duration = Duration::from_secs(1);

/// Does not stop by itself.
struct Stubborn;

impl Actor for Stubborn {
    type Context = Context<Self>;

    fn stopping(&mut self, _: &mut Context<Self>) -> Running {
        Running::Continue
    }
}

/// Fails soon after its start, again and again.
struct Failing;

impl Actor for Failing {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        let soon = Duration::from_millis(1);
        context.run_later(soon, |_, context| context.fail(Failure::new("no")));
    }
}

async fn node(world: &World) -> (Node, Events) {
    let node = Node::builder("test").driven(world).start().await.unwrap();
    let events = node.events();
    (node, events)
}

#[test]
fn a_child_is_waited_for_as_long_as_was_said_when_it_was_asked_to_stop() {
    for deadline in [SECOND, SECOND * 9] {
        driven(1, async |world: World| {
            let (node, mut events) = node(&world).await;
            let patience = Patience::new();
            let child = Child::new("stubborn", || Stubborn).patience(&patience);
            node.spawn(child).await.unwrap();
            patience.set_shutdown(deadline);
            let begun = world.now();
            node.stop().await.unwrap();
            let exit = loop {
                let event = events.next().await.unwrap();
                if matches!(event.kind, EventKind::Exited(_)) && event.path == "stubborn" {
                    break event;
                }
            };
            assert_eq!(exit.kind, EventKind::Exited(Exit::Killed(Killer::Deadline)));
            assert_eq!(exit.at - begun, deadline);
        });
    }
}

#[test]
fn the_next_wait_between_restarts_is_as_was_said_last() {
    driven(1, async |world: World| {
        let (node, mut events) = node(&world).await;
        let always = |wait| Backoff::default().first(wait).ceiling(wait);
        let patience = Patience::new();
        patience.set_backoff(always(SECOND * 60));
        let child = Child::new("failing", || Failing).patience(&patience);
        node.spawn(child).await.unwrap();
        world.pass(SECOND).await;
        // It waits for the first time now.
        patience.set_backoff(always(SECOND * 3));
        world.pass(SECOND * 66).await;
        let mut waits = Vec::new();
        while waits.len() < 4 {
            if let EventKind::Restarting { after } = events.next().await.unwrap().kind {
                waits.push(after.as_secs());
            }
        }
        assert_eq!(waits, [0, 60, 3, 3]);
        node.stop().await.unwrap();
    });
}
