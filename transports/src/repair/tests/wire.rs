//! The packets that `WIRE.md` draws are what the code writes and reads.

use bytes::Bytes;

use crate::repair::packet::{Arrived, Load, Packet};

const PAGE: &str = include_str!("../../../../WIRE.md");

/// The hexadecimal bytes of the block that begins with "```packet NAME"; a comment stands after `;`.
fn shown(name: &str) -> Bytes {
    let mark = format!("```packet {name}\n");
    let (_, rest) = PAGE.split_once(&mark).expect("the page shows it");
    let (block, _) = rest.split_once("```").expect("a block ends");
    let lines = block.lines().filter_map(|line| line.split(';').next());
    let words = lines.flat_map(str::split_whitespace);
    words
        .map(|word| u8::from_str_radix(word, 16).expect("two hexadecimal digits"))
        .collect()
}

fn check(name: &str, packet: Packet) {
    assert_eq!(packet.encode(), shown(name), "{name}");
    assert_eq!(Packet::decode(shown(name)), Some(packet), "{name}");
}

#[test]
fn the_page_shows_what_is_written() {
    let first = Packet {
        id: [0x22; 8],
        opens: true,
        asks: false,
        acknowledged: 0,
        window: 256,
        arrived: Arrived::default(),
        load: Load::Data {
            number: 0,
            bytes: Bytes::from_static(b"hello"),
        },
    };
    let mut arrived = Arrived::default();
    arrived.add(1);
    arrived.add(3);
    arrived.add(9);
    let acknowledgement = Packet {
        opens: false,
        acknowledged: 300,
        window: 246,
        arrived,
        load: Load::Nothing,
        ..first.clone()
    };
    let end = Packet {
        opens: false,
        asks: true,
        acknowledged: 7,
        load: Load::End { number: 301 },
        ..first.clone()
    };
    let gone = Packet {
        asks: false,
        load: Load::Gone { number: 302 },
        ..end.clone()
    };
    check("first", first);
    check("acknowledgement", acknowledgement);
    check("end", end);
    check("gone", gone);
    assert_eq!(PAGE.matches("```packet ").count(), 4);
}
