//! Actors are found by name.

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use actix::prelude::*;
use treewire_runtime::{
    Child, Context, Exit, LookupError, Node, Ref, RegisterError, Registered, Restart, Supervisor,
};

/// Fails the test instead of hanging it.
async fn in_time<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), what)
        .await
        .expect("the watchdog barked")
}

async fn node() -> Node {
    Node::builder("names").start().await.unwrap()
}

/// Registers itself whenever it starts, and says which generation it is.
struct Printer {
    generation: u64,
}

impl Printer {
    fn child(name: &str) -> Child<Printer> {
        let mut generation = 0;
        Child::new(name, move || {
            generation += 1;
            Printer { generation }
        })
    }
}

impl Actor for Printer {
    type Context = Context<Self>;
    fn started(&mut self, context: &mut Context<Self>) {
        let own = context.reference();
        context.node().register("printer", &own).expect("its own");
    }
}

struct Generation;
impl Message for Generation {
    type Result = u64;
}
impl Handler<Generation> for Printer {
    type Result = u64;
    fn handle(&mut self, _: Generation, _: &mut Context<Self>) -> u64 {
        self.generation
    }
}

struct Boom;
impl Message for Boom {
    type Result = ();
}
impl Handler<Boom> for Printer {
    type Result = ();
    fn handle(&mut self, _: Boom, _: &mut Context<Self>) {
        panic!("boom");
    }
}

/// Does nothing.
struct Clerk;
impl Actor for Clerk {
    type Context = Context<Self>;
}

fn clerk(name: &str) -> Child<Clerk> {
    Child::new(name, || Clerk).restart(Restart::Temporary)
}

fn unknown(name: &str) -> LookupError {
    LookupError::Unknown { name: name.into() }
}

/// What is found under a name, as far as it can be compared.
fn found(node: &Node, name: &str) -> Result<(), LookupError> {
    node.lookup::<Clerk>(name).map(drop)
}

fn names(node: &Node) -> Vec<String> {
    let all = node.registered().into_iter();
    all.map(|registered| registered.name.to_string()).collect()
}

#[tokio::test]
async fn a_name_leads_to_its_actor_over_restarts() {
    let node = node().await;
    node.spawn(Printer::child("laser")).await.unwrap();
    let found: Ref<Printer> = node.lookup("printer").unwrap();
    assert_eq!(in_time(found.send(Generation)).await.unwrap(), 1);
    in_time(found.send(Boom)).await.unwrap_err();
    // It has registered itself once more, which is nothing new.
    assert_eq!(in_time(found.send(Generation)).await.unwrap(), 2);
    let found: Ref<Printer> = node.lookup("printer").unwrap();
    assert_eq!(in_time(found.send(Generation)).await.unwrap(), 2);
    assert_eq!(names(&node), ["printer"]);
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn a_name_has_one_actor_at_a_time() {
    let node = node().await;
    let first = node.spawn(clerk("first")).await.unwrap();
    let second = node.spawn(clerk("second")).await.unwrap();
    node.register("teller", &first).unwrap();
    let refused = node.register("teller", &second).unwrap_err();
    let expected = RegisterError::Taken {
        name: "teller".into(),
        holder: "first".into(),
    };
    assert_eq!(refused, expected);
    assert!(node.unregister("teller"));
    assert!(!node.unregister("teller"));
    assert_eq!(found(&node, "teller"), Err(unknown("teller")));

    node.register("teller", &second).unwrap();
    // The end of who had it before takes nothing away.
    in_time(node.stop_child("first")).await.unwrap();
    in_time(first.gone()).await;
    assert_eq!(found(&node, "teller"), Ok(()));
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn an_actor_may_have_several_names() {
    let node = node().await;
    let clerk = node.spawn(clerk("clerk")).await.unwrap();
    for name in ["cashier", "adviser"] {
        node.register(name, &clerk).unwrap();
    }
    assert_eq!(names(&node), ["adviser", "cashier"]);
    assert!(node.unregister("cashier"));
    assert_eq!(names(&node), ["adviser"]);
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn another_type_is_told_from_an_unknown_name() {
    let node = node().await;
    node.spawn(Printer::child("laser")).await.unwrap();
    let error = node.lookup::<Clerk>("printer").unwrap_err();
    match &error {
        LookupError::OtherType {
            name,
            actual,
            asked,
        } => {
            assert_eq!(name, "printer");
            assert!(actual.ends_with("Printer"), "{actual}");
            assert!(asked.ends_with("Clerk"), "{asked}");
        }
        other => panic!("{other}"),
    }
    assert_eq!(found(&node, "scanner"), Err(unknown("scanner")));
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn names_go_with_a_child_that_is_gone_for_good() {
    let node = node().await;
    let first = node.spawn(clerk("clerk")).await.unwrap();
    node.register("teller", &first).unwrap();
    in_time(node.stop_child("clerk")).await.unwrap();
    in_time(first.gone()).await;
    assert_eq!(found(&node, "teller"), Err(unknown("teller")));
    assert_eq!(names(&node), Vec::<String>::new());
    let refused = node.register("teller", &first);
    let exit = Exit::Shutdown;
    let name = "teller".to_owned();
    assert_eq!(refused, Err(RegisterError::Gone { name, exit }));

    // Somebody else may have it now.
    let second = node.spawn(clerk("clerk")).await.unwrap();
    node.register("teller", &second).unwrap();
    assert_eq!(found(&node, "teller"), Ok(()));
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn a_child_that_is_started_again_by_hand_is_named_anew() {
    let node = node().await;
    let child = clerk("clerk");
    let clerk = child.reference();
    node.spawn(Supervisor::new("office").child(child))
        .await
        .unwrap();
    node.register("teller", &clerk).unwrap();
    in_time(node.stop_child("office/clerk")).await.unwrap();
    in_time(clerk.gone()).await;
    assert_eq!(found(&node, "teller"), Err(unknown("teller")));

    in_time(node.start_child("office/clerk")).await.unwrap();
    // What is asked of the control thread next comes when that is done.
    in_time(node.snapshot()).await.unwrap();
    assert_eq!(clerk.closed(), None);
    assert_eq!(found(&node, "teller"), Err(unknown("teller")));
    node.register("teller", &clerk).unwrap();
    assert_eq!(found(&node, "teller"), Ok(()));
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn a_name_may_be_given_before_the_actor_is_spawned() {
    let node = node().await;
    let child = clerk("clerk");
    node.register("teller", &child.reference()).unwrap();
    let entry = |path: Option<&str>| Registered {
        name: "teller".into(),
        actor: std::any::type_name::<Clerk>(),
        path: path.map(Into::into),
    };
    assert_eq!(node.registered(), [entry(None)]);
    let clerk_of_old = node.lookup::<Clerk>("teller").unwrap();
    let spawned = node.spawn(child).await.unwrap();
    assert_eq!(node.registered(), [entry(Some("clerk"))]);
    assert_eq!(clerk_of_old.closed(), None);
    drop((spawned, clerk_of_old));
    assert_eq!(found(&node, "teller"), Ok(()));

    // One that is never spawned is not kept by its name.
    let never = clerk("never");
    node.register("never", &never.reference()).unwrap();
    drop(never);
    assert_eq!(found(&node, "never"), Err(unknown("never")));
    assert_eq!(names(&node), ["teller"]);
    in_time(node.stop()).await.unwrap();
}

#[tokio::test]
async fn only_one_of_many_gets_a_name_they_all_want() {
    const RIVALS: usize = 8;
    const ROUNDS: usize = 200;
    let node = node().await;
    let barrier = Arc::new(Barrier::new(RIVALS));
    let (mut rivals, mut clerks) = (Vec::new(), Vec::new());
    for number in 0..RIVALS {
        let own = node.spawn(clerk(&number.to_string())).await.unwrap();
        let (node, barrier) = (node.clone(), barrier.clone());
        clerks.push(own.clone());
        rivals.push(thread::spawn(move || {
            let mut won = 0;
            for round in 0..ROUNDS {
                let name = format!("round {round}");
                barrier.wait();
                won += usize::from(node.register(name, &own).is_ok());
            }
            won
        }));
    }
    let rivals = thread::spawn(|| rivals.into_iter().map(|rival| rival.join().unwrap()).sum());
    let won: usize = in_time(tokio::task::spawn_blocking(|| rivals.join().unwrap()))
        .await
        .unwrap();
    assert_eq!(won, ROUNDS);
    assert_eq!(names(&node).len(), ROUNDS);
    in_time(node.stop()).await.unwrap();
    for clerk in clerks {
        in_time(clerk.gone()).await;
    }
    assert_eq!(names(&node), Vec::<String>::new());
}
