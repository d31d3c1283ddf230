//! Sockets that go on where streams were stored, driven by hand.

use std::time::Instant;

use treewire_transports::OpenChannel;

use super::sessions::{asks, asks_again, node, reliable};
use super::*;
use crate::handle::SocketEvent;
use crate::position::{StreamId, StreamPosition};

const STREAM: StreamId = StreamId([9; 16]);

fn at(sequence: u64) -> StreamPosition {
    StreamPosition {
        stream: STREAM,
        sequence,
    }
}

/// A pull that goes on after those positions.
fn resumed(positions: impl IntoIterator<Item = StreamPosition>) -> Core {
    let mut core = core(reliable(SocketType::PULL));
    core.resume_from(positions);
    core
}

/// The sender of the stream begins a session, of which nothing comes up to message `after`.
fn begins(session: u128, epoch: u64, after: u64) -> OpenChannel {
    OpenChannel {
        epoch,
        stream: STREAM.to_bytes(),
        begins_after: after,
        ..asks(session)
    }
}

/// Up to which message it is told that the stream was received, and handled.
fn answer(core: &mut Core, open: &OpenChannel) -> (Arc<Inlet>, (u64, u64)) {
    let (inlet, answer) = core.answer_session(open, &node(1)).expect("it is taken");
    (inlet, (answer.received.sequence, answer.credit.handled))
}

fn refused(core: &mut Core, open: &OpenChannel, instance: u8) -> RefusalCode {
    match core.answer_session(open, &node(instance)) {
        Err(NoSession::Refused(refusal)) => refusal.code,
        _ => panic!("it was not refused"),
    }
}

/// Which messages are told not to come.
fn gap(inbox: &Inbox<SocketEvent>) -> Option<(u64, u64)> {
    let mut events = std::iter::from_fn(|| match inbox.next() {
        Fetched::Item(event) => Some(event),
        _ => None,
    });
    events.find_map(|event| match event {
        SocketEvent::Missed { stream, from, to } => {
            assert_eq!(stream, STREAM);
            Some((from, to))
        }
        _ => None,
    })
}

fn received(core: &mut Core) -> Vec<(String, u64)> {
    let messages = std::iter::from_fn(|| core.next_message());
    messages
        .map(|message| (text(&message), message.position().unwrap().sequence))
        .collect()
}

#[test]
fn a_stream_goes_on_after_what_was_stored_of_it() {
    let mut core = resumed([at(3), at(5), at(4)]);
    let inbox = core.listen();
    let (inlet, came) = answer(&mut core, &begins(1, 1, 2));
    assert_eq!(came, (5, 5));
    receive(&mut core, &inlet, &["f", "g"]);
    assert_eq!(received(&mut core), [("f".into(), 6), ("g".into(), 7)]);
    assert_eq!(inlet.credit().handled, 7);
    assert_eq!(gap(&inbox), None);
    // Another stream begins where it says.
    let other = OpenChannel {
        stream: [8; 16],
        ..begins(2, 1, 0)
    };
    assert_eq!(answer(&mut core, &other).1, (0, 0));
}

#[test]
fn what_was_acknowledged_and_not_stored_is_told() {
    for (stored, after, missing) in [
        (vec![at(3)], 5, Some((4, 5))),
        (vec![], 2, Some((1, 2))),
        (vec![at(5)], 5, None),
    ] {
        let mut core = resumed(stored);
        let inbox = core.listen();
        assert_eq!(answer(&mut core, &begins(1, 1, after)).1, (after, after));
        assert_eq!(gap(&inbox), missing);
    }
    // Nobody asked a socket to go on from anywhere.
    let mut core = core(reliable(SocketType::PULL));
    let inbox = core.listen();
    assert_eq!(answer(&mut core, &begins(1, 1, 5)).1, (5, 5));
    assert_eq!(gap(&inbox), None);
}

#[test]
fn another_session_of_a_stream_goes_on_where_the_one_before_is() {
    let mut core = resumed([]);
    let (inlet, _) = answer(&mut core, &begins(1, 4, 0));
    receive(&mut core, &inlet, &["a", "b", "c"]);
    drop(core.next_message());
    let in_hand = core.next_message().unwrap();
    // Nobody has noticed that the first is gone.
    let (inlet, came) = answer(&mut core, &begins(2, 5, 0));
    assert_eq!(came, (3, 1));
    assert_eq!((core.connected(), core.pipes().len()), (1, 1));
    receive(&mut core, &inlet, &["d"]);
    assert_eq!(received(&mut core), [("c".into(), 3), ("d".into(), 4)]);
    assert_eq!(inlet.credit().handled, 1, "one is in hand");
    drop(in_hand);
    assert_eq!(inlet.credit().handled, 4);
    // The first one has no say any more.
    assert_eq!(
        refused(&mut core, &asks_again(1, 9, 0), 1),
        RefusalCode::SessionLost
    );
    for epoch in [4, 5] {
        let late = begins(3, epoch, 0);
        assert_eq!(refused(&mut core, &late, 1), RefusalCode::StaleEpoch);
    }
    let thief = begins(3, 9, 0);
    assert_eq!(refused(&mut core, &thief, 2), RefusalCode::NotPermitted);
}

#[test]
fn a_stream_whose_lease_ran_out_goes_on_in_order_and_with_nothing_twice() {
    for takes_them in [true, false] {
        let mut core = resumed([]);
        let (inlet, _) = answer(&mut core, &begins(1, 1, 0));
        receive(&mut core, &inlet, &["a", "b", "c"]);
        let in_hand = core.next_message().unwrap();
        core.detach(&inlet, LOST);
        let now = Instant::now();
        core.expire_sessions(now);
        core.expire_sessions(now + LEASE);
        let mut taken = Vec::new();
        if takes_them {
            taken = received(&mut core);
        }
        let (inlet, came) = answer(&mut core, &begins(2, 2, 0));
        assert_eq!(came, (3, 0));
        receive(&mut core, &inlet, &["d"]);
        taken.extend(received(&mut core));
        let rest = [("b".into(), 2), ("c".into(), 3), ("d".into(), 4)];
        assert_eq!(taken, rest);
        assert_eq!((core.orphans.messages, core.orphans.bytes), (0, 0));
        drop(in_hand);
        assert_eq!(inlet.credit().handled, 4);
    }
}

#[test]
fn messages_that_others_handled_count_as_handled() {
    let mut core = resumed([]);
    let inbox = core.listen();
    let (inlet, _) = answer(&mut core, &begins(1, 1, 0));
    receive(&mut core, &inlet, &["a", "b"]);
    let in_hand = core.next_message().unwrap();
    // Meanwhile another node had four of them.
    let (inlet, came) = answer(&mut core, &begins(2, 3, 4));
    assert_eq!(came, (4, 4));
    assert_eq!(gap(&inbox), Some((3, 4)));
    drop(in_hand);
    receive(&mut core, &inlet, &["e"]);
    assert_eq!(received(&mut core), [("b".into(), 2), ("e".into(), 5)]);
    assert_eq!(inlet.credit().handled, 5);
}

#[test]
fn bytes_count_from_what_was_handled_when_a_session_begins() {
    let mut core = core(SocketOptions {
        receive_messages_max: 10,
        receive_bytes_max: 100,
        ..reliable(SocketType::PULL)
    });
    core.resume_from([]);
    let (inlet, _) = answer(&mut core, &begins(1, 1, 0));
    receive(&mut core, &inlet, &["12345", "123", "12"]);
    drop(core.next_message());
    let again = |epoch, session| begins(session, epoch, 0);
    let (_, answer) = core.answer_session(&again(2, 2), &node(1)).unwrap();
    // Three bytes and two are what it received and did not handle.
    assert_eq!((answer.received.bytes, answer.credit.bytes_max), (5, 100));
    drop(core.next_message());
    // It did not hear the answer, and asks once more.
    let (inlet, answer) = core.answer_session(&again(3, 2), &node(1)).unwrap();
    assert_eq!((answer.received.bytes, answer.credit.bytes_max), (2, 100));
    assert_eq!((answer.received.sequence, answer.credit.handled), (3, 2));
    drop(core.next_message());
    assert_eq!(inlet.credit().bytes_max, 102);
}

#[test]
fn streams_that_ended_are_remembered_within_a_bound() {
    let mut core = resumed([at(1)]);
    let lapse = |core: &mut Core, open: &OpenChannel| {
        let (inlet, came) = answer(core, open);
        receive(core, &inlet, &["x"]);
        drop(core.next_message());
        core.detach(&inlet, LOST);
        core.end_session(inlet.pipe(), crate::handle::SessionEnd::Expired);
        came
    };
    assert_eq!(lapse(&mut core, &begins(1, 1, 0)), (1, 1));
    let stranger = |number: u128| OpenChannel {
        stream: number.to_le_bytes(),
        ..begins(number, number as u64, 0)
    };
    for number in 2..1_026 {
        assert_eq!(lapse(&mut core, &stranger(number)), (0, 0));
    }
    // What its user named is not forgotten, whatever becomes of the others.
    assert_eq!(lapse(&mut core, &begins(5_000, 2, 0)), (2, 2));
    let again = OpenChannel {
        epoch: 9_999,
        ..stranger(1_025)
    };
    assert_eq!(lapse(&mut core, &again), (1, 1));
}
