//! Datagrams: lost, doubled, overtaken, but whole, and the same for the same seed.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::timeout;
use treewire_transports::{Conditions, DatagramLink, Link, LinkIo, SimNetwork};

use super::conformance::accept;

const LONG: Duration = Duration::from_secs(60);

type Datagrams = Box<dyn DatagramLink>;

async fn pair(network: &SimNetwork) -> (Datagrams, Datagrams) {
    let place = "sim://place?links=datagrams".parse().unwrap();
    let mut acceptor = network.registry("server").listen(&place).await.unwrap();
    let registry = network.registry("client");
    let (dialed, accepted) = tokio::join!(registry.dial(&place), accept(acceptor.as_mut()));
    (datagrams(dialed.unwrap()), datagrams(accepted.unwrap()))
}

fn datagrams(link: Link) -> Datagrams {
    match link.io {
        LinkIo::Datagrams(link) => link,
        other => panic!("expected datagrams, found {other:?}"),
    }
}

async fn send(link: &mut Datagrams, datagram: &Bytes) -> std::io::Result<()> {
    poll_fn(|cx| link.poll_send(cx, datagram)).await
}

/// The next one; `None` when none comes.
async fn receive(link: &mut Datagrams) -> Option<Bytes> {
    let received = timeout(LONG, poll_fn(|cx| link.poll_receive(cx))).await;
    received.ok().map(Result::unwrap)
}

/// Which of a hundred datagrams arrive, in that order.
async fn arrivals(seed: u64, conditions: Conditions) -> Vec<u8> {
    let network = SimNetwork::new(seed);
    let (mut dialed, mut accepted) = pair(&network).await;
    network.set(conditions);
    for number in 0..100_u8 {
        let datagram = Bytes::from(vec![number; 1 + usize::from(number)]);
        send(&mut dialed, &datagram).await.unwrap();
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let mut arrived = Vec::new();
    while let Some(datagram) = receive(&mut accepted).await {
        assert_eq!(datagram.len(), 1 + usize::from(datagram[0]), "it is whole");
        arrived.push(datagram[0]);
    }
    arrived
}

#[tokio::test(start_paused = true)]
async fn without_faults_all_arrive_in_order() {
    let in_order: Vec<u8> = (0..100).collect();
    assert_eq!(arrivals(1, Conditions::default()).await, in_order);
}

#[tokio::test(start_paused = true)]
async fn some_are_lost_doubled_or_overtaken_as_the_seed_has_it() {
    let rough = Conditions::default()
        .loss(0.2)
        .doubling(0.2)
        .reordering(0.2);
    for seed in 0..20 {
        let arrived = arrivals(seed, rough.clone()).await;
        assert_eq!(arrived, arrivals(seed, rough.clone()).await);
        assert!(!arrived.is_sorted(), "seed {seed}: none was overtaken");
        let mut times = BTreeMap::<u8, usize>::new();
        for number in arrived {
            *times.entry(number).or_default() += 1;
        }
        assert!(times.len() < 100, "seed {seed}: none was lost");
        assert!(times.values().any(|&times| times == 2), "seed {seed}");
        assert!(times.values().all(|&times| times <= 2), "seed {seed}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_partition_loses_what_is_sent_meanwhile() {
    let network = SimNetwork::new(1);
    let (mut dialed, mut accepted) = pair(&network).await;
    let slow = Duration::from_millis(10)..=Duration::from_millis(10);
    network.set(Conditions::default().delay(slow));
    send(&mut dialed, &Bytes::from_static(b"under way"))
        .await
        .unwrap();
    network.part("client", "server");
    send(&mut dialed, &Bytes::from_static(b"meanwhile"))
        .await
        .unwrap();
    assert_eq!(receive(&mut accepted).await, None);
    network.heal("client", "server");
    send(&mut dialed, &Bytes::from_static(b"after"))
        .await
        .unwrap();
    assert_eq!(receive(&mut accepted).await.unwrap(), "after");
}

#[tokio::test(start_paused = true)]
async fn a_full_link_makes_its_sender_wait() {
    let (mut dialed, mut accepted) = pair(&SimNetwork::new(1)).await;
    let datagram = Bytes::from_static(b"x");
    while timeout(LONG, send(&mut dialed, &datagram)).await.is_ok() {}
    receive(&mut accepted).await.unwrap();
    timeout(LONG, send(&mut dialed, &datagram))
        .await
        .expect("there is room")
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_datagram_too_large_is_refused() {
    let (mut dialed, _accepted) = pair(&SimNetwork::new(1)).await;
    let datagram = Bytes::from(vec![0; dialed.max_bytes() + 1]);
    let error = send(&mut dialed, &datagram).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
}

#[tokio::test(start_paused = true)]
async fn nobody_hears_that_the_peer_has_gone() {
    let (mut dialed, accepted) = pair(&SimNetwork::new(1)).await;
    drop(accepted);
    for _ in 0..1_000 {
        send(&mut dialed, &Bytes::from_static(b"x")).await.unwrap();
    }
    assert_eq!(receive(&mut dialed).await, None);
}
