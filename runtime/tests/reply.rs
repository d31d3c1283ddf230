//! Answers that come after the handler returned.

use std::pin::Pin;
use std::task::{Context as Task, Poll};
use std::time::Duration;

use actix::MailboxError;
use actix::fut::ActorFuture;
use actix::prelude::*;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;
use treewire_runtime::{
    Answer, Child, Context, EventKind, Exit, Failure, Loss, Node, Outcome, Placement, Port, Ref,
    Reply, SendError,
};

/// Fails the test instead of hanging it.
async fn in_time<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), what)
        .await
        .expect("the watchdog barked")
}

struct Clerk;

impl Actor for Clerk {
    type Context = Context<Self>;
}

/// A question whose answer the test makes, in the actor.
struct Question(Handling);
type Handling = Box<dyn FnOnce(&mut Context<Clerk>) -> Reply<u64> + Send>;
impl Message for Question {
    type Result = u64;
}
impl Handler<Question> for Clerk {
    type Result = Reply<u64>;
    fn handle(&mut self, question: Question, context: &mut Self::Context) -> Reply<u64> {
        (question.0)(context)
    }
}

fn question(reply: impl FnOnce(&mut Context<Clerk>) -> Reply<u64> + Send + 'static) -> Question {
    Question(Box::new(reply))
}

/// A question whose answer is given through what the test receives.
fn deferred() -> (Question, oneshot::Receiver<Answer<u64>>) {
    let (answers, answer) = oneshot::channel();
    let question = question(|_| {
        let (reply, answer) = Reply::deferred();
        answers.send(answer).expect("the test waits");
        reply
    });
    (question, answer)
}

/// A question whose answer is what the future of the test resolves to.
fn later(answer: impl Future<Output = u64> + Send + 'static) -> Question {
    question(|_| Reply::later(answer))
}

#[derive(Debug, PartialEq)]
enum Told {
    Handled(u64),
    Lost(Loss),
}

struct Report(UnboundedSender<Told>);
impl Outcome<Question> for Report {
    fn handled(self, result: u64) {
        self.0.send(Told::Handled(result)).ok();
    }
    fn lost(self, loss: Loss) {
        self.0.send(Told::Lost(loss)).ok();
    }
}

/// A clerk, and the three doors to it.
struct Office {
    node: Node,
    clerk: Ref<Clerk>,
    port: Port<Question, Report>,
    told: UnboundedReceiver<Told>,
    report: UnboundedSender<Told>,
}

impl Office {
    async fn open() -> Self {
        let node = Node::builder("office").arbiters(2).start().await.unwrap();
        let clerk = Child::new("clerk", || Clerk).placement(Placement::pin(1));
        let clerk = node.spawn(clerk).await.unwrap();
        let (report, told) = unbounded_channel();
        Office {
            port: clerk.port(16),
            node,
            clerk,
            told,
            report,
        }
    }

    fn push(&self, question: Question) {
        self.port.push(question, Report(self.report.clone())).ok();
    }

    async fn told(&mut self) -> Told {
        in_time(self.told.recv()).await.expect("it is told")
    }

    /// Asks through the `Ref` while the test does other things.
    fn ask(&self, question: Question) -> tokio::task::JoinHandle<Result<u64, String>> {
        let asked = self.clerk.send(question);
        tokio::spawn(async { asked.await.map_err(|error| format!("{error}")) })
    }

    /// Returns when the actor has dealt with everything it was asked before.
    async fn settled(&self) {
        let nothing = question(|_| Reply::now(0));
        in_time(self.clerk.send(nothing)).await.unwrap();
    }

    async fn close(self) {
        in_time(self.node.stop()).await.unwrap();
    }
}

const LOST_TO_FAILURE: &str = "the actor ended while it was handling the message (failed: no)";

fn failure() -> Exit {
    Exit::Failed(Failure::new("no"))
}

fn fail() -> Question {
    question(|context| {
        context.end(failure());
        Reply::now(0)
    })
}

#[tokio::test]
async fn every_kind_of_reply_comes_through_every_door() {
    let mut office = Office::open().await;
    let kinds: [fn() -> Question; 4] = [
        || question(|_| Reply::now(7)),
        || {
            later(async {
                tokio::task::yield_now().await;
                7
            })
        },
        // Given before the handler returns, and after.
        || {
            question(|_| {
                let (reply, answer) = Reply::deferred();
                answer.send(7);
                reply
            })
        },
        || {
            let (question, answer) = deferred();
            tokio::spawn(async { answer.await.unwrap().send(7) });
            question
        },
    ];
    for kind in kinds {
        assert_eq!(in_time(office.clerk.send(kind())).await.unwrap(), 7);
        let address = office.clerk.address();
        assert_eq!(in_time(address.send(kind())).await, Ok(7));
        office.push(kind());
        assert_eq!(office.told().await, Told::Handled(7));
    }
    office.close().await;
}

#[tokio::test]
async fn an_actor_handles_others_while_it_owes_an_answer() {
    let office = Office::open().await;
    let (first, answer) = deferred();
    let first = office.ask(first);
    let answer = in_time(answer).await.unwrap();
    office.settled().await;
    assert!(answer.is_awaited());
    answer.send(1);
    assert_eq!(in_time(first).await.unwrap(), Ok(1));
    office.close().await;
}

#[tokio::test]
async fn an_answer_dropped_unsent_leaves_its_asker_unanswered() {
    let mut office = Office::open().await;
    let (unsent, answer) = deferred();
    let asked = office.ask(unsent);
    let answer = in_time(answer).await.unwrap();
    // So that the handler has returned.
    office.settled().await;
    drop(answer);
    let unanswered = SendError::<Question>::Unanswered.to_string();
    assert_eq!(in_time(asked).await.unwrap(), Err(unanswered));

    let (unsent, answer) = deferred();
    let asked = tokio::spawn(office.clerk.address().send(unsent));
    drop(in_time(answer).await.unwrap());
    assert_eq!(in_time(asked).await.unwrap(), Err(MailboxError::Closed));

    let (unsent, answer) = deferred();
    office.push(unsent);
    drop(in_time(answer).await.unwrap());
    assert_eq!(office.told().await, Told::Lost(Loss::Unanswered));
    office.close().await;
}

#[tokio::test]
async fn supervision_02_a_panic_in_a_later_answer_is_the_actors_panic() {
    let mut office = Office::open().await;
    let mut events = office.node.events();
    let boom = || later(async { panic!("boom") });
    let panicked = |exit: &Exit| matches!(exit, Exit::Panicked(panic) if panic.text == "boom");

    let lost = in_time(office.clerk.send(boom())).await;
    assert!(matches!(&lost, Err(SendError::LostInCrash(exit)) if panicked(exit)));
    let exited = async {
        loop {
            if let EventKind::Exited(exit) = events.next().await.unwrap().kind {
                return exit;
            }
        }
    };
    assert!(panicked(&in_time(exited).await));

    let lost = in_time(office.clerk.address().send(boom())).await;
    assert_eq!(lost, Err(MailboxError::Closed));

    office.push(boom());
    let told = office.told().await;
    assert!(matches!(told, Told::Lost(Loss::Panicked(panic)) if panic.text == "boom"));
    office.settled().await;
    office.close().await;
}

/// Panics, and tells when what it holds is dropped.
struct Bomb {
    _held: DropReport,
}

struct DropReport(UnboundedSender<&'static str>);

impl Drop for DropReport {
    fn drop(&mut self) {
        let place = match std::thread::panicking() {
            true => "while unwinding",
            false => "after the panic",
        };
        self.0.send(place).ok();
    }
}

impl ActorFuture<Clerk> for Bomb {
    type Output = ();
    fn poll(
        self: Pin<&mut Self>,
        _: &mut Clerk,
        _: &mut Context<Clerk>,
        _: &mut Task<'_>,
    ) -> Poll<()> {
        panic!("boom")
    }
}

#[tokio::test]
async fn supervision_02_what_a_panicking_future_holds_is_dropped_when_it_is_known_why() {
    let office = Office::open().await;
    let spawn: fn(&mut Context<Clerk>, Bomb) = |context, bomb| {
        context.spawn(bomb);
    };
    let wait: fn(&mut Context<Clerk>, Bomb) = |context, bomb| context.wait(bomb);
    for begin in [spawn, wait] {
        let (report, mut reports) = unbounded_channel();
        office.clerk.do_send(question(move |context| {
            let _held = DropReport(report);
            begin(context, Bomb { _held });
            Reply::now(0)
        }));
        assert_eq!(in_time(reports.recv()).await, Some("after the panic"));
    }
    office.settled().await;
    office.close().await;
}

#[tokio::test]
async fn supervision_03_what_an_actor_owes_is_lost_with_its_generation() {
    let mut office = Office::open().await;
    let (one, answer) = deferred();
    let asked = office.ask(one);
    let by_ref = in_time(answer).await.unwrap();
    let (two, answer) = deferred();
    let addressed = tokio::spawn(office.clerk.address().send(two));
    let by_address = in_time(answer).await.unwrap();
    let (three, answer) = deferred();
    office.push(three);
    let by_port = in_time(answer).await.unwrap();
    let (runs, it_runs) = oneshot::channel();
    let (dropped, is_dropped) = oneshot::channel::<()>();
    let unending = office.ask(later(async {
        let _dropped = dropped;
        runs.send(()).ok();
        std::future::pending().await
    }));
    in_time(it_runs).await.unwrap();

    office.clerk.do_send(fail());
    assert_eq!(in_time(asked).await.unwrap(), Err(LOST_TO_FAILURE.into()));
    assert_eq!(
        in_time(unending).await.unwrap(),
        Err(LOST_TO_FAILURE.into())
    );
    assert_eq!(in_time(addressed).await.unwrap(), Err(MailboxError::Closed));
    assert_eq!(office.told().await, Told::Lost(Loss::Crashed(failure())));
    in_time(is_dropped)
        .await
        .expect_err("the future is not run on");

    // Whoever answers the earlier generation's askers disturbs nobody.
    for answer in [by_ref, by_address, by_port] {
        assert!(!answer.is_awaited());
        answer.send(1);
    }
    let (four, answer) = deferred();
    let asked = office.ask(four);
    in_time(answer).await.unwrap().send(4);
    assert_eq!(in_time(asked).await.unwrap(), Ok(4));
    office.close().await;
}

#[tokio::test]
async fn an_answer_given_before_the_end_arrives_through_every_door() {
    let mut office = Office::open().await;
    let (one, answer) = deferred();
    let asked = office.ask(one);
    let by_ref = in_time(answer).await.unwrap();
    let (two, answer) = deferred();
    let addressed = tokio::spawn(office.clerk.address().send(two));
    let by_address = in_time(answer).await.unwrap();
    let (three, answer) = deferred();
    office.push(three);
    let by_port = in_time(answer).await.unwrap();
    // Nothing of the actor is polled between the answers and its end.
    office.clerk.do_send(question(|context| {
        by_ref.send(1);
        by_address.send(2);
        by_port.send(3);
        context.end(failure());
        Reply::now(0)
    }));
    assert_eq!(in_time(asked).await.unwrap(), Ok(1));
    assert_eq!(in_time(addressed).await.unwrap(), Ok(2));
    assert_eq!(office.told().await, Told::Handled(3));
    office.close().await;
}

#[tokio::test]
async fn supervision_04_an_answer_given_while_the_actor_is_blocked_is_told_when_it_is_given_up() {
    let mut office = Office::open().await;
    let (given, answer) = deferred();
    office.push(given);
    let given = in_time(answer).await.unwrap();
    let (owed, answer) = deferred();
    office.push(owed);
    let owed = in_time(answer).await.unwrap();
    let (begun, has_begun) = oneshot::channel();
    let (release, released) = std::sync::mpsc::channel::<()>();
    office.clerk.do_send(question(move |_| {
        begun.send(()).ok();
        // The sender lets go by being dropped.
        released.recv().ok();
        Reply::now(0)
    }));
    in_time(has_begun).await.unwrap();
    given.send(7);
    in_time(office.node.kill("clerk")).await.unwrap();
    assert_eq!(office.told().await, Told::Handled(7));
    let told = office.told().await;
    assert!(matches!(told, Told::Lost(Loss::Crashed(_))), "{told:?}");
    assert!(!owed.is_awaited());
    owed.send(8);
    drop(release);
    office.settled().await;
    office.close().await;
}

#[tokio::test]
async fn who_answers_can_see_whether_somebody_waits() {
    let office = Office::open().await;
    let (told, answer) = deferred();
    office.clerk.do_send(told);
    let nobody_asked = in_time(answer).await.unwrap();
    office.settled().await;
    assert!(!nobody_asked.is_awaited());
    nobody_asked.send(1);

    let (asked, answer) = deferred();
    let asked = office.ask(asked);
    let given_up = in_time(answer).await.unwrap();
    office.settled().await;
    assert!(given_up.is_awaited());
    asked.abort();
    assert!(in_time(asked).await.unwrap_err().is_cancelled());
    assert!(!given_up.is_awaited());
    office.close().await;
}

#[tokio::test]
async fn a_later_answer_is_made_though_nobody_waits_for_it() {
    let office = Office::open().await;
    let (done, is_done) = oneshot::channel();
    office.clerk.do_send(later(async {
        tokio::task::yield_now().await;
        done.send(()).ok();
        0
    }));
    in_time(is_done).await.unwrap();
    office.close().await;
}

struct Stock;

impl Actor for Stock {
    type Context = Context<Self>;
}

/// Answered by actix's own future, when the test lets it.
struct Outside(oneshot::Sender<()>, oneshot::Receiver<u64>);
impl Message for Outside {
    type Result = u64;
}
impl Handler<Outside> for Stock {
    type Result = ResponseFuture<u64>;
    fn handle(&mut self, outside: Outside, _: &mut Self::Context) -> Self::Result {
        let Outside(begun, answer) = outside;
        begun.send(()).ok();
        Box::pin(async { answer.await.unwrap() })
    }
}

struct Fail;
impl Message for Fail {
    type Result = ();
}
impl Handler<Fail> for Stock {
    type Result = ();
    fn handle(&mut self, _: Fail, context: &mut Self::Context) {
        context.end(failure());
    }
}

#[tokio::test]
async fn a_stock_response_future_runs_outside_the_actor_and_outlives_it() {
    let node = Node::builder("stock").start().await.unwrap();
    let stock = node.spawn(Child::new("stock", || Stock)).await.unwrap();
    let (begun, has_begun) = oneshot::channel();
    let (answer, outside) = oneshot::channel();
    let asked = tokio::spawn(stock.send(Outside(begun, outside)));
    in_time(has_begun).await.unwrap();
    in_time(stock.send(Fail)).await.unwrap();
    answer.send(7).unwrap();
    assert_eq!(in_time(asked).await.unwrap().unwrap(), 7);
    in_time(node.stop()).await.unwrap();
}
