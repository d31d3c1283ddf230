//! One seed's tree and what befalls it.

mod check;
mod deeds;
mod seeds;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use actix::prelude::*;
use actix_rt::task::JoinHandle;
use treewire_runtime::{
    Chance, Context, Exit, Node, NodeError, Ref, Restart, SpawnError, SupervisorRef, World, driven,
};

use super::model::{self, Ended};

/// How many children a tree may have.
const MOST: usize = 200;
/// After so many steps another seed has more to tell.
const CHAPTER: usize = 250;

/// Runs the story of `seed`, at most `steps` long; how long it was.
pub(crate) fn run(seed: u64, steps: usize) -> usize {
    driven(seed, async |world| {
        let mut story = Story::begin(&world).await;
        for step in 1..=steps.min(CHAPTER) {
            let after = story.step().await;
            world.settle().await;
            match after {
                After::GoesOn => story.check().await,
                After::NobodyKnows => return step,
                After::Ended(Ended::WorkDone) => {
                    let ended = story.node.ended().await;
                    assert!(ended.is_ok(), "{ended:?}: {}", story.told());
                    return step;
                }
                After::Ended(Ended::TooMuch(reason)) => {
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

/// What a step led to.
enum After {
    GoesOn,
    /// The root has come to its end.
    Ended(Ended),
    /// Two things are due at the same moment, and which goes first is not promised.
    NobodyKnows,
}

impl From<Result<(), Ended>> for After {
    fn from(borne: Result<(), Ended>) -> Self {
        match borne {
            Ok(()) => After::GoesOn,
            Err(ended) => After::Ended(ended),
        }
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

struct MakeProgress;

impl Message for MakeProgress {
    type Result = ();
}

impl Handler<MakeProgress> for Worker {
    type Result = ();
    fn handle(&mut self, _: MakeProgress, context: &mut Context<Self>) {
        context.progress().made();
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
    /// Those who were added and whose first start was not told yet.
    asked_for: HashMap<String, JoinHandle<Result<(), SpawnError>>>,
    faults: Faults,
    names: u64,
    log: Vec<String>,
}

impl Story {
    async fn begin(world: &World) -> Self {
        let mut chance = world.chance("story");
        let kind = seeds::supervisor_kind(&mut chance);
        let (strategy, intensity, auto_shutdown) = seeds::rules(&kind);
        let node = Node::builder("random")
            .driven(world)
            .strategy(strategy)
            .intensity(intensity)
            .auto_shutdown(auto_shutdown)
            .start()
            .await
            .expect("it starts");
        let root = model::Child::worker(0, Restart::Permanent, true, world.now());
        let mut model = root.supervisor(kind);
        model.up = true;
        let mut story = Story {
            node,
            world: world.clone(),
            chance,
            model,
            workers: HashMap::new(),
            supervisors: HashMap::new(),
            asked_for: HashMap::new(),
            faults: Faults::default(),
            names: 0,
            log: Vec::new(),
        };
        let mut left = 1 + story.chance.below(MOST as u64) as usize;
        while left > 0 {
            let child = story.random_child(&mut left, 0, false);
            story.add(&[], child);
            world.settle().await;
        }
        story.check().await;
        story
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
        let from = self.log.len().saturating_sub(25);
        self.log[from..].join("\n")
    }
}
