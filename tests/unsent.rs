//! What was never sent comes back to its sender.

use serde::{Deserialize, Serialize, Serializer, ser::Error};
use treewire::RequestError;
use treewire::prelude::*;

#[macro_use]
mod support;
use support::*;

over_every_transport! {
    a_message_that_cannot_be_encoded_comes_back
    a_request_too_large_for_its_peer_comes_back
}

#[derive(Serialize, Deserialize, WireMessage)]
#[wire(name = "test.Odd", reply = ())]
struct Odd {
    #[serde(serialize_with = "odd_ones")]
    value: u64,
}

fn odd_ones<S: Serializer>(value: &u64, to: S) -> Result<S::Ok, S::Error> {
    match value {
        0 => panic!("an encoder panics"),
        value if value % 2 == 0 => Err(S::Error::custom("it is even")),
        value => value.serialize(to),
    }
}

async fn a_message_that_cannot_be_encoded_comes_back(listen: &str) {
    let node = node().await;
    let rep = node.spawn(Rep::new("rep").listen(listen)).await.unwrap();
    let req = Req::new("req").dial(address(&rep));
    let req = node.spawn(req).await.unwrap();
    for (value, why) in [(2, "cannot be encoded"), (0, "its encoder panicked")] {
        match in_time(req.send(Odd { value }).into_future()).await {
            Err(RemoteError::NotSent { message, reason }) => {
                assert_eq!(message.value, value);
                assert!(reason.starts_with(why), "{reason}");
            }
            other => panic!("{other:?}"),
        }
    }
    stop(node).await;
}

async fn a_request_too_large_for_its_peer_comes_back(listen: &str) {
    #[derive(Serialize, Deserialize, WireMessage)]
    #[wire(name = "test.Large", reply = ())]
    struct Large {
        text: String,
    }
    let node = node().await;
    let rep = Rep::new("rep").listen(listen).message_bytes_max(1_000);
    let rep = node.spawn(rep).await.unwrap();
    let req = Req::new("req").dial(address(&rep));
    let req = node.spawn(req).await.unwrap();
    let content = Content::from(vec![1; 1_001]);
    match in_time(req.request(content.clone()).into_future()).await {
        Err(RequestError::Unsendable(back, reason)) => {
            assert!(back == content);
            assert!(reason.contains("limit of 1000"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
    let text = "x".repeat(1_001);
    match in_time(req.send(Large { text }).into_future()).await {
        Err(RemoteError::NotSent { message, reason }) => {
            assert_eq!(message.text.len(), 1_001);
            assert!(reason.contains("limit of 1000"), "{reason}");
        }
        other => panic!("{other:?}"),
    }
    stop(node).await;
}
