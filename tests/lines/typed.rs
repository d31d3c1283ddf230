//! Typed messages as lines of JSON.

use serde::{Deserialize, Serialize};
use treewire::prelude::*;

use crate::LINES;
use crate::peer::Peer;
use crate::support::*;

#[derive(Serialize, Deserialize, WireMessage)]
#[wire(name = "test.Order", reply = Receipt)]
struct Order {
    item: String,
    count: u32,
}

#[derive(Serialize, Deserialize, WireType)]
struct Receipt {
    item: String,
    total: u32,
}

struct Shop {
    sold: tokio::sync::mpsc::UnboundedSender<String>,
}

impl Actor for Shop {
    type Context = Context<Self>;
}

impl Handler<Order> for Shop {
    type Result = Receipt;

    fn handle(&mut self, order: Order, _: &mut Context<Self>) -> Receipt {
        let _ = self.sold.send(order.item.clone());
        Receipt {
            item: order.item,
            total: order.count * 2,
        }
    }
}

#[tokio::test]
async fn one_type_served_is_a_line_of_json_there_and_back() {
    let node = node().await;
    let (sold, mut items) = tokio::sync::mpsc::unbounded_channel();
    let shop = Child::new("shop", move || Shop { sold: sold.clone() });
    let shop = node.spawn(shop).await.unwrap();
    let rep = Rep::new("rep").listen(LINES).foreign_codec(Codec::Json);
    let rep = node.spawn(rep.serve::<Order>(&shop)).await.unwrap();
    let mut peer = Peer::of(&rep).await;
    peer.say("{\"item\":\"tea\\nleaves\",\"count\":3}\n").await;
    let answer = peer.hear().await;
    assert_eq!(answer, "{\"item\":\"tea\\nleaves\",\"total\":6}\n");
    peer.say("{\"item\":\"tea\"}\nnot json\n").await;
    let failure = peer.hear().await;
    let said = "error 3 ";
    assert!(failure.starts_with(said), "{failure}");
    assert!(
        failure.contains("missing field `count` at line 1 column 14"),
        "{failure}"
    );
    assert!(peer.hear().await.starts_with(said));
    assert_eq!(items.recv().await.unwrap(), "tea\nleaves");

    let pull = Pull::new("pull").listen(LINES).foreign_codec(Codec::Json);
    let pull = node.spawn(pull.deliver::<Order>(&shop)).await.unwrap();
    let mut peer = Peer::of(&pull).await;
    peer.say("{\"item\":\"cups\",\"count\":1}\n{}\n{\"item\":\"pots\",\"count\":1}")
        .await;
    peer.finish().await;
    assert_eq!(peer.hear_all().await, "");
    assert_eq!(items.recv().await.unwrap(), "cups");
    assert_eq!(items.recv().await.unwrap(), "pots");
    let tree = node.snapshot().await.unwrap();
    assert_eq!(drops(&tree, "pull", "not deliverable"), 1);
    stop(node).await;
}
