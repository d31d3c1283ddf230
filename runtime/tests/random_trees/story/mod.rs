//! One seed's tree and what befalls it.

mod check;
mod deeds;
mod seeds;
mod worker;

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;

use actix_rt::task::JoinHandle;
use treewire_runtime::{Chance, Node, Ref, SpawnError, SupervisorRef, World, driven};

use super::model;
use worker::{Faults, Worker};

/// How many children a tree may have.
const MOST: usize = 200;
/// After so many steps another seed has more to tell.
const CHAPTER: usize = 250;

const ARBITERS: usize = 3;

/// Runs the story of `seed`, at most `steps` long; how long it was.
pub(crate) fn run(seed: u64, steps: usize) -> usize {
    driven(seed, async |world| {
        let mut story = Story::begin(&world).await;
        for step in 1..=steps.min(CHAPTER) {
            let goes_on = story.step().await;
            world.settle().await;
            if let Some(ended) = story.model.ended.clone() {
                story.check_end(ended).await;
                return step;
            }
            if !goes_on {
                return step;
            }
            story.check().await;
        }
        story.faults.clear();
        story.node.stop().await.expect("it stops in order");
        steps.min(CHAPTER)
    })
}

/// A child that was added: what is told of its first start, and whether that succeeded.
struct AskedFor {
    told: JoinHandle<Result<(), SpawnError>>,
    came_up: Rc<Cell<bool>>,
}

struct Story {
    node: Node,
    world: World,
    chance: Chance,
    /// The root, and everything below.
    model: model::Child,
    workers: HashMap<String, Ref<Worker>>,
    supervisors: HashMap<String, SupervisorRef>,
    /// Those who were added and whose first start was not told yet.
    asked_for: HashMap<String, AskedFor>,
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
            .arbiters(ARBITERS)
            .strategy(strategy)
            .intensity(intensity)
            .auto_shutdown(auto_shutdown)
            .start()
            .await
            .expect("it starts");
        let model = model::Child::root(kind, world.now());
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
