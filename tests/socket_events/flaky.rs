//! A transport that fails when it is told to.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};
use std::task::{Context as Task, Poll};

use treewire::transports::{
    Acceptor, BoxFuture, Cutter, EndpointError, Inproc, Link, OptionSpec, Registry, Transport,
    TransportError, Use,
};
use treewire::{Endpoint, Node};

use super::*;

/// `inproc` by another name.
struct Flaky {
    inproc: Inproc,
    faults: Faults,
}

#[derive(Clone, Default)]
struct Faults {
    /// How many of the next binds fail.
    binds: Arc<Mutex<u32>>,
    /// What accepting fails with before the next link.
    accepts: Arc<Mutex<VecDeque<io::ErrorKind>>>,
}

struct FlakyAcceptor(Box<dyn Acceptor>, Faults);

impl Transport for Flaky {
    fn scheme(&self) -> &'static str {
        "flaky"
    }

    fn options(&self) -> &'static [OptionSpec] {
        self.inproc.options()
    }

    fn check(&self, endpoint: &Endpoint, wanted: Use) -> Result<(), EndpointError> {
        self.inproc.check(endpoint, wanted)
    }

    fn is_local(&self, endpoint: &Endpoint) -> bool {
        self.inproc.is_local(endpoint)
    }

    fn dial(&self, endpoint: Endpoint) -> BoxFuture<'static, Result<Link, TransportError>> {
        self.inproc.dial(endpoint)
    }

    fn listen(
        &self,
        endpoint: Endpoint,
    ) -> BoxFuture<'static, Result<Box<dyn Acceptor>, TransportError>> {
        let mut binds = self.faults.binds.lock().unwrap();
        if *binds > 0 {
            *binds -= 1;
            let endpoint = endpoint.to_string();
            return Box::pin(async { Err(TransportError::AddressInUse { endpoint }) });
        }
        let (listen, faults) = (self.inproc.listen(endpoint), self.faults.clone());
        Box::pin(async { Ok(Box::new(FlakyAcceptor(listen.await?, faults)) as Box<dyn Acceptor>) })
    }
}

impl Acceptor for FlakyAcceptor {
    fn local(&self) -> &Endpoint {
        self.0.local()
    }

    fn cutter(&self) -> Cutter {
        self.0.cutter()
    }

    fn poll_accept(&mut self, task: &mut Task<'_>) -> Poll<Result<Link, TransportError>> {
        // Whoever dials wakes it.
        let link = self.0.poll_accept(task)?;
        if link.is_ready()
            && let Some(fault) = self.1.accepts.lock().unwrap().pop_front()
        {
            let error = TransportError::from_io(self.local(), fault.into());
            return Poll::Ready(Err(error));
        }
        link.map(Ok)
    }
}

async fn flaky_node() -> (Node, Faults) {
    let faults = Faults::default();
    let registry = Registry::standard();
    registry.register_transport(Flaky {
        inproc: Inproc::default(),
        faults: faults.clone(),
    });
    let node = Node::builder("test").provide(registry).start().await;
    (node.unwrap(), faults)
}

#[tokio::test]
async fn zeromq_20_who_could_not_be_accepted_is_told_and_the_next_one_is_accepted() {
    let (node, faults) = flaky_node().await;
    let pull = node.spawn(Pull::new("pull").listen("flaky://here")).await;
    let pull = pull.unwrap();
    let push = node.spawn(Push::new("push")).await.unwrap();
    let mut events = pull.events();
    let failing = [io::ErrorKind::ConnectionAborted, io::ErrorKind::OutOfMemory];
    faults.accepts.lock().unwrap().extend(failing);
    in_time(push.dial("flaky://here")).await.unwrap();
    let told = ["accept failed", "accept failed", "accepted", "online"];
    expect(&mut events, "flaky://here", &told).await;
    // One after which nothing more is accepted.
    in_time(push.undial("flaky://here")).await.unwrap();
    faults
        .accepts
        .lock()
        .unwrap()
        .push_back(io::ErrorKind::Other);
    in_time(push.dial("flaky://here")).await.unwrap();
    let told = [
        "offline: peer closed",
        "accept failed",
        "listener closed",
        "listening",
        "accepted",
        "online",
    ];
    expect(&mut events, "flaky://here", &told).await;
    stop(node).await;
}

#[tokio::test]
async fn zeromq_20_a_listener_that_cannot_bind_again_says_when_it_tries_next() {
    let (node, faults) = flaky_node().await;
    let pull = node.spawn(Pull::new("pull")).await.unwrap();
    in_time(pull.listen("flaky://here")).await.unwrap();
    let mut events = pull.events();
    *faults.binds.lock().unwrap() = 3;
    let tree = node.snapshot().await.unwrap();
    let path = of_kind(&tree, "listener").next().unwrap().path.clone();
    in_time(node.kill(&path)).await.unwrap();
    let told = [
        "listener closed",
        "bind failed",
        "retrying",
        "bind failed",
        "retrying",
        "bind failed",
        "retrying",
        "listening",
    ];
    expect(&mut events, "flaky://here", &told).await;
    stop(node).await;
}
