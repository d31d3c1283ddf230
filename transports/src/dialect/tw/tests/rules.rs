//! Each rule of the wire, kept and broken.

use std::time::{Duration, Instant};

use super::pair::{End, Pair, settings};
use crate::dialect::tw::{CHANNELS_MAX, PARTS_MAX};
use crate::dialect::{
    Close, Credit, Dialect, EVENTS_MAX, Event, OpenChannel, Output, Refusal, RefusalCode, Role,
    Unsendable,
};
use crate::link::Packet;
use crate::{Content, Envelope, HeadersError};

/// What a listener with channel 1 open says to these bytes.
fn refused(bytes: &[u8], text: &str) {
    let mut pair = Pair::greeted();
    pair.open();
    let now = pair.now;
    assert_eq!(
        pair.listener.receive(bytes, now).unwrap_err().to_string(),
        text
    );
}

/// What a listener says to these first bytes.
fn not_greeted(bytes: &[u8], text: &str) {
    let mut end = End::new(settings(Role::Listener), Output::stream());
    assert_eq!(
        end.receive(bytes, Instant::now()).unwrap_err().to_string(),
        text
    );
}

#[test]
fn hello_tells_who_the_peer_is_and_what_it_takes() {
    let mut pair = Pair::new(|_| {}, Output::stream);
    pair.dialer.dialect.begin(pair.now, &mut pair.dialer.output);
    pair.deliver();
    let events = pair.listener.take_events();
    let [Event::Hello(hello)] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(hello.node, settings(Role::Dialer).node);
    assert_eq!(
        (
            hello.version,
            hello.frame_bytes_max,
            hello.message_bytes_max
        ),
        ((1, 0), 1 << 20, 64 << 20)
    );
    assert_eq!(hello.heartbeat_interval, Duration::from_secs(5));
}

#[test]
fn strangers_are_named() {
    not_greeted(
        b"GET / HTTP/1.1\r\n",
        r#"not Treewire: the peer began with "GET / HT" (an HTTP client?)"#,
    );
    not_greeted(
        b"\xff\0\0\0\0\0\0\0\x01\x7f",
        r#"not Treewire: the peer began with "\xff\x00\x00\x00\x00\x00\x00\x00" (a ZeroMQ peer?)"#,
    );
    not_greeted(b"x", r#"not Treewire: the peer began with "x""#);
}

#[test]
fn another_major_version_is_named() {
    not_greeted(
        &[0xf7, b'T', b'W', b'R', 2, 7],
        "the peer speaks version 2.7, this side 1.0: the major versions must be equal, update the older side",
    );
}

#[test]
fn a_hello_that_lies_is_refused() {
    not_greeted(
        &[0xf7, b'T', b'W', b'R', 1, 0, 0xff, 0xff],
        "hello of 65535 bytes exceeds the limit of 4096",
    );
    // The name is said to be longer than the body.
    not_greeted(
        &[0xf7, b'T', b'W', b'R', 1, 0, 0, 2, 200, b'x'],
        "the hello cannot be read: its body is not what its version says",
    );
}

#[test]
fn fields_of_later_versions_are_ignored() {
    let mut pair = Pair::greeted();
    let now = pair.now;
    pair.listener
        .receive(&[0x90, 0, 4, 1, 9, 9, 9], now)
        .unwrap();
    assert_eq!(pair.listener.take_output(), [0xa0, 0, 1, 1]);
}

#[test]
fn frames_that_break_a_rule_are_refused() {
    refused(&[0x10, 3, 0], "DATA frame on channel 3, which is not open");
    refused(&[0x10, 0, 0], "DATA frame on channel 0, which is not open");
    refused(&[0x40, 5, 0], "OPEN frame with a body that cannot be read");
    refused(
        &[0x60, 1, 2, 1, 0],
        "REFUSE frame for channel 1, which was not asked for",
    );
    refused(
        &[0x70, 9, 3, 0, 0, 0],
        "CREDIT frame on channel 9, which is not open",
    );
    refused(
        &[0x80, 9, 4, 0, 0, 0, 0],
        "CLOSE frame on channel 9, which is not open",
    );
    refused(
        &[0x90, 1, 1, 0],
        "PING frame on channel 1: it concerns the connection and belongs on channel 0",
    );
    refused(
        &[0x18, 1, 1, 0x80],
        "DATA frame of 1 bytes ends inside its correlation id",
    );
    refused(
        &[0x10, 1, 0xff, 0xff, 0xff, 0xff, 0x0f],
        "frame of 4294967295 bytes exceeds the limit of 1048576",
    );
    refused(
        &[0x13, 1, 0],
        "DATA frame with flags 0b0011, which it cannot have",
    );
    refused(
        &[0x12, 1, 0, 0x20, 1, 0],
        "FAILURE frame in the middle of a DATA message on channel 1",
    );
    refused(
        &[0x12, 1, 0, 0x18, 1, 1, 1],
        "DATA frame with flags 0b1000, which it cannot have",
    );
    refused(
        &[0x11, 1, 0, 0x14, 1, 0],
        "DATA frame with flags 0b0100, which it cannot have",
    );
    refused(
        &[0x12, 1, 0, 0x80, 1, 4, 0, 0, 0, 0],
        "CLOSE frame in the middle of a message on channel 1",
    );
    refused(&[0x14, 1, 1, 0], "a header block is not followed by a part");
    refused(
        &[0x15, 1, 2, 200, 1],
        "the headers of a message cannot be read: 200 headers exceed the limit of 64",
    );
}

#[test]
fn an_opening_that_breaks_a_rule_is_refused() {
    let open = postcard::to_stdvec(&OpenChannel::default()).unwrap();
    let frame = |first: u8, channel: u8| [&[first, channel, open.len() as u8], &open[..]].concat();
    refused(
        &frame(0x40, 1),
        "OPEN frame for channel 1, which is not the peer's next one",
    );
    refused(
        &frame(0x40, 2),
        "OPEN frame for channel 2, which is not the peer's next one",
    );
    refused(
        &frame(0x40, 5),
        "OPEN frame for channel 5, which is not the peer's next one",
    );
    refused(
        &frame(0x50, 1),
        "ACCEPT frame for channel 1, which was not asked for",
    );
    refused(
        &frame(0x50, 2),
        "ACCEPT frame for channel 2, which was not asked for",
    );
    let not_taken = [frame(0x40, 3), vec![0x10, 3, 0]].concat();
    refused(&not_taken, "DATA frame on channel 3, which is not open");
}

#[test]
fn a_message_has_a_limit_across_its_frames() {
    let mut pair = Pair::greeted_with(
        |settings| settings.message_bytes_max = 1_000,
        Output::stream,
    );
    let channel = pair.open();
    let content = Content::new(vec![0; 600]).with_part(vec![0; 401]);
    let unsendable = Unsendable::TooLarge {
        bytes: 1_001,
        limit: 1_000,
    };
    assert_eq!(
        pair.dialer.dialect.check(&Envelope::new(content.clone())),
        Err(unsendable)
    );
    pair.dialer.send(channel, Envelope::new(content));
    let error = pair.try_deliver().unwrap_err();
    assert_eq!(
        error.to_string(),
        "message of at least 1001 bytes exceeds the limit of 1000"
    );
}

#[test]
fn parts_have_a_limit() {
    let mut pair = Pair::greeted();
    let channel = pair.open();
    let most = Content::from_parts(vec!["".into(); PARTS_MAX]).with_header("a", "b");
    pair.dialer.send(channel, Envelope::new(most.clone()));
    pair.deliver();
    assert_eq!(
        pair.listener.messages(),
        [(channel, Envelope::new(most.clone()))]
    );
    let more = most.with_part("");
    let unsendable = Unsendable::TooManyParts {
        parts: PARTS_MAX + 1,
        limit: PARTS_MAX,
    };
    assert_eq!(
        pair.dialer.dialect.check(&Envelope::new(more.clone())),
        Err(unsendable)
    );
    pair.dialer.send(channel, Envelope::new(more));
    assert_eq!(
        pair.try_deliver().unwrap_err().to_string(),
        "message of more than 1024 parts"
    );
}

#[test]
fn headers_have_a_limit_across_fragments() {
    let mut pair = Pair::greeted_with(|settings| settings.frame_bytes_max = 256, Output::stream);
    let channel = pair.open();
    let content = Content::new("x").with_header("a", vec![0; 70_000]);
    assert!(matches!(
        pair.dialer.dialect.check(&Envelope::new(content.clone())),
        Err(Unsendable::Headers(HeadersError::TooLarge { .. })),
    ));
    pair.dialer.send(channel, Envelope::new(content));
    let error = pair.try_deliver().unwrap_err().to_string();
    assert!(
        error.ends_with("bytes exceed the limit of 65536"),
        "{error}"
    );
}

#[test]
fn a_peer_opens_a_limited_number_of_channels() {
    let mut pair = Pair::greeted();
    for _ in 0..=CHANNELS_MAX {
        pair.dialer
            .dialect
            .open(&OpenChannel::default(), &mut pair.dialer.output);
    }
    let bytes = pair.dialer.take_output();
    let now = pair.now;
    pair.listener.receive(&bytes, now).unwrap();
    assert_eq!(pair.listener.take_events().len(), EVENTS_MAX);
    let error = pair.listener.receive(&[], now).unwrap_err();
    assert_eq!(
        error.to_string(),
        "more than 1024 channels opened by the peer"
    );
}

#[test]
fn a_batch_is_bounded_and_goes_on() {
    let mut pair = Pair::greeted();
    let channel = pair.open();
    for number in 0..3_000u32 {
        pair.dialer
            .send(channel, Envelope::new(&number.to_be_bytes()));
    }
    let bytes = pair.dialer.take_output();
    let now = pair.now;
    let mut received = Vec::new();
    pair.listener.receive(&bytes, now).unwrap();
    while !pair.listener.events.is_empty() {
        assert!(pair.listener.events.len() <= EVENTS_MAX);
        received.extend(
            pair.listener
                .messages()
                .into_iter()
                .map(|(_, envelope)| envelope.content.first().to_vec()),
        );
        pair.listener.receive(&[], now).unwrap();
    }
    let sent: Vec<_> = (0..3_000u32)
        .map(|number| number.to_be_bytes().to_vec())
        .collect();
    assert_eq!(received, sent);
}

#[test]
fn sides_number_their_channels_apart() {
    let mut pair = Pair::greeted();
    assert_eq!([pair.open(), pair.open()], [1, 3]);
    let open = OpenChannel {
        service: "quotes".into(),
        ..Default::default()
    };
    assert_eq!(
        pair.listener.dialect.open(&open, &mut pair.listener.output),
        2
    );
    pair.deliver();
    assert_eq!(
        pair.dialer.take_events(),
        [Event::Open {
            channel: 2,
            open: Box::new(open)
        }]
    );
}

#[test]
fn a_refused_channel_is_gone_and_the_next_one_is_new() {
    let mut pair = Pair::greeted();
    let channel = pair
        .dialer
        .dialect
        .open(&OpenChannel::default(), &mut pair.dialer.output);
    pair.deliver();
    let refusal = Refusal {
        code: RefusalCode::UnknownService,
        text: "no such service".into(),
    };
    pair.listener
        .dialect
        .refuse(channel, &refusal, &mut pair.listener.output);
    pair.deliver();
    assert_eq!(
        pair.dialer.take_events(),
        [Event::Refused { channel, refusal }]
    );
    assert_eq!(pair.open(), 3);
}

#[test]
fn a_closed_direction_takes_credit_until_both_are_closed() {
    let mut pair = Pair::greeted();
    let channel = pair.open();
    let close = |sent| Close {
        handled: 0,
        sent,
        reason: String::new(),
        ends: false,
    };
    let credit = Credit {
        handled: 1,
        messages_max: 9,
        bytes_max: 9,
    };
    pair.dialer.send(channel, Envelope::new("last"));
    pair.dialer
        .dialect
        .close(channel, &close(1), &mut pair.dialer.output);
    pair.deliver();
    let expected = [
        Event::Message {
            channel,
            envelope: Envelope::new("last"),
        },
        Event::Close {
            channel,
            close: close(1),
        },
    ];
    assert_eq!(pair.listener.take_events(), expected);
    pair.listener
        .dialect
        .credit(channel, credit, &mut pair.listener.output);
    pair.listener.send(channel, Envelope::new("still"));
    pair.deliver();
    assert_eq!(pair.dialer.take_events().len(), 2);
    // The listener's CLOSE and the dialer's CREDIT cross.
    pair.dialer
        .dialect
        .credit(channel, credit, &mut pair.dialer.output);
    pair.listener
        .dialect
        .close(channel, &close(1), &mut pair.listener.output);
    pair.deliver();
    assert_eq!(
        pair.dialer.take_events(),
        [Event::Close {
            channel,
            close: close(1)
        }]
    );
    assert_eq!(pair.listener.take_events(), []);
    pair.dialer.send(channel, Envelope::new("too late"));
    let error = pair.try_deliver().unwrap_err().to_string();
    assert_eq!(error, "DATA frame on channel 1, which is not open");
}

#[test]
fn an_opener_may_give_up_before_the_answer() {
    let mut pair = Pair::greeted();
    let channel = pair
        .dialer
        .dialect
        .open(&OpenChannel::default(), &mut pair.dialer.output);
    pair.dialer
        .dialect
        .close(channel, &Close::default(), &mut pair.dialer.output);
    pair.deliver();
    pair.listener
        .dialect
        .accept(channel, &OpenChannel::default(), &mut pair.listener.output);
    pair.listener
        .dialect
        .close(channel, &Close::default(), &mut pair.listener.output);
    pair.deliver();
    let events = pair.dialer.take_events();
    assert!(
        matches!(events[..], [Event::Accepted { .. }, Event::Close { .. }]),
        "{events:?}"
    );
}

#[test]
fn a_ping_is_answered_and_timed() {
    let mut pair = Pair::greeted();
    pair.wait(Duration::from_secs(5));
    pair.dialer
        .dialect
        .on_time(pair.now, &mut pair.dialer.output)
        .unwrap();
    pair.wait(Duration::from_millis(2));
    pair.deliver();
    assert_eq!(
        pair.dialer.take_events(),
        [Event::RoundTrip(Duration::from_millis(2))]
    );
    assert_eq!(pair.listener.take_events(), []);
}

#[test]
fn a_flood_of_pings_gets_one_answer() {
    let mut pair = Pair::greeted();
    let now = pair.now;
    pair.listener
        .receive(&[0x90, 0, 1, 7].repeat(10_000), now)
        .unwrap();
    assert_eq!(pair.listener.take_output(), [0xa0, 0, 1, 7]);
}

#[test]
fn a_silent_peer_ends_the_conversation() {
    let mut pair = Pair::greeted();
    assert_eq!(
        pair.dialer.dialect.wake_at(),
        Some(pair.now + Duration::from_secs(5))
    );
    let error = pair
        .dialer
        .dialect
        .on_time(pair.now + Duration::from_secs(15), &mut pair.dialer.output);
    assert_eq!(
        error.unwrap_err().to_string(),
        "the peer was silent for 15s: it is taken for dead"
    );
}

#[test]
fn a_packet_is_one_whole_frame() {
    let check = |bytes: &'static [u8], text: &str| {
        let mut pair = Pair::greeted_with(|_| {}, Output::packets);
        pair.open();
        let packet = Packet::from(bytes::Bytes::from_static(bytes));
        let now = pair.now;
        assert_eq!(
            pair.listener
                .receive_packet(packet, now)
                .unwrap_err()
                .to_string(),
            text
        );
    };
    check(&[0x10, 1, 5, 0], "frame says 5 bytes, its packet holds 1");
    check(&[0x10, 1, 0, 0], "frame says 0 bytes, its packet holds 1");
    check(
        &[0x10],
        "packet of 1 bytes ends before its frame's payload begins",
    );
    check(
        &[],
        "packet of 0 bytes ends before its frame's payload begins",
    );
}

#[test]
fn a_small_message_has_three_bytes_before_its_payload() {
    let mut pair = Pair::greeted();
    let channel = pair.open();
    pair.dialer.send(channel, Envelope::new(&[7; 16]));
    assert_eq!(pair.dialer.take_output().len(), 19);
}

#[test]
fn events_stay_small() {
    assert!(size_of::<Event>() <= 96);
}

#[test]
fn small_messages_on_a_channel_of_two_bytes_are_told_from_those_of_one() {
    let mut pair = Pair::greeted();
    while pair.open() < 133 {}
    // The number's first byte is 133, too, and its second would do for a length.
    let sent: Vec<_> = (0..40).map(|number| Envelope::new(&[number; 16])).collect();
    for envelope in &sent {
        pair.dialer.send(133, envelope.clone());
    }
    pair.deliver();
    let received: Vec<_> = pair.listener.messages();
    let expected: Vec<_> = sent.into_iter().map(|envelope| (133, envelope)).collect();
    assert_eq!(received, expected);
}
