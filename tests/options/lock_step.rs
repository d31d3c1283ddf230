//! Requests of a socket that asks one thing at a time.

use std::pin::pin;

use treewire::prelude::*;
use treewire::{LockStep, RequestError};

use crate::support::*;

over_every_transport! {
    zeromq_01_strict_a_second_request_is_refused_until_the_first_is_answered
    zeromq_08_relaxed_a_second_request_cancels_the_first
}

async fn zeromq_01_strict_a_second_request_is_refused_until_the_first_is_answered(listen: &str) {
    let node = node().await;
    let rep = node.spawn(Rep::new("rep").listen(listen)).await.unwrap();
    let req = Req::new("req")
        .dial(address(&rep))
        .lock_step(LockStep::Strict);
    let req = node.spawn(req).await.unwrap();
    let mut first = pin!(req.request("first").into_future());
    assert!(poll_once(first.as_mut()).await.is_pending());
    match in_time(req.request("second").into_future()).await {
        Err(RequestError::NotTaken(error)) => {
            assert!(error.is_out_of_step(), "{error}");
            assert_eq!(error.into_content(), "second".into());
        }
        other => panic!("{other:?}"),
    }
    let answering = async { rep.recv().await.unwrap().unwrap().reply("answer") };
    let (answer, ()) = in_time(async { tokio::join!(first, answering) }).await;
    assert_eq!(answer.unwrap(), "answer".into());
    let answering = async { rep.recv().await.unwrap().unwrap().reply("again") };
    let third = req.request("third").into_future();
    let (answer, ()) = in_time(async { tokio::join!(third, answering) }).await;
    assert_eq!(answer.unwrap(), "again".into());
    stop(node).await;
}

async fn zeromq_08_relaxed_a_second_request_cancels_the_first(listen: &str) {
    let node = node().await;
    let rep = node.spawn(Rep::new("rep").listen(listen)).await.unwrap();
    let req = Req::new("req")
        .dial(address(&rep))
        .lock_step(LockStep::Relaxed);
    let req = node.spawn(req).await.unwrap();
    let mut first = pin!(req.request("first").into_future());
    assert!(poll_once(first.as_mut()).await.is_pending());
    let asked_first = in_time(rep.recv()).await.unwrap().unwrap();
    let mut second = pin!(req.request("second").into_future());
    assert!(poll_once(second.as_mut()).await.is_pending());
    let superseded = in_time(first).await.unwrap_err();
    assert!(
        matches!(superseded, RequestError::Superseded),
        "{superseded}"
    );
    asked_first.reply("of the first");
    let asked_second = in_time(rep.recv()).await.unwrap().unwrap();
    asked_second.reply("of the second");
    assert_eq!(in_time(second).await.unwrap(), "of the second".into());
    stop(node).await;
}
