//! Messages that are delivered to an actor, with no answer.

use super::*;

over_every_transport! {
    a_slow_actor_holds_its_senders_back_and_loses_nothing
    delivered_messages_nobody_knows_are_dropped_and_counted
}

#[derive(Serialize, Deserialize, WireMessage)]
#[wire(name = "test.Item", reply = ())]
struct Item {
    number: u64,
}

/// Takes one message after the other, and its time for each.
struct Slow {
    handled: Arc<AtomicU64>,
}

impl Actor for Slow {
    type Context = Context<Self>;
}

impl Handler<Item> for Slow {
    type Result = ();
    fn handle(&mut self, item: Item, context: &mut Context<Self>) {
        assert_eq!(item.number, self.handled.fetch_add(1, SeqCst), "in order");
        let rest = tokio::time::sleep(Duration::from_micros(100));
        context.wait(rest.into_actor(self));
    }
}

async fn a_slow_actor_holds_its_senders_back_and_loses_nothing(listen: &str) {
    const SEND: u64 = 10;
    const RECEIVE: u64 = 20;
    let node = node().await;
    let handled = Arc::<AtomicU64>::default();
    let counter = handled.clone();
    let slow = Child::new("slow", move || Slow {
        handled: counter.clone(),
    });
    let slow = node.spawn(slow).await.unwrap();
    let pull = Pull::new("pull")
        .listen(listen)
        .receive_bound(Bound::messages(RECEIVE))
        .deliver::<Item>(&slow);
    let pull = node.spawn(pull).await.unwrap();
    assert!(pull.try_recv().is_err(), "the actor gets it all");
    let push = Push::new("push")
        .dial(address(&pull))
        .send_bound(Bound::messages(SEND));
    let push = node.spawn(push).await.unwrap();
    let descriptor = descriptor_of_item();
    for number in 0..1_000 {
        let content = descriptor.clone().with_part(varint(number));
        in_time(push.send(content)).await.unwrap();
        let waiting = number + 1 - handled.load(SeqCst).min(number + 1);
        assert!(waiting <= SEND + RECEIVE + 1, "{waiting} are waiting");
    }
    assert_eq!(in_time(push.close(WATCHDOG)).await, Closed::Flushed);
    assert_eq!(handled.load(SeqCst), 1_000);
    stop(node).await;
}

/// The foreign form: the wire name.
fn descriptor_of_item() -> Content {
    Content::new("test.Item")
}

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

async fn delivered_messages_nobody_knows_are_dropped_and_counted(listen: &str) {
    let node = node().await;
    let handled = Arc::<AtomicU64>::default();
    let counter = handled.clone();
    let slow = Child::new("slow", move || Slow {
        handled: counter.clone(),
    });
    let slow = node.spawn(slow).await.unwrap();
    let pull = Pull::new("pull").listen(listen).deliver::<Item>(&slow);
    let pull = node.spawn(pull).await.unwrap();
    let push = Push::new("push").dial(address(&pull));
    let push = node.spawn(push).await.unwrap();
    let unknown = Content::new("test.Unheard").with_part("x");
    push.send(unknown).await.unwrap();
    let undecodable = descriptor_of_item().with_part(&[0xff; 20]);
    push.send(undecodable).await.unwrap();
    push.send(descriptor_of_item().with_part(varint(0)))
        .await
        .unwrap();
    push.send(varint(1)).await.unwrap();
    assert_eq!(in_time(push.close(WATCHDOG)).await, Closed::Flushed);
    assert_eq!(handled.load(SeqCst), 2);
    let tree = node.snapshot().await.unwrap();
    assert_eq!(drops(&tree, "pull", "not deliverable"), 2);
    stop(node).await;
}
