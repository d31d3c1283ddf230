//! Links inside one process keep the rules of every transport, and their own.

mod conformance;

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

use bytes::Bytes;
use conformance::{Subject, accept, suite};
use treewire_transports::{Endpoint, LinkIo, Packet, Registry};

suite!(subject());

fn subject() -> Subject {
    Subject {
        registry: Registry::standard(),
        place: || "inproc://place".to_owned(),
        wildcard: None,
        dial_waits: true,
    }
}

async fn is_pending<F: Future>(mut future: Pin<&mut F>) -> bool {
    poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_pending())).await
}

#[tokio::test]
async fn bodies_are_not_copied() {
    let subject = subject();
    let mut acceptor = subject.listen().await;
    let local = acceptor.local().clone();
    let (dialed, accepted) = tokio::join!(subject.dial(&local), accept(acceptor.as_mut()));
    let (LinkIo::Messages(mut dialed), LinkIo::Messages(mut accepted)) =
        (dialed.unwrap().io, accepted.unwrap().io)
    else {
        panic!("inproc links carry messages");
    };
    let body = Bytes::from(vec![7; 100]);
    poll_fn(|cx| dialed.poll_ready(cx)).await.unwrap();
    dialed
        .start_send(Packet {
            head: Bytes::new(),
            body: body.clone(),
        })
        .unwrap();
    poll_fn(|cx| dialed.poll_flush(cx)).await.unwrap();
    let packet = poll_fn(|cx| accepted.poll_receive(cx))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(packet.body.as_ptr(), body.as_ptr());
}

#[tokio::test]
async fn two_registries_do_not_see_each_other() {
    let (one, other) = (subject(), subject());
    let _acceptor = one.listen().await;
    other.listen().await;
}

#[tokio::test]
async fn a_dialer_goes_on_waiting_when_the_acceptor_is_dropped() {
    let subject = subject();
    let endpoint: Endpoint = "inproc://place".parse().unwrap();
    let mut dialing = Box::pin(subject.dial(&endpoint));
    assert!(is_pending(dialing.as_mut()).await);
    drop(subject.listen().await);
    assert!(is_pending(dialing.as_mut()).await);
    let mut acceptor = subject.listen().await;
    let (dialed, accepted) = tokio::join!(dialing, accept(acceptor.as_mut()));
    assert_eq!(accepted.unwrap().peer, dialed.unwrap().local);
}

#[tokio::test]
async fn dialers_beyond_the_backlog_wait_their_turn_and_may_give_up() {
    let subject = subject();
    let mut acceptor = subject.listen().await;
    let local = acceptor.local().clone();
    let mut dialed = Vec::new();
    let (first, second) = loop {
        let mut dialing = Box::pin(subject.dial(&local));
        match poll_fn(|cx| Poll::Ready(dialing.as_mut().poll(cx))).await {
            Poll::Ready(link) => dialed.push(link.unwrap()),
            Poll::Pending => break (dialing, Box::pin(subject.dial(&local))),
        }
    };
    let mut second = by_hand(second);
    assert!(second.poll_once().await);
    accept(acceptor.as_mut()).await.unwrap();
    // The first was called and does not come: its turn goes to the second.
    drop(first);
    assert!(second.was_woken());
    assert!(!second.poll_once().await);
}

/// A future polled by hand that remembers whether it was woken.
fn by_hand<F: Future>(future: Pin<Box<F>>) -> ByHand<F> {
    ByHand {
        future,
        woken: Default::default(),
    }
}

struct ByHand<F> {
    future: Pin<Box<F>>,
    woken: std::sync::Arc<Flag>,
}

#[derive(Default)]
struct Flag(std::sync::atomic::AtomicBool);

impl std::task::Wake for Flag {
    fn wake(self: std::sync::Arc<Self>) {
        self.0.store(true, std::sync::atomic::Ordering::SeqCst);
    }
}

impl<F: Future> ByHand<F> {
    /// Whether it is pending.
    async fn poll_once(&mut self) -> bool {
        let waker = self.woken.clone().into();
        self.future
            .as_mut()
            .poll(&mut std::task::Context::from_waker(&waker))
            .is_pending()
    }

    fn was_woken(&self) -> bool {
        self.woken.0.load(std::sync::atomic::Ordering::SeqCst)
    }
}
