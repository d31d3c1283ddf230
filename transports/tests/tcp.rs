//! TCP keeps the rules of every transport, and its own.

mod conformance;
#[path = "conformance/turning_away.rs"]
mod turning_away;

use conformance::{Subject, suite};
use treewire_transports::{Endpoint, Registry, TransportError, Use};
use turning_away::turns_away;

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
    let options = "receive-buffer-bytes=8192&send-buffer-bytes=8192&nodelay=false&keepalive=true";
    let mut acceptor = subject
        .listen_at(&format!("tcp://127.0.0.1:0?{options}"))
        .await
        .unwrap();
    let (mut dialed, _accepted) = subject.pair(acceptor.as_mut()).await;
    let (whole, _) = dialed.fill(&[0; 1_024]).await.unwrap();
    assert!(whole < 512, "the system took {whole} KiB");
}

#[tokio::test]
async fn a_host_that_is_not_admitted_is_turned_away_and_the_next_one_accepted() {
    for (options, reason) in [
        ("allow=192.0.2.0/24", "allow does not list its address"),
        ("deny=127.0.0.0/8", "deny lists its address"),
    ] {
        turns_away(&subject(), "tcp://127.0.0.1:0", options, reason).await;
    }
}

#[tokio::test]
async fn a_host_that_is_admitted_is_accepted_and_dialed() {
    let subject = subject();
    let place = "tcp://127.0.0.1:0?allow=192.0.2.0/24,127.0.0.1&deny=127.0.0.2";
    let mut acceptor = subject.listen_at(place).await.unwrap();
    subject.pair(acceptor.as_mut()).await;
}

#[tokio::test]
async fn a_dialer_speaks_only_with_hosts_that_are_admitted() {
    let subject = subject();
    let acceptor = subject.listen().await;
    let address = acceptor.local().address();
    for options in ["allow=192.0.2.0/24", "deny=127.0.0.1,::1"] {
        let endpoint = format!("tcp://{address}?{options}").parse().unwrap();
        let error = subject.dial(&endpoint).await.unwrap_err();
        assert!(matches!(error, TransportError::BadPeer { .. }), "{error:?}");
    }
}

#[test]
fn options_name_what_they_take() {
    let refused = |option: &str, allowed: &str| {
        let endpoint: Endpoint = format!("tcp://h:1?{option}").parse().unwrap();
        let checked = subject().registry.check(&endpoint, Use::Dial, &[]);
        let text = checked.unwrap_err().to_string();
        assert!(text.ends_with(&format!("allowed is {allowed}")), "{text}");
    };
    let networks = "IP addresses or networks as 10.0.0.0/8, separated by commas";
    refused("allow=localhost", networks);
    refused("deny=10.0.0.0/33", networks);
    refused(
        "keepalive-idle=0s",
        "a time from 1s to 9h 6m 7s, as in 250ms or 5s",
    );
    refused(
        "send-buffer-bytes=4095",
        "bytes from 4KiB to 1GiB, as in 64KiB or 16MiB",
    );
    refused("keepalive-probes=128", "an integer from 1 to 127");
}
