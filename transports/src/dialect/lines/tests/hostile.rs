//! Peers that mean no good.

use super::end::{End, credit, settings};
use crate::dialect::{DialectError, Settings, Violation};

/// Takes messages of 16 bytes.
fn narrow() -> End {
    let settings = Settings {
        message_bytes_max: 16,
        ..settings("pull", "push")
    };
    End::open_with(settings, credit(u64::MAX, u64::MAX))
}

fn too_large(bytes: u64) -> DialectError {
    let limit = 16;
    Violation::MessageTooLarge { bytes, limit }.into()
}

#[test]
fn a_line_may_be_as_long_as_a_message_and_not_longer() {
    let line = "x".repeat(16);
    for ending in ["\n", "\r\n"] {
        let mut end = narrow();
        for byte in format!("{line}{ending}").bytes() {
            end.receive(&[byte]).unwrap();
        }
        assert_eq!(end.lines(), [&*line]);
        let error = end.receive(format!("x{line}{ending}").as_bytes());
        assert_eq!(error, Err(too_large(17)));
    }
    let mut end = narrow();
    end.receive(format!("ok\n{line}").as_bytes()).unwrap();
    end.input_ends().unwrap();
    assert_eq!(end.lines(), ["ok", &line]);
}

#[test]
fn a_line_without_end_is_refused_as_soon_as_it_is_too_long() {
    let mut end = narrow();
    let mut sent = 0;
    let error = loop {
        match end.receive(b"x") {
            Ok(()) => sent += 1,
            Err(error) => break error,
        }
    };
    assert_eq!((sent, error), (16, too_large(17)));
    let mut end = narrow();
    let returns = end.receive(&[b'\r'; 18]);
    assert_eq!(returns, Err(too_large(17)));
    let mut end = narrow();
    end.receive(&[b'\r'; 17]).unwrap();
    assert_eq!(end.input_ends(), Err(too_large(17)));
}

#[test]
fn what_came_before_the_offence_counts() {
    let mut end = narrow();
    let error = end.receive(b"fine\nthis one is too long\nnever seen\n");
    assert_eq!(error, Err(too_large(20)));
    assert_eq!(end.lines(), ["fine"]);
}

#[test]
fn a_packet_is_one_line_of_a_bounded_length() {
    let mut end = narrow();
    let error = Violation::LineInLine { at: 1 };
    assert_eq!(end.receive_packet("a\nb"), Err(error.into()));
    let mut end = narrow();
    assert_eq!(end.receive_packet("seventeen bytes!!"), Err(too_large(17)));
}

#[test]
fn any_bytes_are_lines() {
    let mut end = narrow();
    end.receive(b"\0\xff\xfe\nGET / HTTP/1.1\r\n").unwrap();
    let lines = end.lines();
    assert_eq!(lines[0], b"\0\xff\xfe");
    assert_eq!(lines[1], "GET / HTTP/1.1");
}
