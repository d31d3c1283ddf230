//! What a peer sends may panic when it is dropped: that is nobody's end.

use std::future::{Future, IntoFuture};
use std::sync::Arc;
use std::task::{Context as Task, Waker};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use treewire::prelude::*;

mod support;
use support::*;

/// Its destructor panics if the peer made it [`FATAL`].
#[derive(Serialize, Deserialize, WireMessage)]
#[wire(name = "test.Bomb", reply = u64)]
struct Bomb {
    value: u64,
}

const FATAL: u8 = 7;

impl Drop for Bomb {
    fn drop(&mut self) {
        if self.value == u64::from(FATAL) && !std::thread::panicking() {
            panic!("the drop of a bomb");
        }
    }
}

#[derive(Serialize, Deserialize, WireMessage)]
#[wire(name = "test.Double", reply = u64)]
struct Double {
    value: u64,
}

#[derive(Serialize, Deserialize, WireMessage)]
#[wire(name = "test.Pause", reply = ())]
struct Pause {}

#[derive(Default)]
struct Service {
    gate: Arc<Notify>,
}

impl Actor for Service {
    type Context = Context<Self>;
}

impl Handler<Bomb> for Service {
    type Result = u64;

    fn handle(&mut self, bomb: Bomb, _: &mut Context<Self>) -> u64 {
        bomb.value
    }
}

impl Handler<Double> for Service {
    type Result = u64;

    fn handle(&mut self, double: Double, _: &mut Context<Self>) -> u64 {
        double.value * 2
    }
}

impl Handler<Pause> for Service {
    type Result = ();

    fn handle(&mut self, _: Pause, context: &mut Context<Self>) {
        let gate = self.gate.clone();
        context.wait(actix::fut::wrap_future(
            async move { gate.notified().await },
        ));
    }
}

#[tokio::test]
async fn a_message_that_cannot_be_dropped_does_not_stop_its_socket() {
    let node = node().await;
    let service = node.spawn(Child::new("service", Service::default));
    let service = service.await.unwrap();
    let rep = Rep::new("rep")
        .listen("tcp://127.0.0.1:0")
        .serve::<Bomb>(&service)
        .serve::<Double>(&service);
    let rep = node.spawn(rep).await.unwrap();
    let good = node.spawn(Req::new("good").dial(address(&rep))).await;
    let bad = node.spawn(Req::new("bad").dial(address(&rep))).await;
    let (good, bad) = (good.unwrap(), bad.unwrap());
    // Bytes that are left over: what was decoded is dropped by the connection.
    let poison = Content::new("test.Bomb").with_part(&[FATAL, 0, 0]);
    let told = in_time(bad.request(poison).into_future()).await;
    assert!(told.is_err(), "{told:?}");
    for value in 1..4 {
        let answer = in_time(good.send(Double { value }).into_future()).await;
        assert_eq!(answer.unwrap(), 2 * value);
    }
}

#[tokio::test]
async fn cancelled_requests_that_cannot_be_dropped_do_not_bring_the_node_down() {
    let server = node().await;
    let gate: Arc<Notify> = Arc::default();
    let of_service = gate.clone();
    let service = Child::new("service", move || Service {
        gate: of_service.clone(),
    });
    let service = server.spawn(service).await.unwrap();
    let other = server.spawn(Child::new("other", Service::default)).await;
    let rep = Rep::new("rep")
        .listen("tcp://127.0.0.1:0")
        .serve::<Bomb>(&service)
        .serve::<Pause>(&service)
        .serve::<Double>(&other.unwrap());
    let rep = server.spawn(rep).await.unwrap();
    let clients = node().await;
    let req = clients.spawn(Req::new("req").dial(address(&rep))).await;
    let req = req.unwrap();
    // What was sent before has arrived once another service has answered.
    let arrived = async || {
        let answer = in_time(req.send(Double { value: 1 }).into_future()).await;
        assert_eq!(answer.unwrap(), 2);
    };
    in_time(req.send(Pause {}).into_future()).await.unwrap();
    let mut asking = Vec::new();
    for _ in 0..5 {
        let poison = Content::new("test.Bomb").with_part(&[FATAL]);
        let mut request = Box::pin(req.request(poison).into_future());
        let mut task = Task::from_waker(Waker::noop());
        assert!(request.as_mut().poll(&mut task).is_pending());
        asking.push(request);
    }
    arrived().await;
    drop(asking);
    arrived().await;
    gate.notify_one();
    // It waits behind those.
    let answer = in_time(req.send(Bomb { value: 1 }).into_future()).await;
    assert_eq!(answer.unwrap(), 1);
    let tree = server.snapshot().await.unwrap();
    assert_eq!(tree.find("service").unwrap().generation, 1);
}
