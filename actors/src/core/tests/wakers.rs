//! Whoever waits for an answer may call the socket as soon as it is woken.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Wake};

use treewire_transports::Unsendable;

use super::*;

/// Notes whether it is woken under the lock of the core.
struct Asker {
    socket: Weak<Shared>,
    free: AtomicUsize,
    locked: AtomicUsize,
}

impl Wake for Asker {
    fn wake(self: Arc<Self>) {
        let socket = self.socket.upgrade();
        let is_locked = socket.is_some_and(|socket| socket.is_locked());
        let count = if is_locked { &self.locked } else { &self.free };
        count.fetch_add(1, SeqCst);
    }
}

/// What an asker is answered that is woken without the lock when `end` ends its request.
fn answer(end: impl FnOnce(&Shared, &Arc<Inlet>, u64)) -> Answer {
    let socket = Shared::new(
        config(SocketType::REQ),
        Arc::new(Stats::default()),
        Endpoints::new(&[], &[]),
    );
    let inlet = socket.core(|core| attach(core, None, 10));
    let (sender, mut answer) = oneshot::channel();
    let asked = socket.core(|core| core.request(content("q"), false, sender));
    let asker = Arc::new(Asker {
        socket: Arc::downgrade(&socket),
        free: AtomicUsize::new(0),
        locked: AtomicUsize::new(0),
    });
    let waker = asker.clone().into();
    let polled = Pin::new(&mut answer).poll(&mut Context::from_waker(&waker));
    assert!(polled.is_pending());
    end(&socket, &inlet, asked.expect("there is room"));
    let woken = (asker.free.load(SeqCst), asker.locked.load(SeqCst));
    assert_eq!(woken, (1, 0));
    answer.try_recv().unwrap()
}

fn send(socket: &Shared, inlet: &Arc<Inlet>) -> Queued {
    let mut batch = Vec::new();
    socket.take_sendable(inlet, u64::MAX, &mut batch, |_| false);
    batch.pop().expect("there is room at the peer")
}

#[test]
fn an_asker_is_answered_without_the_lock() {
    let answer = answer(|socket, inlet, correlation| {
        send(socket, inlet);
        let reply = Envelope::new(content("reply")).correlated(correlation);
        socket.accept(inlet, std::iter::once(reply));
    });
    assert_eq!(answer, Answer::Reply(content("reply")));
}

#[test]
fn an_asker_hears_without_the_lock_that_its_peer_is_gone() {
    let answer = answer(|socket, inlet, _| {
        send(socket, inlet);
        socket.detach(inlet, LOST);
    });
    assert_eq!(answer, Answer::PeerGone);
}

#[test]
fn an_asker_hears_without_the_lock_that_its_request_was_not_sent() {
    let answer = answer(|socket, _, _| {
        let _ = socket.end();
    });
    assert_eq!(answer, Answer::NotSent(content("q")));
}

#[test]
fn an_asker_hears_without_the_lock_that_its_request_cannot_be_sent() {
    let error = Unsendable::TooLarge { bytes: 1, limit: 0 };
    let answer = answer(|socket, inlet, _| {
        let queued = send(socket, inlet);
        socket.core(|core| core.unsendable(inlet, queued, 0, &error));
    });
    let reason = error.to_string();
    assert_eq!(answer, Answer::Unsendable(content("q"), reason));
}
