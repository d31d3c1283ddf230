//! For how long an ask or a tell waits, and on whose clock.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context as Task, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use actix::prelude::*;
use treewire_runtime::{Child, Context, Node, SendError, Waiting, driven};

const SECOND: Duration = Duration::from_secs(1);

/// Keeps every answer to itself.
struct Silent;

impl Actor for Silent {
    type Context = Context<Self>;
}

#[derive(Debug)]
struct Question(u32);
impl Message for Question {
    type Result = ();
}
impl Handler<Question> for Silent {
    type Result = ResponseActFuture<Self, ()>;
    fn handle(&mut self, _: Question, _: &mut Context<Self>) -> Self::Result {
        Box::pin(actix::fut::wrap_future(std::future::pending()))
    }
}

fn silent() -> Child<Silent> {
    Child::new("silent", || Silent).mailbox(1)
}

/// What a thread without any runtime has of a future.
fn wait_for<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Task::from_waker(&waker)) {
            Poll::Ready(result) => return result,
            Poll::Pending => thread::park(),
        }
    }
}

#[test]
fn a_timeout_counts_from_the_first_poll_on_the_clock_of_the_node() {
    let child = silent();
    let silent = child.reference();
    // There is neither a node nor a runtime yet.
    let ask = silent.send(Question(1)).timeout(SECOND * 5);
    driven(1, async move |world| {
        let node = Node::builder("test").driven(&world).start().await.unwrap();
        node.spawn(child).await.unwrap();
        world.pass(SECOND * 60).await;
        let asked = world.now();
        let answer = ask.await;
        assert_eq!(world.now() - asked, SECOND * 5);
        assert!(matches!(
            answer,
            Err(SendError::Timeout {
                waiting: Waiting::Handling,
                message: None
            })
        ));
        node.stop().await.unwrap();
    });
}

#[test]
fn where_nobody_keeps_time_a_send_with_a_timeout_does_not_wait() {
    let child = silent();
    let silent = child.reference();
    silent.try_send(Question(0)).unwrap();
    let told = wait_for(silent.tell(Question(1)).timeout(SECOND));
    assert!(matches!(
        told,
        Err(SendError::Timeout {
            waiting: Waiting::Restarting,
            message: Some(Question(1))
        })
    ));
    let asked = wait_for(silent.send(Question(2)).timeout(SECOND));
    assert!(matches!(
        asked,
        Err(SendError::Timeout {
            waiting: Waiting::Restarting,
            message: Some(Question(2))
        })
    ));
    assert_eq!(silent.depth(), 1);
}

#[tokio::test]
async fn a_thread_without_a_runtime_waits_on_the_clock_of_the_node() {
    let node = Node::builder("test").start().await.unwrap();
    let silent = node.spawn(silent()).await.unwrap();
    let waiting = thread::spawn(move || {
        let timeout = Duration::from_millis(5);
        wait_for(silent.send(Question(1)).timeout(timeout))
    });
    while !waiting.is_finished() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert!(matches!(
        waiting.join().unwrap(),
        Err(SendError::Timeout { .. })
    ));
    node.stop().await.unwrap();
}
