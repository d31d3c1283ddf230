use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::*;

const NAMED: [Codec; 3] = [Codec::Json, Codec::Msgpack, Codec::Cbor];

#[derive(Serialize, Deserialize, Debug, PartialEq)]
enum Shape {
    Nothing,
    Circle { radius: f64 },
    Path(Vec<(i64, i64)>),
}

#[derive(Serialize, Deserialize, Debug, PartialEq)]
struct Drawing {
    name: String,
    id: u64,
    initial: char,
    visible: Option<bool>,
    hidden: Option<bool>,
    shapes: Vec<Shape>,
    tags: BTreeMap<String, i32>,
}

/// As deep as a value likes, which no type with a schema is.
#[derive(Deserialize, Debug)]
struct Nest(#[expect(dead_code, reason = "it is only decoded")] Vec<Nest>);

fn drawing() -> Drawing {
    Drawing {
        name: "Zoë \"at\" sea".into(),
        id: u64::MAX,
        initial: 'Z',
        visible: Some(true),
        hidden: None,
        shapes: vec![
            Shape::Nothing,
            Shape::Circle { radius: 0.5 },
            Shape::Path(vec![(i64::MIN, 0), (-1, i64::MAX)]),
        ],
        tags: BTreeMap::from([("a".into(), -1), ("b".into(), 2)]),
    }
}

fn refusal<T: DeserializeOwned>(codec: Codec, bytes: &[u8]) -> String {
    let Err(failure) = codec.decode::<T>(bytes) else {
        panic!("{codec} took {bytes:02x?}");
    };
    assert_eq!(failure.code, DECODE_FAILED);
    failure.text
}

#[test]
fn every_codec_gives_back_what_it_was_given() {
    for codec in Codec::ALL {
        let bytes = codec.encode(&drawing()).unwrap();
        let back: Drawing = codec.decode(&bytes).unwrap();
        assert_eq!(back, drawing(), "{codec}");
        assert_eq!(Codec::from_id(codec.id()), Some(codec));
    }
    assert_eq!(Codec::from_id(0), None);
    assert_eq!(Codec::from_id(5), None);
}

#[test]
fn every_prefix_and_what_is_left_over_is_refused() {
    for codec in Codec::ALL {
        let mut bytes = codec.encode(&drawing()).unwrap().to_vec();
        for length in 0..bytes.len() {
            refusal::<Drawing>(codec, &bytes[..length]);
        }
        bytes.push(b'1');
        refusal::<Drawing>(codec, &bytes);
    }
    assert_eq!(Codec::Json.decode::<u8>(b" 7\r\n").unwrap(), 7);
}

#[test]
fn what_does_not_fit_is_said_with_its_place() {
    let text = refusal::<Drawing>(Codec::Json, b"{\n  \"name\": 7}");
    let expected = "cannot be decoded as json: invalid type: integer `7`, expected a string \
                    at line 2 column 11";
    assert_eq!(text, expected);
    // An array of 1 and "x", for two numbers.
    let text = refusal::<(u8, u8)>(Codec::Msgpack, &[0x92, 1, 0xa1, b'x']);
    assert!(text.ends_with("at byte 3"), "{text}");
    let text = refusal::<(u8, u8)>(Codec::Cbor, &[0x82, 1, 0x61, b'x']);
    assert!(text.ends_with("at byte 3"), "{text}");
}

#[test]
fn a_long_text_keeps_its_ends() {
    let long = format!("\"{}\"", "é".repeat(100_000));
    let text = refusal::<u8>(Codec::Json, long.as_bytes());
    assert!(text.len() <= TEXT_BYTES_MAX + 5, "{}", text.len());
    assert!(text.starts_with("cannot be decoded as json"), "{text}");
    assert!(text.ends_with("line 1 column 200002"), "{text}");
}

#[test]
fn deep_nesting_ends_before_the_stack_does() {
    let nested = |open: u8, innermost: u8, levels| {
        let mut bytes = vec![open; levels];
        bytes.push(innermost);
        bytes
    };
    for levels in [200, 1_000_000] {
        let json = nested(b'[', b']', levels);
        refusal::<Nest>(Codec::Json, &json);
        refusal::<IgnoredAny>(Codec::Json, &json);
        for (codec, list, empty) in [(Codec::Msgpack, 0x91, 0x90), (Codec::Cbor, 0x81, 0x80)] {
            let bytes = nested(list, empty, levels);
            refusal::<Nest>(codec, &bytes);
            refusal::<IgnoredAny>(codec, &bytes);
        }
    }
    // A hundred levels are fine.
    let json = "[".repeat(100) + &"]".repeat(100);
    Codec::Json.decode::<Nest>(json.as_bytes()).unwrap();
    Codec::Msgpack
        .decode::<Nest>(&nested(0x91, 0x90, 99))
        .unwrap();
    Codec::Cbor.decode::<Nest>(&nested(0x81, 0x80, 99)).unwrap();
}

/// A type that takes what it can of a list, and passes over the rest.
#[test]
fn a_lenient_type_nests_no_deeper_in_msgpack() {
    #[derive(Debug)]
    struct Lenient;
    impl<'de> Deserialize<'de> for Lenient {
        fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            // A list is none, which costs the decoder a level of its count.
            let _ = u8::deserialize(from);
            Ok(Lenient)
        }
    }
    // So many lists that the count is used up, and then one as deep as a stack.
    let mut bytes = [&[0x92, 0xdc, 0x08, 0x00][..], &[0x91; 0x800]].concat();
    bytes.extend([0x91; 60_000]);
    bytes.push(0x90);
    let text = refusal::<(Vec<Lenient>, IgnoredAny)>(Codec::Msgpack, &bytes);
    assert!(text.contains("depth limit exceeded"), "{text}");
    // Values of every kind keep their places: what follows them is found at its depth.
    let kinds: [&[u8]; 12] = [
        &[0xcc, 0x91],
        &[0xcd, 0x91, 0x91],
        &[0xca, 0x91, 0x91, 0x91, 0x91],
        &[0xcb, 0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 0x91, 0x91],
        &[0xa2, 0x91, 0x91],
        &[0xc4, 0x01, 0x91],
        &[0xda, 0x00, 0x01, 0x91],
        &[0xc6, 0x00, 0x00, 0x00, 0x01, 0x91],
        &[0x81, 0x01, 0x90],
        &[0xdc, 0x00, 0x01, 0x80],
        &[0xdf, 0x00, 0x00, 0x00, 0x01, 0xc0, 0xc2],
        &[0xe0],
    ];
    for kind in kinds {
        let list = [&[0xdc, 0x01, 0x00][..], &kind.repeat(0x100)].concat();
        msgpack_depth::check(&list, 2).unwrap();
        let nested = [&[0x92][..], kind, &[0x91, 0x91, 0x90]].concat();
        msgpack_depth::check(&nested, 3).unwrap();
        let text = msgpack_depth::check(&nested, 2).unwrap_err();
        let at = nested.len() - 2;
        assert_eq!(text, format!("depth limit exceeded, at byte {at}"));
    }
    refusal::<IgnoredAny>(Codec::Msgpack, &[0xd4, 1, 1]);
}

/// The lengths are of 4 GiB and more: to believe them is to run out of memory here.
#[test]
fn announced_lengths_take_no_memory() {
    let msgpack: [&[u8]; 4] = [
        &[0xdf, 0xff, 0xff, 0xff, 0xff],
        &[0xdd, 0xff, 0xff, 0xff, 0xff],
        &[0xdb, 0xff, 0xff, 0xff, 0xff],
        &[0xc6, 0xff, 0xff, 0xff, 0xff],
    ];
    let huge = [0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    let cbor = [0xbb, 0x9b, 0x7b, 0x5b].map(|kind| [&[kind][..], &huge].concat());
    let cbor = cbor.iter().map(|bytes| (Codec::Cbor, &bytes[..]));
    for (codec, bytes) in msgpack
        .map(|bytes| (Codec::Msgpack, bytes))
        .into_iter()
        .chain(cbor)
    {
        refusal::<BTreeMap<String, [u64; 32]>>(codec, bytes);
        refusal::<Vec<[u64; 32]>>(codec, bytes);
        refusal::<String>(codec, bytes);
        refusal::<Drawing>(codec, bytes);
        refusal::<IgnoredAny>(codec, bytes);
    }
}

#[test]
fn fields_go_by_name_and_unknown_ones_are_passed_over() {
    #[derive(Serialize)]
    struct More {
        extra: Vec<Option<u8>>,
        value: u8,
    }
    #[derive(Deserialize)]
    struct Less {
        value: u8,
    }
    for codec in NAMED {
        let more = More {
            extra: vec![None, Some(1)],
            value: 9,
        };
        let bytes = codec.encode(&more).unwrap();
        assert_eq!(codec.decode::<Less>(&bytes).unwrap().value, 9, "{codec}");
    }
}

#[test]
fn what_json_cannot_say_is_not_encoded() {
    let map = BTreeMap::from([(vec![1], 1)]);
    let failure = Codec::Json.encode(&map).unwrap_err();
    assert_eq!(failure.code, ENCODE_FAILED);
    assert!(failure.text.contains("json"), "{}", failure.text);
}
