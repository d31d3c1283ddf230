//! What takes a time takes that time, by the driven clock.

use treewire::{Closed, RequestError, World, driven};

use super::*;

const ASKED: Duration = Duration::from_millis(250);

const OFF_BY: Duration = Duration::from_millis(50);

/// Takes the time that was asked for.
async fn takes_it<T>(world: &World, what: &str, deed: impl Future<Output = T>) -> T {
    let begun = world.now();
    let result = deed.await;
    let took = world.now() - begun;
    assert!(took >= ASKED && took <= ASKED + OFF_BY, "{what}: {took:?}");
    result
}

#[test]
fn zeromq_17_timeouts_are_within_50_ms_at_250_ms() {
    driven(17, async |world: World| {
        let node = Node::builder("test").driven(&world).start().await.unwrap();
        let clock = world.clock().clone();
        let patience = |what: &'static str| (what, clock.sleep(ASKED));

        let req = Req::new("req").dial("inproc://nobody").deadline(ASKED);
        let req = node.spawn(req).await.unwrap();
        let asked = takes_it(&world, "a request", req.request("?").into_future()).await;
        assert!(matches!(asked, Err(RequestError::TimedOut)), "{asked:?}");

        let push = Push::new("push")
            .linger(ASKED)
            .send_bound(Bound::messages(1));
        let push = node.spawn(push).await.unwrap();
        let (what, patience_ends) = patience("a send without a peer");
        let blocked = takes_it(&world, what, async {
            tokio::select! {
                sent = push.send("early") => Err(sent),
                () = patience_ends => Ok(()),
            }
        });
        blocked.await.unwrap();
        push.dial("inproc://nobody").await.unwrap();
        push.send("fills the queue").await.unwrap();
        let undialed = takes_it(&world, "an undial", push.undial("inproc://nobody"));
        undialed.await.unwrap();
        assert_eq!(push.lost(), 1);

        push.dial("inproc://nobody").await.unwrap();
        push.send("fills the queue").await.unwrap();
        let closed = takes_it(&world, "a close", push.close(ASKED)).await;
        assert_eq!(closed, Closed::Dropped(1));

        let pull = node.spawn(Pull::new("pull")).await.unwrap();
        let (what, patience_ends) = patience("a receive");
        let received = takes_it(&world, what, async {
            tokio::select! {
                message = pull.recv() => Err(message),
                () = patience_ends => Ok(()),
            }
        });
        assert!(received.await.is_ok());

        let push = Push::new("stopped").linger(ASKED).dial("inproc://nobody");
        let push = node.spawn(push).await.unwrap();
        push.send("fills the queue").await.unwrap();
        let stopped = takes_it(&world, "a stop", node.stop_child("stopped"));
        stopped.await.unwrap();
        node.stop().await.unwrap();
    });
}

/// A send that waits proceeds when a peer is dialed.
#[test]
fn zeromq_03_a_send_that_waits_proceeds_when_a_peer_is_dialed() {
    driven(3, async |world: World| {
        let node = Node::builder("test").driven(&world).start().await.unwrap();
        let push = node.spawn(Push::new("push")).await.unwrap();
        let pull = node.spawn(Pull::new("pull")).await.unwrap();
        let mut sending = Box::pin(push.send("waited"));
        assert!(poll_once(sending.as_mut()).await.is_pending());
        world.pass(Duration::from_secs(3_600)).await;
        assert!(poll_once(sending.as_mut()).await.is_pending());
        let endpoint = pull.listen("inproc://here").await.unwrap();
        push.dial(&endpoint).await.unwrap();
        sending.await.unwrap();
        let message = pull.recv().await.unwrap().unwrap();
        assert_eq!(*message.payload(), "waited");
        node.stop().await.unwrap();
    });
}
