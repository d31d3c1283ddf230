//! Many links, and links whose reader is slow.

use std::future::poll_fn;
use std::task::Poll;

use super::{Subject, Wire, accept};

pub(crate) async fn many_links_at_once(subject: Subject) {
    const LINKS: usize = 200;
    let mut acceptor = subject.listen().await;
    let local = acceptor.local().clone();
    let accept_all = async {
        let mut wires = Vec::new();
        while wires.len() < LINKS {
            wires.push(Wire::new(
                accept(acceptor.as_mut())
                    .await
                    .expect("it goes on accepting"),
            ));
        }
        wires
    };
    let dial_all = futures_util::future::join_all((0..LINKS).map(|_| subject.dial(&local)));
    let (mut accepted, dialed) = tokio::join!(accept_all, dial_all);
    let mut dialed: Vec<_> = dialed
        .into_iter()
        .map(|link| Wire::new(link.expect("somebody listens")))
        .collect();
    let (all_accepted, all_dialed) = tokio::join!(
        futures_util::future::join_all(accepted.iter_mut().map(Wire::flush)),
        futures_util::future::join_all(dialed.iter_mut().map(Wire::flush)),
    );
    for shaken in all_accepted.into_iter().chain(all_dialed) {
        shaken.expect("both shake hands");
    }
    for (number, wire) in dialed.iter_mut().enumerate() {
        wire.send(&number.to_be_bytes()).await.unwrap();
    }
    // Each answers on the link the question came by.
    for wire in &mut accepted {
        let number = wire.receive(size_of::<usize>()).await.unwrap();
        wire.send(&number).await.unwrap();
    }
    for (number, wire) in dialed.iter_mut().enumerate() {
        assert_eq!(
            wire.receive(size_of::<usize>()).await.unwrap()[..],
            number.to_be_bytes()
        );
    }
}

pub(crate) async fn a_dropped_acceptor_accepts_no_more(subject: Subject) {
    let mut acceptor = subject.listen().await;
    let local = acceptor.local().clone();
    let nobody = poll_fn(|cx| Poll::Ready(acceptor.poll_accept(cx))).await;
    assert!(nobody.is_pending(), "nobody dialed");
    drop(acceptor);
    let mut dialing = Box::pin(subject.dial(&local));
    if subject.dial_waits {
        assert!(
            poll_fn(|cx| Poll::Ready(dialing.as_mut().poll(cx)))
                .await
                .is_pending()
        );
    } else {
        assert!(dialing.await.is_err());
    }
}

pub(crate) async fn a_writer_waits_for_its_reader_and_loses_nothing(subject: Subject) {
    const PIECE: usize = 64 * 1024;
    const BOUND: usize = 64 * 1024 * 1024;
    let piece: Vec<u8> = (0..PIECE).map(|index| (index % 251) as u8).collect();
    let mut acceptor = subject.listen().await;
    let (mut dialed, mut accepted) = subject.pair(acceptor.as_mut()).await;
    let (whole, of_next) = dialed.fill(&piece).await.unwrap();
    assert!(
        whole * PIECE < BOUND,
        "took {whole} pieces of {PIECE} bytes and asked for more"
    );
    let rest = async {
        dialed.send(&piece[of_next..]).await.unwrap();
        dialed.close().await.unwrap();
    };
    let read = async {
        for _ in 0..=whole {
            assert!(
                accepted.receive(PIECE).await.unwrap() == piece,
                "bytes differ"
            );
        }
        assert!(accepted.is_at_end().await.unwrap());
    };
    tokio::join!(rest, read);
}
