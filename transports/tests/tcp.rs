//! TCP keeps the rules of every transport, and its own.

mod conformance;

use conformance::{Subject, suite};
use treewire_transports::{Endpoint, Registry, TransportError};

suite!(subject());

fn subject() -> Subject {
    Subject {
        registry: Registry::standard(),
        place: || "tcp://127.0.0.1:0".to_owned(),
        wildcard: Some(("tcp://*:0", "0.0.0.0:")),
        dial_waits: false,
    }
}

#[tokio::test]
async fn ipv6_is_written_in_brackets() {
    let subject = subject();
    let mut acceptor = match subject.listen_at("tcp://[::1]:0/quotes").await {
        Ok(acceptor) => acceptor,
        // A machine without IPv6.
        Err(TransportError::AddressNotAvailable { .. } | TransportError::Io { .. }) => return,
        Err(error) => panic!("{error}"),
    };
    assert!(
        acceptor.local().address().starts_with("[::1]:"),
        "{}",
        acceptor.local()
    );
    assert_eq!(acceptor.local().service(), Some("quotes"));
    subject.pair(acceptor.as_mut()).await;
}

#[tokio::test]
async fn a_name_is_resolved_and_every_address_tried() {
    let subject = subject();
    // `localhost` may be ::1 and 127.0.0.1; only one of them has a listener.
    let mut acceptor = subject.listen().await;
    let port = acceptor
        .local()
        .address()
        .rsplit_once(':')
        .unwrap()
        .1
        .to_owned();
    let named: Endpoint = format!("tcp://localhost:{port}").parse().unwrap();
    let (dialed, accepted) =
        tokio::join!(subject.dial(&named), conformance::accept(acceptor.as_mut()));
    assert_eq!(dialed.unwrap().peer, named.address());
    accepted.unwrap();
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_named() {
    let endpoint: Endpoint = "tcp://no-such-host.invalid:1".parse().unwrap();
    let error = subject().dial(&endpoint).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "no address found for tcp://no-such-host.invalid:1: check the name and the resolver"
    );
}

#[tokio::test]
async fn an_address_of_another_machine_cannot_be_listened_on() {
    let error = subject()
        .listen_at("tcp://192.0.2.1:0")
        .await
        .err()
        .unwrap();
    assert!(
        matches!(error, TransportError::AddressNotAvailable { .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn buffer_sizes_bound_what_the_system_takes() {
    let subject = subject();
    let options = "receive_buffer_bytes=8192&send_buffer_bytes=8192&nodelay=false&keepalive=true";
    let mut acceptor = subject
        .listen_at(&format!("tcp://127.0.0.1:0?{options}"))
        .await
        .unwrap();
    let (mut dialed, _accepted) = subject.pair(acceptor.as_mut()).await;
    let (whole, _) = dialed.fill(&[0; 1_024]).await.unwrap();
    assert!(whole < 512, "the system took {whole} KiB");
}
