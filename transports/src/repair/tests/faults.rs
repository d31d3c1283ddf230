//! Single faults, and what is done about each.

use std::time::Duration;

use super::pair::{Pair, read};
use crate::repair::congestion::PACKETS_AT_FIRST;
use crate::repair::{PACKETS_MAX, PATIENCE, Received, RepairError};

const SECOND: Duration = Duration::from_secs(1);

/// As it was with another system's sockets: what came after a gap waited for a repair that had failed, though the
/// original had come.
#[test]
fn conat_14_a_gap_whose_repair_fails_and_whose_original_comes_late_does_not_stall_what_follows() {
    let mut pair = Pair::new();
    assert_eq!(pair.dialer.write(b"0...1...2...3...4..."), 20);
    let mut sent = pair.dialer_sends();
    let original = sent.remove(1);
    pair.listener_gets(sent);
    assert_eq!(pair.read(), b"0...", "the rest is behind the gap");
    let answer = pair.listener_sends();
    pair.dialer_gets(answer);
    let repair = pair.dialer_sends();
    assert_eq!(repair.len(), 1, "the gap is found without a timer");
    for _ in 0..3 {
        pair.wait_for_dialer();
        assert_eq!(pair.dialer_sends().len(), 1, "and the repair is lost again");
    }
    pair.listener_gets(vec![original]);
    assert_eq!(pair.read(), b"1...2...3...4...");
    pair.dialer.write(b"5...");
    pair.settle();
    assert_eq!(pair.read(), b"5...");
    assert_eq!(pair.dialer.wake_at(), None, "it waits for nothing");
}

/// As it was there, too: an acknowledgement that was lost came again only with other traffic, so that "drained" never
/// came.
#[test]
fn conat_14_a_lost_acknowledgement_is_repaired_without_new_traffic() {
    let mut pair = Pair::new();
    pair.dialer.write(b"all");
    pair.dialer.finish();
    let sent = pair.dialer_sends();
    pair.listener_gets(sent);
    assert_eq!(pair.listener_sends().len(), 1, "it is lost");
    assert!(!pair.dialer.is_finished());
    assert_eq!(pair.dialer_sends().len(), 0);
    pair.wait_for_dialer();
    let again = pair.dialer_sends();
    assert!(!again.is_empty());
    pair.listener_gets(again);
    let answer = pair.listener_sends();
    assert_eq!(answer.len(), 1, "what comes again is acknowledged again");
    pair.dialer_gets(answer);
    assert!(pair.dialer.is_finished());
    assert_eq!(pair.dialer.wake_at(), None, "it waits for nothing");
    assert_eq!(pair.read(), b"all", "and came once");
}

#[test]
fn acknowledgements_of_what_comes_in_order_wait_and_are_one() {
    let mut pair = Pair::new();
    pair.dialer.write(b"0...");
    let sent = pair.dialer_sends();
    pair.listener_gets(sent);
    assert!(pair.listener_sends().is_empty());
    let wait = pair.listener.wake_at().unwrap() - pair.now;
    assert!(wait < Duration::from_millis(100), "{wait:?}");
    pair.dialer.write(b"1...2...3...");
    let sent = pair.dialer_sends();
    pair.listener_gets(sent);
    assert_eq!(pair.listener_sends().len(), 1);
    // Data has it with it.
    pair.dialer.write(b"4...");
    let sent = pair.dialer_sends();
    pair.listener_gets(sent);
    pair.listener.write(b"back");
    let back = pair.listener_sends();
    assert_eq!(back.len(), 1);
    pair.dialer_gets(back);
    assert_eq!(read(&mut pair.dialer), b"back");
    assert!(pair.listener.wake_at().is_some(), "until it is answered");
    pair.settle();
    assert_eq!(pair.dialer.figures().repeated, 0);
}

#[test]
fn what_comes_twice_is_given_out_once() {
    let mut pair = Pair::new();
    pair.dialer.write(b"0...1...");
    let sent = pair.dialer_sends();
    pair.listener_gets(sent.clone());
    pair.listener_gets(sent);
    assert_eq!(pair.read(), b"0...1...");
    assert_eq!(pair.listener.figures().doubled, 2);
}

#[test]
fn an_end_that_nobody_answers_gives_up() {
    let mut pair = Pair::new();
    pair.dialer.write(b"hello");
    let begun = pair.now;
    let mut sent = 0;
    let error = loop {
        sent += pair.dialer_sends().len();
        let wake_at = pair.dialer.wake_at().unwrap();
        assert!(wake_at > pair.now, "time goes on");
        pair.now = wake_at;
        if let Err(error) = pair.dialer.on_time(pair.now) {
            break error;
        }
    };
    assert_eq!(error, RepairError::Unanswered(PATIENCE));
    assert_eq!(pair.now - begun, PATIENCE);
    assert!(
        (10..40).contains(&sent),
        "{sent} in all, since it backs off"
    );
}

#[test]
fn who_does_not_read_holds_up_the_sender_and_lets_it_go_on() {
    let mut pair = Pair::new();
    let all: Vec<u8> = (0..2_000).map(|at: usize| at as u8).collect();
    assert_eq!(pair.dialer.write(&all), all.len());
    for _ in 0..100 {
        let (out, back) = (pair.dialer_sends(), pair.listener_sends());
        pair.listener_gets(out);
        pair.dialer_gets(back);
        pair.wait(SECOND);
    }
    assert_eq!(pair.dialer.figures().sent, PACKETS_MAX, "and no more");
    assert_eq!(pair.listener.figures().beyond, 0);
    // The news of room is lost, and asked for.
    let mut read = read(&mut pair.listener);
    assert_eq!(pair.listener_sends().len(), 1);
    pair.wait_for_dialer();
    pair.settle();
    read.extend(pair.read());
    assert_eq!(read, all);
}

#[test]
fn each_end_hears_of_the_others_end_and_can_go_on_itself() {
    let mut pair = Pair::new();
    pair.dialer.write(b"last");
    pair.dialer.finish();
    assert_eq!(pair.dialer.write(b"more"), 0);
    pair.settle();
    assert!(pair.dialer.is_finished());
    assert_eq!(pair.read(), b"last");
    assert_eq!(pair.listener.read(1), Ok(Received::End));
    pair.listener.write(b"answer");
    pair.listener.finish();
    pair.settle();
    assert_eq!(read(&mut pair.dialer), b"answer");
    assert_eq!(pair.dialer.read(1), Ok(Received::End));
    assert!(pair.listener.is_finished());
}

#[test]
fn who_lets_go_tells_the_other() {
    let mut pair = Pair::new();
    pair.dialer.write(b"0...");
    pair.settle();
    let last = pair.dialer.let_go();
    pair.listener_gets(last.into_iter().collect());
    assert_eq!(pair.read(), b"0...");
    assert_eq!(pair.listener.read(1), Ok(Received::End), "all had come");
    assert_eq!(pair.listener.write(b"more"), 0);
    assert!(pair.listener.is_peer_gone());
    assert_eq!(
        (pair.listener.wake_at(), pair.listener.let_go()),
        (None, None)
    );
}

#[test]
fn who_lets_go_of_what_is_under_way_is_missed() {
    let mut pair = Pair::new();
    pair.dialer.write(b"0...");
    pair.settle();
    // This never leaves.
    pair.dialer.write(b"1...");
    let last = pair.dialer.let_go();
    pair.listener_gets(last.into_iter().collect());
    let first = pair.listener.read(9).unwrap();
    assert_eq!(
        first,
        Received::Bytes("0...".into()),
        "what came is given out"
    );
    assert_eq!(pair.listener.read(9), Err(RepairError::PeerGone));
}

#[test]
fn a_packet_of_an_earlier_link_begins_no_other_and_joins_none() {
    let mut earlier = Pair::new();
    earlier.dialer.write(b"0...");
    earlier.settle();
    earlier.dialer.write(b"1...");
    let late = earlier.dialer_sends();
    let mut pair = Pair::new();
    pair.dialer = crate::Repair::dialing(*b"another1", super::pair::DATAGRAM_BYTES_MAX);
    pair.listener_gets(late.clone());
    pair.dialer.write(b"new.");
    pair.settle();
    pair.listener_gets(late);
    assert_eq!(pair.listener.figures().foreign, 2);
    assert_eq!(pair.read(), b"new.");
}

#[test]
fn what_left_twice_tells_nothing_of_the_round_trip() {
    let mut pair = Pair::new();
    pair.dialer.write(b"0...");
    let first = pair.dialer_sends();
    pair.wait_for_dialer();
    assert_eq!(pair.dialer_sends().len(), 1);
    pair.listener_gets(first);
    pair.wait(Duration::from_millis(300));
    let answer = pair.listener_sends();
    pair.dialer_gets(answer);
    // Karn: the timer stays backed off, once, from the second at first.
    pair.dialer.write(b"1...");
    let sent = pair.dialer_sends();
    assert_eq!(pair.dialer.wake_at(), Some(pair.now + 2 * SECOND));
    pair.listener_gets(sent);
    pair.wait(Duration::from_millis(200));
    let answer = pair.listener_sends();
    pair.dialer_gets(answer);
    pair.dialer.write(b"2...");
    pair.dialer_sends();
    let measured = Duration::from_millis(600);
    assert_eq!(pair.dialer.wake_at(), Some(pair.now + measured));
}

#[test]
fn so_many_packets_are_under_way_as_the_network_bears() {
    let mut pair = Pair::new();
    pair.dialer.write(&[0; 4_000]);
    let first = pair.dialer_sends();
    assert_eq!(first.len(), PACKETS_AT_FIRST);
    pair.listener_gets(first);
    let answer = pair.listener_sends();
    pair.dialer_gets(answer);
    assert_eq!(pair.dialer_sends().len(), 2 * PACKETS_AT_FIRST);
    pair.wait_for_dialer();
    assert_eq!(pair.dialer_sends().len(), 2, "all of that was lost");
}
