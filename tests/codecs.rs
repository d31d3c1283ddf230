//! Typed messages in other codecs than postcard, and from peers that know none of its schemas.

use std::future::IntoFuture;
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};
use treewire::prelude::*;
use treewire::{PushSocket, ReqSocket, RequestError, TellError, World, driven, schema_of};

#[macro_use]
mod support;
use support::*;

over_every_transport! {
    every_codec_asks_and_is_answered
    foreign_callers_are_answered_in_their_codec
    what_does_not_fit_is_said_with_its_place_and_costs_nobody_else
    deliveries_in_every_codec_arrive_and_bad_ones_are_counted
    a_push_tells_an_actor_in_every_codec_and_what_does_not_fit_is_counted
    what_a_push_cannot_tell_is_an_error_that_says_why
}

#[derive(Serialize, Deserialize, WireMessage, Debug, Clone, PartialEq)]
#[wire(name = "test.Order", reply = Receipt)]
struct Order {
    item: String,
    count: u32,
}

#[derive(Serialize, Deserialize, WireType, Debug, PartialEq)]
struct Receipt {
    text: String,
    total: Option<u64>,
}

/// What another program believes an order to be.
mod elsewhere {
    use super::*;

    #[derive(Serialize, Deserialize, WireMessage)]
    #[wire(name = "test.Order", reply = Receipt)]
    pub(super) struct Order {
        pub(super) item: String,
    }
}

/// Handles orders; those for none panic.
struct Shop {
    handled: Arc<Mutex<Vec<Order>>>,
}

impl Actor for Shop {
    type Context = Context<Self>;
}

impl Handler<Order> for Shop {
    type Result = Receipt;

    fn handle(&mut self, order: Order, _: &mut Context<Self>) -> Receipt {
        self.handled.lock().unwrap().push(order.clone());
        assert_ne!(order.count, 0, "an order for none");
        Receipt {
            text: order.item,
            total: Some(u64::from(order.count) * 2),
        }
    }
}

fn shop(handled: &Arc<Mutex<Vec<Order>>>) -> Child<Shop> {
    let handled = handled.clone();
    Child::new("shop", move || Shop {
        handled: handled.clone(),
    })
}

fn tea(count: u32) -> Order {
    Order {
        item: "tea".into(),
        count,
    }
}

/// Three of tea, in each codec's own bytes.
fn three_of_tea(codec: Codec) -> Vec<u8> {
    match codec {
        Codec::Postcard => b"\x03tea\x03".to_vec(),
        Codec::Json => br#"{"item": "tea", "count": 3}"#.to_vec(),
        Codec::Msgpack => b"\x82\xa4item\xa3tea\xa5count\x03".to_vec(),
        Codec::Cbor => b"\xa2\x64item\x63tea\x65count\x03".to_vec(),
        other => panic!("no bytes for {other}"),
    }
}

/// What is answered to them.
fn six_for_tea(codec: Codec) -> Vec<u8> {
    match codec {
        Codec::Postcard => b"\x03tea\x01\x06".to_vec(),
        Codec::Json => br#"{"text":"tea","total":6}"#.to_vec(),
        Codec::Msgpack => b"\x82\xa4text\xa3tea\xa5total\x06".to_vec(),
        Codec::Cbor => b"\xa2\x64text\x63tea\x65total\x06".to_vec(),
        other => panic!("no bytes for {other}"),
    }
}

/// A node with a shop, whose foreign customers speak `codec`, and who asks it.
async fn market(listen: &str, codec: Codec) -> (Node, ReqSocket) {
    let node = node().await;
    let shop = node.spawn(shop(&Arc::default())).await.unwrap();
    let rep = Rep::new("rep").listen(listen).foreign_codec(codec);
    let rep = node.spawn(rep.serve::<Order>(&shop)).await.unwrap();
    let req = Req::new("req").dial(address(&rep)).codec(codec);
    let req = node.spawn(req).await.unwrap();
    (node, req)
}

async fn refusal(req: &ReqSocket, content: Content) -> treewire::transports::Failure {
    match in_time(req.request(content).into_future()).await {
        Err(RequestError::Failed(failure)) => failure,
        other => panic!("{other:?}"),
    }
}

async fn every_codec_asks_and_is_answered(listen: &str) {
    // The socket's foreign codec has no say in what Treewire's own peers send.
    let (node, req) = market(listen, Codec::Json).await;
    let expected = Receipt {
        text: "tea".into(),
        total: Some(6),
    };
    for codec in Codec::ALL {
        let remote = req.with_codec(codec).remote::<Order>();
        let receipt = in_time(remote.send(tea(3)).into_future()).await.unwrap();
        assert_eq!(receipt, expected, "{codec}");

        // The same by hand: the answer comes in the request's codec.
        let schema = schema_of::<Order>();
        let descriptor = [&[codec.id()][..], &schema, b"test.Order"].concat();
        let content = Content::new(descriptor).with_part(three_of_tea(codec));
        let answer = in_time(req.request(content).into_future()).await.unwrap();
        assert_eq!(**answer.first(), *six_for_tea(codec), "{codec}");

        let other = elsewhere::Order { item: "tea".into() };
        let asked = in_time(req.with_codec(codec).send(other).into_future()).await;
        let error = asked.unwrap_err();
        assert!(matches!(error, RemoteError::SchemaMismatch(_)), "{error}");
    }
    let recipient = req.remote::<Order>().recipient();
    assert_eq!(in_time(recipient.send(tea(3))).await.unwrap(), expected);

    let unknown = [&[9][..], &schema_of::<Order>(), b"test.Order"].concat();
    let failure = refusal(&req, Content::new(unknown).with_part("x")).await;
    assert_eq!(failure.code, 3, "{failure:?}");
    assert!(failure.text.contains("3 (msgpack)"), "{failure:?}");
    stop(node).await;
}

async fn foreign_callers_are_answered_in_their_codec(listen: &str) {
    for codec in Codec::ALL {
        let (node, req) = market(listen, codec).await;
        let named = Content::new("test.Order").with_part(three_of_tea(codec));
        let alone = Content::new(three_of_tea(codec));
        for content in [named, alone] {
            let answer = in_time(req.request(content).into_future()).await.unwrap();
            assert_eq!(answer.parts().count(), 1);
            assert_eq!(**answer.first(), *six_for_tea(codec), "{codec}");
        }
        stop(node).await;
    }
}

async fn what_does_not_fit_is_said_with_its_place_and_costs_nobody_else(listen: &str) {
    let (node, req) = market(listen, Codec::Json).await;
    let json = |text: &str| Content::new("test.Order").with_part(text.as_bytes());
    let deep = format!("{{\"item\": \"tea\", \"count\": {}", "[".repeat(1_000_000));
    for (text, said) in [
        (
            "{\"item\": \"tea\",\n\"count\": \"three\"}",
            "invalid type: string \"three\", expected u32 at line 2 column 16",
        ),
        (
            r#"{"item": "tea"}"#,
            "missing field `count` at line 1 column 15",
        ),
        (r#"{"item": "tea", "count": -1}"#, "integer `-1`"),
        (
            r#"{"item": "tea", "count": 3} 4"#,
            "trailing characters at line 1",
        ),
        ("{", "EOF while parsing"),
        ("", "EOF while parsing"),
        (&deep, "at line 1 column"),
    ] {
        let failure = refusal(&req, json(text)).await;
        assert_eq!(failure.code, 3, "{failure:?}");
        assert!(failure.text.contains("json"), "{failure:?}");
        assert!(failure.text.contains(said), "{failure:?}");
    }
    let receipt = in_time(req.send(tea(1)).into_future()).await.unwrap();
    assert_eq!(receipt.total, Some(2));
    let tree = node.snapshot().await.unwrap();
    assert_eq!(tree.restarts, 0, "{}", drawn(&tree));
    stop(node).await;
}

async fn deliveries_in_every_codec_arrive_and_bad_ones_are_counted(listen: &str) {
    for codec in Codec::ALL {
        let node = node().await;
        let handled = Arc::<Mutex<Vec<Order>>>::default();
        let shop = node.spawn(shop(&handled)).await.unwrap();
        let pull = Pull::new("pull").listen(listen).foreign_codec(codec);
        let pull = node.spawn(pull.deliver::<Order>(&shop)).await.unwrap();
        let push = node.spawn(Push::new("push").dial(address(&pull))).await;
        let push: PushSocket = push.unwrap();
        let cut = three_of_tea(codec)[..4].to_vec();
        for payload in [three_of_tea(codec), cut, three_of_tea(codec)] {
            let content = Content::new("test.Order").with_part(payload);
            push.send(content).await.unwrap();
        }
        assert_eq!(in_time(push.close(WATCHDOG)).await, Closed::Flushed);
        assert_eq!(*handled.lock().unwrap(), [tea(3), tea(3)], "{codec}");
        let tree = node.snapshot().await.unwrap();
        assert_eq!(drops(&tree, "pull", "not deliverable"), 1, "{codec}");
        stop(node).await;
    }
}

async fn a_push_tells_an_actor_in_every_codec_and_what_does_not_fit_is_counted(listen: &str) {
    let node = node().await;
    let handled = Arc::<Mutex<Vec<Order>>>::default();
    let shop = node.spawn(shop(&handled)).await.unwrap();
    let pull = Pull::new("pull").listen(listen).deliver::<Order>(&shop);
    let pull = node.spawn(pull).await.unwrap();
    let mut expected = Vec::new();
    for (count, codec) in (1..).zip(Codec::ALL) {
        let push = Push::new(format!("push {codec}")).dial(address(&pull));
        let push = node.spawn(push.codec(codec)).await.unwrap();
        in_time(push.tell(&tea(count))).await.unwrap();
        let other = elsewhere::Order { item: "tea".into() };
        in_time(push.tell(&other)).await.unwrap();
        // By one socket, so in order.
        for another in Codec::ALL {
            push.with_codec(another).try_tell(&tea(count)).unwrap();
        }
        assert_eq!(in_time(push.close(WATCHDOG)).await, Closed::Flushed);
        expected.extend(vec![tea(count); 1 + Codec::ALL.len()]);
        assert_eq!(*handled.lock().unwrap(), expected, "{codec}");
        let tree = node.snapshot().await.unwrap();
        let dropped = drops(&tree, "pull", "not deliverable");
        assert_eq!(dropped, u64::from(count), "{codec}");
    }
    stop(node).await;
}

/// JSON has no such keys.
#[derive(Serialize, Deserialize, WireMessage)]
#[wire(name = "test.Prices")]
struct Prices {
    of: std::collections::BTreeMap<Vec<u8>, u32>,
}

async fn what_a_push_cannot_tell_is_an_error_that_says_why(listen: &str) {
    let node = node().await;
    let nobody = address_for_later(listen);
    let push = Push::new("push").dial(nobody).codec(Codec::Json);
    let push = node.spawn(push.send_bound(Bound::messages(1))).await;
    let push: PushSocket = push.unwrap();
    let prices = Prices {
        of: [(vec![1], 2)].into(),
    };
    match in_time(push.tell(&prices)).await {
        Err(TellError::Encode(text)) => assert!(text.contains("json"), "{text}"),
        other => panic!("{other:?}"),
    }
    in_time(push.tell(&tea(1))).await.unwrap();
    match push.try_tell(&tea(2)) {
        Err(TellError::NotTaken(error)) => {
            assert!(error.is_full(), "{error}");
            let content = error.into_content();
            let payload = content.parts().nth(1).unwrap();
            assert_eq!(*payload, r#"{"item":"tea","count":2}"#);
        }
        other => panic!("{other:?}"),
    }
    stop(node).await;
}

/// What comes again is decoded again, in the codec in which it came.
#[test]
fn a_handler_that_panics_gets_a_message_of_any_codec_again() {
    for codec in Codec::ALL {
        driven(1, async |world: World| {
            let node = Node::builder("test").driven(&world).start().await.unwrap();
            let handled = Arc::<Mutex<Vec<Order>>>::default();
            let shop = node.spawn(shop(&handled)).await.unwrap();
            let rep = Rep::new("rep").listen("inproc://shop").delivery(Reliable);
            node.spawn(rep.serve::<Order>(&shop)).await.unwrap();
            let req = Req::new("req").dial("inproc://shop").delivery(Reliable);
            let req = node.spawn(req.codec(codec)).await.unwrap();
            let error = req.send(tea(0)).await.unwrap_err();
            assert!(matches!(error, RemoteError::LostInCrash(_)), "{error}");
            let pull = Pull::new("pull").listen("inproc://mail");
            let pull = pull.foreign_codec(codec).delivery(Reliable);
            let pull = node.spawn(pull.deliver::<Order>(&shop)).await.unwrap();
            let mut letters = pull.dead_letters();
            let push = Push::new("push").dial("inproc://mail").delivery(Reliable);
            let push = node.spawn(push).await.unwrap();
            let mut none = three_of_tea(codec);
            // The count is the last byte, in JSON before the brace.
            let count = none.len() - if codec == Codec::Json { 2 } else { 1 };
            none[count] -= 3;
            push.send(Content::new("test.Order").with_part(none))
                .await
                .unwrap();
            push.drain().await;
            assert_eq!(letters.next().await.unwrap().cause, "panicked three times");
            assert_eq!(*handled.lock().unwrap(), vec![tea(0); 6], "{codec}");
            node.stop().await.unwrap();
        });
    }
}
