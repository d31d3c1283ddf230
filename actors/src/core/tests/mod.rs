//! The core driven by hand, as handles and connections would.

mod composed;
mod destructors;
mod fates;
mod immediate;
mod lock_step;
mod publishing;
mod publishing_worlds;
mod refusals;
mod replaced;
mod requests;
mod resting;
mod resuming;
mod sessions;
mod streams;
mod takeovers;
mod wakers;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use treewire_runtime::Stats;
use treewire_transports::{Content, Credit, Delivery, Envelope, RefusalCode};

use super::*;
use crate::bound::Overflow;
use crate::handle::OfflineReason;
use crate::pattern::{Connector, SocketType};

/// How long a session is kept without its peer, by default.
const LEASE: Duration = Duration::from_secs(600);

/// Why connections are gone here.
const LOST: OfflineReason = OfflineReason::Killed;

fn config(socket_type: SocketType) -> SocketOptions {
    SocketOptions {
        message_bytes_max: 1_000,
        ..SocketOptions::new("Socket", socket_type)
    }
}

fn core(config: SocketOptions) -> Core {
    Core::new(config, Arc::new(Stats::default()), Weak::new())
}

fn content(text: &str) -> Content {
    Content::from(text)
}

/// Attaches a peer that allows `messages` messages.
fn attach(core: &mut Core, pipe: Option<PipeId>, messages: u64) -> Arc<Inlet> {
    let peer = Peer {
        address: "peer:1".into(),
        host: "peer".into(),
        instance: None,
    };
    let inlet = core.attach(pipe, peer).expect("the pipe is there");
    allow(core, &inlet, 0, messages);
    inlet
}

fn allow(core: &mut Core, inlet: &Inlet, handled: u64, messages_max: u64) {
    let credit = Credit {
        handled,
        messages_max,
        bytes_max: u64::MAX,
    };
    let pipe = core.pipe(inlet.pipe()).expect("the pipe is there");
    let mut news = FateNews::default();
    drop(pipe.credit(credit, &mut news));
    news.tell();
}

/// What a connection would send now.
fn sendable(core: &mut Core, inlet: &Arc<Inlet>) -> Vec<String> {
    let mut batch = Vec::new();
    core.take_sendable(inlet, u64::MAX, &mut batch, |_| false);
    batch
        .iter()
        .map(|queued| text(&queued.envelope.content))
        .collect()
}

fn text(content: &Content) -> String {
    String::from_utf8_lossy(content.first()).into_owned()
}

fn receive(core: &mut Core, inlet: &Arc<Inlet>, texts: &[&str]) {
    core.accept(inlet, texts.iter().map(|text| Envelope::new(content(text))));
}

#[test]
fn a_sender_stops_at_the_peers_credit_and_goes_on_with_more() {
    let mut core = core(config(SocketType::PUSH));
    let inlet = attach(&mut core, None, 2);
    for text in ["a", "b", "c"] {
        core.send(content(text), None).unwrap();
    }
    assert_eq!(sendable(&mut core, &inlet), ["a", "b"]);
    assert_eq!(core.unflushed(), 3);
    allow(&mut core, &inlet, 2, 4);
    assert_eq!(sendable(&mut core, &inlet), ["c"]);
    allow(&mut core, &inlet, 3, 5);
    assert_eq!(core.unflushed(), 0);
}

#[test]
fn zeromq_10_the_send_bound_is_exact() {
    for bound in [1, 2, 1_000] {
        let config = SocketOptions {
            send_messages_max: bound,
            ..config(SocketType::PUSH)
        };
        let mut core = core(config);
        core.dialed("tcp://peer:1", None);
        let taken = (0..2_000)
            .filter(|_| core.send(content("x"), None).is_ok())
            .count();
        assert_eq!(taken as u64, bound);
        let blocked = core.send(content("x"), None).unwrap_err();
        assert_eq!(
            (text(&blocked.content).as_str(), blocked.reason),
            ("x", Reason::Full)
        );
    }
}

#[test]
fn the_overflow_policies_drop_what_they_say_and_count_it() {
    for (overflow, kept, lost) in [
        (Overflow::DropNewest, ["0", "1"].as_slice(), 3),
        (Overflow::DropOldest, &["3", "4"], 3),
        (Overflow::Conflate, &["4"], 4),
    ] {
        let send_messages_max = if overflow == Overflow::Conflate { 1 } else { 2 };
        let mut core = core(SocketOptions {
            overflow,
            send_messages_max,
            ..config(SocketType::PUSH)
        });
        let pipe = core.dialed("tcp://peer:1", None);
        for number in 0..5 {
            core.send(content(&number.to_string()), None).unwrap();
        }
        let inlet = attach(&mut core, Some(pipe), 100);
        assert_eq!(sendable(&mut core, &inlet), kept, "{overflow:?}");
        assert_eq!(core.lost(), lost, "{overflow:?}");
    }
}

#[test]
fn zeromq_05_a_dialed_pipe_keeps_its_queue_an_accepted_one_does_not() {
    let mut core = core(config(SocketType::PUSH));
    let dialed = core.dialed("tcp://peer:1", None);
    let inlet = attach(&mut core, Some(dialed), 1);
    core.send(content("left"), None).unwrap();
    core.send(content("stays"), None).unwrap();
    assert_eq!(sendable(&mut core, &inlet), ["left"]);
    core.detach(&inlet, LOST);
    assert_eq!(core.lost(), 1, "what left was not confirmed");
    let again = attach(&mut core, Some(dialed), 10);
    assert_eq!(sendable(&mut core, &again), ["stays"]);
    core.detach(&again, LOST);

    let accepted = attach(&mut core, None, 0);
    core.send(content("dropped"), None).unwrap();
    core.detach(&accepted, LOST);
    assert_eq!(core.lost(), 3);
    assert_eq!(core.stats.drops()["peer gone"], 1);
    assert_eq!(core.stats.drops()["unconfirmed"], 2);
}

#[test]
fn zeromq_04_messages_are_taken_from_all_peers_in_turn() {
    let mut core = core(config(SocketType::PULL));
    let inlets: Vec<_> = (0..3).map(|_| attach(&mut core, None, 0)).collect();
    for (inlet, texts) in inlets
        .iter()
        .zip([["a1", "a2"], ["b1", "b2"], ["c1", "c2"]])
    {
        receive(&mut core, inlet, &texts);
    }
    let order: Vec<_> = std::iter::from_fn(|| core.next_message())
        .map(|m| text(&m))
        .collect();
    assert_eq!(order, ["a1", "b1", "c1", "a2", "b2", "c2"]);
}

#[test]
fn what_a_peer_sent_before_it_went_can_still_be_received() {
    let mut core = core(config(SocketType::PULL));
    let inlet = attach(&mut core, None, 0);
    receive(&mut core, &inlet, &["last words"]);
    core.detach(&inlet, LOST);
    assert_eq!(core.connected(), 0);
    assert_eq!(text(&core.next_message().unwrap()), "last words");
    assert!(core.next_message().is_none());
    assert!(
        core.pipe(inlet.pipe()).is_none(),
        "the pipe left with its last message"
    );
}

#[test]
fn a_message_counts_as_handled_when_it_is_dropped() {
    let mut core = core(config(SocketType::PULL));
    let inlet = attach(&mut core, None, 0);
    receive(&mut core, &inlet, &["one", "two"]);
    let (one, two) = (core.next_message().unwrap(), core.next_message().unwrap());
    assert!(!inlet.owes_credit());
    drop(one);
    assert!(inlet.owes_credit());
    let credit = inlet.credit();
    assert_eq!((credit.handled, credit.messages_max), (1, 1_001));
    assert_eq!(credit.bytes_max, 16 * 1024 * 1024 + 3);
    drop(two);
    assert_eq!(inlet.credit().handled, 2);
}

#[test]
fn a_closing_socket_takes_no_message_and_reports_what_it_gave_up() {
    let mut core = core(config(SocketType::PUSH));
    let pipe = core.dialed("tcp://peer:1", None);
    core.send(content("queued"), None).unwrap();
    core.begin_closing();
    assert_eq!(
        core.send(content("late"), None).unwrap_err().reason,
        Reason::Closing
    );
    assert_eq!(
        core.admit("pull", true),
        Ok(()),
        "what is queued is to be flushed"
    );
    assert_eq!(
        core.admit("pull", false).unwrap_err().code,
        RefusalCode::Closing
    );
    assert_eq!(core.unflushed(), 1);
    assert_eq!(core.end(), 1);
    let inlet = attach(&mut core, Some(pipe), 10);
    assert!(sendable(&mut core, &inlet).is_empty());
}

#[test]
fn what_is_lost_while_a_socket_closes_is_in_its_result() {
    let mut core = core(config(SocketType::PUSH));
    let inlet = attach(&mut core, None, 1);
    core.send(content("left"), None).unwrap();
    core.send(content("queued"), None).unwrap();
    assert_eq!(sendable(&mut core, &inlet), ["left"]);
    core.begin_closing();
    core.detach(&inlet, LOST);
    assert_eq!(core.unflushed(), 0);
    assert_eq!(core.end(), 2);
    assert_eq!(core.end(), 2, "whoever asks again is told the same");
}

#[test]
fn peers_that_send_and_go_do_not_fill_the_memory() {
    let mut core = core(SocketOptions {
        receive_messages_max: 3,
        ..config(SocketType::PULL)
    });
    for _ in 0..100 {
        let inlet = attach(&mut core, None, 0);
        receive(&mut core, &inlet, &["a", "b"]);
        core.detach(&inlet, LOST);
    }
    let kept = std::iter::from_fn(|| core.next_message()).count();
    assert_eq!(kept, 4, "the bound, and what overshot it");
    assert_eq!(core.stats.drops()["orphaned"], 196);
    let inlet = attach(&mut core, None, 0);
    receive(&mut core, &inlet, &["c"]);
    core.detach(&inlet, LOST);
    assert!(core.next_message().is_some(), "there is room again");
}

#[test]
fn supervision_04_a_connection_that_was_given_up_touches_nothing_of_its_successor() {
    let mut core = core(config(SocketType::PUSH));
    let dialed = core.dialed("tcp://peer:1", None);
    let captive = attach(&mut core, Some(dialed), 1);
    core.send(content("unconfirmed"), None).unwrap();
    assert_eq!(sendable(&mut core, &captive), ["unconfirmed"]);
    // Its successor comes before anybody said that it is gone.
    let successor = attach(&mut core, Some(dialed), 10);
    assert_eq!((core.connected(), core.lost()), (1, 1));
    core.send(content("for the successor"), None).unwrap();
    assert!(sendable(&mut core, &captive).is_empty());
    core.detach(&captive, LOST);
    assert_eq!((core.connected(), core.lost()), (1, 1));
    assert_eq!(sendable(&mut core, &successor), ["for the successor"]);
    core.detach(&successor, LOST);
    assert_eq!(core.connected(), 0);
}
