//! Peers that write nonsense, or nearly sense.

use bytes::{Bytes, BytesMut};
use proptest::collection::vec;
use proptest::prelude::*;

use super::pair::{End, Pair, settings};
use crate::dialect::tw::decode::TRUSTED_BYTES;
use crate::dialect::{Close, Credit, Dialect, Output, Role};
use crate::link::Packet;
use crate::{Content, Envelope, Failure};

/// A bit of everything a dialer may write after its hello, on channel 1, accepted meanwhile.
fn valid_stream() -> (Pair, Vec<u8>) {
    let mut pair = Pair::greeted_with(|settings| settings.frame_bytes_max = 256, Output::stream);
    let channel = pair.open();
    let End {
        dialect, output, ..
    } = &mut pair.dialer;
    dialect.send(channel, Envelope::new("plain"), output);
    dialect.send(channel, Envelope::new(vec![1; 700]).correlated(300), output);
    let parts = Content::new("a")
        .with_part(vec![2; 300])
        .with_header("trace", vec![3; 400]);
    dialect.send(channel, Envelope::new(parts), output);
    dialect.send(
        channel,
        Envelope::failure(9, &Failure::new(4, "no")),
        output,
    );
    dialect.send(channel, Envelope::cancel(10), output);
    dialect.credit(
        channel,
        Credit {
            handled: 5,
            messages_max: 1_000,
            bytes_max: 1 << 24,
        },
        output,
    );
    dialect.open(&Default::default(), output);
    dialect.close(
        channel,
        &Close {
            handled: 1,
            sent: 5,
            reason: "done".into(),
            ends: true,
        },
        output,
    );
    dialect.goodbye("bye", output);
    let bytes = pair.dialer.take_output();
    (pair, bytes)
}

#[test]
fn the_valid_stream_is_valid() {
    let (mut pair, bytes) = valid_stream();
    let now = pair.now;
    pair.listener.receive(&bytes, now).unwrap();
    assert_eq!(pair.listener.take_events().len(), 9);
}

proptest! {
    #[test]
    fn random_bytes_never_panic(bytes in vec(any::<u8>(), 0..2_000), says_hello in any::<bool>()) {
        let mut pair = if says_hello { Pair::greeted() } else { Pair::new(|_| {}, Output::stream) };
        let now = pair.now;
        let _ = pair.listener.receive(&bytes, now);
        let _ = Pair::greeted().listener.receive_packet(Packet::from(Bytes::from(bytes)), now);
    }

    #[test]
    fn a_mutated_stream_never_panics(
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let (mut pair, mut bytes) = valid_stream();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let now = pair.now;
        let (first, second) = bytes.split_at(cut.index(bytes.len()));
        let _ = pair.listener.receive(first, now).and_then(|()| pair.listener.receive(second, now));
        prop_assert!(pair.listener.events.len() <= bytes.len());
    }

    #[test]
    fn a_mutated_hello_never_panics(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut end = End::new(settings(Role::Dialer), Output::stream());
        let now = std::time::Instant::now();
        end.dialect.begin(now, &mut end.output);
        let mut bytes = end.take_output();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = End::new(settings(Role::Listener), Output::stream()).receive(&bytes, now);
    }

    #[test]
    fn an_announcement_alone_asks_for_little(bytes in vec(any::<u8>(), 0..12)) {
        let pair = Pair::greeted();
        let wanted = pair.listener.dialect.wanted_bytes(&BytesMut::from(&bytes[..]));
        prop_assert!(wanted <= TRUSTED_BYTES);
    }
}
