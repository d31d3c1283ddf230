//! Sockets that a supervisor lists: stopped in order and started again, and the
//! handles that were taken before.

use std::future::IntoFuture;
use std::time::Duration;

use treewire::prelude::*;
use treewire::runtime::{ChildState, EventKind};
use treewire::{Failure, Intensity, PullSocket, PushSocket, RepSocket, ReqSocket, RequestError};

#[macro_use]
mod support;
use support::*;

over_every_transport! {
    a_rep_that_restarts_with_its_group_answers_over_the_same_address
    a_pull_that_restarts_with_its_group_loses_nothing
    a_push_that_restarts_with_its_group_loses_nothing
    a_listening_push_that_restarts_with_its_group_loses_nothing
    what_an_accepted_peer_did_not_take_before_a_restart_goes_to_who_comes_after
    what_a_stopped_push_could_not_send_goes_out_after_its_start
    a_request_that_was_never_sent_comes_back_when_the_socket_is_stopped
    a_request_waits_while_its_socket_restarts
    a_rep_that_was_stopped_by_hand_answers_after_its_start
    sockets_talk_on_after_a_restart_by_hand
    sockets_talk_on_after_they_were_moved
    a_pull_delivers_again_what_came_before_it_was_restarted
    a_closed_socket_is_not_brought_back
    a_close_of_a_stopped_socket_is_final
}

/// Fails when it is told to.
struct Neighbour;

impl Actor for Neighbour {
    type Context = Context<Self>;
}

struct Fail;

impl actix::Message for Fail {
    type Result = ();
}

impl Handler<Fail> for Neighbour {
    type Result = ();

    fn handle(&mut self, _: Fail, context: &mut Context<Self>) {
        context.end(Exit::Failed(Failure::new("told to")));
    }
}

/// A group of two: a neighbour, and a socket that restarts with it.
struct Group {
    node: Node,
    group: SupervisorRef,
    neighbour: Ref<Neighbour>,
    socket: &'static str,
}

impl Group {
    async fn new<S: IntoSpec>(
        strategy: Strategy,
        name: &'static str,
        socket: S,
    ) -> (Group, S::Handle) {
        Group::on(two_arbiters().await, strategy, name, socket).await
    }

    async fn on<S: IntoSpec>(
        node: Node,
        strategy: Strategy,
        name: &'static str,
        socket: S,
    ) -> (Group, S::Handle) {
        let neighbour = Child::new("neighbour", || Neighbour);
        let reference = neighbour.reference();
        let (socket, handle) = socket.into_spec();
        let group = Supervisor::new("group")
            .strategy(strategy)
            .intensity(Intensity::new(100, Duration::from_secs(1)))
            .child(neighbour)
            .child(socket);
        let group = Group {
            group: in_time(node.spawn(group)).await.unwrap(),
            neighbour: reference,
            socket: name,
            node,
        };
        (group, handle)
    }

    fn path(&self) -> String {
        format!("group/{}", self.socket)
    }

    /// Has the neighbour fail, and waits until the socket is back.
    async fn fail(&self) {
        self.renewed(async || self.neighbour.do_send(Fail)).await;
    }

    /// Waits for the next generation of the socket.
    async fn renewed(&self, act: impl AsyncFnOnce()) {
        let mut events = self.node.events();
        act().await;
        let mut has_ended = false;
        in_time(async {
            loop {
                let event = events.next().await.unwrap();
                if event.path == self.path() {
                    match event.kind {
                        EventKind::Exited(exit) => {
                            assert!(matches!(exit, Exit::Shutdown), "in order: {exit}");
                            has_ended = true;
                        }
                        EventKind::Started if has_ended => return,
                        _ => {}
                    }
                }
            }
        })
        .await;
    }

    async fn state(&self) -> ChildState {
        let tree = in_time(self.node.snapshot()).await.unwrap();
        tree.find(&self.path()).unwrap().state
    }

    async fn stop(self) {
        stop(self.node).await;
    }
}

async fn two_arbiters() -> Node {
    Node::builder("test").arbiters(2).start().await.unwrap()
}

const STRATEGIES: [Strategy; 2] = [RestForOne, OneForAll];

/// Answers all requests, as long as the socket lasts.
async fn answer(rep: RepSocket) {
    while let Some(request) = rep.recv().await.unwrap() {
        let content = request.content().clone();
        request.reply(content);
    }
}

async fn ask(req: &ReqSocket, text: &str) {
    // One that is under way while its peer stops is sent again.
    let asking = req.request(text.to_owned()).idempotent();
    let answer = in_time(asking.into_future()).await.unwrap();
    assert_eq!(answer, Content::from(text));
}

/// Sends the numbers up to `count`, one by one.
fn count_up(push: &PushSocket, count: u32) -> tokio::task::JoinHandle<()> {
    let push = push.clone();
    tokio::spawn(async move {
        for number in 0..count {
            push.send(number.to_string()).await.unwrap();
            tokio::task::yield_now().await;
        }
    })
}

async fn numbers(pull: &PullSocket, count: u32) -> Vec<u32> {
    let mut numbers = Vec::new();
    for _ in 0..count {
        numbers.push(number(pull).await);
    }
    numbers
}

async fn number(pull: &PullSocket) -> u32 {
    let message = in_time(pull.recv()).await.unwrap().unwrap();
    std::str::from_utf8(message.payload())
        .unwrap()
        .parse()
        .unwrap()
}

async fn a_rep_that_restarts_with_its_group_answers_over_the_same_address(listen: &str) {
    for strategy in STRATEGIES {
        let rep = Rep::new("rep").listen(listen);
        let (group, rep) = Group::new(strategy, "rep", rep).await;
        let before = address(&rep);
        let req = Req::new("req").dial(&before);
        let req = group.node.spawn(req).await.unwrap();
        let answering = tokio::spawn(answer(rep.clone()));
        ask(&req, "before").await;
        for round in 0..3 {
            group.fail().await;
            assert_eq!(address(&rep), before);
            ask(&req, &format!("after {round}")).await;
        }
        group.stop().await;
        in_time(answering).await.unwrap();
    }
}

async fn a_pull_that_restarts_with_its_group_loses_nothing(listen: &str) {
    const COUNT: u32 = 3_000;
    for strategy in STRATEGIES {
        // So small that there is always something under way.
        let pull = Pull::new("pull")
            .listen(listen)
            .receive_bound(Bound::messages(20));
        let (group, pull) = Group::new(strategy, "pull", pull).await;
        let push = Push::new("push").dial(address(&pull));
        let push = group.node.spawn(push).await.unwrap();
        let sending = count_up(&push, COUNT);
        let mut received = numbers(&pull, 100).await;
        for _ in 0..2 {
            let (more, ()) = tokio::join!(numbers(&pull, 200), group.fail());
            received.extend(more);
        }
        received.extend(numbers(&pull, COUNT - 500).await);
        in_time(sending).await.unwrap();
        // What came before the restart and what came after take turns.
        received.sort_unstable();
        assert!(received.into_iter().eq(0..COUNT));
        assert_eq!(pull.lost(), 0);
        group.stop().await;
    }
}

async fn a_push_that_restarts_with_its_group_loses_nothing(listen: &str) {
    for strategy in STRATEGIES {
        let later = address_for_later(listen);
        let push = Push::new("push").dial(&later).linger(WATCHDOG);
        let (group, push) = Group::new(strategy, "push", push).await;
        let pull = Pull::new("pull").listen(&later);
        let pull = group.node.spawn(pull).await.unwrap();
        push_through_restarts(group, push, pull).await;
    }
}

async fn a_listening_push_that_restarts_with_its_group_loses_nothing(listen: &str) {
    for strategy in STRATEGIES {
        let push = Push::new("push").listen(listen).linger(WATCHDOG);
        let (group, push) = Group::new(strategy, "push", push).await;
        let pull = Pull::new("pull").dial(address(&push));
        let pull = group.node.spawn(pull).await.unwrap();
        push_through_restarts(group, push, pull).await;
    }
}

async fn push_through_restarts(group: Group, push: PushSocket, pull: PullSocket) {
    const COUNT: u32 = 3_000;
    let sending = count_up(&push, COUNT);
    let receiving = async {
        let received = numbers(&pull, COUNT).await;
        assert!(received.into_iter().eq(0..COUNT), "in order, each once");
    };
    let failing = async {
        for _ in 0..3 {
            group.fail().await;
        }
    };
    tokio::join!(receiving, failing);
    in_time(sending).await.unwrap();
    assert_eq!(push.lost(), 0);
    group.stop().await;
}

async fn what_an_accepted_peer_did_not_take_before_a_restart_goes_to_who_comes_after(listen: &str) {
    let push = Push::new("push")
        .listen(listen)
        .linger(Duration::from_millis(10));
    let (group, push) = Group::new(RestForOne, "push", push).await;
    let pull = Pull::new("pull")
        .dial(address(&push))
        .receive_bound(Bound::messages(1));
    let pull = group.node.spawn(pull).await.unwrap();
    in_time(push.ready(1)).await;
    for number in 0..5 {
        push.send(number.to_string()).await.unwrap();
    }
    until_tree(&group.node, "the bound has arrived", |tree| {
        messages_in(tree, "pull") == 1
    })
    .await;
    group.fail().await;
    let mut received = numbers(&pull, 5).await;
    received.sort_unstable();
    assert_eq!(received, [0, 1, 2, 3, 4]);
    assert_eq!(push.lost(), 1, "what had left was not confirmed in time");
    group.stop().await;
}

async fn what_a_stopped_push_could_not_send_goes_out_after_its_start(listen: &str) {
    let later = address_for_later(listen);
    let push = Push::new("push")
        .dial(&later)
        .linger(Duration::from_millis(10));
    let (group, push) = Group::new(OneForOne, "push", push).await;
    for number in 0..5 {
        push.send(number.to_string()).await.unwrap();
    }
    in_time(group.group.stop_child("push")).await.unwrap();
    assert!(in_time(push.send("x")).await.unwrap_err().is_closed());
    assert!(push.try_send("x").unwrap_err().is_closed());
    assert_eq!((push.lost(), push.unflushed()), (5, 5));
    assert_eq!(group.state().await, ChildState::Resting);

    in_time(group.group.start_child("push")).await.unwrap();
    assert_eq!((push.lost(), push.unflushed()), (0, 5));
    in_time(push.send("5")).await.unwrap();
    let pull = Pull::new("pull").listen(&later);
    let pull = group.node.spawn(pull).await.unwrap();
    assert_eq!(numbers(&pull, 6).await, [0, 1, 2, 3, 4, 5]);
    until("all is confirmed", || push.unflushed() == 0).await;
    group.stop().await;
    assert_eq!(push.lost(), 0);
}

async fn a_request_that_was_never_sent_comes_back_when_the_socket_is_stopped(listen: &str) {
    let req = Req::new("req")
        .dial(address_for_later(listen))
        .linger(Duration::ZERO);
    let (group, req) = Group::new(OneForOne, "req", req).await;
    let asking = tokio::spawn(req.request("never sent").into_future());
    until("it is queued", || req.unflushed() == 1).await;
    in_time(group.group.stop_child("req")).await.unwrap();
    match in_time(asking).await.unwrap() {
        Err(RequestError::NotSent(content)) => assert_eq!(content, "never sent".into()),
        other => panic!("{other:?}"),
    }
    assert_eq!((req.unflushed(), req.lost()), (0, 0));
    group.stop().await;
}

async fn a_request_waits_while_its_socket_restarts(listen: &str) {
    let later = address_for_later(listen);
    let req = Req::new("req").dial(&later).linger(Duration::ZERO);
    let (group, req) = Group::new(RestForOne, "req", req).await;
    let asking = tokio::spawn(req.request("patience").into_future());
    until("it is queued", || req.unflushed() == 1).await;
    group.fail().await;
    let rep = Rep::new("rep").listen(&later);
    let rep = group.node.spawn(rep).await.unwrap();
    let answering = tokio::spawn(answer(rep));
    let answer = in_time(asking).await.unwrap().unwrap();
    assert_eq!(answer, Content::from("patience"));
    ask(&req, "after").await;
    group.stop().await;
    in_time(answering).await.unwrap();
}

async fn a_rep_that_was_stopped_by_hand_answers_after_its_start(listen: &str) {
    let rep = Rep::new("rep").listen(listen);
    let (group, rep) = Group::new(OneForOne, "rep", rep).await;
    let before = address(&rep);
    let req = group.node.spawn(Req::new("req").dial(&before)).await;
    let req = req.unwrap();
    for round in 0..2 {
        let answering = tokio::spawn(answer(rep.clone()));
        ask(&req, &format!("round {round}")).await;
        in_time(group.group.stop_child("rep")).await.unwrap();
        in_time(answering)
            .await
            .expect("a stop ends what is received");
        assert!(in_time(rep.recv()).await.unwrap().is_none());
        until("the peer went", || req.peers() == 0).await;
        in_time(group.group.start_child("rep")).await.unwrap();
        assert_eq!(address(&rep), before);
    }
    let answering = tokio::spawn(answer(rep.clone()));
    ask(&req, "after").await;
    group.stop().await;
    in_time(answering).await.unwrap();
}

async fn sockets_talk_on_after_a_restart_by_hand(listen: &str) {
    let pull = Pull::new("pull").listen(listen);
    let (group, pull) = Group::new(OneForOne, "pull", pull).await;
    let push = Push::new("push").dial(address(&pull)).linger(WATCHDOG);
    let push = group.node.spawn(push).await.unwrap();
    for round in 0..3 {
        push.send(format!("{round}")).await.unwrap();
        assert_eq!(number(&pull).await, round);
        // One that is listed, and one that was added.
        group
            .renewed(async || in_time(group.group.restart_child("pull")).await.unwrap())
            .await;
        in_time(group.node.restart_child("push")).await.unwrap();
    }
    push.send("9").await.unwrap();
    assert_eq!(number(&pull).await, 9);
    group.stop().await;
}

async fn sockets_talk_on_after_they_were_moved(listen: &str) {
    let pull = Pull::new("pull").listen(listen);
    let (group, pull) = Group::new(OneForOne, "pull", pull).await;
    let before = address(&pull);
    let push = Push::new("push").dial(&before).linger(WATCHDOG);
    let push = group.node.spawn(push).await.unwrap();
    for round in 0..4 {
        push.send(format!("{round}")).await.unwrap();
        assert_eq!(number(&pull).await, round);
        let there = || Placement::pin(round as usize % 2);
        let path = group.path();
        group
            .renewed(async || {
                let moved = group.node.move_child(&path, there());
                in_time(moved).await.unwrap();
            })
            .await;
        in_time(group.node.move_child("push", there()))
            .await
            .unwrap();
        until_tree(&group.node, "both are there", |tree| {
            let is_there = |path| tree.find(path).unwrap().arbiter == round as usize % 2;
            of_kind(tree, "connection").count() == 2 && is_there("push") && is_there(&path)
        })
        .await;
        assert_eq!(address(&pull), before);
    }
    push.send("9").await.unwrap();
    assert_eq!(number(&pull).await, 9);
    group.stop().await;
}

/// Keeps what it handled, and handles nothing before it is let.
struct Sink {
    seen: tokio::sync::mpsc::UnboundedSender<u32>,
    gate: std::sync::Arc<tokio::sync::Notify>,
}

impl Actor for Sink {
    type Context = Context<Self>;
}

#[derive(serde::Serialize, serde::Deserialize, WireMessage)]
#[wire(name = "test.Number", reply = ())]
struct Number {
    digits: [u8; 4],
}

impl Handler<Number> for Sink {
    type Result = ();

    fn handle(&mut self, number: Number, context: &mut Context<Self>) {
        let number = u32::from_be_bytes(number.digits);
        self.seen.send(number).unwrap();
        if number == 0 {
            let gate = self.gate.clone();
            context.wait(async move { gate.notified().await }.into_actor(self));
        }
    }
}

async fn a_pull_delivers_again_what_came_before_it_was_restarted(listen: &str) {
    const COUNT: u32 = 2_000;
    let (seen, mut sink) = tokio::sync::mpsc::unbounded_channel();
    let gate = std::sync::Arc::new(tokio::sync::Notify::new());
    let opened = gate.clone();
    let actor = Child::new("sink", move || Sink {
        seen: seen.clone(),
        gate: gate.clone(),
    });
    let node = two_arbiters().await;
    let service = node.spawn(actor).await.unwrap();
    // More than its actor's port holds waits in the socket.
    let pull = Pull::new("pull")
        .listen(listen)
        .receive_bound(Bound::messages(u64::from(COUNT)))
        .deliver::<Number>(&service);
    let (group, pull) = Group::on(node, OneForAll, "pull", pull).await;
    let push = Push::new("push")
        .dial(address(&pull))
        .send_bound(Bound::messages(u64::from(COUNT)));
    let push = group.node.spawn(push).await.unwrap();
    for value in 0..COUNT {
        let number = Content::new("test.Number").with_part(&value.to_be_bytes());
        push.send(number).await.unwrap();
    }
    until_tree(&group.node, "all are there", |tree| {
        messages_in(tree, "group/pull") == u64::from(COUNT)
    })
    .await;
    group.fail().await;
    opened.notify_one();
    for value in 0..COUNT {
        assert_eq!(in_time(sink.recv()).await, Some(value));
    }
    assert_eq!(pull.lost(), 0);
    group.stop().await;
}

async fn a_closed_socket_is_not_brought_back(listen: &str) {
    let pull = Pull::new("pull").listen(listen);
    let (group, pull) = Group::new(OneForAll, "pull", pull).await;
    let push = Push::new("push")
        .dial(address(&pull))
        .linger(Duration::ZERO);
    let push = group.node.spawn(push).await.unwrap();
    push.send("1").await.unwrap();
    assert_eq!(number(&pull).await, 1);
    assert_eq!(in_time(pull.close(WATCHDOG)).await, Closed::Flushed);

    let is_closed = async || {
        until_tree(&group.node, "it rests, its neighbour runs", |tree| {
            let state = |path| tree.find(path).map(|child| child.state);
            state("group/pull") == Some(ChildState::Resting)
                && state("group/neighbour") == Some(ChildState::Running)
        })
        .await;
        assert!(in_time(pull.recv()).await.unwrap().is_none());
        assert_eq!((pull.peers(), push.peers()), (0, 0));
    };
    is_closed().await;
    // Its group restarts, without it.
    let mut ends = group.neighbour.monitor();
    group.neighbour.do_send(Fail);
    in_time(ends.next()).await.unwrap();
    is_closed().await;
    // By hand, and with its supervisor, it starts, to stop at once.
    in_time(group.group.start_child("pull")).await.unwrap();
    is_closed().await;
    in_time(group.node.restart_child("group")).await.unwrap();
    is_closed().await;
    assert_eq!(in_time(pull.close(None)).await, Closed::Flushed);
    group.stop().await;
}

async fn a_close_of_a_stopped_socket_is_final(listen: &str) {
    let push = Push::new("push")
        .dial(address_for_later(listen))
        .linger(Duration::ZERO);
    let (group, push) = Group::new(OneForOne, "push", push).await;
    for number in 0..3 {
        push.send(number.to_string()).await.unwrap();
    }
    in_time(group.group.stop_child("push")).await.unwrap();
    assert_eq!(in_time(push.close(None)).await, Closed::Dropped(3));
    in_time(group.group.start_child("push")).await.unwrap();
    until_tree(&group.node, "it rests", |tree| {
        tree.find("group/push").unwrap().state == ChildState::Resting
    })
    .await;
    assert!(in_time(push.send("x")).await.unwrap_err().is_closed());
    assert_eq!((push.lost(), push.unflushed()), (3, 0));
    group.stop().await;
}
