//! Sockets that are stopped in order and started again.

use super::*;
use crate::pattern::{Receiver, Sender};

#[test]
fn a_resting_socket_takes_no_message_keeps_what_it_has_and_opens_again() {
    let mut core = core(config(SocketType::PUSH));
    let pipe = core.dialed("tcp://peer:1", None);
    core.send(content("before"), None).unwrap();
    core.rest();
    let refused = core.send(content("meanwhile"), None).unwrap_err();
    assert_eq!(refused.reason, Reason::Resting);
    assert_eq!(core.admit("pull", true), Ok(()), "it is to be flushed");
    assert!(core.admit("pull", false).is_err());
    assert_eq!((core.unsent(), core.lost()), (1, 0));
    assert!(core.reopen());
    core.send(content("after"), None).unwrap();
    let inlet = attach(&mut core, Some(pipe), 10);
    assert_eq!(sendable(&mut core, &inlet), ["before", "after"]);
}

#[test]
fn what_a_resting_socket_had_for_one_of_its_peers_goes_to_the_next_in_order() {
    let mut core = core(config(SocketType::PUSH));
    let inlet = attach(&mut core, None, 1);
    for text in ["left", "a", "b"] {
        core.send(content(text), None).unwrap();
    }
    assert_eq!(sendable(&mut core, &inlet), ["left"]);
    core.rest();
    core.detach(&inlet, LOST);
    assert_eq!((core.unsent(), core.lost()), (2, 1));
    assert!(core.reopen());
    let refused = core.send(content("c"), None).unwrap_err();
    assert_eq!(refused.reason, Reason::NoPeer);
    let inlet = attach(&mut core, None, 10);
    core.send(content("c"), None).unwrap();
    assert_eq!(sendable(&mut core, &inlet), ["a", "b", "c"]);
}

#[test]
fn what_was_meant_for_one_peer_alone_is_dropped_with_it() {
    let everybody = SocketType::composed("news", Sender::All, Receiver::Nobody);
    let mut core = core(config(everybody));
    let inlet = attach(&mut core, None, 0);
    core.send(content("news"), None).unwrap();
    core.rest();
    core.detach(&inlet, LOST);
    assert_eq!((core.unsent(), core.lost()), (0, 1));
    assert_eq!(core.stats.drops()["peer gone"], 1);
}

#[test]
fn a_socket_that_was_closed_does_not_open_again() {
    let mut core = core(config(SocketType::PUSH));
    core.dialed("tcp://peer:1", None);
    core.send(content("queued"), None).unwrap();
    core.rest();
    core.begin_closing();
    assert_eq!(core.end(), 1);
    core.rest();
    assert!(!core.reopen());
    let refused = core.send(content("late"), None).unwrap_err();
    assert_eq!(refused.reason, Reason::Closing);
}

#[test]
fn what_a_resting_socket_received_is_kept_and_that_of_many_rests_is_bounded() {
    let mut core = core(SocketOptions {
        receive_messages_max: 3,
        ..config(SocketType::PULL)
    });
    for _ in 0..10 {
        let peers = [attach(&mut core, None, 0), attach(&mut core, None, 0)];
        for inlet in &peers {
            receive(&mut core, inlet, &["a", "b"]);
        }
        core.rest();
        for inlet in &peers {
            core.detach(inlet, LOST);
        }
        assert!(core.reopen());
    }
    let kept = std::iter::from_fn(|| core.next_message()).count();
    assert_eq!(kept, 4, "of the first rest, at whose begin there was room");
    assert_eq!(core.stats.drops()["orphaned"], 36);
}

#[test]
fn a_request_is_taken_back_unless_it_was_sent() {
    let mut core = core(config(SocketType::REQ));
    let pipe = core.dialed("tcp://peer:1", None);
    let ask = |core: &mut Core, text| {
        let (asker, _) = oneshot::channel();
        core.request(content(text), false, asker).map_err(|_| ())
    };
    let sent = ask(&mut core, "sent").unwrap();
    let inlet = attach(&mut core, Some(pipe), 1);
    assert_eq!(sendable(&mut core, &inlet), ["sent"]);
    let queued = ask(&mut core, "queued").unwrap();
    core.rest();
    assert_eq!(core.take_back(sent), None);
    assert_eq!(core.take_back(queued), Some(content("queued")));
    assert_eq!(core.unsent(), 0);
}

#[test]
fn a_message_for_any_peer_is_not_given_to_one_that_leaves() {
    let mut core = core(config(SocketType::PUSH));
    let leaving = attach(&mut core, None, 10);
    core.pipe_of(&leaving).unwrap().peer_leaves();
    let refused = core.send(content("x"), None).unwrap_err();
    assert_eq!(refused.reason, Reason::NoPeer);
    let staying = attach(&mut core, None, 10);
    core.send(content("x"), None).unwrap();
    assert_eq!(sendable(&mut core, &staying), ["x"]);
}
