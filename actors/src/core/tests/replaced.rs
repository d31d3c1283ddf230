//! An actor decides what becomes of a session when another node answers; driven by hand.

use super::sessions::{beginning, connects, node, reliable};
use super::*;
use crate::handle::Replacement;
use crate::pattern::{Receiver, Sender};

fn asking() -> (Core, PipeId) {
    let anybody = Stickiness::Ask(Judge::of(|_| {
        unreachable!("the socket's actor puts questions")
    }));
    let mut core = core(SocketOptions {
        stickiness: anybody,
        ..reliable(SocketType::composed("talk", Sender::One, Receiver::All))
    });
    let pipe = core.dialed("tcp://peer:1", beginning(1));
    let inlet = connects(&mut core, pipe, 0);
    for text in ["a", "b"] {
        core.send(content(text), None).unwrap();
    }
    assert_eq!(sendable(&mut core, &inlet), ["a", "b"]);
    core.detach(&inlet, LOST);
    core.send(content("c"), None).unwrap();
    (core, pipe)
}

/// That node answers, and nothing is decided; the number of the question, if there is one.
fn is_turned_away(core: &mut Core, pipe: PipeId, instance: u8) -> Option<u64> {
    let begun = core.begin_session(pipe, &node(instance));
    assert_eq!(begun, Err(NoSession::Undecided));
    assert_eq!((core.unflushed(), core.lost()), (3, 0), "all is kept");
    let question = core.take_questions().pop().map(|(_, question)| question)?;
    let replaced = question.replaced;
    assert_eq!((replaced.known, replaced.instance[0]), ([1; 16], instance));
    assert_eq!((replaced.unacknowledged, replaced.waiting), (2, 1));
    Some(question.number)
}

#[test]
fn iridium_06_until_an_actor_decides_another_node_is_turned_away_and_everything_kept() {
    let (mut core, pipe) = asking();
    let number = is_turned_away(&mut core, pipe, 2).unwrap();
    assert_eq!(is_turned_away(&mut core, pipe, 2), None);
    core.decide(pipe, number, Replacement::FailOver);
    // That was about another node.
    let number = is_turned_away(&mut core, pipe, 3).unwrap();
    core.decide(pipe, number, Replacement::FailOver);
    let opening = core.begin_session(pipe, &node(3)).unwrap();
    assert!(!opening.attempts.has_opened, "it is another session");
    // Nobody said that a third may have it before it was opened.
    let begun = core.begin_session(pipe, &node(4));
    assert_eq!(begun, Err(NoSession::Undecided));
    assert_eq!((core.unflushed(), core.lost()), (3, 0));
}

#[test]
fn iridium_06_the_peer_itself_may_come_back_while_an_actor_thinks() {
    let (mut core, pipe) = asking();
    let number = is_turned_away(&mut core, pipe, 2).unwrap();
    let inlet = connects(&mut core, pipe, 1);
    assert_eq!(sendable(&mut core, &inlet), ["b", "c"]);
    core.decide(pipe, number, Replacement::StayAway);
    core.detach(&inlet, LOST);
    let begun = core.begin_session(pipe, &node(2));
    assert_eq!(begun, Err(NoSession::Undecided), "it is asked about again");
    let (_, question) = core.take_questions().pop().unwrap();
    core.decide(pipe, question.number, Replacement::StayAway);
    core.begin_session(pipe, &node(2)).unwrap_err();
    assert_eq!((core.unflushed(), core.lost()), (0, 3), "given back");
}
