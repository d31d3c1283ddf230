use std::future::IntoFuture;
use std::pin::pin;

use serde::{Deserialize, Serialize};
use treewire::RequestError;
use treewire::prelude::*;

use super::way::{At, Way};
use crate::support::*;

pub(super) async fn deadline(way: Way) {
    let node = node().await;
    let nobody = address_for_later("tcp://127.0.0.1:0");
    let option = ("deadline", "100ms");
    let req = way
        .spawn(&node, Req::new("req"), At::Dial(&nobody), option)
        .await;
    let asked = in_time(req.request("?").into_future()).await;
    assert!(matches!(asked, Err(RequestError::TimedOut)), "{asked:?}");
    stop(node).await;
}

#[derive(Serialize, Deserialize, WireMessage)]
#[wire(name = "test.Ask", reply = ())]
struct Ask {
    text: String,
}

pub(super) async fn codec(way: Way) {
    let node = node().await;
    let rep = Rep::new("rep").listen("tcp://127.0.0.1:0");
    let rep = node.spawn(rep).await.unwrap();
    let url = address(&rep);
    let option = ("codec", "json");
    let req = way
        .spawn(&node, Req::new("req"), At::Dial(&url), option)
        .await;
    let asking = req.send(Ask { text: "tea".into() });
    let asking = tokio::spawn(asking.into_future());
    let request = in_time(rep.recv()).await.unwrap().unwrap();
    let parts: Vec<&Payload> = request.content().parts().collect();
    assert_eq!(*parts[1], r#"{"text":"tea"}"#);
    asking.abort();
    drop(request);
    stop(node).await;
}

pub(super) async fn lock_step(way: Way) {
    let node = node().await;
    let nobody = address_for_later("tcp://127.0.0.1:0");
    let option = ("lock-step", "strict");
    let req = way
        .spawn(&node, Req::new("req"), At::Dial(&nobody), option)
        .await;
    let mut first = pin!(req.request("first").into_future());
    assert!(poll_once(first.as_mut()).await.is_pending());
    match in_time(req.request("second").into_future()).await {
        Err(RequestError::NotTaken(error)) => assert!(error.is_out_of_step(), "{error}"),
        other => panic!("{other:?}"),
    }
    stop(node).await;
}
