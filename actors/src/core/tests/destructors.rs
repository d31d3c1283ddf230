//! What is sent may be a buffer of its user, whose destructor may call the socket.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use bytes::Bytes;

use super::*;

/// A buffer that notes whether it is dropped under the lock of the core.
struct Buffer {
    socket: Weak<Shared>,
    free: Arc<AtomicUsize>,
    locked: Arc<AtomicUsize>,
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &[7; 500]
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let is_locked = self
            .socket
            .upgrade()
            .is_some_and(|socket| socket.is_locked());
        let count = if is_locked { &self.locked } else { &self.free };
        count.fetch_add(1, SeqCst);
    }
}

struct World {
    socket: Arc<Shared>,
    free: Arc<AtomicUsize>,
    locked: Arc<AtomicUsize>,
}

impl World {
    fn new(config: SocketOptions) -> Self {
        World {
            socket: Shared::new(config, Arc::new(Stats::default()), Endpoints::new(&[], &[])),
            free: Arc::default(),
            locked: Arc::default(),
        }
    }

    fn buffer(&self) -> Content {
        let (socket, free) = (Arc::downgrade(&self.socket), self.free.clone());
        let locked = self.locked.clone();
        Content::from(Bytes::from_owner(Buffer {
            socket,
            free,
            locked,
        }))
    }

    fn asks(&self, content: Content) -> (u64, oneshot::Receiver<Answer>) {
        let (sender, answer) = oneshot::channel();
        let asked = self.socket.core(|core| core.request(content, true, sender));
        (asked.expect("there is room"), answer)
    }

    /// How many buffers were dropped without the lock, and with it.
    fn dropped(&self) -> (usize, usize) {
        (self.free.load(SeqCst), self.locked.load(SeqCst))
    }
}

#[test]
fn a_request_is_dropped_without_the_lock_of_its_socket() {
    let world = World::new(config(SocketType::REQ));
    let inlet = world.socket.core(|core| attach(core, None, 10));
    let (cancelled, _answer) = world.asks(world.buffer());
    world.socket.core(|core| core.cancel_request(cancelled));
    assert_eq!(world.dropped(), (1, 0));

    let (answered, mut answer) = world.asks(world.buffer());
    let mut batch = Vec::new();
    world
        .socket
        .take_sendable(&inlet, u64::MAX, &mut batch, |_| false);
    drop(batch);
    let reply = Envelope::new(content("reply")).correlated(answered);
    world.socket.accept(&inlet, std::iter::once(reply));
    assert_eq!(answer.try_recv().unwrap(), Answer::Reply(content("reply")));
    assert_eq!(world.dropped(), (2, 0));
}

#[test]
fn a_reply_that_is_not_sent_is_dropped_without_the_lock_of_its_socket() {
    let world = World::new(SocketOptions {
        message_bytes_max: 100,
        ..config(SocketType::REP)
    });
    let inlet = world.socket.core(|core| attach(core, None, 10));
    let request = Envelope::new(content("q")).correlated(1);
    world.socket.accept(&inlet, std::iter::once(request));
    let request = world.socket.core(Core::next_message).unwrap();
    let (_, receipt) = request.into_split();
    let reply = world.buffer();
    world.socket.core(|core| core.reply(Ok(reply), 1, receipt));
    assert_eq!(world.dropped(), (1, 0));
}
