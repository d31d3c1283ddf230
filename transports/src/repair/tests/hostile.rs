//! What no honest peer sends.

use std::time::Instant;

use bytes::Bytes;
use proptest::prelude::*;

use super::pair::{DATAGRAM_BYTES_MAX, ID, Pair};
use crate::repair::packet::{Arrived, Load, Packet};
use crate::repair::{PACKETS_MAX, RepairError};

fn packet(load: Load) -> Packet {
    Packet {
        id: ID,
        opens: false,
        asks: false,
        acknowledged: 0,
        window: PACKETS_MAX,
        arrived: Arrived::default(),
        load,
    }
}

fn data(number: u64) -> Packet {
    let bytes = Bytes::from_static(b"evil");
    packet(Load::Data { number, bytes })
}

/// Two ends that have heard of each other; the dialer has sent one packet.
fn begun() -> Pair {
    let mut pair = Pair::new();
    pair.dialer.write(b"0...");
    pair.settle();
    pair
}

#[test]
fn an_acknowledgement_of_what_was_never_sent_ends_the_link() {
    let mut beyond = packet(Load::Nothing);
    beyond.acknowledged = 2;
    let mut far_beyond = packet(Load::Nothing);
    far_beyond.acknowledged = 1 << 62;
    let mut after_a_gap = packet(Load::Nothing);
    after_a_gap.arrived.add(PACKETS_MAX - 1);
    for (evil, claimed) in [
        (beyond, 2),
        (far_beyond, 1 << 62),
        (after_a_gap, PACKETS_MAX),
    ] {
        let mut pair = begun();
        let now = pair.now;
        let error = pair.dialer.receive(evil.encode(), now).unwrap_err();
        assert_eq!(error, RepairError::NeverSent { claimed, sent: 1 });
    }
}

#[test]
fn numbers_far_outside_the_window_are_dropped_and_counted() {
    let mut pair = begun();
    let now = pair.now;
    let numbers = [1 + PACKETS_MAX, 1 << 32, 1 << 62];
    for number in numbers {
        pair.listener.receive(data(number).encode(), now).unwrap();
    }
    assert_eq!(pair.listener.figures().beyond, 3);
    pair.listener
        .receive(data((1 << 62) + 1).encode(), now)
        .unwrap();
    assert_eq!(pair.listener.figures().malformed, 1);
    assert_eq!(pair.read(), b"0...");
}

#[test]
fn what_is_no_packet_is_dropped_and_counted() {
    let good = data(1).encode();
    let change = |at: usize, byte: u8| {
        let mut bytes = good.to_vec();
        bytes[at] = byte;
        Bytes::from(bytes)
    };
    let mut empty_data = data(1);
    empty_data.load = Load::Data {
        number: 1,
        bytes: Bytes::new(),
    };
    let mut trailing = packet(Load::Nothing).encode().to_vec();
    trailing.push(0);
    let malformed = [
        Bytes::new(),
        Bytes::from_static(b"\xf7TWR, or anything else of that length"),
        change(0, 0xd2),
        change(1, 0x00),
        change(1, 0x50),
        change(1, 0x24),
        // A row of bits longer than any window.
        change(13, 33),
        empty_data.encode(),
        trailing.into(),
        Bytes::from([&good[..10], &[0xff; 40]].concat()),
    ];
    let mut pair = begun();
    let now = pair.now;
    let count = malformed.len() as u64;
    for datagram in malformed {
        pair.listener.receive(datagram, now).unwrap();
    }
    for length in 0..good.len() - b"evil".len() {
        pair.listener.receive(good.slice(..length), now).unwrap();
    }
    let figures = pair.listener.figures();
    assert_eq!(figures.malformed, count + (good.len() - 4) as u64);
    assert_eq!(pair.read(), b"0...");
    assert_eq!(pair.listener_sends(), Vec::<Bytes>::new(), "nor answered");
}

#[test]
fn nobody_joins_a_link_without_its_id() {
    let mut pair = begun();
    let mut foreign = data(1);
    foreign.id = *b"guessing";
    foreign.opens = true;
    let now = pair.now;
    pair.listener.receive(foreign.encode(), now).unwrap();
    assert_eq!(pair.listener.figures().foreign, 1);
    assert_eq!(pair.read(), b"0...");
}

fn any_load() -> impl Strategy<Value = Load> {
    let number = || prop_oneof![0..600_u64, 0..=1_u64 << 62];
    prop_oneof![
        Just(Load::Nothing),
        (number(), prop::collection::vec(any::<u8>(), 1..100)).prop_map(|(number, bytes)| {
            Load::Data {
                number,
                bytes: bytes.into(),
            }
        }),
        number().prop_map(|number| Load::End { number }),
        number().prop_map(|number| Load::Gone { number }),
    ]
}

prop_compose! {
    fn any_packet()(
        opens: bool,
        asks: bool,
        acknowledged in prop_oneof![0..4_u64, 0..=1_u64 << 62],
        window in prop_oneof![0..600_u64, 0..=1_u64 << 62],
        after in prop::collection::vec(1..PACKETS_MAX, 0..9),
        load in any_load(),
    ) -> Packet {
        let mut arrived = Arrived::default();
        for after in after {
            arrived.add(after);
        }
        Packet { id: ID, opens, asks, acknowledged, window, arrived, load }
    }
}

proptest! {
    #[test]
    fn every_packet_survives_the_wire(packet in any_packet()) {
        prop_assert_eq!(Packet::decode(packet.encode()), Some(packet));
    }

    #[test]
    fn any_bytes_are_a_packet_or_none(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let bytes = Bytes::from([&[0xd1][..], &bytes].concat());
        if let Some(packet) = Packet::decode(bytes) {
            prop_assert_eq!(Packet::decode(packet.encode()), Some(packet));
        }
    }

    /// Whatever comes, an end neither panics, nor spins, nor sends more than it is asked for.
    #[test]
    fn an_end_bears_any_packets_with_its_id(
        packets in prop::collection::vec((any_packet(), 0..3_000_u64), 0..80),
    ) {
        let mut pair = Pair::new();
        pair.dialer.write(&[1; 40]);
        let sent = pair.dialer_sends();
        pair.listener_gets(sent);
        let mut now: Instant = pair.now;
        for (packet, millis) in packets {
            now += std::time::Duration::from_millis(millis);
            let mut end = || {
                pair.dialer.receive(packet.encode(), now)?;
                pair.dialer.on_time(now)?;
                if let Ok(received) = pair.dialer.read(10) {
                    std::hint::black_box(received);
                }
                Ok::<_, RepairError>(())
            };
            if end().is_err() {
                break;
            }
            let answers = std::iter::from_fn(|| pair.dialer.transmit(now));
            let mut count = 0;
            for answer in answers {
                prop_assert!(answer.len() <= DATAGRAM_BYTES_MAX);
                count += 1;
            }
            prop_assert!(count <= 11, "{}", count);
            prop_assert!(pair.dialer.wake_at().is_none_or(|at| at > now));
        }
        if let Some(last) = pair.dialer.let_go() {
            prop_assert!(last.len() <= DATAGRAM_BYTES_MAX);
        }
    }
}
