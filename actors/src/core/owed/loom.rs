//! Models of a socket that closes while its requests are being answered, run by `check`
//! with `--cfg treewire_loom`.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Poll, Waker};

use treewire_runtime::model::{block_on, check, thread};

use super::Owed;
use crate::sync::Mutex;

/// What stands beside it in a socket.
struct Socket {
    owed: Owed,
    queued: Mutex<u64>,
    changed: Mutex<Option<Waker>>,
}

impl Socket {
    fn with_a_request() -> Arc<Self> {
        let owed = Owed::new();
        owed.one_more();
        Arc::new(Socket {
            owed,
            queued: Mutex::new(0),
            changed: Mutex::new(None),
        })
    }

    fn done(&self) {
        if self.owed.one_less() {
            let waker = self.changed.lock().take();
            waker.into_iter().for_each(Waker::wake);
        }
    }
}

#[test]
fn an_answer_is_owed_or_queued_at_every_moment() {
    check(|| {
        let socket = Socket::with_a_request();
        let answering = {
            let socket = socket.clone();
            thread::spawn(move || {
                *socket.queued.lock() += 1;
                socket.done();
            })
        };
        let unflushed = socket.owed.and_queued(|| *socket.queued.lock());
        assert!(unflushed >= 1);
        answering.join().unwrap();
        assert_eq!(socket.owed.and_queued(|| *socket.queued.lock()), 1);
    });
}

#[test]
fn who_closes_is_told_of_the_last_request_that_is_let_go_of() {
    check(|| {
        let socket = Socket::with_a_request();
        let letting_go = {
            let socket = socket.clone();
            thread::spawn(move || socket.done())
        };
        socket.owed.set_closing(true);
        block_on(poll_fn(|task| {
            *socket.changed.lock() = Some(task.waker().clone());
            match socket.owed.count() {
                0 => Poll::Ready(()),
                _ => Poll::Pending,
            }
        }));
        letting_go.join().unwrap();
    });
}
