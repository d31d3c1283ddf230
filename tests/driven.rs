//! Sockets in driven nodes: faults, reconnections and time that replay from a seed.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use treewire::prelude::*;
use treewire::runtime::Events;
use treewire::transports::Registry;
use treewire::{RequestError, World, driven};

/// What happened, with the microseconds since the world began.
#[derive(Clone)]
struct Log {
    world: World,
    begun: std::time::Instant,
    lines: Rc<RefCell<Vec<String>>>,
}

impl Log {
    fn new(world: &World) -> Self {
        Log {
            world: world.clone(),
            begun: world.now(),
            lines: Rc::default(),
        }
    }

    fn note(&self, at: std::time::Instant, line: impl std::fmt::Display) {
        let time = (at - self.begun).as_micros();
        self.lines.borrow_mut().push(format!("{time} {line}"));
    }

    fn now(&self, line: impl std::fmt::Display) {
        self.note(self.world.now(), line);
    }

    fn watch(&self, node: &'static str, mut events: Events) {
        let log = self.clone();
        actix_rt::spawn(async move {
            while let Some(event) = events.next().await {
                log.note(event.at, format!("{node} {event}"));
            }
        });
    }
}

/// A node asks and pushes to another whose sockets are killed now and then.
fn troubled_world(seed: u64) -> Vec<String> {
    driven(seed, async |world: World| {
        let log = Log::new(&world);
        let registry = Registry::standard();
        let client = Node::builder("client").driven(&world);
        let client = client.provide(registry.clone()).start().await.unwrap();
        let server = Node::builder("server").driven(&world).arbiters(2);
        let server = server.provide(registry).start().await.unwrap();
        log.watch("client", client.events());
        log.watch("server", server.events());

        // Dialed before anybody listens.
        let req = client.spawn(Req::new("req").dial("inproc://ask")).await;
        let req = req.unwrap();
        let push = client.spawn(Push::new("push").dial("inproc://lines"));
        let push = push.await.unwrap();
        let rep = server.spawn(Rep::new("rep").listen("inproc://ask")).await;
        let rep = rep.unwrap();
        let pull = Pull::new("pull").listen("inproc://lines");
        let pull = server.spawn(pull).await.unwrap();

        actix_rt::spawn(async move {
            while let Ok(Some(request)) = rep.recv().await {
                let content = request.content().clone();
                request.reply(content);
            }
        });
        let lines = log.clone();
        actix_rt::spawn(async move {
            while let Ok(Some(line)) = pull.recv().await {
                let line = line.into_content().first().to_vec();
                lines.now(String::from_utf8(line).unwrap());
            }
        });
        let killer = {
            let (server, client, world) = (server.clone(), client.clone(), world.clone());
            actix_rt::spawn(async move {
                let mut chance = world.chance("killer");
                for _ in 0..8 {
                    let wait = Duration::from_millis(chance.below(700));
                    world.clock().sleep(wait).await;
                    let victims = ["client req", "client push", "server rep", "server pull"];
                    let victim = *chance.pick(&victims).unwrap();
                    let (node, path) = victim.split_once(' ').unwrap();
                    let node = if node == "client" { &client } else { &server };
                    // Its connection, if it has one, else the socket itself.
                    let snapshot = node.snapshot().await.unwrap();
                    let socket = snapshot.find(path).unwrap();
                    let deepest = socket.children.iter().flat_map(|end| &end.children);
                    let path = deepest.map(|child| child.path.clone()).next();
                    node.kill(path.as_deref().unwrap_or(victim)).await.ok();
                }
            })
        };
        for number in 0..60 {
            world.clock().sleep(Duration::from_millis(50)).await;
            push.send(format!("line {number}")).await.unwrap();
            let asked = req.request(format!("ask {number}"));
            match asked.deadline(Duration::from_secs(20)).await {
                Ok(answer) => assert_eq!(answer.first()[..], *format!("ask {number}").as_bytes()),
                Err(RequestError::PeerGone) => log.now(format!("ask {number} lost its peer")),
                Err(error) => panic!("ask {number}: {error}"),
            }
        }
        killer.await.unwrap();
        world.pass(Duration::from_secs(60)).await;
        for (name, node) in [("client", &client), ("server", &server)] {
            let snapshot = node.snapshot().await.unwrap();
            log.now(format!("{name} restarted {} times", snapshot.restarts));
        }
        client.stop().await.unwrap();
        server.stop().await.unwrap();
        log.lines.take()
    })
}

#[test]
fn two_driven_nodes_over_inproc_replay_from_their_seed() {
    let mut logs = Vec::new();
    for seed in 0..20 {
        let log = troubled_world(seed);
        let again = troubled_world(seed);
        for (line, same) in log.iter().zip(&again) {
            assert_eq!(line, same, "seed {seed} did not replay");
        }
        assert_eq!(log.len(), again.len());
        let has = |text: &str| log.iter().any(|line| line.contains(text));
        assert!(has("killed by the operator") && has(" line 59"), "{log:#?}");
        logs.push(log);
    }
    logs.sort();
    logs.dedup();
    assert_eq!(logs.len(), 20);
}
