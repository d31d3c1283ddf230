//! Models of what the handlers of messages and the connection share, run by `check`
//! with `--cfg treewire_loom`.

use std::future::poll_fn;
use std::task::Poll;

use treewire_runtime::model::{block_on, check, thread};

use super::*;

fn inlet(messages: u64) -> Arc<Inlet> {
    let pipe = PipeId { key: 0, serial: 1 };
    let peer = Peer {
        address: "model".into(),
        host: "model".into(),
        instance: None,
    };
    let bytes = 1 << 39;
    Arc::new(Inlet::new(pipe, peer, Bound { messages, bytes }))
}

#[test]
fn all_that_is_handled_is_told_to_the_peer() {
    check(|| {
        let inlet = inlet(64);
        let handlers = [10, 100].map(|bytes| {
            let inlet = inlet.clone();
            thread::spawn(move || inlet.handled(bytes))
        });
        // A timer that is due at once.
        let credit = block_on(poll_fn(|task| {
            inlet.register(task.waker());
            if inlet.owes_credit() {
                let credit = inlet.credit();
                if credit.handled == 2 {
                    return Poll::Ready(credit);
                }
            }
            Poll::Pending
        }));
        for handler in handlers {
            handler.join().unwrap();
        }
        assert!(!inlet.owes_credit());
        assert_eq!(credit.messages_max, 2 + 64);
        assert_eq!(inlet.told_bytes.get(), 110);
    });
}

#[test]
fn a_peer_that_may_run_out_of_credit_is_told_before_the_timer() {
    check(|| {
        let inlet = inlet(8);
        let handlers = [1, 1].map(|bytes| {
            let inlet = inlet.clone();
            thread::spawn(move || inlet.handled(bytes))
        });
        // Two of eight are a quarter.
        let credit = block_on(poll_fn(|task| {
            inlet.register(task.waker());
            match inlet.is_urgent() {
                true => Poll::Ready(inlet.credit()),
                false => Poll::Pending,
            }
        }));
        assert_eq!(credit.handled, 2);
        for handler in handlers {
            handler.join().unwrap();
        }
    });
}

#[test]
fn a_cancel_is_not_lost_while_another_request_is_done_with() {
    check(|| {
        let inlet = inlet(8);
        inlet.cancel(1);
        let answered = {
            let inlet = inlet.clone();
            thread::spawn(move || inlet.forget(1))
        };
        inlet.cancel(2);
        answered.join().unwrap();
        assert!(inlet.is_cancelled(2));
        assert!(!inlet.is_cancelled(1));
    });
}
