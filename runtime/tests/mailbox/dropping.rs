//! What a full mailbox drops, and which message takes the place of another.

use super::*;

#[tokio::test]
async fn drop_oldest_makes_room_by_what_was_told_without_looking_back() {
    let node = node().await;
    let (child, mut hearing) = listener();
    let child = child.mailbox(Mailbox::bounded(4).drop_oldest());
    let listener = child.reference();
    let mut asked = listener.send(Number(0));
    assert!(poll_once(&mut asked).is_pending());
    listener.try_send(Number(1)).unwrap();
    for number in 2..7 {
        listener.do_send(Number(number));
    }
    node.spawn(child).await.unwrap();
    assert_eq!(in_time(asked).await.unwrap(), 0);
    for number in [0, 1, 5, 6] {
        assert_eq!(in_time(hearing.recv()).await, Some((1, number)));
    }
    assert_eq!(drops_of(&node, "displaced by a newer one").await, 3);
    in_time(node.stop()).await.unwrap();
}

/// Of each instrument only the newest price is worth handling.
struct Price(&'static str, u32);
impl Message for Price {
    type Result = ();
}
impl Handler<Price> for Listener {
    type Result = ();
    fn handle(&mut self, price: Price, _: &mut Self::Context) {
        self.heard.send((self.generation, price.1)).ok();
    }
}

fn by_instrument() -> Mailbox {
    Mailbox::bounded(4).conflate(|price: &Price| price.0)
}

#[tokio::test]
async fn a_conflated_message_takes_the_place_of_the_one_before() {
    let node = node().await;
    let (child, mut hearing) = listener();
    let child = child.mailbox(by_instrument());
    let listener = child.reference();
    listener.do_send(Price("gold", 1));
    listener.do_send(Number(2));
    listener.do_send(Price("tin", 3));
    listener.do_send(Number(4));
    listener.do_send(Price("tin", 5));
    listener.do_send(Price("gold", 6));
    listener.do_send(Price("gold", 7));
    listener.do_send(Price("zinc", 8));
    node.spawn(child).await.unwrap();
    for number in [7, 2, 5, 4] {
        assert_eq!(in_time(hearing.recv()).await, Some((1, number)));
    }
    listener.do_send(Price("gold", 9));
    assert_eq!(
        in_time(hearing.recv()).await,
        Some((1, 9)),
        "its place was left"
    );
    assert_eq!(drops_of(&node, "conflated").await, 3);
    assert_eq!(drops_of(&node, "mailbox full").await, 1);
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn what_is_asked_or_tried_is_never_conflated() {
    let node = node().await;
    let (child, mut hearing) = listener();
    let child = child.mailbox(by_instrument());
    let listener = child.reference();
    listener.try_send(Price("gold", 1)).unwrap();
    let mut asked = listener.send(Price("gold", 2));
    assert!(poll_once(&mut asked).is_pending());
    listener.do_send(Price("gold", 3));
    listener.try_send(Price("gold", 4)).unwrap();
    listener.do_send(Price("gold", 5));
    node.spawn(child).await.unwrap();
    in_time(asked).await.unwrap();
    for number in [1, 2, 5, 4] {
        assert_eq!(in_time(hearing.recv()).await, Some((1, number)));
    }
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn each_message_is_handled_or_counted_though_many_threads_conflate() {
    const EACH: u32 = 5_000;
    let node = node().await;
    let (child, mut hearing) = listener();
    let listener = node.spawn(child.mailbox(by_instrument())).await.unwrap();
    let senders = ["gold", "gold", "tin"].map(|instrument| {
        let listener = listener.clone();
        std::thread::spawn(move || {
            for number in 0..EACH {
                listener.do_send(Price(instrument, number));
            }
        })
    });
    for sender in senders {
        tokio::task::spawn_blocking(|| sender.join())
            .await
            .unwrap()
            .unwrap();
    }
    in_time(listener.send(Number(EACH))).await.unwrap();
    let mut handled = 0;
    while in_time(hearing.recv()).await.unwrap().1 != EACH {
        handled += 1;
    }
    let conflated = drops_of(&node, "conflated").await;
    let refused = drops_of(&node, "mailbox full").await;
    assert_eq!(handled + conflated + refused, 3 * u64::from(EACH));
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn a_dead_letter_says_what_was_dropped_for_whom_and_why() {
    let node = node().await;
    let mut letters = node.dead_letters();
    let (child, _hearing) = listener();
    let child = child.mailbox(Mailbox::bounded(1).drop_oldest());
    let listener = child.reference();
    node.spawn(Supervisor::new("group").child(child))
        .await
        .unwrap();
    let (hold, release, has_begun) = hold();
    listener.do_send(hold);
    in_time(has_begun).await.unwrap();
    listener.do_send(Number(1));
    listener.do_send(Number(2));
    let letter = in_time(letters.next()).await.unwrap();
    assert_eq!(
        (&*letter.path, letter.cause),
        ("group/listener", DropCause::Displaced)
    );
    assert!(letter.message.ends_with("mailbox::Number"), "{letter}");
    drop(release);
    in_time(listener.send(Number(3))).await.unwrap();
    in_time(node.stop()).await.unwrap();
    while listener.closed().is_none() {
        tokio::task::yield_now().await;
    }
    listener.do_send(Number(4));
    assert_eq!(in_time(letters.next()).await, None, "the node has ended");
}

/// Holds on to its message until it is let go, then sends itself a price and panics.
struct Reprice {
    began: oneshot::Sender<()>,
    released: mpsc::Receiver<()>,
}
impl Message for Reprice {
    type Result = ();
}
impl Handler<Reprice> for Listener {
    type Result = ();
    fn handle(&mut self, reprice: Reprice, context: &mut Self::Context) {
        reprice.began.send(()).ok();
        reprice.released.recv().ok();
        context.reference().do_send(Number(2));
        panic!("boom");
    }
}

#[tokio::test]
async fn what_others_sent_outlives_a_generation_that_took_its_place() {
    let node = Node::builder("test").start().await.unwrap();
    let (child, mut hearing) = listener();
    let mailbox = Mailbox::default().conflate(|_: &Number| ());
    let listener = node.spawn(child.mailbox(mailbox)).await.unwrap();
    let (began, has_begun) = oneshot::channel();
    let (release, released) = mpsc::channel();
    listener.do_send(Reprice { began, released });
    in_time(has_begun).await.unwrap();
    listener.do_send(Number(1));
    drop(release);
    assert_eq!(in_time(hearing.recv()).await, Some((2, 2)));
}

#[tokio::test]
async fn a_key_that_panics_ends_nobody_and_its_message_waits_as_it_is() {
    struct Relay(Ref<Listener>);
    impl Actor for Relay {
        type Context = treewire_runtime::Context<Self>;
    }
    impl Handler<Number> for Relay {
        type Result = u32;
        fn handle(&mut self, number: Number, _: &mut Self::Context) -> u32 {
            let same = number.0;
            self.0.do_send(number);
            same
        }
    }
    let node = Node::builder("test").start().await.unwrap();
    let (child, mut hearing) = listener();
    let mailbox = Mailbox::default().conflate(|_: &Number| -> u8 { panic!("key") });
    let listener = node.spawn(child.mailbox(mailbox)).await.unwrap();
    let relay = Child::new("relay", move || Relay(listener.clone()));
    let relay = node.spawn(relay).await.unwrap();
    assert_eq!(in_time(relay.send(Number(3))).await.unwrap(), 3);
    assert_eq!(in_time(hearing.recv()).await, Some((1, 3)));
}
