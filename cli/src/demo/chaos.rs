//! What is killed, and when.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use fastrand::Rng;
use tokio::time::{Instant, sleep_until};
use treewire::runtime::{ChildSnapshot, ChildState};
use treewire::{Node, NodeSnapshot};

use super::market::Market;

/// What may be done to the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Harm {
    Connection,
    Endpoint,
    Socket,
    Actor,
    Worker,
    /// A panic in the middle of an actor's work.
    Panic,
}

/// Kills by the runtime's own means, at random but for the seed.
pub(super) struct Chaos {
    chance: Rng,
    every: Option<Duration>,
    /// When to strike next.
    next: Option<Instant>,
    done: BTreeMap<Harm, u64>,
}

impl Chaos {
    /// Without `every` nothing is killed.
    pub(super) fn new(seed: u64, every: Option<Duration>) -> Self {
        Chaos {
            chance: Rng::with_seed(seed),
            every,
            next: moment_after(every),
            done: BTreeMap::new(),
        }
    }

    /// Nothing is killed from now on.
    pub(super) fn stop(&mut self) {
        self.every = None;
        self.next = None;
    }

    /// What was done how often.
    pub(super) fn done(&self) -> &BTreeMap<Harm, u64> {
        &self.done
    }

    /// Waits until it is time to strike; for ever if nothing is to be killed.
    ///
    /// Cancel-safe: a dropped call loses nothing.
    pub(super) async fn wait(&self) {
        match self.next {
            Some(next) => sleep_until(next).await,
            None => std::future::pending().await,
        }
    }

    /// Does harm to somebody, and says what to whom.
    pub(super) async fn strike(&mut self, node: &Node, market: &Market) -> Option<String> {
        self.next = moment_after(self.every);
        let tree = node.snapshot().await.ok()?;
        let stumbling: Vec<&str> = market.stumbling().collect();
        let (harm, path) = choose(&mut self.chance, &tree, &stumbling)?;
        match harm {
            Harm::Panic => market.stumble(&path),
            // It may have gone by itself meanwhile.
            _ => node.kill(&path).await.ok()?,
        }
        *self.done.entry(harm).or_default() += 1;
        Some(match harm {
            Harm::Panic => format!("make {path} panic"),
            harm => format!("kill {harm} {path}"),
        })
    }
}

/// `None` is never.
fn moment_after(interval: Option<Duration>) -> Option<Instant> {
    Instant::now().checked_add(interval?)
}

/// All harms are as likely, and for each all who can suffer it.
fn choose(chance: &mut Rng, tree: &NodeSnapshot, stumbling: &[&str]) -> Option<(Harm, String)> {
    let mut victims: BTreeMap<Harm, Vec<&str>> = BTreeMap::new();
    let running = tree
        .walk()
        .filter(|child| child.state == ChildState::Running);
    for child in running {
        if let Some(harm) = harm(child) {
            victims.entry(harm).or_default().push(&child.path);
        }
        if stumbling.contains(&child.path.as_str()) {
            victims.entry(Harm::Panic).or_default().push(&child.path);
        }
    }
    let victims: Vec<(Harm, Vec<&str>)> = victims.into_iter().collect();
    let (harm, paths) = chance.choice(&victims)?;
    let path = chance.choice(paths)?;
    Some((*harm, (*path).to_owned()))
}

/// What killing a child is called; `None` for what is left alone: supervisors, which are
/// nothing but their children, and who shows the tree.
fn harm(child: &ChildSnapshot) -> Option<Harm> {
    match child.kind.as_str() {
        "connection" => Some(Harm::Connection),
        "listener" | "dialer" => Some(Harm::Endpoint),
        "req" | "rep" | "push" | "pull" | "pub" | "sub" => Some(Harm::Socket),
        "actor" if child.path.starts_with("orders/worker-") => Some(Harm::Worker),
        "actor" => Some(Harm::Actor),
        _ => None,
    }
}

impl fmt::Display for Harm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Harm::Connection => "connection",
            Harm::Endpoint => "endpoint",
            Harm::Socket => "socket",
            Harm::Actor => "actor",
            Harm::Worker => "worker",
            Harm::Panic => "panic",
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::tree::tests::{child, node};

    fn market() -> NodeSnapshot {
        let at = |path: &str, kind: &str, children| ChildSnapshot {
            path: path.into(),
            ..child(path, kind, children)
        };
        let connection = at("in/listener/connection", "connection", vec![]);
        let listener = at("in/listener", "listener", vec![connection]);
        let resting = ChildSnapshot {
            state: ChildState::BackingOff,
            ..at("out/dialer", "dialer", vec![])
        };
        node(vec![
            at("observer", "observer", vec![]),
            at("prices", "supervisor", vec![at("quotes", "actor", vec![])]),
            at("in", "pull", vec![listener]),
            at("out", "push", vec![resting]),
            at("orders/worker-1/filler", "actor", vec![]),
        ])
    }

    fn row(seed: u64) -> Vec<(Harm, String)> {
        let (mut chance, market) = (Rng::with_seed(seed), market());
        let stumbling = ["quotes"];
        (0..200)
            .map(|_| choose(&mut chance, &market, &stumbling).unwrap())
            .collect()
    }

    #[test]
    fn everything_but_supervisors_and_the_audience_is_harmed() {
        let harmed: BTreeSet<(Harm, String)> = row(1).into_iter().collect();
        let expected = [
            (Harm::Connection, "in/listener/connection"),
            (Harm::Endpoint, "in/listener"),
            (Harm::Socket, "in"),
            (Harm::Socket, "out"),
            (Harm::Actor, "quotes"),
            (Harm::Worker, "orders/worker-1/filler"),
            (Harm::Panic, "quotes"),
        ];
        assert_eq!(
            harmed,
            expected.map(|(harm, path)| (harm, path.into())).into()
        );
    }

    #[test]
    fn a_seed_replays() {
        assert_eq!(row(7), row(7));
        assert_ne!(row(7), row(8));
    }

    #[test]
    fn nobody_to_harm_is_no_error() {
        assert_eq!(choose(&mut Rng::new(), &node(vec![]), &["quotes"]), None);
    }
}
