//! WebSocket keeps the rules of every transport, and its own.

#[path = "../conformance/mod.rs"]
mod conformance;

mod client;
mod frames;
mod raw;
#[path = "../conformance/turning_away.rs"]
mod turning_away;
mod upgrade;

use conformance::Subject;
use treewire_transports::{Endpoint, Registry, Use};
use turning_away::turns_away;

mod suite {
    use super::conformance::{self, suite};

    suite!(super::subject());
}

fn subject() -> Subject {
    Subject {
        registry: Registry::standard(),
        place: || "ws://127.0.0.1:0".to_owned(),
        wildcard: Some(("ws://*:0", "0.0.0.0:")),
        dial_waits: false,
    }
}

#[tokio::test]
async fn the_path_is_part_of_the_address() {
    let subject = subject();
    let mut acceptor = subject.listen_at("ws://127.0.0.1:0/a/b").await.unwrap();
    let address = acceptor.local().address().to_owned();
    assert!(address.ends_with("/a/b"), "{address}");
    let (dialed, accepted) = subject.pair(acceptor.as_mut()).await;
    assert_eq!(dialed.peer, address);
    assert_eq!(accepted.local, address);
    assert_eq!(accepted.peer, dialed.local);
}

#[test]
fn bad_addresses_are_named() {
    let refused = |address: &str, reason: &str| {
        let endpoint: Endpoint = format!("ws://{address}").parse().unwrap();
        let checked = subject().registry.check(&endpoint, Use::Dial, &[]);
        let text = checked.unwrap_err().to_string();
        assert!(text.ends_with(reason), "{text}");
    };
    refused("h/path", "write host:port");
    refused(
        "h:0/path",
        "the port 0 is only to listen on, name one to dial",
    );
    refused(
        "h:1/é",
        "the path is written as in a URL, other characters as %20 for instance",
    );
}

#[tokio::test]
async fn a_host_that_is_not_admitted_is_turned_away_and_the_next_one_accepted() {
    let reason = "deny lists its address";
    turns_away(
        &subject(),
        "ws://127.0.0.1:0/path",
        "deny=127.0.0.1",
        reason,
    )
    .await;
}
