//! The tree driven by hand: what it wants done is read as a log of words.

mod depth;
mod giving_up;
mod interrupted;
mod policies;
mod strategies;
mod supervisors;
mod threads;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::*;

use crate::child::{Body, ChildSpec, Listed, Recipe, Settings};
use crate::exit::{Failure, Killer};
use crate::node::Home;
use crate::observe::{MailboxSnapshot, Stats};
use crate::panics::Panic;
use crate::restart::{AutoShutdown, Backoff, Intensity, Restart, Strategy};
use crate::slot::{Closing, Dissolved};

struct Nothing(Arc<Stats>);

impl Recipe for Nothing {
    fn start(&self, _: Home) {}
    fn prepare(&self, _: &Home, _: usize) {}
    fn signal(&self, _: u64, _: Signal) {}
    fn abandon(&self, _: u64, _: &Exit) -> Closing {
        Box::new(|| Box::new(|| {}))
    }
    fn ended(&self, _: u64, _: &Exit) -> Dissolved {
        Dissolved::default()
    }
    fn close(&self, _: &Exit) -> Option<Closing> {
        None
    }
    fn stats(&self) -> &Arc<Stats> {
        &self.0
    }
    fn mailbox(&self) -> MailboxSnapshot {
        MailboxSnapshot::default()
    }
}

fn spec(name: &str) -> ChildSpec {
    ChildSpec {
        name: name.into(),
        settings: Settings::new("actor"),
        body: Body::Actor(Arc::new(Nothing(Arc::default()))),
    }
}

fn set(mut spec: ChildSpec, change: impl FnOnce(&mut Settings)) -> ChildSpec {
    change(&mut spec.settings);
    spec
}

fn supervisor(name: &str, children: Vec<ChildSpec>) -> ChildSpec {
    ChildSpec {
        name: name.into(),
        settings: Settings::new("supervisor"),
        body: Body::Supervisor(Box::new(Listed {
            children,
            anchor: Arc::default(),
        })),
    }
}

fn strategic(strategy: Strategy, names: &[&str]) -> ChildSpec {
    let children = names.iter().map(|name| spec(name)).collect();
    set(supervisor("s", children), |settings| {
        settings.rules.strategy = strategy;
    })
}

struct World {
    tree: Tree,
    now: Instant,
    /// The generation started last, by child name.
    lives: Vec<(String, ChildId, u64)>,
    log: Vec<String>,
    finished: Option<Ending>,
    /// The lives that the arbiters have in hand.
    polled: [u64; 2],
    ready: Vec<(String, oneshot::Receiver<Result<ChildId, SpawnError>>)>,
}

impl World {
    fn new() -> Self {
        World::with_rules(Rules::default())
    }

    fn with_rules(rules: Rules) -> Self {
        let now = Instant::now();
        let config = TreeConfig {
            arbiters: 2,
            rules,
            stop_budget: Duration::from_secs(30),
            seed: 1,
        };
        World {
            tree: Tree::new(config, now),
            now,
            lives: Vec::new(),
            log: Vec::new(),
            finished: None,
            polled: [0; 2],
            ready: Vec::new(),
        }
    }

    fn spawn(&mut self, parent: Option<&str>, spec: ChildSpec) {
        let (ready, is_ready) = oneshot::channel();
        let (gone, _) = oneshot::channel();
        let parent = parent.map(|name| self.named(name));
        self.ready.push((spec.name.to_string(), is_ready));
        self.tree.spawn(
            parent,
            spec,
            SpawnReplies {
                ready,
                gone: Some(gone),
            },
            self.now,
        );
        self.collect();
    }

    /// Spawns it and reports it ready.
    fn up(&mut self, parent: Option<&str>, spec: ChildSpec) {
        let name = spec.name.to_string();
        self.spawn(parent, spec);
        self.started(&name);
    }

    fn life(&self, name: &str) -> (ChildId, u64) {
        let found = self.lives.iter().rev().find(|(child, ..)| child == name);
        let (_, id, life) = found.unwrap_or_else(|| panic!("{name} was never started"));
        (*id, *life)
    }

    /// The child of that name, wherever it is.
    fn named(&self, name: &str) -> ChildId {
        let all = self.tree.snapshot(self.now);
        let found = all
            .iter()
            .flat_map(|child| child.walk())
            .find(|child| child.name == name);
        self.id(&found.expect("it is in the tree").path)
    }

    fn started(&mut self, name: &str) {
        let (id, life) = self.life(name);
        self.tree.started(id, life, self.now);
        self.collect();
    }

    fn exited(&mut self, name: &str, exit: Exit) {
        let (id, life) = self.life(name);
        self.tree
            .exited(id, life, exit, Charge::Supervisor, self.now);
        self.collect();
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        let polled = |arbiter: usize| self.polled[arbiter];
        self.tree.on_time(self.now, &polled);
        self.collect();
    }

    fn collect(&mut self) {
        while let Some(action) = self.tree.next_action() {
            match action {
                Action::Start { id, life, path, .. } => {
                    let name = path.rsplit('/').next().expect("a path has a name");
                    self.log.push(format!("+{name}"));
                    self.lives.push((name.to_string(), id, life));
                }
                Action::Signal { life, signal, .. } => {
                    let child = self.lives.iter().find(|(.., of)| *of == life);
                    let name = child.map_or("?", |(name, ..)| name);
                    self.log.push(format!("{signal:?} {name}"));
                }
                Action::Event(event) => match event.kind {
                    EventKind::Started => {}
                    kind => {
                        let words = Event { kind, ..event }.to_string();
                        self.log.push(words);
                    }
                },
                Action::Finished(ending) => self.finished = Some(ending),
                Action::Ready(reply, result) => drop(reply.send(result)),
                Action::Gone(reply, exit) => drop(reply.send(exit)),
                Action::Abandon { life, exit, .. } => {
                    let child = self.lives.iter().find(|(.., of)| *of == life);
                    let name = child.map_or("?", |(name, ..)| name);
                    self.log.push(format!("abandon {name}: {exit}"));
                }
                Action::ReplaceArbiter(number) => self.log.push(format!("replace {number}")),
                Action::Ended { .. }
                | Action::Restarting(..)
                | Action::Close { .. }
                | Action::ReleaseArbiter(_) => {}
            }
        }
    }

    /// Reports every child ready that was started and did not report, in order.
    fn all_ready(&mut self) {
        let mut reported = 0;
        while let Some((_, id, life)) = self.lives.get(reported).cloned() {
            self.tree.started(id, life, self.now);
            self.collect();
            reported += 1;
        }
    }

    /// What was started and told to stop since the last call: `+a`, `-a`.
    fn moves(&mut self) -> Vec<String> {
        let words = self.log().into_iter().filter_map(|line| {
            let stop = line.strip_prefix("Stop ").map(|name| format!("-{name}"));
            stop.or_else(|| line.starts_with('+').then_some(line))
        });
        words.collect()
    }

    fn id(&self, path: &str) -> ChildId {
        self.tree.find_path(path).expect("it is in the tree")
    }

    fn state(&self, path: &str) -> Option<crate::ChildState> {
        let all = self.tree.snapshot(self.now);
        let found = all
            .iter()
            .flat_map(|child| child.walk())
            .find(|child| child.path == path);
        found.map(|child| child.state)
    }

    fn generation(&self, path: &str) -> u64 {
        let all = self.tree.snapshot(self.now);
        let found = all
            .iter()
            .flat_map(|child| child.walk())
            .find(|child| child.path == path);
        found.expect("it is in the tree").generation
    }

    /// The log since the last call.
    fn log(&mut self) -> Vec<String> {
        std::mem::take(&mut self.log)
    }

    fn readiness(&mut self, name: &str) -> Result<ChildId, SpawnError> {
        let found = self.ready.iter_mut().find(|(child, _)| child == name);
        found.expect("spawned").1.try_recv().expect("answered")
    }
}

fn failed() -> Exit {
    Exit::Failed(Failure::new("no"))
}

fn panicked() -> Exit {
    Exit::Panicked(Panic {
        text: "boom".into(),
        place: "a.rs:1".into(),
    })
}
