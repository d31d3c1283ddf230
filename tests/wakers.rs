//! A waker is the code of whoever waits: it may call the socket at once.

use std::future::{Future, IntoFuture};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::task::{Context as Task, Wake};
use std::thread;

use treewire::ReqSocket;
use treewire::prelude::*;

mod support;
use support::*;

/// Looks at the socket while it is woken.
struct Looks {
    socket: ReqSocket,
    has_looked: AtomicBool,
}

impl Wake for Looks {
    fn wake(self: Arc<Self>) {
        self.socket.pipes();
        self.socket.unflushed();
        self.has_looked.store(true, SeqCst);
    }
}

#[test]
fn the_waker_of_an_asker_may_call_the_socket() {
    let (sender, answers) = mpsc::channel();
    // Where it may not, threads lock up: they are left behind.
    thread::spawn(move || sender.send(ask()));
    let answer = answers.recv_timeout(2 * WATCHDOG);
    assert_eq!(answer, Ok(Content::from("yes")));
}

/// Asks, and polls for the answer when the waker has looked at the socket.
#[tokio::main(flavor = "current_thread")]
async fn ask() -> Content {
    let node = node().await;
    let rep = Rep::new("rep").listen("inproc://here");
    let rep = node.spawn(rep).await.unwrap();
    let req = Req::new("req").dial(address(&rep));
    let req = node.spawn(req).await.unwrap();
    let looks = Arc::new(Looks {
        socket: req.clone(),
        has_looked: AtomicBool::new(false),
    });
    let waker = looks.clone().into();
    let mut asking = pin!(req.request("may it?").into_future());
    let asked = asking.as_mut().poll(&mut Task::from_waker(&waker));
    assert!(asked.is_pending());
    let request = in_time(rep.recv()).await.unwrap().expect("it is open");
    request.reply("yes");
    until("the waker has looked", || looks.has_looked.load(SeqCst)).await;
    let answer = in_time(asking).await.unwrap();
    stop(node).await;
    answer
}
