//! What is for one session, and what another gets; driven by hand.

use std::time::Instant;

use treewire_transports::OpenChannel;

use super::sessions::{asks, beginning, connects, connects_to, node, reliable};
use super::*;
use crate::handle::SessionEnd;
use crate::pattern::{Receiver, Sender};

const STREAM: [u8; 16] = [9; 16];

fn begins(session: u128, epoch: u64) -> OpenChannel {
    OpenChannel {
        epoch,
        stream: STREAM,
        ..asks(session)
    }
}

/// A request with that number comes, and is in hand.
fn asked(core: &mut Core, inlet: &Arc<Inlet>, correlation: u64) -> crate::message::Receipt {
    let request = Envelope::new(content("q")).correlated(correlation);
    core.accept(inlet, std::iter::once(request));
    let request = core.next_message().expect("it came");
    request.into_split().1
}

#[test]
fn an_answer_goes_to_nobody_but_who_asked() {
    for stickiness in [Stickiness::Stick, Stickiness::Failover] {
        let fails_over = matches!(stickiness, Stickiness::Failover);
        let mut core = core(SocketOptions {
            stickiness,
            ..reliable(SocketType::REP)
        });
        let pipe = core.dialed("tcp://peer:1", beginning(1));
        let inlet = connects(&mut core, pipe, 0);
        let left = asked(&mut core, &inlet, 1);
        core.reply(Ok(content("left")), 1, left);
        assert_eq!(sendable(&mut core, &inlet), ["left"]);
        let in_queue = asked(&mut core, &inlet, 2);
        core.reply(Ok(content("in the queue")), 2, in_queue);
        let in_hand = asked(&mut core, &inlet, 3);
        core.detach(&inlet, LOST);
        let answers = match fails_over {
            // Another node, whose socket numbers its requests alike.
            true => 2,
            false => {
                core.end_session(pipe, SessionEnd::Lost);
                1
            }
        };
        let other = connects_to(&mut core, pipe, answers, 1).1;
        let other = other.expect("it is taken");
        core.reply(Ok(content("in hand")), 3, in_hand);
        assert_eq!(sendable(&mut core, &other), [""; 0], "{fails_over}");
        assert_eq!((core.unflushed(), core.lost()), (0, 3));
    }
}

#[test]
fn what_waits_at_one_that_fails_over_goes_with_what_left() {
    for sender in [Sender::All, Sender::Source] {
        let mut core = core(SocketOptions {
            stickiness: Stickiness::Failover,
            ..reliable(SocketType::composed("talk", sender, Receiver::All))
        });
        let pipe = core.dialed("tcp://peer:1", beginning(1));
        let to = (sender == Sender::Source).then_some(pipe);
        let inlet = connects(&mut core, pipe, 0);
        core.send(content("left"), to).unwrap();
        assert_eq!(sendable(&mut core, &inlet), ["left"]);
        core.send(content("waits"), to).unwrap();
        core.detach(&inlet, LOST);
        core.end_session(pipe, SessionEnd::Lost);
        let inlet = connects_to(&mut core, pipe, 1, 0).1.expect("it is taken");
        assert_eq!(sendable(&mut core, &inlet), ["left", "waits"]);
        assert_eq!(core.lost(), 0);
    }
}

#[test]
fn whoever_has_lost_what_never_was_ends_no_session_and_no_lease() {
    let loses = |core: &mut Core, pipe| {
        let opening = core.begin_session(pipe, &node(1)).expect("it may begin");
        core.session_lost(pipe, (opening.id, opening.attempts.epoch));
    };
    let config = SocketOptions {
        stickiness: Stickiness::Failover,
        ..reliable(SocketType::composed("talk", Sender::All, Receiver::All))
    };
    let mut core = core(config);
    let pipe = core.dialed("tcp://peer:1", beginning(1));
    core.send(content("a"), None).unwrap();
    loses(&mut core, pipe);
    let (opening, inlet) = connects_to(&mut core, pipe, 1, 0);
    assert_eq!(opening.id, SessionId([1; 16]));
    assert_eq!(sendable(&mut core, &inlet.expect("it is taken")), ["a"]);
    // Now there is one to lose, and what was kept waits for its lease at the next.
    let now = Instant::now();
    for quarter in 0..5 {
        loses(&mut core, pipe);
        core.expire_sessions(now + LEASE / 4 * quarter);
        assert_eq!(core.lost(), u64::from(quarter == 4));
    }
}

#[test]
fn who_knows_a_stream_and_its_node_does_not_take_it_over() {
    let mut core = core(reliable(SocketType::PULL));
    core.resume_from([]);
    let first = u128::MAX;
    let (inlet, _) = core.answer_session(&begins(first, 1), &node(1)).unwrap();
    receive(&mut core, &inlet, &["a"]);
    for session in [1 << 100, first - 1] {
        let thief = begins(session, u64::MAX);
        match core.answer_session(&thief, &node(1)) {
            Err(NoSession::Refused(refusal)) => {
                assert_eq!(refusal.code, RefusalCode::NotPermitted);
            }
            _ => panic!("{session} was taken"),
        }
    }
    assert!(core.pipe_of(&inlet).is_some(), "nothing else suffers");
    // Its sender knows what follows, also if it could not open the one between.
    core.answer_session(&begins(first.wrapping_add(2), 3), &node(1))
        .expect("it is its own");
}

#[test]
fn a_message_that_comes_again_after_its_session_is_before_what_follows_it() {
    for is_back_first in [true, false] {
        let mut core = core(reliable(SocketType::PULL));
        core.resume_from([]);
        let (inlet, _) = core.answer_session(&begins(1, 1), &node(1)).unwrap();
        receive(&mut core, &inlet, &["a", "b"]);
        let mut in_hand: Vec<_> = std::iter::from_fn(|| core.next_message()).collect();
        core.detach(&inlet, LOST);
        let now = Instant::now();
        core.expire_sessions(now);
        core.expire_sessions(now + LEASE);
        if is_back_first {
            in_hand
                .drain(..)
                .for_each(|message| core.come_again(message));
        }
        let (inlet, _) = core.answer_session(&begins(2, 2), &node(1)).unwrap();
        receive(&mut core, &inlet, &["c", "d"]);
        in_hand
            .drain(..)
            .for_each(|message| core.come_again(message));
        let order = std::iter::from_fn(|| core.next_message());
        let order: Vec<_> = order.map(|message| text(&message)).collect();
        assert_eq!(order, ["a", "b", "c", "d"], "{is_back_first}");
        assert_eq!((core.orphans.messages, core.orphans.bytes), (0, 0));
    }
}

#[test]
fn a_stream_of_which_too_much_waits_goes_on_after_what_was_handled() {
    let mut core = core(SocketOptions {
        receive_messages_max: 2,
        ..reliable(SocketType::PULL)
    });
    core.resume_from([]);
    let fills = OpenChannel {
        stream: [8; 16],
        ..begins(100, 1)
    };
    for open in [fills, begins(1, 1)] {
        let (inlet, _) = core.answer_session(&open, &node(1)).unwrap();
        receive(&mut core, &inlet, &["a", "b", "c"]);
        if open.stream == STREAM {
            let of_it = |message: &Message| message.position().unwrap().stream.to_bytes() == STREAM;
            let taken: Vec<_> = (0..2).map(|_| core.next_message().unwrap()).collect();
            let (own, others): (Vec<_>, Vec<_>) = taken.into_iter().partition(of_it);
            drop(own);
            others
                .into_iter()
                .for_each(|message| core.come_again(message));
        }
        core.detach(&inlet, LOST);
        core.end_session(inlet.pipe(), SessionEnd::Expired);
    }
    assert_eq!(core.stats.drops()["orphaned"], 2);
    let (_, opening) = core.answer_session(&begins(2, 2), &node(1)).unwrap();
    assert_eq!((opening.received.sequence, opening.credit.handled), (1, 1));
}
