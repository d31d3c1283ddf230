//! What is not taken, and why.

use super::*;

#[test]
fn a_peer_is_refused_with_a_reason_both_sides_can_read() {
    let mut push = config(SocketType::PUSH);
    push.peers_max = Connector::AtMost(1);
    let mut core = core(push);
    let refusal = core.admit("push", false).unwrap_err();
    assert_eq!(refusal.code, RefusalCode::IncompatibleSocket);
    assert!(
        refusal
            .text
            .contains("a push socket talks to pull, not to push"),
        "{}",
        refusal.text
    );
    assert_eq!(core.admit("pull", false), Ok(()));
    attach(&mut core, None, 0);
    assert_eq!(
        core.admit("pull", false).unwrap_err().code,
        RefusalCode::ConnectionLimit
    );
}

#[test]
fn a_message_that_no_peer_would_take_comes_back() {
    let mut core = core(config(SocketType::PUSH));
    let blocked = core.send(Content::from(vec![0; 1_001]), None).unwrap_err();
    assert_eq!(
        blocked.reason,
        Reason::TooLarge {
            bytes: 1_001,
            limit: 1_000
        }
    );
    let parts = Content::from_parts(vec![treewire_transports::Payload::new(); 1_025]);
    let blocked = core.send(parts, None).unwrap_err();
    assert_eq!(
        blocked.reason,
        Reason::TooManyParts {
            parts: 1_025,
            limit: 1_024
        }
    );
    assert_eq!(
        core.send(content("x"), None).unwrap_err().reason,
        Reason::NoPeer
    );
}

#[test]
fn a_composed_socket_says_why_it_does_not_send() {
    use crate::pattern::{Receiver, Sender};
    let blocked = |sender, destination| {
        let socket_type = SocketType::composed("relay", sender, Receiver::All);
        let mut core = core(config(socket_type));
        attach(&mut core, None, 10);
        core.send(content("x"), destination).unwrap_err().reason
    };
    let gone = PipeId { key: 9, serial: 9 };
    assert_eq!(blocked(Sender::Nobody, None), Reason::SendsNothing);
    assert_eq!(blocked(Sender::Source, None), Reason::NeedsDestination);
    assert_eq!(blocked(Sender::Source, Some(gone)), Reason::PeerGone);
    assert_eq!(blocked(Sender::One, Some(gone)), Reason::ChoosesItself);
    assert_eq!(blocked(Sender::All, Some(gone)), Reason::ChoosesItself);
}
