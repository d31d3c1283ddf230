//! Messages that are for connected peers only.

use super::*;
use crate::pattern::Receiver;
use crate::pattern::Sender;

fn immediate(socket_type: SocketType) -> Core {
    core(SocketOptions {
        immediate: true,
        ..config(socket_type)
    })
}

#[test]
fn zeromq_09_with_immediate_what_goes_to_all_goes_to_those_that_are_there() {
    let socket_type = SocketType::composed("x", Sender::All, Receiver::Nobody);
    let mut core = immediate(socket_type);
    let pipe = core.dialed("tcp://peer:1", None);
    core.dialed("tcp://peer:2", None);
    let blocked = core.send(content("early"), None).unwrap_err();
    assert_eq!(blocked.reason, Reason::NoPeer);
    let inlet = attach(&mut core, Some(pipe), 10);
    core.send(content("now"), None).unwrap();
    assert_eq!(sendable(&mut core, &inlet), ["now"]);
    assert_eq!(core.unflushed(), 1, "nothing waits for the other");
}

#[test]
fn zeromq_09_with_immediate_a_request_waits_for_a_peer_and_outlives_it() {
    let mut core = immediate(SocketType::REQ);
    let pipe = core.dialed("tcp://peer:1", None);
    let (asker, mut answer) = oneshot::channel();
    let (blocked, asker) = core.request(content("?"), false, asker).unwrap_err();
    assert_eq!(blocked.reason, Reason::NoPeer);
    let inlet = attach(&mut core, Some(pipe), 0);
    core.request(content("?"), false, asker).unwrap();
    core.detach(&inlet, LOST);
    core.take_leftovers().finish();
    assert!(answer.try_recv().is_err(), "it was not sent");
    let inlet = attach(&mut core, Some(pipe), 1);
    assert_eq!(sendable(&mut core, &inlet), ["?"]);
}

#[test]
fn zeromq_05_with_immediate_a_stopped_socket_keeps_what_it_queued() {
    let mut core = immediate(SocketType::PUSH);
    let pipe = core.dialed("tcp://peer:1", None);
    let inlet = attach(&mut core, Some(pipe), 0);
    core.send(content("kept"), None).unwrap();
    core.rest();
    core.detach(&inlet, LOST);
    assert_eq!((core.lost(), core.unsent()), (0, 1));
}
