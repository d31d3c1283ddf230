//! How much is read, and what counts as written.

use std::time::Instant;

use super::end::{End, credit, settings};
use crate::Envelope;
use crate::dialect::lines::{Conversation, Lines};
use crate::dialect::{
    AtEnd, Close, Credit, Delivery, Dialect, DialectFactory, EVENTS_MAX, Event, OpenChannel,
    Output, Role, Settings,
};

#[test]
fn nothing_is_read_before_the_channel_is_open_nor_beyond_credit() {
    let mut end = End::open("pull", "push", credit(0, 0));
    assert!(end.dialect.is_paused());
    end.receive(b"a\nb\nc\nd\n").unwrap();
    assert_eq!(end.lines(), [""; 0]);
    end.dialect.credit(1, credit(2, 1_000), &mut end.output);
    end.receive_more().unwrap();
    assert_eq!(end.lines(), ["a", "b"]);
    assert!(end.dialect.is_paused());
    // Three bytes let the third start, as it would with one.
    end.dialect.credit(1, credit(9, 3), &mut end.output);
    end.receive_more().unwrap();
    assert_eq!(end.lines(), ["c"]);
    assert!(end.dialect.is_paused());
}

#[test]
fn one_call_does_a_bounded_amount_of_work() {
    let mut end = End::wide_open("pull", "push");
    end.receive(&[b'\n'; EVENTS_MAX + 1]).unwrap();
    assert_eq!(end.lines().len(), EVENTS_MAX);
    end.receive_more().unwrap();
    assert_eq!(end.lines().len(), 1);
}

#[test]
fn a_message_counts_as_handled_when_it_left_with_the_link() {
    let mut end = End::wide_open("push", "pull");
    let large = "x".repeat(10_000);
    for line in ["a", "b", &large, "c"] {
        end.send(Envelope::new(line));
    }
    let handled = |end: &mut End| match end.told()[..] {
        [] => None,
        [Event::Credit { credit, .. }] => Some(credit.handled),
        ref other => panic!("{other:?}"),
    };
    assert_eq!(handled(&mut end), None);
    end.output.advance(4);
    assert_eq!(handled(&mut end), Some(2));
    end.output.advance(10_000);
    assert_eq!(handled(&mut end), None, "the end of the line is not out");
    end.output.advance(1);
    assert_eq!(handled(&mut end), Some(3));
    end.take_output();
    assert_eq!(handled(&mut end), Some(4));
}

#[test]
fn it_says_for_the_peer_who_that_is() {
    let speak = |role| {
        let settings = Settings {
            role,
            ..settings("pull", "push")
        };
        let mut dialect = Conversation::new(settings, "prices");
        dialect.begin(Instant::now(), &mut Output::stream());
        dialect
    };
    let told = |dialect: &mut Conversation| {
        let mut events = Default::default();
        dialect.tell(0, &mut events);
        Vec::from(events)
    };
    let mut listener = speak(Role::Listener);
    let [Event::Hello(hello), Event::Open { open, .. }] = &told(&mut listener)[..] else {
        panic!("a listener is asked for a channel");
    };
    assert_eq!(hello.node.instance, [0; 16], "nobody says which node it is");
    assert_eq!((&*open.socket, &*open.service), ("push", "prices"));
    assert_eq!(open.credit.messages_max, u64::MAX);

    let mut dialer = speak(Role::Dialer);
    assert!(matches!(told(&mut dialer)[..], [Event::Hello(_)]));
    let ours = OpenChannel::default();
    assert_eq!(dialer.open(&ours, &mut Output::stream()), 1);
    assert!(matches!(
        told(&mut dialer)[..],
        [Event::Accepted { channel: 1, .. }]
    ));
}

#[test]
fn after_our_end_the_peers_lines_are_dropped_and_its_end_is_the_end() {
    let mut end = End::open("pull", "push", credit(1, 1_000));
    end.receive(b"a\nb").unwrap();
    assert_eq!(end.lines(), ["a"]);
    end.dialect.close(1, &Close::default(), &mut end.output);
    let [Event::Close { close, .. }] = &end.told()[..] else {
        panic!("the peer's side is closed, too");
    };
    assert_eq!(close.sent, 1);
    assert!(!end.dialect.is_paused());
    end.receive(b"c\nd\n").unwrap();
    assert_eq!(end.lines(), [""; 0]);
    assert_eq!(end.input_ends(), Ok(AtEnd::Over));
    assert!(end.input.is_empty());
}

#[test]
fn nothing_is_promised_that_takes_acknowledgements() {
    assert!(Lines.delivers(Delivery::BestEffort));
    assert!(!Lines.delivers(Delivery::Reliable) && !Lines.delivers(Delivery::Durable));
    let end = End::wide_open("push", "pull");
    assert_eq!(end.dialect.wake_at(), None, "a silent peer is fine");
    assert_eq!(Credit::default().handled, 0);
}
