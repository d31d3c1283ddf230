//! Numbers that go on over the sessions of a dialed pipe, driven by hand.

use std::time::Instant;

use treewire_transports::OpenChannel;

use super::sessions::{asks, beginning, connects, connects_to, node, reliable, send_all};
use super::*;
use crate::core::session::Begins;
use crate::handle::{SessionEnd, SocketEvent};
use crate::position::StreamId;

/// A push that fails over, which sent four messages to a node of instance 1; that acknowledged
/// the first and is gone.
fn fails_over() -> (Core, PipeId) {
    let mut core = core(SocketOptions {
        stickiness: Stickiness::Failover,
        ..reliable(SocketType::PUSH)
    });
    let pipe = core.dialed("tcp://peer:1", beginning(1));
    let inlet = connects(&mut core, pipe, 0);
    send_all(&mut core, &["a", "b", "c", "d"]);
    assert_eq!(sendable(&mut core, &inlet), ["a", "b", "c", "d"]);
    allow(&mut core, &inlet, 1, 100);
    core.detach(&inlet, LOST);
    (core, pipe)
}

#[test]
fn numbers_go_on_when_a_session_fails_over() {
    let (mut core, pipe) = fails_over();
    send_all(&mut core, &["e"]);
    let (opening, inlet) = connects_to(&mut core, pipe, 2, 1);
    let inlet = inlet.expect("it is taken");
    assert_eq!(opening.id, SessionId([1; 16]).next());
    let begins = Begins {
        stream: StreamId([1; 16]),
        after: 1,
    };
    assert_eq!(
        (opening.begins, opening.attempts.has_opened),
        (begins, false)
    );
    assert_eq!(sendable(&mut core, &inlet), ["b", "c", "d", "e"]);
    assert_eq!(core.pipe_of(&inlet).unwrap().sent(), 5);
}

#[test]
fn what_the_next_node_has_stored_is_not_sent_again() {
    let (mut core, pipe) = fails_over();
    let (_, inlet) = connects_to(&mut core, pipe, 2, 3);
    let inlet = inlet.expect("it is taken");
    assert_eq!(sendable(&mut core, &inlet), ["d"]);
    allow(&mut core, &inlet, 4, 100);
    assert_eq!((core.unflushed(), core.lost()), (0, 0));
}

#[test]
fn a_stored_position_that_cannot_be_is_named() {
    for (received, reason) in [
        (5, "has message 5 of the session, the last it was sent is 4"),
        (0, "handled 0 messages of a stream of which message 1"),
    ] {
        let (mut core, pipe) = fails_over();
        match connects_to(&mut core, pipe, 2, received).1 {
            Err(NoSession::False(text)) => assert!(text.contains(reason), "{text}"),
            _ => panic!("{received} was taken"),
        }
        // Nothing is lost by it.
        let inlet = connects_to(&mut core, pipe, 2, 1).1.expect("it is taken");
        assert_eq!(sendable(&mut core, &inlet), ["b", "c", "d"]);
    }
}

#[test]
fn numbers_go_on_after_what_was_given_back() {
    let mut core = core(reliable(SocketType::PUSH));
    let pipe = core.dialed("tcp://peer:1", beginning(1));
    let inlet = connects(&mut core, pipe, 0);
    send_all(&mut core, &["a", "b"]);
    assert_eq!(sendable(&mut core, &inlet), ["a", "b"]);
    core.detach(&inlet, LOST);
    core.end_session(pipe, SessionEnd::Lost);
    assert_eq!(core.lost(), 2);
    send_all(&mut core, &["c"]);
    let (opening, inlet) = connects_to(&mut core, pipe, 1, 2);
    assert_eq!(opening.begins.after, 2);
    let inlet = inlet.expect("it is taken");
    assert_eq!(sendable(&mut core, &inlet), ["c"]);
    assert_eq!(core.pipe_of(&inlet).unwrap().sent(), 3);
}

#[test]
fn what_nobody_took_over_is_given_back_after_the_lease() {
    let (mut core, pipe) = fails_over();
    core.begin_session(pipe, &node(2)).expect("it may begin");
    let now = Instant::now();
    core.expire_sessions(now);
    core.expire_sessions(now + LEASE);
    assert_eq!((core.lost(), core.unflushed()), (3, 0));
}

#[test]
fn a_new_session_is_received_after_where_it_begins() {
    let mut core = core(reliable(SocketType::PULL));
    let open = OpenChannel {
        begins_after: 7,
        ..asks(1)
    };
    let (inlet, answer) = core.answer_session(&open, &node(1)).unwrap();
    assert_eq!((answer.received.sequence, answer.received.bytes), (7, 0));
    assert_eq!(
        (answer.credit.handled, answer.credit.messages_max),
        (7, 1_007)
    );
    receive(&mut core, &inlet, &["h"]);
    drop(core.next_message());
    assert_eq!(inlet.credit().handled, 8);
    let endless = OpenChannel {
        begins_after: 1 << 63,
        ..asks(2)
    };
    assert!(matches!(
        core.answer_session(&endless, &node(1)),
        Err(NoSession::False(_))
    ));
}

/// The same; the next node does not take the third message, and is gone with the others.
fn fails_over_without_the_third() -> (Core, PipeId) {
    let (mut core, pipe) = fails_over();
    let (_, inlet) = connects_to(&mut core, pipe, 2, 1);
    let inlet = inlet.expect("it is taken");
    let mut batch = Vec::new();
    core.take_sendable(&inlet, u64::MAX, &mut batch, |_| false);
    let error = treewire_transports::Unsendable::TooLarge { bytes: 1, limit: 0 };
    let instead = core.unsendable(&inlet, batch.remove(1), 1, &error);
    assert_eq!(instead, Some(Envelope::nothing()));
    core.detach(&inlet, LOST);
    (core, pipe)
}

/// What comes back when the lease of that pipe's session runs out.
fn undelivered(core: &mut Core, pipe: PipeId) -> Vec<Content> {
    let inbox = core.listen();
    core.end_session(pipe, SessionEnd::Expired);
    match inbox.next() {
        Fetched::Item(SocketEvent::SessionEnded { undelivered, .. }) => undelivered.to_vec(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_too_large_for_the_next_node_keeps_its_number() {
    let (mut core, pipe) = fails_over_without_the_third();
    send_all(&mut core, &["e"]);
    // The first one had stored everything up to "d".
    let (_, inlet) = connects_to(&mut core, pipe, 3, 4);
    let inlet = inlet.expect("it is taken");
    assert_eq!(sendable(&mut core, &inlet), ["e"]);
    assert_eq!(core.lost(), 1, "the large one");
    core.detach(&inlet, LOST);
    assert_eq!(undelivered(&mut core, pipe), [content("e")]);
}

#[test]
fn what_stands_in_for_a_message_is_not_given_back() {
    let (mut core, pipe) = fails_over_without_the_third();
    assert_eq!(undelivered(&mut core, pipe), [content("b"), content("d")]);
    assert_eq!(core.lost(), 3);
}
