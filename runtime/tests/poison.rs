//! Who answers for a panic: the actor, or who sent the message that caused it.

use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use treewire_runtime::SendError;
use treewire_runtime::*;

/// Fails the test instead of hanging it.
async fn in_time<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), what)
        .await
        .expect("the watchdog barked")
}

struct Victim;

impl Actor for Victim {
    type Context = treewire_runtime::Context<Self>;
}

/// What the handler is to do with a message.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Deed {
    Answer,
    NeverAnswer,
    Panic,
    PanicInAnswer,
    PanicInSpawned,
    PanicInWait,
    PanicInSpawnedBySpawned,
    PanicInTimer,
}

impl Message for Deed {
    type Result = Deed;
}

async fn panic_later() {
    tokio::task::yield_now().await;
    panic!("later");
}

impl Handler<Deed> for Victim {
    type Result = ResponseActFuture<Self, Deed>;

    fn handle(&mut self, deed: Deed, context: &mut Self::Context) -> Self::Result {
        match deed {
            Deed::Answer => {}
            Deed::NeverAnswer => return Box::pin(std::future::pending().into_actor(self)),
            Deed::Panic => panic!("now"),
            Deed::PanicInAnswer => {
                return Box::pin(panic_later().into_actor(self).map(move |(), _, _| deed));
            }
            Deed::PanicInSpawned => _ = context.spawn(panic_later().into_actor(self)),
            Deed::PanicInWait => context.wait(panic_later().into_actor(self)),
            Deed::PanicInSpawnedBySpawned => {
                let spawning = std::future::ready(()).into_actor(self);
                context.spawn(spawning.map(|(), victim, context| {
                    context.spawn(panic_later().into_actor(victim));
                }));
            }
            Deed::PanicInTimer => {
                context.run_later(Duration::ZERO, |_, _| panic!("later"));
            }
        }
        Box::pin(std::future::ready(deed).into_actor(self))
    }
}

#[derive(Debug, PartialEq)]
enum Told {
    Handled(Deed),
    Lost(Deed, Loss),
    Charged(Deed, String),
}

struct Tell {
    deed: Deed,
    has_origin: bool,
    told: UnboundedSender<Told>,
}

impl Outcome<Deed> for Tell {
    fn handled(self, result: Deed) {
        self.told.send(Told::Handled(result)).unwrap();
    }

    fn lost(self, loss: Loss) {
        self.told.send(Told::Lost(self.deed, loss)).unwrap();
    }

    fn origin(&self) -> Option<Arc<dyn Origin>> {
        let origin = Sender(self.deed, self.told.clone());
        self.has_origin.then(|| Arc::new(origin) as Arc<dyn Origin>)
    }
}

struct Sender(Deed, UnboundedSender<Told>);

impl Origin for Sender {
    fn charge(&self, panic: &Panic) {
        let Sender(deed, told) = self;
        told.send(Told::Charged(*deed, panic.text.clone())).unwrap();
    }
}

/// A node with a victim, and a port into it.
struct World {
    node: Node,
    victim: Ref<Victim>,
    port: Port<Deed, Tell>,
    sender: UnboundedSender<Told>,
    told: UnboundedReceiver<Told>,
}

impl World {
    async fn new(child: Child<Victim>) -> Self {
        let node = Node::builder("test").start().await.unwrap();
        let victim = in_time(node.spawn(child)).await.unwrap();
        let (sender, told) = unbounded_channel();
        World {
            port: victim.port(64),
            node,
            victim,
            sender,
            told,
        }
    }

    fn push(&self, deed: Deed, has_origin: bool) {
        let told = self.sender.clone();
        let outcome = Tell {
            deed,
            has_origin,
            told,
        };
        assert!(self.port.push(deed, outcome).is_ok());
    }

    async fn told(&mut self) -> Told {
        in_time(self.told.recv()).await.unwrap()
    }

    async fn stop(self) {
        in_time(self.node.stop()).await.unwrap();
    }
}

fn victim() -> Child<Victim> {
    Child::new("victim", || Victim)
}

#[tokio::test]
async fn supervision_01_poison_is_charged_to_who_sent_it_and_not_to_the_supervisor() {
    let mut world = World::new(victim()).await;
    let later = [
        Deed::PanicInSpawned,
        Deed::PanicInSpawnedBySpawned,
        Deed::PanicInTimer,
        Deed::PanicInWait,
    ];
    // Three restarts are borne, and each of these is one.
    for _ in 0..4 {
        world.push(Deed::Panic, true);
        let charged = Told::Charged(Deed::Panic, "now".into());
        assert_eq!(world.told().await, charged, "before its outcome is told");
        let lost = world.told().await;
        assert!(
            matches!(&lost, Told::Lost(Deed::Panic, Loss::Panicked(panic)) if panic.text == "now"),
            "{lost:?}"
        );
        world.push(Deed::PanicInAnswer, true);
        let charged = Told::Charged(Deed::PanicInAnswer, "later".into());
        assert_eq!(world.told().await, charged);
        let lost = world.told().await;
        assert!(
            matches!(&lost, Told::Lost(Deed::PanicInAnswer, Loss::Panicked(_))),
            "{lost:?}"
        );
        for deed in later {
            world.push(deed, true);
            let told = [world.told().await, world.told().await];
            let charged = Told::Charged(deed, "later".into());
            assert!(told.contains(&charged), "{told:?}");
            // The answer may have been under way when the future panicked.
            let settled = |told: &Told| match told {
                Told::Handled(of) => *of == deed,
                Told::Lost(of, loss) => *of == deed && matches!(loss, Loss::Panicked(_)),
                Told::Charged(..) => false,
            };
            assert!(told.iter().any(settled), "{told:?}");
        }
    }
    world.push(Deed::Answer, true);
    assert_eq!(world.told().await, Told::Handled(Deed::Answer));
    let tree = in_time(world.node.snapshot()).await.unwrap();
    assert_eq!(tree.find("victim").unwrap().restarts, 24);
    world.stop().await;
}

#[tokio::test]
async fn bystanders_of_a_poisonous_message_are_told_of_the_crash() {
    let mut world = World::new(victim()).await;
    world.push(Deed::NeverAnswer, true);
    world.push(Deed::Panic, true);
    world.push(Deed::Answer, true);
    let charged = Told::Charged(Deed::Panic, "now".into());
    assert_eq!(world.told().await, charged);
    let told = [world.told().await, world.told().await];
    assert!(
        matches!(&told[0], Told::Lost(Deed::Panic, Loss::Panicked(_))),
        "{told:?}"
    );
    assert!(
        matches!(
            &told[1],
            Told::Lost(Deed::NeverAnswer, Loss::Crashed(Exit::Panicked(panic))) if panic.text == "now"
        ),
        "{told:?}"
    );
    assert_eq!(world.told().await, Told::Handled(Deed::Answer));
    world.stop().await;
}

#[tokio::test]
async fn poison_does_not_wait_for_the_back_off() {
    let day = Duration::from_secs(86_400);
    let backoff = Backoff::default().first(day).ceiling(day);
    let mut world = World::new(victim().backoff(backoff)).await;
    for _ in 0..10 {
        world.push(Deed::Panic, true);
        world.push(Deed::Answer, true);
        while world.told().await != Told::Handled(Deed::Answer) {}
    }
    world.stop().await;
}

#[tokio::test]
async fn a_panic_is_counted_when_the_message_came_from_this_node() {
    let world = World::new(victim()).await;
    for _ in 0..4 {
        let lost = in_time(world.victim.send(Deed::Panic)).await.unwrap_err();
        assert!(matches!(lost, SendError::LostInCrash(_)), "{lost}");
    }
    let error = in_time(world.node.ended()).await.unwrap_err();
    assert!(matches!(error, NodeError::Escalated { .. }), "{error}");
}

#[tokio::test]
async fn a_panic_is_counted_when_nobody_answers_for_the_message() {
    let world = World::new(victim()).await;
    let mut events = world.node.events();
    for _ in 0..4 {
        world.push(Deed::PanicInSpawned, false);
        let panicked = |event: Event| matches!(event.kind, EventKind::Exited(Exit::Panicked(_)));
        while !panicked(in_time(events.next()).await.unwrap()) {}
    }
    let error = in_time(world.node.ended()).await.unwrap_err();
    assert!(matches!(error, NodeError::Escalated { .. }), "{error}");
}

/// Blocks its thread until the test lets go.
struct Blocker;

impl Actor for Blocker {
    type Context = treewire_runtime::Context<Self>;
}

struct Hold {
    began: UnboundedSender<()>,
    released: std::sync::mpsc::Receiver<()>,
}

impl Message for Hold {
    type Result = ();
}

impl Handler<Hold> for Blocker {
    type Result = ();

    fn handle(&mut self, hold: Hold, _: &mut Self::Context) {
        hold.began.send(()).unwrap();
        // The sender lets go by being dropped.
        hold.released.recv().ok();
    }
}

struct TellHold(
    &'static str,
    UnboundedSender<(&'static str, Result<(), Loss>)>,
);

impl Outcome<Hold> for TellHold {
    fn handled(self, (): ()) {
        self.1.send((self.0, Ok(()))).unwrap();
    }

    fn lost(self, loss: Loss) {
        self.1.send((self.0, Err(loss))).unwrap();
    }
}

#[tokio::test]
async fn supervision_04_what_a_blocked_handler_had_in_hand_is_told_at_once_and_only_once() {
    let node = Node::builder("test").arbiters(2).start().await.unwrap();
    let child = Child::new("blocker", || Blocker).placement(Placement::pin(1));
    let blocker = in_time(node.spawn(child)).await.unwrap();
    let port = blocker.port(8);
    let (began, mut has_begun) = unbounded_channel();
    let (told, mut tell) = unbounded_channel();
    let push = |name| {
        let (release, released) = std::sync::mpsc::channel();
        let began = began.clone();
        let outcome = TellHold(name, told.clone());
        assert!(port.push(Hold { began, released }, outcome).is_ok());
        release
    };
    let first = push("first");
    in_time(has_begun.recv()).await.unwrap();
    let second = push("second");
    node.kill("blocker").await.unwrap();
    let (name, lost) = in_time(tell.recv()).await.unwrap();
    assert_eq!(name, "first", "told while its thread is still blocked");
    assert!(matches!(lost, Err(Loss::Crashed(_))), "{lost:?}");
    // The old life comes back with a result while the new one has the second in hand.
    drop(first);
    in_time(has_begun.recv()).await.unwrap();
    drop(second);
    assert_eq!(in_time(tell.recv()).await, Some(("second", Ok(()))));
    in_time(node.stop()).await.unwrap();
    drop(port);
    drop(told);
    assert_eq!(in_time(tell.recv()).await, None, "each was told once");
}
