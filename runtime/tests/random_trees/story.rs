//! One seed's tree and what befalls it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix::prelude::*;
use treewire_runtime::{
    Chance, ChildSnapshot, ChildState, Context, Exit, Failure, Intensity, Killer, Node, NodeError,
    Ref, Restart, Strategy, Supervisor, SupervisorRef, World, driven,
};

use super::model::{self, Kind};

/// How many children a tree may have.
const MOST: usize = 200;
/// After so many steps another seed has more to tell.
const CHAPTER: usize = 250;

/// Runs the story of `seed`, at most `steps` long; how long it was.
pub(crate) fn run(seed: u64, steps: usize) -> usize {
    driven(seed, async |world| {
        let mut story = Story::begin(&world).await;
        for step in 1..=steps.min(CHAPTER) {
            let escalated = story.step().await;
            world.settle().await;
            match escalated {
                None => story.check().await,
                Some(reason) => {
                    let Err(NodeError::Escalated { exit, .. }) = story.node.ended().await else {
                        panic!("it did not escalate: {}", story.told());
                    };
                    assert_eq!(said(&exit), said(&reason), "{}", story.told());
                    return step;
                }
            }
        }
        story.node.stop().await.expect("it stops in order");
        steps.min(CHAPTER)
    })
}

/// Panics have a place that the model does not know.
fn said(exit: &Exit) -> String {
    match exit {
        Exit::Panicked(panic) => panic.text.clone(),
        other => other.to_string(),
    }
}

struct Worker;

impl Actor for Worker {
    type Context = Context<Self>;
}

struct End(Exit);

impl Message for End {
    type Result = ();
}

impl Handler<End> for Worker {
    type Result = ();
    fn handle(&mut self, end: End, context: &mut Context<Self>) {
        match end.0 {
            Exit::Panicked(panic) => panic!("{}", panic.text),
            exit => context.end(exit),
        }
    }
}

/// By path, how many of the next starts fail.
type Faults = Arc<Mutex<HashMap<String, u32>>>;

struct Story {
    node: Node,
    world: World,
    chance: Chance,
    /// The root, and everything below.
    model: model::Child,
    workers: HashMap<String, Ref<Worker>>,
    supervisors: HashMap<String, SupervisorRef>,
    faults: Faults,
    names: u64,
    log: Vec<String>,
}

impl Story {
    async fn begin(world: &World) -> Self {
        let mut chance = world.chance("story");
        let kind = supervisor_kind(&mut chance);
        let (strategy, intensity) = rules(&kind);
        let node = Node::builder("random")
            .driven(world)
            .strategy(strategy)
            .intensity(intensity)
            .start()
            .await
            .expect("it starts");
        let mut model = model::Child::supervisor(String::new(), Restart::Permanent, true, kind);
        model.up = true;
        let mut story = Story {
            node,
            world: world.clone(),
            chance,
            model,
            workers: HashMap::new(),
            supervisors: HashMap::new(),
            faults: Faults::default(),
            names: 0,
            log: Vec::new(),
        };
        let mut left = 1 + story.chance.below(MOST as u64) as usize;
        while left > 0 {
            let child = story.random_child(&mut left, 0, false);
            story.add(&[], child).await;
        }
        world.settle().await;
        story.check().await;
        story
    }

    /// A child that was not started yet, with what it lists.
    fn random_child(&mut self, left: &mut usize, depth: usize, listed: bool) -> model::Child {
        *left -= 1;
        self.names += 1;
        let number = self.names;
        let policies = [
            Restart::Permanent,
            Restart::Permanent,
            Restart::Transient,
            Restart::Temporary,
        ];
        let restart = *self.chance.pick(&policies).expect("there are some");
        if depth == 4 || self.chance.once_in(2) {
            return model::Child::worker(format!("w{number}"), restart, listed);
        }
        let kind = supervisor_kind(&mut self.chance);
        let mut supervisor = model::Child::supervisor(format!("s{number}"), restart, listed, kind);
        let children = self.chance.below(7) as usize;
        for _ in 0..children.min(*left) {
            if *left > 0 {
                let child = self.random_child(left, depth + 1, true);
                supervisor.children.push(child);
            }
        }
        supervisor
    }

    /// The spec of what the model says; its handles go to where they are found.
    fn worker(&mut self, path: &str, child: &model::Child) -> treewire_runtime::Child<Worker> {
        let (faults, key) = (self.faults.clone(), path.to_owned());
        let spec = treewire_runtime::Child::try_new(child.name.clone(), move || {
            let mut faults = faults.lock().expect("no panic under it");
            match faults.get_mut(&key) {
                Some(left) if *left > 0 => {
                    *left -= 1;
                    Err(Failure::new("it does not start"))
                }
                _ => Ok(Worker),
            }
        });
        let spec = spec.restart(child.restart);
        self.workers.insert(path.to_owned(), spec.reference());
        spec
    }

    fn supervisor(&mut self, path: &str, child: &model::Child) -> Supervisor {
        let (strategy, intensity) = rules(&child.kind);
        let mut spec = Supervisor::new(child.name.clone())
            .restart(child.restart)
            .strategy(strategy)
            .intensity(intensity);
        self.supervisors.insert(path.to_owned(), spec.reference());
        for below in &child.children {
            let path = format!("{path}/{}", below.name);
            spec = match below.is_supervisor() {
                true => spec.child(self.supervisor(&path, below)),
                false => spec.child(self.worker(&path, below)),
            };
        }
        spec
    }

    /// Adds a child to the supervisor at `place`.
    async fn add(&mut self, place: &[usize], mut child: model::Child) {
        let parent = self.path(place);
        let path = match parent.as_str() {
            "" => child.name.clone(),
            parent => format!("{parent}/{}", child.name),
        };
        self.tell(format!("add {path}"));
        let above = self.supervisors.get(&parent).cloned();
        let added = if child.is_supervisor() {
            let spec = self.supervisor(&path, &child);
            match above {
                Some(above) => above.spawn(spec).await.map(drop),
                None => self.node.spawn(spec).await.map(drop),
            }
        } else {
            let spec = self.worker(&path, &child);
            match above {
                Some(above) => above.spawn(spec).await.map(drop),
                None => self.node.spawn(spec).await.map(drop),
            }
        };
        let expected = self.model.at(place).up;
        assert_eq!(added.is_ok(), expected, "{}", self.told());
        let above = self.model.at(place);
        if above.up {
            child.start().expect("nothing fails at first");
            above.children.push(child);
        }
    }

    /// Something happens. Some reason if the root cannot bear it.
    async fn step(&mut self) -> Option<Exit> {
        let places = self.model.places();
        let Some((place, path)) = self.chance.pick(&places).cloned() else {
            let child = self.random_child(&mut 1, 0, false);
            self.add(&[], child).await;
            return None;
        };
        if self.chance.once_in(20) {
            let time = Duration::from_millis(self.chance.below(6_000));
            self.tell(format!("{time:?} pass"));
            self.world.pass(time).await;
        }
        let now = self.world.now();
        let child = self.model.at(&place).clone();
        let (_, above) = place.split_last().expect("a child");
        let parent_is_up = self.model.at(above).up;
        match self.chance.below(12) {
            0 => self.fail_some_starts(&place, &path),
            1 if places.len() < MOST && child.is_supervisor() => {
                let new = self.random_child(&mut 3, 3, false);
                self.add(&place, new).await;
            }
            2 => {
                self.tell(format!("stop {path}"));
                self.node.stop_child(&path).await.expect("it is there");
                self.model.stopped_by_hand(&place);
            }
            3 | 4 if !child.up && parent_is_up => {
                self.tell(format!("start {path}"));
                self.node.start_child(&path).await.expect("it is there");
                return self.model.started_by_hand(&place, now).err();
            }
            5 if child.up => {
                self.tell(format!("restart {path}"));
                self.node.restart_child(&path).await.expect("it is there");
                self.model.at(&place).stop();
                return self.model.started_by_hand(&place, now).err();
            }
            6 if child.up => {
                self.tell(format!("kill {path}"));
                self.node.kill(&path).await.expect("it is there");
                let exit = Exit::Killed(Killer::Operator);
                return self.model.ended(&place, &exit, now).err();
            }
            _ if child.up && !child.is_supervisor() => {
                let exit = self.random_exit();
                self.tell(format!("{path} ends: {exit}"));
                self.workers[&path].do_send(End(exit.clone()));
                return self.model.ended(&place, &exit, now).err();
            }
            _ => {}
        }
        None
    }

    fn random_exit(&mut self) -> Exit {
        let panic = treewire_runtime::Panic {
            text: "boom".into(),
            place: "here".into(),
        };
        let exits = [
            Exit::Normal,
            Exit::Failed(Failure::new("no")),
            Exit::Panicked(panic),
        ];
        self.chance.pick(&exits).expect("there are some").clone()
    }

    fn fail_some_starts(&mut self, place: &[usize], path: &str) {
        let child = self.model.at(place);
        if child.is_supervisor() {
            return;
        }
        child.failing_starts = 1 + self.chance.below(2) as u32;
        let starts = child.failing_starts;
        self.faults
            .lock()
            .expect("no panic under it")
            .insert(path.to_owned(), starts);
        self.tell(format!("{path} will fail to start {starts} times"));
    }

    /// The tree is what the model says: who is there, in which order, how often
    /// started, up or at rest.
    async fn check(&mut self) {
        let snapshot = self.node.snapshot().await;
        let snapshot = snapshot.unwrap_or_else(|error| panic!("{error}: {}", self.told()));
        let mut found = Vec::new();
        for child in snapshot.walk() {
            found.push(seen(child));
        }
        let mut expected = Vec::new();
        for (place, path) in self.model.places() {
            let child = self.model.at(&place);
            expected.push((path, child.up, child.generation));
        }
        if found != expected {
            let differ: Vec<_> = found
                .iter()
                .zip(&expected)
                .filter(|(found, expected)| found != expected)
                .take(5)
                .collect();
            panic!(
                "found {} children, expected {}; (found, expected) differ: {differ:#?}\n{}",
                found.len(),
                expected.len(),
                self.told()
            );
        }
    }

    fn path(&self, place: &[usize]) -> String {
        let mut child = &self.model;
        let mut names = Vec::new();
        for &number in place {
            child = &child.children[number];
            names.push(child.name.clone());
        }
        names.join("/")
    }

    fn tell(&mut self, words: String) {
        self.log.push(words);
    }

    /// What happened lately.
    fn told(&self) -> String {
        let from = self.log.len().saturating_sub(15);
        self.log[from..].join("\n")
    }
}

fn seen(child: &ChildSnapshot) -> (String, bool, u64) {
    let up = match child.state {
        ChildState::Running => true,
        ChildState::Resting => false,
        other => panic!("{} is {other} when nothing can run", child.path),
    };
    (child.path.clone(), up, child.generation)
}

fn supervisor_kind(chance: &mut Chance) -> Kind {
    let strategies = [
        Strategy::OneForOne,
        Strategy::OneForAll,
        Strategy::RestForOne,
    ];
    Kind::Supervisor {
        strategy: *chance.pick(&strategies).expect("there are some"),
        restarts: chance.below(5) as usize,
        within: Duration::from_secs(1 + chance.below(9)),
    }
}

fn rules(kind: &Kind) -> (Strategy, Intensity) {
    match *kind {
        Kind::Supervisor {
            strategy,
            restarts,
            within,
        } => (strategy, Intensity::new(restarts, within)),
        Kind::Worker => unreachable!("a worker has no rules"),
    }
}
