//! Whatever is sent as lines arrives as lines, however it is cut.

use proptest::collection::vec;
use proptest::prelude::*;

use super::end::End;
use crate::dialect::{Dialect, Output, SHARED_BYTES_MIN, Unsendable};
use crate::{Content, Envelope};

/// What stands in the stream, and which messages it is.
const STREAM: &[u8] = b"one\n\ntwo\r\n\rthree\r\r\n\r\nlast";
const MESSAGES: [&str; 6] = ["one", "", "two", "\rthree\r", "", "last"];

#[test]
fn a_stream_that_is_cut_at_every_byte_is_the_same_lines() {
    for cut in 0..=STREAM.len() {
        let mut end = End::wide_open("pull", "push");
        let (head, tail) = STREAM.split_at(cut);
        end.receive(head).unwrap();
        end.receive(tail).unwrap();
        end.input_ends().unwrap();
        assert_eq!(end.lines(), MESSAGES, "cut at {cut}");
    }
    let mut end = End::wide_open("pull", "push");
    for byte in STREAM {
        end.receive(&[*byte]).unwrap();
    }
    end.input_ends().unwrap();
    assert_eq!(end.lines(), MESSAGES);
}

#[test]
fn an_end_after_an_end_of_line_is_no_message() {
    let mut end = End::wide_open("pull", "push");
    end.receive(b"one\n").unwrap();
    end.input_ends().unwrap();
    assert_eq!(end.lines(), ["one"]);
}

#[test]
fn what_is_no_line_is_not_sent() {
    let end = End::wide_open("pull", "push");
    let check = |content: Content| end.dialect.check(&Envelope::new(content));
    assert_eq!(check(Content::new("")), Ok(()));
    assert_eq!(check(Content::new("a\rb")), Ok(()));
    for (content, at) in [("a\nb", 1), ("\n", 0), ("ab\r", 2)] {
        assert_eq!(
            check(Content::new(content)),
            Err(Unsendable::EndOfLine { at })
        );
    }
    assert_eq!(
        check(Content::new("a").with_part("b")),
        Err(Unsendable::TooManyParts { parts: 2, limit: 1 })
    );
    let with_headers = check(Content::new("a").with_header("name", "value"));
    assert_eq!(with_headers, Err(Unsendable::HeadersNotCarried));
    assert_eq!(
        with_headers.unwrap_err().to_string(),
        "a line carries no headers: send the message without them, or speak tw"
    );
}

/// On a link of whole messages each of them is a line.
#[test]
fn a_packet_is_a_line_without_its_end() {
    let mut end = End::wide_open("pull", "push");
    end.output = Output::packets();
    end.send(Envelope::new("one"));
    end.send(Envelope::new(""));
    let mut packets = std::iter::from_fn(|| end.output.pop_packet());
    assert_eq!(packets.next().unwrap().into_bytes(), "one");
    assert_eq!(packets.next().unwrap().into_bytes(), "");
    assert!(packets.next().is_none());
    end.receive_packet("two").unwrap();
    end.receive_packet("").unwrap();
    assert_eq!(end.lines(), ["two", ""]);
}

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z\r ]{0,9}[a-z]",
        1 => Just(String::new()),
        1 => (SHARED_BYTES_MIN - 2..SHARED_BYTES_MIN + 2).prop_map(|length| "x".repeat(length)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn what_is_sent_arrives_cut_anywhere(
        sent in vec(line(), 0..20),
        cuts in vec(1usize..3_000, 1..20),
    ) {
        let mut sender = End::wide_open("pull", "push");
        for line in &sent {
            sender.send(Envelope::new(&**line));
        }
        let stream = sender.take_output();
        let mut receiver = End::wide_open("pull", "push");
        let (mut rest, mut received) = (stream.as_bytes(), Vec::new());
        let mut cuts = cuts.into_iter().cycle();
        while !rest.is_empty() {
            let (head, tail) = rest.split_at(cuts.next().unwrap().min(rest.len()));
            receiver.receive(head).unwrap();
            received.append(&mut receiver.lines());
            rest = tail;
        }
        prop_assert!(received == sent.iter().map(|line| &**line).collect::<Vec<_>>());
    }
}
