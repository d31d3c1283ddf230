//! The fates of tracked messages, and the dead letters.

use std::time::{Duration, Instant};

use super::sessions::{
    accepts, asks, asks_again, beginning, connects, connects_to, node, reliable,
};
use super::*;
use crate::handle::{Fate, SessionEnd, SocketDeadLetter};
use crate::pattern::Sender;

fn track(core: &mut Core, text: &str) -> Arc<FateCell> {
    core.send_tracked(content(text), None).expect("it is taken")
}

fn dropped(cause: &'static str) -> Fate {
    Fate::Dropped { cause }
}

/// What a reader finds now.
fn letters(reader: &Inbox<SocketDeadLetter>) -> Vec<(&'static str, String)> {
    let next = || match reader.next() {
        Fetched::Item(letter) => Some((letter.cause, text(&letter.content))),
        _ => None,
    };
    std::iter::from_fn(next).collect()
}

#[test]
fn a_message_is_queued_then_written_then_acknowledged() {
    let mut core = core(config(SocketType::PUSH));
    let inlet = attach(&mut core, None, 10);
    core.send(content("untracked"), None).unwrap();
    let (first, second) = (track(&mut core, "first"), track(&mut core, "second"));
    assert_eq!(first.fate(), Fate::Queued);
    sendable(&mut core, &inlet);
    assert_eq!(
        (first.fate(), second.fate()),
        (Fate::Written, Fate::Written)
    );
    allow(&mut core, &inlet, 1, 10);
    assert_eq!(first.fate(), Fate::Written, "one before it was handled");
    allow(&mut core, &inlet, 2, 10);
    assert_eq!(
        (first.fate(), second.fate()),
        (Fate::Acknowledged, Fate::Written)
    );
    core.detach(&inlet, LOST);
    assert_eq!(second.fate(), Fate::LostInCrash);
    assert_eq!(first.fate(), Fate::Acknowledged);
}

#[test]
fn each_overflow_policy_tells_whom_it_drops_and_buries_it() {
    for (overflow, ends, cause) in [
        (Overflow::DropNewest, [false, false, true], "queue full"),
        (Overflow::DropOldest, [true, false, false], "queue full"),
        (Overflow::Conflate, [true, true, false], "conflated"),
    ] {
        let mut core = core(SocketOptions {
            overflow,
            send_messages_max: 2,
            ..config(SocketType::PUSH)
        });
        let reader = core.read_dead_letters();
        core.dialed("tcp://peer:1", None);
        let cells = ["a", "b", "c"].map(|text| track(&mut core, text));
        let expected = ends.map(|ends| if ends { dropped(cause) } else { Fate::Queued });
        assert_eq!(cells.map(|cell| cell.fate()), expected, "{overflow:?}");
        let buried: Vec<_> = ["a", "b", "c"].into_iter().zip(ends).collect();
        let buried = buried.into_iter().filter(|(_, ends)| *ends);
        let buried: Vec<_> = buried.map(|(text, _)| (cause, text.to_owned())).collect();
        assert_eq!(letters(&reader), buried, "{overflow:?}");
    }
}

#[test]
fn without_a_peer_the_fate_is_told_at_once() {
    let mut core = core(SocketOptions {
        overflow: Overflow::DropNewest,
        ..config(SocketType::PUSH)
    });
    assert_eq!(track(&mut core, "a").fate(), dropped("no peer"));
}

#[test]
fn what_waits_for_an_accepted_peer_that_goes_is_dropped() {
    let mut core = core(config(SocketType::PUSH));
    let reader = core.read_dead_letters();
    let inlet = attach(&mut core, None, 1);
    let (left, queued) = (track(&mut core, "left"), track(&mut core, "queued"));
    sendable(&mut core, &inlet);
    core.detach(&inlet, LOST);
    assert_eq!(left.fate(), Fate::LostInCrash);
    assert_eq!(queued.fate(), dropped("peer gone"));
    assert_eq!(letters(&reader), [("peer gone", "queued".to_owned())]);
}

#[test]
fn a_message_too_large_for_its_peer_is_given_back_and_those_behind_it_keep_their_numbers() {
    for delivery in [Delivery::BestEffort, Delivery::Reliable] {
        let mut core = core(SocketOptions {
            delivery,
            ..config(SocketType::PUSH)
        });
        let reader = core.read_dead_letters();
        let inlet = match delivery {
            Delivery::BestEffort => attach(&mut core, None, 10),
            _ => accepts(&mut core, &asks(1)),
        };
        let cells = ["a", "large", "c"].map(|text| track(&mut core, text));
        let mut batch = Vec::new();
        core.take_sendable(&inlet, u64::MAX, &mut batch, |_| false);
        let error = treewire_transports::Unsendable::TooLarge { bytes: 5, limit: 1 };
        let instead = core.unsendable(&inlet, batch.remove(1), 1, &error);
        let nothing = (delivery == Delivery::Reliable).then(Envelope::nothing);
        assert_eq!(instead, nothing, "it keeps its number where there are some");
        let cause = "too large for the peer";
        assert_eq!(letters(&reader), [(cause, "large".to_owned())]);
        let handled = if delivery == Delivery::Reliable { 3 } else { 2 };
        allow(&mut core, &inlet, handled, 10);
        let fates = [Fate::Acknowledged, dropped(cause), Fate::Acknowledged];
        assert_eq!(cells.map(|cell| cell.fate()), fates, "{delivery:?}");
    }
}

#[test]
fn a_reliable_message_that_leaves_again_keeps_its_fate_open() {
    let mut core = core(reliable(SocketType::PUSH));
    let inlet = accepts(&mut core, &asks(1));
    let cells = ["handled", "received", "lost"].map(|text| track(&mut core, text));
    sendable(&mut core, &inlet);
    core.detach(&inlet, LOST);
    let fates = |cells: &[Arc<FateCell>; 3]| cells.clone().map(|cell| cell.fate());
    assert_eq!(fates(&cells), [Fate::Written; 3]);
    let mut again = asks_again(1, 2, 2);
    again.credit.handled = 1;
    let inlet = accepts(&mut core, &again);
    let expected = [Fate::Acknowledged, Fate::Written, Fate::Queued];
    assert_eq!(fates(&cells), expected);
    assert_eq!(sendable(&mut core, &inlet), ["lost"]);
    allow(&mut core, &inlet, 3, 10);
    assert_eq!(fates(&cells), [Fate::Acknowledged; 3]);
}

#[test]
fn the_end_of_a_session_tells_what_left_from_what_never_did() {
    for (end, left, queued) in [
        (SessionEnd::Expired, Fate::Expired, Fate::Expired),
        (
            SessionEnd::PeerReplaced,
            Fate::LostInCrash,
            dropped("peer replaced"),
        ),
        (SessionEnd::Closed, Fate::LostInCrash, dropped("closed")),
        // Another may come.
        (SessionEnd::Lost, Fate::LostInCrash, Fate::Queued),
        (SessionEnd::PeerClosed, Fate::LostInCrash, Fate::Queued),
    ] {
        let mut core = core(reliable(SocketType::PUSH));
        let reader = core.read_dead_letters();
        let pipe = core.dialed("tcp://peer:1", beginning(1));
        let inlet = connects(&mut core, pipe, 0);
        let first = track(&mut core, "left");
        sendable(&mut core, &inlet);
        core.detach(&inlet, LOST);
        let second = track(&mut core, "queued");
        core.end_session(pipe, end);
        assert_eq!((first.fate(), second.fate()), (left, queued), "{end:?}");
        let expected = match queued {
            Fate::Queued => vec!["left"],
            _ => vec!["left", "queued"],
        };
        let expected = expected
            .into_iter()
            .map(|text| (end.cause(), text.to_owned()));
        assert_eq!(letters(&reader), expected.collect::<Vec<_>>(), "{end:?}");
    }
}

#[test]
fn a_lease_that_runs_out_is_told_as_such() {
    let mut core = core(reliable(SocketType::PUSH));
    let inlet = accepts(&mut core, &asks(1));
    let cell = track(&mut core, "a");
    sendable(&mut core, &inlet);
    core.detach(&inlet, LOST);
    let now = Instant::now();
    core.expire_sessions(now);
    core.expire_sessions(now + LEASE - Duration::from_secs(1));
    assert_eq!(cell.fate(), Fate::Written);
    core.expire_sessions(now + LEASE);
    assert_eq!(cell.fate(), Fate::Expired);
}

#[test]
fn what_fails_over_and_is_then_given_up_may_have_been_handled() {
    let mut core = core(SocketOptions {
        stickiness: Stickiness::Failover,
        ..reliable(SocketType::PUSH)
    });
    let pipe = core.dialed("tcp://peer:1", beginning(1));
    let inlet = connects(&mut core, pipe, 0);
    let (first, second) = (track(&mut core, "a"), track(&mut core, "b"));
    sendable(&mut core, &inlet);
    core.begin_session(pipe, &node(2)).expect("it fails over");
    assert_eq!((first.fate(), second.fate()), (Fate::Queued, Fate::Queued));
    let inlet = connects_to(&mut core, pipe, 2, 0).1.expect("it is taken");
    sendable(&mut core, &inlet);
    allow(&mut core, &inlet, 1, 10);
    assert_eq!(
        (first.fate(), second.fate()),
        (Fate::Acknowledged, Fate::Written)
    );
    core.begin_session(pipe, &node(3)).expect("once more");
    core.end();
    assert_eq!(second.fate(), Fate::LostInCrash);
}

#[test]
fn a_closed_socket_leaves_no_fate_open() {
    let mut core = core(config(SocketType::PUSH));
    let reader = core.read_dead_letters();
    let inlet = attach(&mut core, None, 1);
    let (left, queued) = (track(&mut core, "left"), track(&mut core, "queued"));
    sendable(&mut core, &inlet);
    core.end();
    assert_eq!(
        (left.fate(), queued.fate()),
        (Fate::Written, dropped("closed"))
    );
    assert_eq!(letters(&reader), [("closed", "queued".to_owned())]);
    core.leave();
    assert_eq!(left.fate(), Fate::LostInCrash);
}

#[test]
fn a_core_that_is_gone_leaves_no_fate_open() {
    let mut core = core(config(SocketType::PUSH));
    core.dialed("tcp://peer:1", None);
    let cell = track(&mut core, "a");
    drop(core);
    assert_eq!(cell.fate(), dropped("closed"));
}

#[test]
fn what_goes_to_all_is_not_tracked() {
    let socket_type = SocketType::composed("all", Sender::All, crate::Receiver::Nobody);
    let mut core = core(config(socket_type));
    attach(&mut core, None, 10);
    let blocked = core.send_tracked(content("a"), None).unwrap_err();
    assert_eq!(blocked.reason, Reason::NotTracked);
    assert_eq!(text(&blocked.content), "a");
}

#[test]
fn what_was_received_and_nobody_wants_is_buried_too() {
    let mut core = core(config(SocketType::PUSH));
    let reader = core.read_dead_letters();
    let inlet = attach(&mut core, None, 10);
    receive(&mut core, &inlet, &["a push does not receive"]);
    let unexpected = "a push does not receive".to_owned();
    assert_eq!(letters(&reader), [("not expected", unexpected)]);

    let mut core = super::core(config(SocketType::REQ));
    let reader = core.read_dead_letters();
    let inlet = attach(&mut core, None, 10);
    let late = Envelope::new(content("late")).correlated(7);
    core.accept(&inlet, std::iter::once(late));
    assert_eq!(letters(&reader), [("late answer", "late".to_owned())]);

    let mut core = super::core(SocketOptions {
        receive_messages_max: 1,
        ..config(SocketType::PULL)
    });
    let reader = core.read_dead_letters();
    for text in ["kept", "orphan"] {
        let inlet = attach(&mut core, None, 0);
        receive(&mut core, &inlet, &[text]);
        core.detach(&inlet, LOST);
    }
    assert_eq!(letters(&reader), [("orphaned", "orphan".to_owned())]);
}
