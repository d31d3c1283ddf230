//! Requests and answers find each other by their order.

use super::end::End;
use crate::dialect::{AtEnd, Credit, Dialect, DialectError, Event, Violation};
use crate::{Content, Envelope, Failure, Kind};

fn correlations(envelopes: &[Envelope]) -> Vec<u64> {
    let all = envelopes.iter();
    all.map(|envelope| envelope.correlation).collect()
}

#[test]
fn answers_leave_in_the_order_of_their_requests_whenever_they_are_there() {
    let mut rep = End::wide_open("rep", "req");
    rep.receive(b"one\ntwo\nthree\nfour\n").unwrap();
    let asked = rep.envelopes();
    assert_eq!(correlations(&asked), [1, 2, 3, 4]);
    let answer = |number: u64| Envelope::new(format!("answer {number}")).correlated(number);
    rep.send(answer(3));
    rep.send(answer(2));
    assert_eq!(rep.take_output(), "", "the first is not answered");
    rep.send(answer(1));
    assert_eq!(rep.take_output(), "answer 1\nanswer 2\nanswer 3\n");
    rep.send(answer(4));
    assert_eq!(rep.take_output(), "answer 4\n");
}

#[test]
fn a_failure_is_a_line_that_says_so() {
    let mut rep = End::wide_open("rep", "req");
    rep.receive(b"one\ntwo\n").unwrap();
    rep.send(Envelope::failure(
        1,
        &Failure::new(3, "no such\r\nsymbol\n"),
    ));
    // What no failure encodes to.
    let content = Content::new(b"\xff\xff\xff\xff");
    rep.send(Envelope {
        kind: Kind::Failure,
        correlation: 2,
        content,
    });
    let malformed = "error 0 the peer reported a failure in a form that cannot be read: \
                     expected a code and a text\n";
    assert_eq!(
        rep.take_output(),
        format!("error 3 no such  symbol \n{malformed}")
    );
}

#[test]
fn a_line_answers_the_oldest_request_and_may_be_a_failure() {
    let mut req = End::wide_open("req", "rep");
    for correlation in [7, 9, 12, 13] {
        req.send(Envelope::new("ask").correlated(correlation));
    }
    // Nobody waits for this one any more; its answer comes all the same.
    req.send(Envelope::cancel(7));
    assert_eq!(req.take_output(), "ask\nask\nask\nask\n");
    req.receive(b"late\nerror 404 no such symbol\nerror 70000 x\n")
        .unwrap();
    req.receive(b"error +1 x\n").unwrap();
    let answers = req.envelopes();
    assert_eq!(correlations(&answers), [7, 9, 12, 13]);
    let failure = Failure::new(404, "no such symbol");
    assert_eq!(answers[0], Envelope::new("late").correlated(7));
    assert_eq!(answers[1], Envelope::failure(9, &failure));
    assert_eq!(answers[2], Envelope::new("error 70000 x").correlated(12));
    assert_eq!(answers[3], Envelope::new("error +1 x").correlated(13));
}

#[test]
fn an_answer_that_nobody_asked_for_ends_the_conversation() {
    let mut req = End::wide_open("req", "rep");
    req.send(Envelope::new("ask").correlated(1));
    let error = req.receive(b"welcome\nanswer\n").unwrap_err();
    assert_eq!(error, DialectError::Violation(Violation::UnaskedLine));
    assert_eq!(correlations(&req.envelopes()), [1]);
}

#[test]
fn a_request_counts_as_handled_when_it_is_answered() {
    let mut req = End::wide_open("req", "rep");
    for correlation in 1..=3 {
        req.send(Envelope::new("ask").correlated(correlation));
    }
    req.take_output();
    assert_eq!(req.told(), []);
    req.receive(b"answer\nanswer\n").unwrap();
    req.envelopes();
    let [Event::Credit { credit, .. }] = req.told()[..] else {
        panic!("no credit");
    };
    assert_eq!((credit.handled, credit.messages_max), (2, 2 + 1_024));
}

#[test]
fn what_was_asked_before_the_end_is_answered_after_it() {
    let mut rep = End::wide_open("rep", "req");
    rep.receive(b"one\ntwo").unwrap();
    assert_eq!(rep.input_ends(), Ok(AtEnd::Answers));
    let events = rep.told();
    let Event::Close { close, .. } = events.last().unwrap() else {
        panic!("{events:?}");
    };
    assert_eq!((close.sent, close.ends), (2, false));
    rep.send(Envelope::new("2").correlated(2));
    rep.send(Envelope::new("1").correlated(1));
    assert_eq!(rep.take_output(), "1\n2\n");
}

#[test]
fn answers_that_wait_for_an_earlier_one_are_bounded() {
    for narrow in [(3, u64::MAX), (u64::MAX, 2)] {
        let (messages_max, bytes_max) = narrow;
        let credit = Credit {
            handled: 0,
            messages_max,
            bytes_max,
        };
        let mut rep = End::open("rep", "req", credit);
        rep.receive(b"\n\n\n").unwrap();
        rep.send(Envelope::new("2").correlated(2));
        rep.send(Envelope::new("3").correlated(3));
        // The socket has handled two, and would take more.
        let more = Credit {
            handled: 2,
            messages_max: messages_max.saturating_add(2),
            bytes_max: bytes_max.saturating_add(2),
        };
        rep.dialect.credit(1, more, &mut rep.output);
        assert!(rep.dialect.is_paused(), "{narrow:?}");
        rep.send(Envelope::new("1").correlated(1));
        assert!(!rep.dialect.is_paused(), "{narrow:?}");
    }
}
