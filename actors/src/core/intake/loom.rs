//! Models of what the handlers of messages and the connection share, run by `check`
//! with `--cfg treewire_loom`.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use treewire_runtime::model::{block_on, check, check_preempted, thread};

use super::*;

fn intake(messages: u64) -> Arc<Intake> {
    let bytes = 1 << 39;
    Arc::new(Intake::of_a_connection(Bound { messages, bytes }))
}

#[test]
fn all_that_is_handled_is_told_to_the_peer() {
    // All orders take minutes.
    check_preempted(2, || {
        let intake = intake(64);
        let handlers = [10, 100].map(|bytes| {
            let intake = intake.clone();
            thread::spawn(move || intake.handled(bytes))
        });
        // A timer that is due at once.
        let credit = block_on(poll_fn(|task| {
            intake.register(0, task.waker());
            if intake.owes_credit() {
                let credit = intake.credit(0);
                if credit.handled == 2 {
                    return Poll::Ready(credit);
                }
            }
            Poll::Pending
        }));
        for handler in handlers {
            handler.join().unwrap();
        }
        assert!(!intake.owes_credit());
        assert_eq!(credit.messages_max, 2 + 64);
        assert_eq!(intake.told_bytes.get(), 110);
    });
}

#[test]
fn a_peer_that_may_run_out_of_credit_is_told_before_the_timer() {
    // All orders take minutes.
    check_preempted(2, || {
        let intake = intake(8);
        let handlers = [1, 1].map(|bytes| {
            let intake = intake.clone();
            thread::spawn(move || intake.handled(bytes))
        });
        // Two of eight are a quarter.
        let credit = block_on(poll_fn(|task| {
            intake.register(0, task.waker());
            match intake.is_urgent() {
                true => Poll::Ready(intake.credit(0)),
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
        let intake = intake(8);
        intake.cancel(1);
        let answered = {
            let intake = intake.clone();
            thread::spawn(move || intake.forget(1))
        };
        intake.cancel(2);
        answered.join().unwrap();
        assert!(intake.is_cancelled(2));
        assert!(!intake.is_cancelled(1));
    });
}

#[test]
fn what_is_handled_out_of_order_is_told_in_the_end_and_by_the_connection_that_is_up() {
    check_preempted(2, || {
        let bytes = 1 << 39;
        let bound = Bound {
            messages: 64,
            bytes,
        };
        let intake = Arc::new(Intake::of_a_session(bound, 0));
        let numbers = [10, 100].map(|bytes| intake.arrivals().next(bytes));
        intake.register(1, Waker::noop());
        let handlers = numbers.map(|number| {
            let intake = intake.clone();
            thread::spawn(move || intake.handled(number))
        });
        // An earlier connection, which wakes up late, and the one that is up.
        let begun = intake.begin(2, false).handled;
        assert_eq!(intake.credit(1), Credit::default());
        let told = block_on(poll_fn(|task| {
            intake.register(2, task.waker());
            intake.register(1, Waker::noop());
            match intake.credit(2).handled {
                2 => Poll::Ready(2),
                _ => Poll::Pending,
            }
        }));
        assert!(begun <= told);
        for handler in handlers {
            handler.join().unwrap();
        }
    });
}

#[test]
fn a_bound_that_is_raised_is_told_though_nothing_is_handled() {
    check(|| {
        let intake = intake(2);
        let raising = {
            let intake = intake.clone();
            let bytes = 1 << 39;
            thread::spawn(move || intake.set_bound(Bound { messages: 5, bytes }))
        };
        let told = block_on(poll_fn(|task| {
            intake.register(0, task.waker());
            match intake.is_raised() {
                true => Poll::Ready(intake.credit(0)),
                false => Poll::Pending,
            }
        }));
        assert_eq!(told.messages_max, 5);
        raising.join().unwrap();
    });
}
