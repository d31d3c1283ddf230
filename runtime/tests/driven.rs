//! Nodes whose time and schedule belong to the test.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use actix::prelude::*;
use treewire_runtime::*;

/// Adds up, panics on demand, ticks.
struct Worker {
    sum: u64,
}

impl Actor for Worker {
    type Context = treewire_runtime::Context<Self>;
}

struct Add(u64);
impl Message for Add {
    type Result = u64;
}
impl Handler<Add> for Worker {
    type Result = u64;
    fn handle(&mut self, add: Add, _: &mut Self::Context) -> u64 {
        self.sum += add.0;
        self.sum
    }
}

struct Boom;
impl Message for Boom {
    type Result = ();
}
impl Handler<Boom> for Worker {
    type Result = ();
    fn handle(&mut self, _: Boom, _: &mut Self::Context) {
        panic!("boom");
    }
}

/// Fails some time after its start, again and again.
struct Failing {
    after: Duration,
}

impl Actor for Failing {
    type Context = treewire_runtime::Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.run_later(self.after, |_, context| context.fail(Failure::new("no")));
    }
}

/// Says every tick to a worker of another node how many it had; the worker does not
/// survive the seventh.
struct Ticker {
    ticks: u64,
    worker: Ref<Worker>,
}

impl Actor for Ticker {
    type Context = treewire_runtime::Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.run_interval(Duration::from_millis(300), |this, _| {
            this.ticks += 1;
            if this.ticks % 7 == 0 {
                this.worker.do_send(Boom);
            }
            this.worker.do_send(Add(this.ticks));
        });
    }
}

/// What happened, with the time since the world began.
#[derive(Clone, Default)]
struct Log(Rc<RefCell<Vec<String>>>);

impl Log {
    fn watch(&self, world: &World, node: &Node) {
        let (log, mut events) = (self.clone(), node.events());
        let (begun, name) = (world.now(), node.name().to_owned());
        actix_rt::spawn(async move {
            while let Some(event) = events.next().await {
                let time = (event.at - begun).as_micros();
                log.0.borrow_mut().push(format!("{time} {name} {event}"));
            }
        });
    }

    fn note(&self, line: impl Into<String>) {
        self.0.borrow_mut().push(line.into());
    }

    fn take(&self) -> Vec<String> {
        self.0.take()
    }
}

fn soon() -> Backoff {
    Backoff::default().ceiling(Duration::from_secs(1))
}

/// Two nodes, children with back-off, panics, timers, and asks across the nodes.
fn busy_world(seed: u64) -> Vec<String> {
    driven(seed, async |world: World| {
        let log = Log::default();
        let a = Node::builder("a").arbiters(2).driven(&world);
        let a = a.start().await.unwrap();
        let b = Node::builder("b").driven(&world).start().await.unwrap();
        for node in [&a, &b] {
            log.note(node.identity().to_string());
            log.watch(&world, node);
        }
        let worker = Child::new("worker", || Worker { sum: 0 }).placement(Placement::spread());
        let worker = a.spawn(worker).await.unwrap();
        let ticked = worker.clone();
        let ticker = Child::new("ticker", move || Ticker {
            ticks: 0,
            worker: ticked.clone(),
        });
        b.spawn(ticker).await.unwrap();
        for (number, node) in [&a, &b, &a].into_iter().enumerate() {
            let after = Duration::from_millis(10 + 7 * number as u64);
            let child = Child::new(format!("failing {number}"), move || Failing { after });
            node.spawn(child.backoff(soon())).await.unwrap();
        }
        let askers: Vec<_> = (0..4)
            .map(|asker| {
                let (log, worker, world) = (log.clone(), worker.clone(), world.clone());
                actix_rt::spawn(async move {
                    let mut chance = world.chance(&format!("asker {asker}"));
                    for _ in 0..20 {
                        let wait = Duration::from_millis(chance.below(200));
                        world.clock().sleep(wait).await;
                        let answer = worker.send(Add(asker)).await;
                        log.note(format!("{asker}: {answer:?}"));
                    }
                })
            })
            .collect();
        world.pass(Duration::from_secs(8)).await;
        for asker in askers {
            asker.await.unwrap();
        }
        b.stop().await.unwrap();
        a.stop().await.unwrap();
        log.take()
    })
}

#[test]
fn the_same_seed_replays_and_another_does_not() {
    let mut logs = Vec::new();
    for seed in 0..20 {
        let log = busy_world(seed);
        assert!(log.len() > 100, "seed {seed}: {log:#?}");
        assert!(log == busy_world(seed), "seed {seed} did not replay");
        logs.push(log);
    }
    logs.sort();
    logs.dedup();
    assert_eq!(logs.len(), 20);
}

#[test]
fn another_seed_tries_another_order() {
    let orders = orders_of_three(|_| {});
    assert_eq!(orders, ["abc", "acb", "bac", "bca", "cab", "cba"]);
}

#[test]
fn a_world_that_keeps_order_is_the_same_for_every_seed() {
    assert_eq!(orders_of_three(World::keep_order), ["abc"]);
}

/// In what orders three workers answered, over many seeds.
fn orders_of_three(prepare: fn(&World)) -> Vec<String> {
    let order = |seed| {
        driven(seed, async |world: World| {
            prepare(&world);
            let node = Node::builder("a").arbiters(3).driven(&world);
            let node = node.start().await.unwrap();
            let log = Log::default();
            let mut workers = Vec::new();
            for name in ["a", "b", "c"] {
                let child = Child::new(name, || Worker { sum: 0 });
                let worker = node.spawn(child.placement(Placement::spread()));
                workers.push((name, worker.await.unwrap()));
            }
            for (name, worker) in workers {
                let log = log.clone();
                actix_rt::spawn(async move {
                    worker.send(Add(1)).await.unwrap();
                    log.note(name);
                });
            }
            world.settle().await;
            log.take().concat()
        })
    };
    let mut orders: Vec<String> = (0..200).map(order).collect();
    orders.sort();
    orders.dedup();
    orders
}

#[test]
fn time_passes_from_timer_to_timer_and_not_while_anything_can_run() {
    driven(1, async |world: World| {
        let log = Log::default();
        let begun = world.now();
        for milliseconds in [50, 10, 30, 70] {
            let (world, log) = (world.clone(), log.clone());
            actix_rt::spawn(async move {
                tokio::time::sleep(Duration::from_millis(milliseconds)).await;
                for _ in 0..100 {
                    tokio::task::yield_now().await;
                }
                log.note(format!("{}", (world.now() - begun).as_millis()));
            });
        }
        world.settle().await;
        assert_eq!(world.now(), begun);
        world.pass(Duration::from_millis(50)).await;
        assert_eq!(world.now() - begun, Duration::from_millis(50));
        assert_eq!(log.take(), ["10", "30", "50"]);
        world.pass(Duration::from_secs(100 * 24 * 60 * 60)).await;
        assert_eq!(log.take(), ["70"]);
    });
}

#[test]
fn a_world_tells_identities_and_wall_time_from_its_seed() {
    let look = |seed| {
        driven(seed, async |world: World| {
            let mut seen = Vec::new();
            for name in ["a", "a", "b"] {
                let node = Node::builder(name).driven(&world).start().await.unwrap();
                seen.push(node.identity().instance_text());
                node.stop().await.unwrap();
            }
            world.pass(Duration::from_secs(2)).await;
            (seen, world.clock().since_epoch())
        })
    };
    let (seen, epoch) = look(1);
    assert_eq!(look(1), (seen.clone(), epoch));
    assert_ne!(look(2).0, seen);
    assert!(seen[0] != seen[1] && seen[1] != seen[2], "{seen:?}");
    assert_eq!(epoch, Duration::from_secs(946_684_802));
}

#[test]
#[should_panic(expected = "the test waits for something that never comes")]
fn a_wait_for_what_never_comes_is_found_out() {
    driven(1, async |_| std::future::pending::<()>().await);
}

#[test]
fn a_nodes_end_may_be_awaited_without_passing_time() {
    driven(1, async |world: World| {
        let node = Node::builder("a").driven(&world).start().await.unwrap();
        let stubborn = Child::new("stubborn", || Stubborn);
        node.spawn(stubborn).await.unwrap();
        let begun = world.now();
        node.stop().await.unwrap();
        assert_eq!(world.now() - begun, Duration::from_secs(5));
    });
}

/// Does not stop by itself.
struct Stubborn;

impl Actor for Stubborn {
    type Context = treewire_runtime::Context<Self>;

    fn stopping(&mut self, _: &mut Self::Context) -> Running {
        Running::Continue
    }
}

async fn exits_of(events: &mut Events, path: &str, count: usize) -> Vec<Event> {
    let mut exits = Vec::new();
    while exits.len() < count {
        let event = events.next().await.unwrap();
        if event.path == path && matches!(event.kind, EventKind::Exited(_)) {
            exits.push(event);
        }
    }
    exits
}

#[test]
fn supervision_01_intensity_slides_in_exactly_its_period() {
    let escalates = |gap: Duration| {
        driven(1, async |world: World| {
            let node = Node::builder("a").driven(&world).start().await.unwrap();
            let worker = node.spawn(Child::new("worker", || Worker { sum: 0 }));
            let worker = worker.await.unwrap();
            for _ in 0..3 {
                worker.do_send(Boom);
                world.settle().await;
            }
            world.pass(gap).await;
            worker.do_send(Boom);
            world.settle().await;
            let lives = node.snapshot().await.is_ok();
            if lives {
                assert_eq!(worker.send(Add(1)).await.unwrap(), 1);
                node.stop().await.unwrap();
            }
            !lives
        })
    };
    assert!(escalates(Duration::from_millis(5_000)));
    assert!(!escalates(Duration::from_millis(5_001)));
}

#[test]
fn supervision_01_backoff_begins_at_once_and_stays_within_its_limits() {
    for seed in 0..20 {
        driven(seed, async |world: World| {
            let node = Node::builder("a").driven(&world).start().await.unwrap();
            let mut events = node.events();
            let after = Duration::from_millis(20);
            let child = Child::new("failing", move || Failing { after });
            node.spawn(child.backoff(soon())).await.unwrap();
            let exits = exits_of(&mut events, "failing", 12).await;
            let waits: Vec<_> = exits
                .windows(2)
                .map(|pair| pair[1].at - pair[0].at - after)
                .collect();
            assert_eq!(waits[0], Duration::ZERO, "{waits:?}");
            let (first, ceiling) = (Duration::from_millis(50), Duration::from_secs(1));
            let grain = Duration::from_millis(1);
            for pair in waits[1..].windows(2) {
                assert!(pair[0] >= first && pair[0] <= ceiling + grain, "{waits:?}");
                assert!(pair[1] <= first.max(pair[0] * 3) + grain, "{waits:?}");
            }
            node.stop().await.unwrap();
        });
    }
}

#[test]
fn supervision_01_a_child_that_does_not_stop_is_killed_at_its_deadline() {
    driven(3, async |world: World| {
        let node = Node::builder("a").driven(&world).start().await.unwrap();
        let mut events = node.events();
        node.spawn(Child::new("stubborn", || Stubborn))
            .await
            .unwrap();
        let begun = world.now();
        node.stop().await.unwrap();
        let exits = exits_of(&mut events, "stubborn", 1).await;
        assert_eq!(
            exits[0].kind,
            EventKind::Exited(Exit::Killed(Killer::Deadline))
        );
        assert_eq!(exits[0].at - begun, Duration::from_secs(5));
    });
}

#[test]
fn supervision_01_the_node_waits_for_its_budget_and_names_who_blocks() {
    driven(4, async |world: World| {
        let node = Node::builder("a").driven(&world).start().await.unwrap();
        let patient = |name| Child::new(name, || Stubborn).shutdown(Duration::from_secs(3_600));
        node.spawn(patient("first")).await.unwrap();
        node.spawn(patient("last")).await.unwrap();
        let begun = world.now();
        let blocking = vec!["last".to_owned()];
        assert_eq!(node.stop().await, Err(NodeError::StopTimedOut { blocking }));
        assert_eq!(world.now() - begun, Duration::from_secs(30));
    });
}

#[test]
fn who_wants_to_know_is_told_when_a_restart_comes() {
    driven(7, async |world: World| {
        let told: std::sync::Arc<std::sync::Mutex<Vec<Duration>>> = Default::default();
        let node = Node::builder("test").driven(&world).start().await.unwrap();
        let after = Duration::from_millis(1);
        let child = Child::new("failing", move || Failing { after });
        let hears = told.clone();
        let child = child
            .backoff(Backoff::default())
            .on_restarting(move |after| hears.lock().unwrap().push(after));
        let mut events = node.events();
        node.spawn(child).await.unwrap();
        world.pass(Duration::from_secs(2)).await;
        let mut waits = Vec::new();
        let mut seen = told.lock().unwrap().clone();
        while waits.len() < seen.len() {
            let event = events.next().await.unwrap();
            if let EventKind::Restarting { after } = event.kind {
                waits.push(after);
            }
        }
        assert_eq!(waits, seen);
        assert_eq!(
            seen.remove(0),
            Duration::ZERO,
            "the first retry comes at once"
        );
        assert!(!seen.is_empty() && seen.iter().all(|after| !after.is_zero()));
        node.stop().await.unwrap();
    });
}
