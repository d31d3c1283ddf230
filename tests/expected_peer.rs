//! Sockets that dial one node and no other, and actors that are told what happens to sockets.

use std::sync::{Arc, Mutex};

use treewire::prelude::*;
use treewire::{OfflineReason, PipeState, SocketEvent, SocketHandle};

#[macro_use]
mod support;
use support::*;

over_every_transport! {
    iridium_06_a_sub_follows_the_expected_publisher_and_no_other
    iridium_06_a_sub_names_the_id_of_each_publisher_that_it_dials
    iridium_06_what_waited_for_the_expected_peer_comes_back_as_dead_letters
}

/// What an actor was told.
type Heard = Arc<Mutex<Vec<SocketEvent>>>;

struct Listener(Heard);

impl Actor for Listener {
    type Context = Context<Self>;
}

impl Handler<SocketEvent> for Listener {
    type Result = ();

    fn handle(&mut self, event: SocketEvent, _: &mut Context<Self>) {
        self.0.lock().unwrap().push(event);
    }
}

async fn listener(node: &Node) -> (Ref<Listener>, Heard) {
    let heard = Heard::default();
    let kept = heard.clone();
    let listener = Child::new("listener", move || Listener(kept.clone()));
    (node.spawn(listener).await.unwrap(), heard)
}

fn count(heard: &Heard, wanted: impl Fn(&SocketEvent) -> bool) -> usize {
    let heard = heard.lock().unwrap();
    heard.iter().filter(|event| wanted(event)).count()
}

fn is_over(socket: &SocketHandle) -> bool {
    socket
        .pipes()
        .iter()
        .any(|pipe| pipe.state == PipeState::Closed)
}

/// It is over for good, because another one answered.
fn is_replaced(event: &SocketEvent) -> bool {
    let closed = OfflineReason::PeerReplaced;
    matches!(event, SocketEvent::State { state: PipeState::Closed, reason: Some(reason), .. } if *reason == closed)
}

async fn iridium_06_a_sub_follows_the_expected_publisher_and_no_other(listen: &str) {
    let [near, right, wrong] = nodes_together().await;
    let publish = |node: Node, listen: String| async move {
        node.spawn(Pub::new("pub").listen(listen)).await.unwrap()
    };
    let ticks = publish(right.clone(), listen.to_owned()).await;
    let other = publish(wrong.clone(), listen.replace("here", "there")).await;
    let expected = right.identity().instance;
    let (told, heard) = listener(&near).await;
    let sub = |name: &str, address: String| {
        let sub = Sub::new(name).dial(address).subscribe(">");
        sub.expect_peer(expected)
    };
    let follows = near.spawn(sub("right", address(&ticks))).await.unwrap();
    let refuses = sub("wrong", address(&other)).events(&told);
    let refuses = near.spawn(refuses).await.unwrap();
    in_time(ticks.ready(1)).await;
    ticks.send("a").await.unwrap();
    let message = in_time(follows.recv()).await.unwrap().unwrap();
    assert_eq!(message.payload(), &b"a"[..]);

    until("the wrong one is given up", || is_over(&refuses)).await;
    until("its actor is told so", || count(&heard, is_replaced) == 1).await;
    assert_eq!(
        count(&heard, |event| matches!(event, SocketEvent::Online { .. })),
        0
    );
    assert_eq!(other.subscribers(), 0);
    for node in [near, right, wrong] {
        stop(node).await;
    }
}

async fn iridium_06_a_sub_names_the_id_of_each_publisher_that_it_dials(listen: &str) {
    for delivery in [Delivery::BestEffort, Delivery::Reliable] {
        let [near, first, second, wrong] = nodes_together().await;
        let mut publishers = Vec::new();
        for (node, name) in [(&first, "first"), (&second, "second"), (&wrong, "wrong")] {
            let place = listen.replace("here", name);
            let publisher = Pub::new(name).listen(place).delivery(delivery);
            publishers.push(node.spawn(publisher).await.unwrap());
        }
        let expecting = |publisher: &SocketHandle, node: &Node| {
            let instance = u128::from_be_bytes(node.identity().instance);
            format!("{}?expect-peer={instance:032x}", address(publisher))
        };
        let (told, heard) = listener(&near).await;
        let sub = Sub::new("sub")
            .dial(expecting(&publishers[0], &first))
            .dial(expecting(&publishers[1], &second))
            .dial(expecting(&publishers[2], &second))
            .subscribe(">")
            .delivery(delivery)
            .events(&told);
        let sub = near.spawn(sub).await.unwrap();
        for (publisher, said) in publishers.iter().zip(["a", "b"]) {
            in_time(publisher.ready(1)).await;
            publisher.send(said).await.unwrap();
            let message = in_time(sub.recv()).await.unwrap().unwrap();
            assert_eq!(*message.payload(), said);
        }

        until("the wrong one is given up", || is_over(&sub)).await;
        until("an actor is told so", || count(&heard, is_replaced) == 1).await;
        let pipes = sub.pipes();
        let states: Vec<PipeState> = pipes.iter().map(|pipe| pipe.state).collect();
        let (ready, closed) = (PipeState::Ready, PipeState::Closed);
        assert_eq!(states, [ready, ready, closed], "{delivery:?}");
        assert_eq!(publishers[2].subscribers(), 0);
        for node in [near, first, second, wrong] {
            stop(node).await;
        }
    }
}

async fn iridium_06_what_waited_for_the_expected_peer_comes_back_as_dead_letters(listen: &str) {
    for delivery in [Delivery::BestEffort, Delivery::Reliable] {
        let [near, wrong] = nodes_together().await;
        let place = address_for_later(listen);
        let (told, heard) = listener(&near).await;
        let push = Push::new("push").dial(&place).delivery(delivery);
        let push = push.expect_peer([7; 16]).events(&told);
        let push = near.spawn(push).await.unwrap();
        let mut letters = push.dead_letters();
        push.send("for another").await.unwrap();
        let pull = Pull::new("pull").listen(&place).delivery(delivery);
        let pull = wrong.spawn(pull).await.unwrap();
        let letter = in_time(letters.next()).await.unwrap();
        assert_eq!(letter.content.first(), &b"for another"[..]);
        until("the pipe is over", || is_over(&push)).await;
        until("its actor is told so", || count(&heard, is_replaced) == 1).await;
        let refused = push.try_send("more").unwrap_err();
        assert!(refused.is_peer_replaced(), "{delivery:?}: {refused}");
        assert!(pull.try_recv().unwrap().is_none());
        stop(near).await;
        stop(wrong).await;
    }
}

#[tokio::test]
async fn an_actor_is_told_over_all_lives_of_the_socket_what_it_missed() {
    let node = node().await;
    let (told, heard) = listener(&node).await;
    let ticks = Pub::new("pub").listen("inproc://here");
    let ticks = node.spawn(ticks).await.unwrap();
    let sub = Sub::new("sub").dial("inproc://here").subscribe(">");
    let sub = node.spawn(sub.events(&told)).await.unwrap();
    in_time(ticks.ready(1)).await;
    ticks.send("1").await.unwrap();
    drop(in_time(sub.recv()).await.unwrap().unwrap());
    node.kill("sub").await.unwrap();
    until("it is told of the kill", || {
        count(&heard, |event| matches!(event, SocketEvent::Offline { .. })) == 1
    })
    .await;
    let missed = |event: &SocketEvent| matches!(event, SocketEvent::Missed { .. });
    in_time(sub.joined()).await;
    until("both are there", || ticks.subscribers() == 1).await;
    ticks.send("last").await.unwrap();
    let last = in_time(sub.recv()).await.unwrap().unwrap();
    assert_eq!(last.payload(), &b"last"[..]);
    let online = |event: &SocketEvent| matches!(event, SocketEvent::Online { .. });
    until("the actor knows of both connections", || {
        count(&heard, online) == 2
    })
    .await;
    assert_eq!(count(&heard, missed), 0, "nothing was published meanwhile");
    stop(node).await;
}
