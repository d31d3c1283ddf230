//! Sessions, driven by hand.

use std::time::Instant;

use treewire_transports::OpenChannel;

use super::*;
use crate::handle::SessionEnd;
use crate::position::StreamId;

pub(super) fn reliable(socket_type: SocketType) -> SocketOptions {
    SocketOptions {
        delivery: Delivery::Reliable,
        ..config(socket_type)
    }
}

/// A peer on a node of that instance.
pub(super) fn node(instance: u8) -> Peer {
    Peer {
        address: "peer:1".into(),
        host: "peer".into(),
        instance: Some([instance; 16]),
    }
}

/// A peer that asks for its first channel of that session.
pub(super) fn asks(session: u128) -> OpenChannel {
    OpenChannel {
        session: session.to_le_bytes(),
        epoch: 1,
        credit: Credit {
            handled: 0,
            messages_max: 100,
            bytes_max: u64::MAX,
        },
        ..OpenChannel::default()
    }
}

/// It asks again after a connection ended.
pub(super) fn asks_again(session: u128, epoch: u64, received: u64) -> OpenChannel {
    OpenChannel {
        epoch,
        last_received: received,
        resumes: true,
        ..asks(session)
    }
}

/// What a dialer begins with.
pub(super) fn beginning(id: u8) -> Option<Beginning> {
    Some(Beginning {
        session: SessionId([id; 16]),
        stream: StreamId([id; 16]),
    })
}

pub(super) fn accepts(core: &mut Core, open: &OpenChannel) -> Arc<Inlet> {
    core.answer_session(open, &node(1)).expect("it is taken").0
}

/// Connects the dialer of that pipe to a peer that received so much.
pub(super) fn connects(core: &mut Core, pipe: PipeId, received: u64) -> Arc<Inlet> {
    connects_to(core, pipe, 1, received)
        .1
        .expect("its answer is taken")
}

/// The same to one on a node of that instance, which handled it as well; what the dialer asked
/// for.
pub(super) fn connects_to(
    core: &mut Core,
    pipe: PipeId,
    instance: u8,
    received: u64,
) -> (Opening, Result<Arc<Inlet>, NoSession>) {
    let node = node(instance);
    let opening = core.begin_session(pipe, &node).expect("it may begin");
    let epoch = opening.attempts.epoch;
    let mut answer = OpenChannel {
        session: opening.id.0,
        ..asks_again(0, epoch, received)
    };
    if !opening.attempts.has_opened {
        answer.credit.handled = received;
    }
    let opened = core.session_opened(pipe, epoch, &node, &answer);
    (opening, opened.map(|(inlet, _)| inlet))
}

pub(super) fn send_all(core: &mut Core, texts: &[&str]) {
    for text in texts {
        core.send(content(text), None).unwrap();
    }
}

#[test]
fn messages_that_come_again_keep_their_order_whoever_fails_first() {
    let mut core = core(reliable(SocketType::PULL));
    let inlet = accepts(&mut core, &asks(1));
    receive(&mut core, &inlet, &["a", "b", "c", "d"]);
    let mut taken: Vec<_> = (0..3).map(|_| core.next_message().unwrap()).collect();
    for index in [1, 0, 0] {
        core.come_again(taken.remove(index));
    }
    let order: Vec<_> = std::iter::from_fn(|| core.next_message())
        .map(|message| text(&message))
        .collect();
    assert_eq!(order, ["a", "b", "c", "d"]);
}

#[test]
fn what_a_closed_socket_gave_up_is_counted_once() {
    let mut core = core(reliable(SocketType::PUSH));
    let inlet = accepts(&mut core, &asks(1));
    send_all(&mut core, &["a", "b"]);
    assert_eq!(sendable(&mut core, &inlet), ["a", "b"]);
    core.begin_closing();
    assert_eq!(core.end(), 2);
    core.detach(&inlet, LOST);
    assert_eq!(core.lost(), 2);
    assert_eq!(core.unflushed(), 0);
}

#[test]
fn a_peer_that_leaves_and_comes_back_is_sent_to_all_the_while() {
    let mut core = core(reliable(SocketType::PUSH));
    let inlet = accepts(&mut core, &asks(1));
    core.pipe_of(&inlet).unwrap().peer_leaves();
    send_all(&mut core, &["meanwhile"]);
    core.detach(&inlet, LOST);
    let inlet = accepts(&mut core, &asks_again(1, 2, 0));
    assert_eq!(sendable(&mut core, &inlet), ["meanwhile"]);
    // Unless it does not come back.
    core.peer_ends(&inlet);
    core.pipe_of(&inlet).unwrap().peer_leaves();
    let blocked = core.send(content("late"), None).unwrap_err();
    assert_eq!(blocked.reason, Reason::NoPeer);
}

#[test]
fn what_a_peer_that_is_away_never_got_goes_to_one_that_is_there() {
    let mut core = core(SocketOptions {
        send_messages_max: 3,
        ..reliable(SocketType::PUSH)
    });
    let away = core.dialed("tcp://away:1", beginning(1));
    let there = core.dialed("tcp://there:1", beginning(2));
    send_all(&mut core, &["a", "b", "c"]);
    let inlet = connects(&mut core, there, 0);
    let mut sent = sendable(&mut core, &inlet);
    sent.sort();
    assert_eq!(sent, ["a", "b", "c"]);
    // Rather than with one that may never come it waits for room.
    let blocked = core.send(content("d"), None).unwrap_err();
    assert_eq!(blocked.reason, Reason::Full);
    allow(&mut core, &inlet, 3, 100);
    send_all(&mut core, &["d"]);
    // What left for a peer is for that one alone.
    let other = connects(&mut core, away, 0);
    assert_eq!(sendable(&mut core, &inlet), ["d"]);
    core.detach(&inlet, LOST);
    assert!(sendable(&mut core, &other).is_empty());
    let inlet = connects(&mut core, there, 3);
    assert_eq!(sendable(&mut core, &inlet), ["d"]);
}

#[test]
fn a_session_that_ends_while_its_connection_is_up_counts_nothing_twice() {
    let mut core = core(reliable(SocketType::PUSH));
    let pipe = core.dialed("tcp://peer:1", beginning(1));
    let inlet = connects(&mut core, pipe, 0);
    send_all(&mut core, &["a", "b"]);
    assert_eq!(sendable(&mut core, &inlet), ["a", "b"]);
    // Another node answers before anybody said that the connection is gone.
    core.begin_session(pipe, &node(2)).unwrap_err();
    assert_eq!((core.lost(), core.connected()), (2, 0));
    core.end_session(pipe, SessionEnd::Lost);
    assert_eq!(core.lost(), 2);
}

/// A peer from that host begins a session, has that received, and goes; whether it may.
fn comes_and_goes(core: &mut Core, session: u128, host: &str, texts: &[&str]) -> bool {
    let peer = Peer {
        host: host.into(),
        ..node(1)
    };
    match core.answer_session(&asks(session), &peer) {
        Ok((inlet, _)) => {
            receive(core, &inlet, texts);
            core.detach(&inlet, LOST);
            true
        }
        Err(NoSession::Refused(refusal)) => {
            assert_eq!(refusal.code, RefusalCode::ConnectionLimit);
            false
        }
        Err(other) => panic!("{other:?}"),
    }
}

#[test]
fn peers_that_open_sessions_and_go_do_not_fill_the_memory() {
    let mut core = core(reliable(SocketType::PULL));
    let mut begins = |sessions: std::ops::Range<u128>, host: &str| {
        sessions
            .filter(|&session| comes_and_goes(&mut core, session, host, &[]))
            .count()
    };
    assert_eq!(begins(1..2_000, "hostile"), 1_024);
    assert_eq!(begins(2_000..2_001, "honest"), 1);
    for host in 1..10 {
        let first = host * 10_000;
        begins(first..first + 1_024, &host.to_string());
    }
    assert_eq!(begins(200_000..200_001, "one more"), 0);
    // Whoever has one goes on.
    let inlet = accepts(&mut core, &asks_again(2_000, 2, 0));
    receive(&mut core, &inlet, &["there"]);
    assert_eq!(core.connected(), 1);
    // When the lease of the others is over, there is room again.
    let now = Instant::now();
    core.expire_sessions(now);
    core.expire_sessions(now + LEASE);
    assert!(comes_and_goes(&mut core, 300_000, "hostile", &[]));
}

#[test]
fn sessions_whose_peers_left_much_behind_are_fewer() {
    let mut core = core(SocketOptions {
        send_messages_max: 10,
        send_bytes_max: 100,
        receive_messages_max: 10,
        receive_bytes_max: 100,
        ..reliable(SocketType::PULL)
    });
    let fifty = "x".repeat(50);
    let begun = (1..1_000)
        .filter(|&session| comes_and_goes(&mut core, session, "hostile", &[&fifty, &fifty]));
    assert_eq!(begun.count(), 16);
    // What was handled is not kept.
    while core.next_message().is_some() {}
    assert!(comes_and_goes(&mut core, 1_000, "hostile", &[]));
}

#[test]
fn a_peer_that_closes_can_still_ask_what_was_handled_if_its_connection_breaks() {
    let mut core = core(reliable(SocketType::PULL));
    let inlet = accepts(&mut core, &asks(1));
    receive(&mut core, &inlet, &["a"]);
    core.peer_ends(&inlet);
    core.detach(&inlet, LOST);
    drop(core.next_message());
    let again = asks_again(1, 2, 0);
    let (inlet, answer) = core.answer_session(&again, &node(1)).unwrap();
    assert_eq!((answer.credit.handled, answer.received.sequence), (1, 1));
    // Now it knows.
    core.peer_ends(&inlet);
    core.detach(&inlet, LOST);
    let late = core.answer_session(&asks_again(1, 3, 0), &node(1));
    assert!(late.is_err(), "the session is over");
}
