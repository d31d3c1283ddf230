//! Sessions of sockets that send to all and to sources, driven by hand.

use std::time::{Duration, Instant};

use super::sessions::{accepts, asks, asks_again, beginning, connects, node, reliable};
use super::*;
use crate::handle::{SessionEnd, SocketEvent};
use crate::pattern::{Receiver, Sender};

fn composed(sender: Sender) -> SocketOptions {
    SocketOptions {
        send_messages_max: 2,
        ..reliable(SocketType::composed("talk", sender, Receiver::All))
    }
}

fn refusal(core: &mut Core, destination: Option<PipeId>) -> Option<Reason> {
    let sent = core.send(content("more"), destination);
    sent.err().map(|blocked| blocked.reason)
}

#[test]
fn a_source_whose_session_is_away_is_sent_to_within_its_bound() {
    let mut core = core(composed(Sender::Source));
    let inlet = accepts(&mut core, &asks(1));
    let source = inlet.pipe();
    core.send(content("left"), Some(source)).unwrap();
    assert_eq!(sendable(&mut core, &inlet), ["left"]);
    core.detach(&inlet, LOST);
    core.send(content("waits"), Some(source)).unwrap();
    assert_eq!(refusal(&mut core, Some(source)), Some(Reason::Full));
    // What left was received, and not yet handled.
    let inlet = accepts(&mut core, &asks_again(1, 2, 1));
    assert_eq!(inlet.pipe(), source, "it is the same source");
    assert_eq!(sendable(&mut core, &inlet), ["waits"]);
    assert_eq!(refusal(&mut core, Some(source)), Some(Reason::Full));
    core.detach(&inlet, LOST);
    core.end_session(source, SessionEnd::Expired);
    assert_eq!(refusal(&mut core, Some(source)), Some(Reason::PeerGone));
    assert_eq!(core.lost(), 2);
}

#[test]
fn what_is_sent_to_all_waits_for_one_that_is_away_within_its_bound_and_its_lease() {
    let mut core = core(composed(Sender::All));
    let there = accepts(&mut core, &asks(1));
    let away = accepts(&mut core, &asks(2));
    core.detach(&away, LOST);
    for text in ["a", "b"] {
        core.send(content(text), None).unwrap();
        assert_eq!(sendable(&mut core, &there), [text]);
        let handled = Credit {
            handled: u64::from(text == "b") + 1,
            ..Credit::default()
        };
        core.pipe_of(&there)
            .unwrap()
            .credit(handled, &mut FateNews::default());
    }
    assert_eq!(refusal(&mut core, None), Some(Reason::Full));
    let inbox = core.listen();
    let now = Instant::now();
    core.expire_sessions(now);
    let (_, any_ended) = core.expire_sessions(now + LEASE + Duration::from_secs(1));
    assert!(any_ended);
    assert_eq!(refusal(&mut core, None), None);
    assert_eq!(sendable(&mut core, &there), ["more"]);
    let event = inbox.next();
    let Fetched::Item(SocketEvent::SessionEnded { undelivered, .. }) = event else {
        panic!("{event:?}")
    };
    assert_eq!(*undelivered, [content("a"), content("b")]);
}

#[test]
fn what_a_peer_sent_before_another_replaced_it_can_still_be_received() {
    let mut core = core(composed(Sender::Source));
    let pipe = core.dialed("tcp://peer:1", beginning(1));
    let inlet = connects(&mut core, pipe, 0);
    receive(&mut core, &inlet, &["a", "b"]);
    core.send(content("undelivered"), Some(pipe)).unwrap();
    core.begin_session(pipe, &node(2)).unwrap_err();
    assert_eq!(refusal(&mut core, Some(pipe)), Some(Reason::PeerReplaced));
    let first = core.next_message().unwrap();
    core.come_again(first);
    for expected in ["a", "b"] {
        assert_eq!(text(&core.next_message().unwrap()), expected);
    }
    assert!(core.next_message().is_none());
    assert_eq!(core.pipes().len(), 1, "its dialer has it still");
}
