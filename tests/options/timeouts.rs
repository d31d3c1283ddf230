//! Calls that wait for a time and no longer.

use std::fmt::Debug;
use std::future::Future;
use std::time::Duration;

use treewire::prelude::*;
use treewire::{
    ComposedSocket, Receiver, RecvError, RequestError, SendError, Sender, SimNetwork, Socket,
    World, driven,
};

const TIMEOUT: Duration = Duration::from_millis(250);

struct Stage {
    world: World,
    node: Node,
}

impl Stage {
    async fn new(world: &World) -> Self {
        let network = SimNetwork::new(world.seed());
        let node = Node::builder("alone").driven(world);
        let node = node.provide(network.registry("alone")).start();
        let (world, node) = (world.clone(), node.await.unwrap());
        Stage { world, node }
    }

    /// The error of a call that fails when its time is up, to the millisecond.
    async fn timed_out<T: Debug, E>(&self, call: impl Future<Output = Result<T, E>>) -> E {
        let begun = self.world.now();
        let error = call.await.expect_err("nothing came");
        // A timer counts whole milliseconds, from the next one on.
        let waited = self.world.now() - begun;
        assert!(
            waited >= TIMEOUT && waited <= TIMEOUT + Duration::from_millis(1),
            "{waited:?}"
        );
        error
    }
}

fn returned(error: SendError) -> Content {
    assert!(error.is_timed_out(), "{error}");
    assert!(!error.is_full() && !error.is_no_peer());
    error.into_content()
}

#[test]
fn zeromq_17_a_send_waits_as_long_as_it_was_told_and_gives_the_message_back() {
    driven(1, async |world: World| {
        let stage = Stage::new(&world).await;
        let push = Push::new("no peer").listen("sim://a").send_timeout(TIMEOUT);
        let push = stage.node.spawn(push).await.unwrap();
        assert_eq!(returned(stage.timed_out(push.send("x")).await), "x".into());
        let tracked = stage.timed_out(push.send_tracked("y")).await;
        assert_eq!(returned(tracked), "y".into());

        let full = Push::new("full").dial("sim://nobody").send_timeout(TIMEOUT);
        let full = full.send_bound(Bound::messages(1));
        let full = stage.node.spawn(full).await.unwrap();
        full.send("fits").await.unwrap();
        assert_eq!(returned(stage.timed_out(full.send("z")).await), "z".into());

        let req = Req::new("req").listen("sim://b").send_timeout(TIMEOUT);
        let req = stage.node.spawn(req).await.unwrap();
        match stage.timed_out(req.request("?").into_future()).await {
            RequestError::NotTaken(error) => assert_eq!(returned(error), "?".into()),
            other => panic!("{other:?}"),
        }
        stage.node.stop().await.unwrap();
    });
}

#[test]
fn zeromq_03_a_send_that_may_wait_goes_on_when_a_peer_comes_in_time() {
    driven(1, async |world: World| {
        let stage = Stage::new(&world).await;
        let push = Push::new("push").listen("sim://a").send_timeout(TIMEOUT);
        let push = stage.node.spawn(push).await.unwrap();
        let come = async {
            world.clock().sleep(TIMEOUT / 2).await;
            let pull = Pull::new("pull").dial("sim://a");
            stage.node.spawn(pull).await.unwrap()
        };
        let (sent, pull) = tokio::join!(push.send("in time"), come);
        sent.unwrap();
        let message = pull.recv().await.unwrap().unwrap();
        assert_eq!(*message.payload(), "in time");
        stage.node.stop().await.unwrap();
    });
}

#[test]
fn zeromq_17_a_receive_waits_as_long_as_it_was_told() {
    driven(1, async |world: World| {
        let stage = Stage::new(&world).await;
        let pull = Pull::new("pull").listen("sim://a").receive_timeout(TIMEOUT);
        let pull = stage.node.spawn(pull).await.unwrap();
        let error = stage.timed_out(pull.recv()).await;
        assert_eq!(error, RecvError::TimedOut);
        let rep = Rep::new("rep").listen("sim://b").receive_timeout(TIMEOUT);
        let rep = stage.node.spawn(rep).await.unwrap();
        assert_eq!(stage.timed_out(rep.recv()).await, RecvError::TimedOut);
        let talk = |name: &str, listen: &str| {
            let talk = Socket::new(name, "talk").listen(listen);
            let talk = talk.sender(Sender::One).receiver(Receiver::All);
            talk.receive_timeout(TIMEOUT).send_timeout(TIMEOUT)
        };
        let talk: ComposedSocket = stage.node.spawn(talk("talk", "sim://c")).await.unwrap();
        assert_eq!(stage.timed_out(talk.recv()).await, RecvError::TimedOut);
        assert_eq!(returned(stage.timed_out(talk.send("x")).await), "x".into());

        // Each call has the whole time.
        let push = Push::new("push").dial("sim://a");
        let push = stage.node.spawn(push).await.unwrap();
        for number in 0..3 {
            let send = async {
                world.clock().sleep(TIMEOUT * 3 / 4).await;
                push.send(number.to_string()).await.unwrap();
            };
            let (received, ()) = tokio::join!(pull.recv(), send);
            let message = received.unwrap().unwrap();
            assert_eq!(*message.payload(), number.to_string().as_str());
        }
        stage.node.stop().await.unwrap();
    });
}
