//! Two ends of a session over a link that is cut at any moment, and a receiver that dies and
//! goes on from what it stored: what is accepted is delivered once and in order, and every
//! acknowledgement comes in the end.

use std::collections::VecDeque;

use proptest::prelude::*;

use super::incoming::Handled;
use super::*;

/// One direction of a session, both ends, and what is under way between them.
#[derive(Default)]
struct Direction {
    waiting: VecDeque<u64>,
    outgoing: Outgoing<u64>,
    under_way: VecDeque<u64>,
    acknowledgements: VecDeque<u64>,
    incoming: Incoming,
    /// Numbers of delivered messages that nobody has handled yet.
    open: Vec<u64>,
    handled: u64,
    accepted: u64,
    delivered: Vec<u64>,
    acknowledged: Vec<u64>,
    /// After which message the session began.
    begins_after: u64,
}

#[derive(Clone, Debug)]
enum Step {
    Accept,
    Send,
    Receive,
    /// Handles one of those that are open.
    Handle(prop::sample::Index),
    Acknowledge,
    HearAcknowledgement,
    /// The connection breaks, and another comes.
    Cut,
    /// The receiver dies with all it had not handled, and another goes on from there.
    Kill,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Accept),
        4 => Just(Step::Send),
        4 => Just(Step::Receive),
        4 => any::<prop::sample::Index>().prop_map(Step::Handle),
        3 => Just(Step::Acknowledge),
        3 => Just(Step::HearAcknowledgement),
        1 => Just(Step::Cut),
        1 => Just(Step::Kill),
    ]
}

impl Direction {
    fn take(&mut self, step: Step) {
        match step {
            Step::Accept => {
                self.accepted += 1;
                self.waiting.push_back(self.accepted);
            }
            Step::Send => {
                if let Some(&message) = self.outgoing.leaves_again() {
                    self.under_way.push_back(message);
                } else if let Some(message) = self.waiting.pop_front() {
                    self.outgoing.leaves(message, message);
                    self.under_way.push_back(message);
                }
            }
            Step::Receive => {
                if let Some(message) = self.under_way.pop_front() {
                    self.open.push(self.incoming.arrived(message));
                    self.delivered.push(message);
                }
            }
            Step::Handle(which) => {
                if !self.open.is_empty() {
                    let sequence = self.open.remove(which.index(self.open.len()));
                    self.handled += self.incoming.handled(sequence).messages;
                }
            }
            Step::Acknowledge => self.acknowledgements.push_back(self.handled),
            Step::HearAcknowledgement => {
                if let Some(sequence) = self.acknowledgements.pop_front() {
                    let acknowledged = &mut self.acknowledged;
                    let done = |message| acknowledged.push(message);
                    self.outgoing.acknowledge(sequence, done).unwrap();
                }
            }
            Step::Cut => {
                self.under_way.clear();
                self.acknowledgements.clear();
                let received = self.incoming.received().sequence;
                self.outgoing.check(received).unwrap();
                self.outgoing.resume(received);
                assert_eq!(self.outgoing.position().sequence, received);
                let bytes = (self.begins_after + 1..=received).sum::<u64>();
                assert_eq!(self.outgoing.position().bytes, bytes);
                assert_eq!(self.incoming.received().bytes, bytes);
            }
            Step::Kill => {
                self.under_way.clear();
                self.acknowledgements.clear();
                self.open.clear();
                self.delivered.truncate(self.handled as usize);
                self.incoming = Incoming::after(self.handled);
                self.begins_after = self.handled;
                self.outgoing.check(self.handled).unwrap();
                self.acknowledged.extend(self.outgoing.begin(self.handled));
                self.outgoing.resume(self.handled);
                assert_eq!(self.outgoing.position(), self.incoming.received());
            }
        }
    }
}

proptest! {
    #[test]
    fn iridium_05_what_was_accepted_is_delivered_once_and_in_order(
        steps in prop::collection::vec(step(), 0..400),
    ) {
        let mut direction = Direction::default();
        for step in steps {
            direction.take(step);
            let kept = direction.outgoing.len() + direction.waiting.len();
            prop_assert_eq!(kept + direction.acknowledged.len(), direction.accepted as usize);
        }
        // Left alone, all of it gets there.
        while direction.acknowledged.len() < direction.accepted as usize {
            let before = direction.acknowledged.len();
            direction.take(Step::Cut);
            for _ in 0..direction.accepted {
                direction.take(Step::Send);
                direction.take(Step::Receive);
            }
            while !direction.open.is_empty() {
                let last = direction.open.len() - 1;
                let sequence = direction.open.remove(last);
                direction.handled += direction.incoming.handled(sequence).messages;
            }
            direction.take(Step::Acknowledge);
            direction.take(Step::HearAcknowledgement);
            prop_assert!(direction.acknowledged.len() > before);
        }
        let all: Vec<u64> = (1..=direction.accepted).collect();
        prop_assert_eq!(&direction.delivered, &all);
        prop_assert_eq!(&direction.acknowledged, &all);
    }
}

#[test]
fn a_message_that_is_open_holds_back_those_after_it() {
    let mut incoming = Incoming::default();
    let numbers: Vec<u64> = (1..=4).map(|bytes| incoming.arrived(bytes)).collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
    assert_eq!(incoming.handled(2), Handled::default());
    assert_eq!(incoming.handled(3), Handled::default());
    let all = Handled {
        messages: 3,
        bytes: 6,
    };
    assert_eq!(incoming.handled(1), all);
    assert_eq!(incoming.handled(1), Handled::default(), "once is enough");
    assert_eq!(
        (incoming.received().sequence, incoming.received().bytes),
        (4, 10)
    );
}

#[test]
fn figures_that_cannot_be_are_refused() {
    let mut outgoing = Outgoing::default();
    outgoing.leaves("a", 1);
    outgoing.leaves("b", 1);
    let never_sent = FalseFigure::NeverSent {
        claimed: 1 << 63,
        last: 2,
    };
    assert_eq!(outgoing.acknowledge(1 << 63, drop).err(), Some(never_sent));
    assert_eq!(outgoing.check(1 << 63), Err(never_sent));
    let mut acknowledged = Vec::new();
    let done = |message| acknowledged.push(message);
    outgoing.acknowledge(1, done).unwrap();
    assert_eq!(acknowledged, ["a"]);
    let forgotten = FalseFigure::Forgotten {
        claimed: 0,
        acknowledged: 1,
    };
    assert_eq!(outgoing.check(0), Err(forgotten));
    assert_eq!(outgoing.check(1), Ok(()));
    outgoing.resume(1);
    // It left once, but not on this connection.
    let not_yet = FalseFigure::NeverSent {
        claimed: 2,
        last: 1,
    };
    assert_eq!(outgoing.acknowledge(2, drop).err(), Some(not_yet));
    assert_eq!(outgoing.leaves_again(), Some(&"b"));
    assert_eq!(outgoing.leaves_again(), None);
    assert_eq!(outgoing.len(), 1);
}

#[test]
fn a_peer_that_stored_more_than_it_said_goes_on_from_there() {
    let mut outgoing = Outgoing::default();
    for (message, bytes) in [("a", 1), ("b", 2), ("c", 4), ("d", 8)] {
        outgoing.leaves(message, bytes);
    }
    outgoing.acknowledge(1, drop).unwrap();
    // It cut the connection, and has the second again, when the next one answers.
    outgoing.resume(1);
    outgoing.leaves_again();
    let behind = FalseFigure::Forgotten {
        claimed: 0,
        acknowledged: 1,
    };
    let beyond = FalseFigure::NeverSent {
        claimed: 5,
        last: 4,
    };
    assert_eq!(outgoing.check(0), Err(behind));
    assert_eq!(outgoing.check(5), Err(beyond));
    assert_eq!(outgoing.check(3), Ok(()));
    assert_eq!(outgoing.begin(3), ["b", "c"]);
    outgoing.resume(3);
    let after_c = Position {
        sequence: 3,
        bytes: 0,
    };
    assert_eq!(outgoing.position(), after_c);
    assert_eq!(outgoing.leaves_again(), Some(&"d"));
    assert_eq!((outgoing.last(), outgoing.position().bytes), (4, 8));
    // What is given up has had its number.
    assert_eq!(outgoing.take_all().collect::<Vec<_>>(), ["d"]);
    outgoing.leaves("e", 16);
    assert_eq!(outgoing.position().sequence, 5);
}

#[test]
fn what_does_not_come_any_more_counts_as_handled() {
    let mut incoming = Incoming::after(10);
    assert_eq!(
        (
            incoming.arrived(1),
            incoming.arrived(2),
            incoming.arrived(4)
        ),
        (11, 12, 13)
    );
    incoming.handled(12);
    let skipped = |messages, bytes| Handled { messages, bytes };
    assert_eq!(incoming.skip_to(10), skipped(0, 0));
    assert_eq!(
        incoming.skip_to(11),
        skipped(2, 3),
        "the next one was handled"
    );
    assert_eq!(incoming.skip_to(20), skipped(8, 4));
    assert_eq!(incoming.handled(13), skipped(0, 0));
    assert_eq!((incoming.handled_up_to(), incoming.arrived(8)), (20, 21));
    assert_eq!(incoming.open_bytes(), 8);
}
