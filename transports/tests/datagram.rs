//! The contract of datagram links, on one in memory that loses, doubles and reorders.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use treewire_transports::{Cutter, DatagramLink, Link, LinkIo};

const BYTES_MAX: usize = 1_200;
const WAITING_MAX: usize = 64;

#[derive(Default)]
struct Air {
    datagrams: VecDeque<Bytes>,
    receiver: Option<Waker>,
    sender: Option<Waker>,
    sent: u64,
}

struct LossyLink {
    to_peer: Arc<Mutex<Air>>,
    from_peer: Arc<Mutex<Air>>,
}

fn pair() -> (Link, Link) {
    let (one, other) = (Arc::new(Mutex::default()), Arc::new(Mutex::default()));
    let link = |to_peer: &Arc<Mutex<Air>>, from_peer: &Arc<Mutex<Air>>| {
        let io = LossyLink {
            to_peer: to_peer.clone(),
            from_peer: from_peer.clone(),
        };
        Link {
            io: LinkIo::Datagrams(Box::new(io)),
            peer: "air".into(),
            host: "air".into(),
            local: "air".into(),
            // Nobody can cut the air.
            cutter: Cutter::new(|| {}),
        }
    };
    (link(&one, &other), link(&other, &one))
}

impl DatagramLink for LossyLink {
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Bytes>> {
        let mut air = self.from_peer.lock().unwrap();
        let Some(datagram) = air.datagrams.pop_front() else {
            air.receiver = Some(cx.waker().clone());
            return Poll::Pending;
        };
        if let Some(sender) = air.sender.take() {
            sender.wake();
        }
        Poll::Ready(Ok(datagram))
    }

    /// Every 5th is lost, every 7th doubled, every 11th overtakes.
    fn poll_send(&mut self, cx: &mut Context<'_>, datagram: &Bytes) -> Poll<io::Result<()>> {
        if datagram.len() > self.max_bytes() {
            return Poll::Ready(Err(io::ErrorKind::InvalidInput.into()));
        }
        let mut air = self.to_peer.lock().unwrap();
        if air.datagrams.len() >= WAITING_MAX {
            air.sender = Some(cx.waker().clone());
            return Poll::Pending;
        }
        air.sent += 1;
        match air.sent {
            n if n % 5 == 0 => {}
            n if n % 7 == 0 => air.datagrams.extend([datagram.clone(), datagram.clone()]),
            n if n % 11 == 0 => air.datagrams.push_front(datagram.clone()),
            _ => air.datagrams.push_back(datagram.clone()),
        }
        if let Some(receiver) = air.receiver.take() {
            receiver.wake();
        }
        Poll::Ready(Ok(()))
    }

    fn max_bytes(&self) -> usize {
        BYTES_MAX
    }
}

fn datagrams(link: Link) -> RefCell<Box<dyn DatagramLink>> {
    match link.io {
        LinkIo::Datagrams(link) => RefCell::new(link),
        other => panic!("expected datagrams, found {other:?}"),
    }
}

#[tokio::test]
async fn what_arrives_arrives_whole() {
    let (one, other) = pair();
    let (one, other) = (datagrams(one), datagrams(other));
    for number in 0..50u8 {
        let datagram = Bytes::from(vec![number; usize::from(number)]);
        poll_fn(|cx| one.borrow_mut().poll_send(cx, &datagram))
            .await
            .unwrap();
    }
    let mut arrived = Vec::new();
    while let Poll::Ready(datagram) =
        poll_fn(|cx| Poll::Ready(other.borrow_mut().poll_receive(cx))).await
    {
        let datagram = datagram.unwrap();
        assert!(
            datagram
                .iter()
                .all(|&byte| usize::from(byte) == datagram.len()),
            "a datagram is whole"
        );
        arrived.push(datagram.len());
    }
    let in_order: Vec<_> = (0..50).collect();
    assert_ne!(arrived, in_order, "this link is lossy");
    arrived.sort_unstable();
    arrived.dedup();
    assert_eq!(arrived.len(), 40, "every fifth is lost");
}

#[tokio::test]
async fn a_full_link_makes_its_sender_wait() {
    let (one, other) = pair();
    let (one, other) = (datagrams(one), datagrams(other));
    let datagram = Bytes::from_static(b"x");
    while poll_fn(|cx| Poll::Ready(one.borrow_mut().poll_send(cx, &datagram)))
        .await
        .is_ready()
    {}
    let send = poll_fn(|cx| one.borrow_mut().poll_send(cx, &datagram));
    let receive = async {
        for _ in 0..2 {
            poll_fn(|cx| other.borrow_mut().poll_receive(cx))
                .await
                .unwrap();
        }
    };
    let (sent, ()) = tokio::join!(send, receive);
    sent.unwrap();
}

#[tokio::test]
async fn a_datagram_too_large_is_refused() {
    let (one, _other) = pair();
    let one = datagrams(one);
    let datagram = Bytes::from(vec![0; one.borrow().max_bytes() + 1]);
    let error = poll_fn(|cx| one.borrow_mut().poll_send(cx, &datagram))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
}
