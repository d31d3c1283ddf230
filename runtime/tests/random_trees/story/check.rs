//! Whether the tree is what the model says.

use treewire_runtime::{ChildSnapshot, ChildState, Exit, NodeError};

use super::model::{Child, Ended, Life};
use super::{AskedFor, Story};

impl Story {
    /// Who is there, in which order, how often started, up or not.
    pub(super) async fn check(&mut self) {
        let snapshot = self.node.snapshot().await;
        let snapshot = snapshot.unwrap_or_else(|error| panic!("{error}: {}", self.told()));
        let mut found: Vec<_> = snapshot.walk().map(seen).collect();
        let mut expected = Vec::new();
        for (place, path) in self.model.places() {
            let child = self.model.at(&place);
            let arbiter = child.arbiter;
            expected.push((path, state(child), child.generation, arbiter));
        }
        for (found, expected) in found.iter_mut().zip(&expected) {
            // Which one the tree chooses is its own affair.
            found.3 = found.3.filter(|_| expected.3.is_some());
        }
        if found != expected {
            let only = |here: &[Seen], there: &[Seen]| {
                let here = here.iter().filter(|seen| !there.contains(seen));
                here.take(20)
                    .map(|seen| format!("  {seen:?}\n"))
                    .collect::<String>()
            };
            panic!(
                "found\n{}expected\n{}after\n{}",
                only(&found, &expected),
                only(&expected, &found),
                self.told()
            );
        }
        self.check_who_was_asked_for().await;
    }

    /// The node has ended, as the root of the model.
    pub(super) async fn check_end(&mut self, ended: Ended) {
        self.faults.clear();
        match (ended, self.node.ended().await) {
            (Ended::WorkDone, Ok(())) => {}
            (Ended::TooMuch(reason), Err(NodeError::Escalated { exit, .. })) => {
                assert_eq!(said(&exit), said(&reason), "{}", self.told());
            }
            (expected, ended) => panic!("{ended:?} and not {expected:?}: {}", self.told()),
        }
    }

    /// Whoever added a child hears of its first start, once there was one or there
    /// is not going to be any.
    async fn check_who_was_asked_for(&mut self) {
        let places = self.model.places();
        for path in self.asked_for.keys().cloned().collect::<Vec<_>>() {
            let place = places.iter().find(|(_, other)| *other == path);
            let child = place.map(|(place, _)| &*self.model.at(place));
            let is_settled = !child.is_some_and(|child| child.asked_for);
            let told = self.asked_for[&path].told.is_finished();
            assert_eq!(told, is_settled, "told of {path}: {}", self.told());
            if told && let Some(AskedFor { told, came_up }) = self.asked_for.remove(&path) {
                let told = told.await.expect("no panic");
                assert_eq!(told.is_ok(), came_up.get(), "{path}: {}", self.told());
            }
        }
    }
}

fn state(child: &Child) -> ChildState {
    match child.life {
        Life::Down => ChildState::Resting,
        Life::Waiting => ChildState::BackingOff,
        Life::Starting => ChildState::Starting,
        Life::Up => ChildState::Running,
        Life::Stopping | Life::Ended(_) => ChildState::Stopping,
    }
}

/// Path, state, generation and arbiter.
type Seen = (String, ChildState, u64, Option<usize>);

fn seen(child: &ChildSnapshot) -> Seen {
    let arbiter = Some(child.arbiter);
    (child.path.clone(), child.state, child.generation, arbiter)
}

/// Panics have a place that the model does not know.
fn said(exit: &Exit) -> String {
    match exit {
        Exit::Panicked(panic) => panic.text.clone(),
        other => other.to_string(),
    }
}
