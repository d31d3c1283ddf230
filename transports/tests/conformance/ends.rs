//! Both ends of a link: who is there, what arrives, how it ends.

use super::{Numbers, Subject};

pub(crate) async fn a_link_knows_both_ends(subject: Subject) {
    let mut acceptor = subject.listen().await;
    let (dialed, accepted) = subject.pair(acceptor.as_mut()).await;
    assert_eq!(dialed.peer, acceptor.local().address());
    assert_eq!(accepted.peer, dialed.local);
    assert_eq!(accepted.local, dialed.peer);
    let (_, again) = subject.pair(acceptor.as_mut()).await;
    assert_eq!(again.host, accepted.host);
    assert!(!again.host.is_empty());
}

pub(crate) async fn bytes_arrive_intact_both_ways(subject: Subject) {
    let mut acceptor = subject.listen().await;
    let (mut dialed, mut accepted) = subject.pair(acceptor.as_mut()).await;
    let mut numbers = Numbers(7);
    let mut sizes = vec![0, 1, 2, 3, 1_048_576];
    sizes.extend(
        numbers
            .by_ref()
            .take(20)
            .map(|number| number as usize % 200_000),
    );
    let pieces: Vec<Vec<u8>> = sizes
        .iter()
        .map(|&size| {
            numbers
                .by_ref()
                .take(size)
                .map(|number| number as u8)
                .collect()
        })
        .collect();
    let expected = pieces.concat();

    let send_all = async |wire: &mut super::Wire| {
        for piece in &pieces {
            wire.send(piece).await.expect("the peer reads");
        }
    };
    // Each direction alone, so that neither side waits for room while it should read.
    let ((), received) = tokio::join!(send_all(&mut dialed), accepted.receive(expected.len()));
    assert!(received.expect("all arrives") == expected, "bytes differ");
    let ((), received) = tokio::join!(send_all(&mut accepted), dialed.receive(expected.len()));
    assert!(received.expect("all arrives") == expected, "bytes differ");
}

pub(crate) async fn half_a_link_ends_and_the_other_goes_on(subject: Subject) {
    let mut acceptor = subject.listen().await;
    let (mut dialed, mut accepted) = subject.pair(acceptor.as_mut()).await;
    dialed.send(b"question").await.unwrap();
    dialed.close().await.unwrap();
    dialed.close().await.expect("closing again is fine");
    assert_eq!(accepted.receive(8).await.unwrap(), "question");
    assert!(accepted.is_at_end().await.unwrap());
    assert!(accepted.is_at_end().await.unwrap(), "the end stays the end");
    accepted.send(b"answer").await.unwrap();
    assert_eq!(dialed.receive(6).await.unwrap(), "answer");
    drop(accepted);
    assert!(dialed.is_at_end().await.unwrap());
}

pub(crate) async fn a_dropped_peer_is_seen(subject: Subject) {
    let mut acceptor = subject.listen().await;
    let (mut dialed, mut accepted) = subject.pair(acceptor.as_mut()).await;
    accepted.send(b"last words").await.unwrap();
    drop(accepted);
    assert_eq!(dialed.receive(10).await.unwrap(), "last words");
    assert!(dialed.is_at_end().await.unwrap());
    // The system may take some before it hears that nobody is there.
    while dialed.send(&[0; 1_000]).await.is_ok() {}
}
