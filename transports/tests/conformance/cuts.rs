//! What is cut while its owner, whose thread is blocked, still holds it.

use std::thread;

use treewire_transports::Cutter;

use super::Subject;

/// The test waits for the cut, not for what follows from it.
fn cut_elsewhere(cutter: Cutter) {
    thread::spawn(move || cutter.cut())
        .join()
        .expect("a cut does not panic");
}

pub(crate) async fn a_link_is_cut_from_another_thread(subject: Subject) {
    let mut acceptor = subject.listen().await;
    let (mut dialed, mut accepted) = subject.pair(acceptor.as_mut()).await;
    accepted.send(b"last words").await.unwrap();
    cut_elsewhere(accepted.cutter.take().expect("it was not cut yet"));
    assert_eq!(dialed.receive(10).await.unwrap(), "last words");
    assert!(dialed.is_at_end().await.unwrap());
    while dialed.send(&[0; 1_000]).await.is_ok() {}
    // Its owner comes back to an end, or to an error for what came after it.
    assert!(accepted.receive(1).await.is_err());
    while accepted.send(&[0; 1_000]).await.is_ok() {}
    // Nobody else was touched.
    let (mut dialed, mut accepted) = subject.pair(acceptor.as_mut()).await;
    dialed.send(b"hello").await.unwrap();
    assert_eq!(accepted.receive(5).await.unwrap(), "hello");
}

pub(crate) async fn an_acceptor_is_cut_from_another_thread(subject: Subject) {
    let mut old = subject.listen().await;
    let local = old.local().to_string();
    let (mut dialed, mut accepted) = subject.pair(old.as_mut()).await;
    cut_elsewhere(old.cutter());
    let mut young = subject
        .listen_at(&local)
        .await
        .expect("the address is free though its owner lives");
    assert_eq!(young.local().to_string(), local);
    subject.pair(young.as_mut()).await;
    // Its owner comes back, finds that it is over, and takes nothing along.
    let error = super::accept(old.as_mut()).await.expect_err("it was cut");
    assert!(!error.is_transient(), "{error:?}");
    drop(old);
    subject.pair(young.as_mut()).await;
    accepted.send(b"old").await.unwrap();
    assert_eq!(dialed.receive(3).await.unwrap(), "old");
}
