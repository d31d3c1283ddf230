//! What an end promises, whatever the destructors of the messages do that it leaves:
//! those here block until the test lets go.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, mpsc};
use std::task::{Context as Task, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use actix::dev::{MessageResponse, OneshotSender};
use actix::prelude::{Actor, ActorContext, Handler, Message};
use tokio::sync::oneshot;
use treewire_runtime::*;

/// Fails the test instead of hanging it.
async fn in_time<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), what)
        .await
        .expect("the watchdog barked")
}

fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    pin!(future).poll(&mut Task::from_waker(Waker::noop()))
}

struct Worker;

impl Actor for Worker {
    type Context = treewire_runtime::Context<Self>;
}

async fn node() -> Node {
    Node::builder("test").arbiters(2).start().await.unwrap()
}

async fn spawn(node: &Node, name: &str) -> Ref<Worker> {
    let child = Child::new(name, || Worker).restart(Restart::Temporary);
    node.spawn(child.placement(Placement::pin(1)))
        .await
        .unwrap()
}

#[derive(Debug, PartialEq)]
struct Number(u32);
impl Message for Number {
    type Result = u32;
}
impl Handler<Number> for Worker {
    type Result = u32;
    fn handle(&mut self, number: Number, _: &mut Self::Context) -> u32 {
        number.0
    }
}

struct Stop;
impl Message for Stop {
    type Result = ();
}
impl Handler<Stop> for Worker {
    type Result = ();
    fn handle(&mut self, _: Stop, context: &mut Self::Context) {
        context.stop();
    }
}

/// Says that it blocks its thread, and does so until the test lets go, by dropping the
/// other side.
struct Block {
    began: Option<oneshot::Sender<()>>,
    released: mpsc::Receiver<()>,
}

fn block() -> (Block, mpsc::Sender<()>, oneshot::Receiver<()>) {
    let (began, has_begun) = oneshot::channel();
    let (release, released) = mpsc::channel();
    let began = Some(began);
    (Block { began, released }, release, has_begun)
}

impl Block {
    fn block(&mut self) {
        if let Some(began) = self.began.take() {
            began.send(()).ok();
            self.released.recv().ok();
        }
    }
}

/// Blocks when it is dropped.
struct Heavy(Block);
impl Drop for Heavy {
    fn drop(&mut self) {
        self.0.block();
    }
}
impl Message for Heavy {
    type Result = ();
}
impl Handler<Heavy> for Worker {
    type Result = ();
    fn handle(&mut self, _: Heavy, _: &mut Self::Context) {}
}

/// Blocks while it is handled.
struct Hold(Block);
impl Message for Hold {
    type Result = ();
}
impl Handler<Hold> for Worker {
    type Result = ();
    fn handle(&mut self, mut hold: Hold, _: &mut Self::Context) {
        hold.0.block();
    }
}

/// Has the test answer, with what blocks when it is dropped.
struct Entrust(oneshot::Sender<OneshotSender<Heavy>>);
impl Message for Entrust {
    type Result = Heavy;
}
struct Entrusted(oneshot::Sender<OneshotSender<Heavy>>);
impl MessageResponse<Worker, Entrust> for Entrusted {
    fn handle(
        self,
        _: &mut treewire_runtime::Context<Worker>,
        answer: Option<OneshotSender<Heavy>>,
    ) {
        self.0.send(answer.unwrap()).ok();
    }
}
impl Handler<Entrust> for Worker {
    type Result = Entrusted;
    fn handle(&mut self, entrust: Entrust, _: &mut Self::Context) -> Entrusted {
        Entrusted(entrust.0)
    }
}

/// Says how a message that went through a port was lost.
struct Tell(oneshot::Sender<Loss>);
impl<M: Message> Outcome<M> for Tell {
    fn handled(self, _: M::Result) {}
    fn lost(self, loss: Loss) {
        self.0.send(loss).ok();
    }
}

/// Discards what waits when it ends.
async fn spawn_forgetful(node: &Node, name: &str) -> Ref<Worker> {
    let child = Child::new(name, || Worker).mailbox(Mailbox::bounded(8).discard());
    node.spawn(child.placement(Placement::pin(1)))
        .await
        .unwrap()
}

/// Stops in order, with a message in its mailbox whose destructor blocks; so does the
/// thread that runs it from now on, until what is returned is dropped.
async fn leave_heavy(node: &Node) -> mpsc::Sender<()> {
    let worker = spawn(node, "heavy").await;
    let (hold, let_go, holds) = block();
    worker.do_send(Hold(hold));
    in_time(holds).await.unwrap();
    let (heavy, release, blocks) = block();
    worker.do_send(Stop);
    worker.do_send(Heavy(heavy));
    drop(let_go);
    in_time(blocks).await.unwrap();
    release
}

#[tokio::test]
async fn nothing_is_taken_in_once_a_stop_is_answered() {
    let node = node().await;
    let release = leave_heavy(&node).await;
    for number in 0..1_000 {
        let worker = spawn(&node, "worker").await;
        let port = worker.port::<Number, Tell>(1);
        assert_eq!(in_time(node.stop_child("worker")).await, Ok(Exit::Shutdown));
        let refused = worker.try_send(Number(number)).unwrap_err();
        assert!(
            matches!(refused, SendError::Stopped(Number(of), Exit::Shutdown) if of == number),
            "{refused}"
        );
        let refused = port.push(Number(number), Tell(oneshot::channel().0));
        assert!(matches!(
            refused,
            Err(PortRefusal::Stopped(_, _, Exit::Shutdown))
        ));
    }
    drop(release);
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn who_waits_for_a_lost_thread_hears_of_it_while_a_destructor_blocks() {
    let node = node().await;
    let release = leave_heavy(&node).await;
    let worker = spawn(&node, "worker").await;
    let (hold, let_go, holds) = block();
    let in_hand = tokio::spawn(worker.send(Hold(hold)));
    in_time(holds).await.unwrap();
    let waits = tokio::spawn(worker.send(Number(1)));
    let mut monitor = worker.monitor();
    node.kill("worker").await.unwrap();
    let killed = Exit::Killed(Killer::Operator);
    let lost = in_time(in_hand).await.unwrap().unwrap_err();
    assert!(
        matches!(&lost, SendError::LostInCrash(exit) if *exit == killed),
        "{lost}"
    );
    let back = in_time(waits).await.unwrap().unwrap_err();
    assert!(
        matches!(&back, SendError::Stopped(Number(1), exit) if *exit == killed),
        "{back}"
    );
    while !in_time(monitor.next()).await.unwrap().last {}
    drop((release, let_go));
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn who_waits_behind_a_message_whose_destructor_blocks_is_told() {
    let node = node().await;
    let worker = spawn(&node, "worker").await;
    let port = worker.port::<Heavy, Tell>(2);
    let (hold, let_go, holds) = block();
    worker.do_send(Hold(hold));
    in_time(holds).await.unwrap();
    worker.do_send(Stop);
    let blocks: Vec<_> = (0..3).map(|_| block()).collect();
    let mut heavies = Vec::new();
    let mut releases = Vec::new();
    for (heavy, release, _) in blocks {
        heavies.push(Heavy(heavy));
        releases.push(release);
    }
    worker.do_send(heavies.pop().unwrap());
    let asked = tokio::spawn(worker.send(Number(1)));
    let mut losses = Vec::new();
    for heavy in heavies {
        let (tell, lost) = oneshot::channel();
        assert!(port.push(heavy, Tell(tell)).is_ok());
        losses.push(lost);
    }
    tokio::task::yield_now().await;
    drop(let_go);
    let back = in_time(asked).await.unwrap().unwrap_err();
    assert!(
        matches!(back, SendError::Stopped(Number(1), Exit::Normal)),
        "{back}"
    );
    for lost in losses {
        assert_eq!(in_time(lost).await, Ok(Loss::Stopped(Exit::Normal)));
    }
    drop(releases);
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn an_answer_that_nobody_takes_any_more_holds_up_no_news() {
    let node = node().await;
    let worker = spawn(&node, "worker").await;
    let (entrust, entrusted) = oneshot::channel();
    let mut late = worker.send(Entrust(entrust));
    assert!(poll_once(&mut late).is_pending());
    let answer = in_time(entrusted).await.unwrap();
    let (hold, let_go, holds) = block();
    let in_hand = tokio::spawn(worker.send(Hold(hold)));
    in_time(holds).await.unwrap();
    let (heavy, release, blocks) = block();
    assert!(answer.send(Heavy(heavy)).is_ok());
    node.kill("worker").await.unwrap();
    in_time(blocks).await.unwrap();
    let killed = Exit::Killed(Killer::Operator);
    let lost = in_time(in_hand).await.unwrap().unwrap_err();
    assert!(
        matches!(&lost, SendError::LostInCrash(exit) if *exit == killed),
        "{lost}"
    );
    let holder = spawn(&node, "holder").await;
    let (hold, let_go_too, holds) = block();
    let in_hand = tokio::spawn(holder.send(Hold(hold)));
    in_time(holds).await.unwrap();
    node.kill("holder").await.unwrap();
    in_time(in_hand).await.unwrap().unwrap_err();
    drop((release, let_go, let_go_too));
    let lost = in_time(late).await.err().unwrap();
    assert!(matches!(lost, SendError::LostInCrash(exit) if exit == killed));
    in_time(node.stop()).await.unwrap();
}

/// Blocks when it is told that its message is lost.
struct Slow(Block);
impl<M: Message> Outcome<M> for Slow {
    fn handled(self, _: M::Result) {}
    fn lost(mut self, _: Loss) {
        self.0.block();
    }
}

#[tokio::test]
async fn what_is_sent_to_the_next_generation_is_not_discarded_with_a_lost_one() {
    let node = node().await;
    // News come late from here on.
    let blocker = spawn(&node, "blocker").await;
    let port = blocker.port::<Number, Slow>(1);
    let (hold, let_go, holds) = block();
    blocker.do_send(Hold(hold));
    in_time(holds).await.unwrap();
    blocker.do_send(Stop);
    let (slow, release, blocks) = block();
    assert!(port.push(Number(0), Slow(slow)).is_ok());
    drop(let_go);
    in_time(blocks).await.unwrap();

    let worker = spawn_forgetful(&node, "worker").await;
    let (hold, let_go, holds) = block();
    let in_hand = tokio::spawn(worker.send(Hold(hold)));
    in_time(holds).await.unwrap();
    let mut before = worker.send(Number(1));
    assert!(poll_once(&mut before).is_pending());
    let mut monitor = worker.monitor();
    node.kill("worker").await.unwrap();
    in_time(monitor.next()).await.unwrap();
    // Its successor is at work, and has more to do, when the news come.
    let (hold, let_go_too, holds) = block();
    in_time(worker.tell(Hold(hold))).await.unwrap();
    in_time(holds).await.unwrap();
    let mut after = worker.send(Number(2));
    assert!(poll_once(&mut after).is_pending());
    drop(release);
    let lost = in_time(in_hand).await.unwrap().unwrap_err();
    assert!(matches!(lost, SendError::LostInCrash(_)), "{lost}");
    let back = in_time(before).await.unwrap_err();
    assert!(matches!(back, SendError::Stopped(Number(1), _)), "{back}");
    drop((let_go, let_go_too));
    assert_eq!(in_time(after).await.unwrap(), 2);
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn what_waits_at_a_raw_address_is_discarded_with_a_lost_generation() {
    let node = node().await;
    let worker = spawn_forgetful(&node, "worker").await;
    let address = worker.address();
    let (hold, let_go, holds) = block();
    worker.do_send(Hold(hold));
    in_time(holds).await.unwrap();
    let mut before = Box::pin(address.send(Number(1)));
    assert!(poll_once(&mut before).is_pending());
    node.kill("worker").await.unwrap();
    assert!(in_time(before).await.is_err());
    // The next actor is made.
    assert_eq!(in_time(worker.send(Number(3))).await.unwrap(), 3);
    assert_eq!(in_time(address.send(Number(2))).await, Ok(2));
    drop(let_go);
    in_time(node.stop()).await.unwrap();
}

/// Panics when it is dropped.
#[derive(Hash, PartialEq, Eq)]
struct Fragile;
impl Drop for Fragile {
    fn drop(&mut self) {
        panic!("a key");
    }
}

#[tokio::test]
async fn a_key_that_panics_when_it_is_dropped_ends_nobody() {
    let node = node().await;
    let mailbox = Mailbox::default().conflate(|_: &Number| Fragile);
    let child = Child::new("worker", || Worker).mailbox(mailbox);
    let worker = node.spawn(child).await.unwrap();
    let mut monitor = worker.monitor();
    let (hold, let_go, holds) = block();
    worker.do_send(Hold(hold));
    in_time(holds).await.unwrap();
    for number in 0..3 {
        worker.do_send(Number(number));
    }
    drop(let_go);
    assert_eq!(in_time(worker.send(Number(3))).await.unwrap(), 3);
    // What a mailbox had is dropped with its settings, too.
    in_time(node.stop_child("worker")).await.unwrap();
    assert_eq!(in_time(monitor.next()).await.unwrap().exit, Exit::Shutdown);
    in_time(node.stop()).await.unwrap();
}

/// Goes back to the actor when it is dropped.
struct Curious(Ref<Worker>, mpsc::Sender<()>);
impl Wake for Curious {
    fn wake(self: Arc<Self>) {}
}
impl Drop for Curious {
    fn drop(&mut self) {
        self.0.port::<Number, Tell>(1);
        self.1.send(()).ok();
    }
}

#[test]
fn what_a_port_that_nobody_needs_had_is_dropped_outside_every_lock() {
    // No generation looks at the port, which would keep it a while longer.
    let worker = Child::new("worker", || Worker).reference();
    let (tell, told) = mpsc::channel();
    let port = worker.port::<Number, Tell>(1);
    port.on_room(&Arc::new(Curious(worker.clone(), tell)).into());
    drop(port);
    // Not here: a lock that is held would never be let go of.
    thread::spawn(move || worker.port::<Number, Tell>(1));
    told.recv_timeout(Duration::from_secs(20)).unwrap();
}

#[tokio::test]
async fn an_asker_that_leaves_its_answer_to_its_destructor_holds_up_no_news() {
    let node = node().await;
    let worker = spawn(&node, "worker").await;
    let (entrust, entrusted) = oneshot::channel();
    let mut late = worker.send(Entrust(entrust));
    assert!(poll_once(&mut late).is_pending());
    let answer = in_time(entrusted).await.unwrap();
    // The handler has returned.
    assert_eq!(in_time(worker.send(Number(1))).await.unwrap(), 1);
    let (heavy, release, blocks) = block();
    assert!(answer.send(Heavy(heavy)).is_ok());
    let leaves = thread::spawn(move || drop(late));
    in_time(blocks).await.unwrap();
    let mut let_go = Vec::new();
    for name in ["worker", "holder"] {
        let holder = match name {
            "worker" => worker.clone(),
            _ => spawn(&node, name).await,
        };
        let (hold, release, holds) = block();
        let in_hand = tokio::spawn(holder.send(Hold(hold)));
        in_time(holds).await.unwrap();
        node.kill(name).await.unwrap();
        in_time(in_hand).await.unwrap().unwrap_err();
        let_go.push(release);
    }
    drop((release, let_go));
    leaves.join().unwrap();
    in_time(node.stop()).await.unwrap();
}
