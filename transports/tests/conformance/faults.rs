//! Addresses: taken, free, wild, or with nobody there.

use std::future::poll_fn;
use std::task::Poll;

use treewire_transports::{Endpoint, TransportError, Use};

use super::{Subject, Wire};

pub(crate) async fn an_address_in_use_is_named(subject: Subject) {
    let acceptor = subject.listen().await;
    let local = acceptor.local().to_string();
    let error = subject
        .listen_at(&local)
        .await
        .err()
        .expect("somebody listens there");
    assert!(
        matches!(error, TransportError::AddressInUse { .. }),
        "{error:?}"
    );
    // A value of an option may be private.
    let shown = local.split('?').next().unwrap_or_default();
    assert_eq!(
        error.to_string(),
        format!("{shown} is in use: stop whoever listens there, or listen elsewhere")
    );
}

pub(crate) async fn a_wildcard_is_reported_and_can_be_dialed(subject: Subject) {
    let Some((wildcard, host)) = subject.wildcard else {
        return;
    };
    let mut acceptor = subject
        .listen_at(wildcard)
        .await
        .expect("some port is free");
    let address = acceptor.local().address().to_owned();
    assert!(address.starts_with(host), "{address}");
    assert!(!address.ends_with(":0"), "{address}");
    let (mut dialed, mut accepted) = subject.pair(acceptor.as_mut()).await;
    dialed.send(b"hello").await.unwrap();
    assert_eq!(accepted.receive(5).await.unwrap(), "hello");
}

pub(crate) async fn an_address_is_free_at_once(subject: Subject) {
    let mut acceptor = subject.listen().await;
    let local = acceptor.local().to_string();
    let (mut dialed, mut accepted) = subject.pair(acceptor.as_mut()).await;
    drop(acceptor);
    let mut acceptor = subject
        .listen_at(&local)
        .await
        .expect("the address is free again");
    assert_eq!(acceptor.local().to_string(), local);
    // The links of the former acceptor go on, new ones come to the new one.
    accepted.send(b"old").await.unwrap();
    assert_eq!(dialed.receive(3).await.unwrap(), "old");
    let (mut dialed, mut accepted) = subject.pair(acceptor.as_mut()).await;
    accepted.send(b"new").await.unwrap();
    assert_eq!(dialed.receive(3).await.unwrap(), "new");
}

pub(crate) async fn dialing_where_nobody_listens(subject: Subject) {
    let acceptor = subject.listen().await;
    let endpoint = acceptor.local().clone();
    drop(acceptor);
    let mut dialing = Box::pin(subject.dial(&endpoint));
    if !subject.dial_waits {
        let error = dialing.await.expect_err("nobody listens");
        assert!(matches!(error, TransportError::Refused { .. }), "{error:?}");
        return;
    }
    let first = poll_fn(|cx| Poll::Ready(dialing.as_mut().poll(cx))).await;
    assert!(first.is_pending(), "it waits");
    let mut acceptor = subject.listen_at(&endpoint.to_string()).await.unwrap();
    let (dialed, accepted) = tokio::join!(dialing, super::accept(acceptor.as_mut()));
    let (mut dialed, mut accepted) = (Wire::new(dialed.unwrap()), Wire::new(accepted.unwrap()));
    dialed.send(b"at last").await.unwrap();
    assert_eq!(accepted.receive(7).await.unwrap(), "at last");
}

pub(crate) async fn an_unknown_option_is_refused(subject: Subject) {
    let place = (subject.place)();
    let separator = if place.contains('?') { '&' } else { '?' };
    let endpoint: Endpoint = format!("{place}{separator}no_such_option=1")
        .parse()
        .unwrap();
    let error = subject
        .registry
        .check(&endpoint, Use::Listen, &[])
        .unwrap_err()
        .to_string();
    assert!(
        error.contains(r#"unknown option "no_such_option""#),
        "{error}"
    );
}
