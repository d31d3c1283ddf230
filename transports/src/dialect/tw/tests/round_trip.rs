//! Whatever is sent arrives, however it is cut.

use proptest::collection::vec;
use proptest::prelude::*;

use super::pair::Pair;
use crate::dialect::{Dialect, Output};
use crate::link::Packet;
use crate::{Content, Envelope, Headers, Kind, Payload};

fn payload() -> impl Strategy<Value = Payload> {
    let length = prop_oneof![4 => 0usize..40, 2 => 200usize..600, 1 => 4_000usize..9_000];
    (length, any::<u8>()).prop_map(|(length, seed)| {
        (0..length)
            .map(|index| seed.wrapping_add(index as u8))
            .collect::<Vec<_>>()
            .into()
    })
}

fn headers() -> impl Strategy<Value = Option<Headers>> {
    let some =
        vec(("[a-z]{0,12}", payload()), 1..5).prop_map(|entries| entries.into_iter().collect());
    proptest::option::weighted(0.3, some)
}

fn envelope() -> impl Strategy<Value = Envelope> {
    let kind = prop_oneof![
        3 => Just(Kind::Data),
        1 => Just(Kind::Failure),
        1 => Just(Kind::Cancel),
        1 => Just(Kind::Note)
    ];
    let correlation = prop_oneof![Just(0), 1u64..300, any::<u64>()];
    let parts = prop_oneof![3 => vec(payload(), 1..2), 1 => vec(payload(), 2..6)];
    (kind, correlation, headers(), parts).prop_map(|(kind, correlation, headers, parts)| {
        let content = Content::from_parts(parts).with_headers(headers.unwrap_or_default());
        Envelope {
            kind,
            correlation,
            content,
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn over_a_stream_cut_anywhere(
        envelopes in vec((0usize..3, envelope()), 0..20),
        frame_bytes_max in prop_oneof![Just(256u32), 257u32..5_000, Just(1_048_576)],
        cuts in vec(1usize..3_000, 1..20),
    ) {
        let mut pair = Pair::greeted_with(|settings| settings.frame_bytes_max = frame_bytes_max, Output::stream);
        let channels = [pair.open(), pair.open(), pair.open()];
        let sent: Vec<_> = envelopes.into_iter().map(|(at, envelope)| (channels[at], envelope)).collect();
        for (channel, envelope) in &sent {
            prop_assert_eq!(pair.dialer.dialect.check(envelope), Ok(()));
            pair.dialer.send(*channel, envelope.clone());
        }
        let bytes = pair.dialer.take_output();
        let (mut rest, mut received) = (&bytes[..], Vec::new());
        let mut cuts = cuts.into_iter().cycle();
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(cuts.next().unwrap().min(rest.len()));
            rest = after;
            let now = pair.now;
            pair.listener.receive(piece, now).unwrap();
            received.extend(pair.listener.messages());
        }
        prop_assert_eq!(received, sent);
        prop_assert!(pair.listener.input.is_empty());
    }

    #[test]
    fn over_packets_joined_or_not(
        envelopes in vec(envelope(), 0..20),
        frame_bytes_max in prop_oneof![Just(256u32), Just(1_048_576)],
        joins in any::<bool>(),
    ) {
        let mut pair = Pair::greeted_with(|settings| settings.frame_bytes_max = frame_bytes_max, Output::packets);
        let channel = pair.open();
        for envelope in &envelopes {
            pair.dialer.send(channel, envelope.clone());
        }
        let now = pair.now;
        while let Some(packet) = pair.dialer.output.pop_packet() {
            let packet = if joins { Packet::from(packet.into_bytes()) } else { packet };
            pair.listener.receive_packet(packet, now).unwrap();
        }
        let received: Vec<_> = pair.listener.messages().into_iter().map(|(_, envelope)| envelope).collect();
        prop_assert_eq!(received, envelopes);
    }

    #[test]
    fn the_reader_is_told_how_much_is_missing(length in 0usize..5_000, cut in 3usize..5_000) {
        let mut pair = Pair::greeted();
        let channel = pair.open();
        pair.dialer.send(channel, Envelope::new(vec![7; length]));
        let bytes = pair.dialer.take_output();
        let cut = cut.min(bytes.len());
        let now = pair.now;
        pair.listener.receive(&bytes[..cut], now).unwrap();
        let wanted = pair.listener.dialect.wanted_bytes(&pair.listener.input);
        if cut >= 4 {
            prop_assert_eq!(wanted, bytes.len() - cut);
        }
    }
}
