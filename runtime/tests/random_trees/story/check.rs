//! Whether the tree is what the model says.

use treewire_runtime::{ChildSnapshot, ChildState, Strategy};

use super::Story;
use super::model::Child;

impl Story {
    /// Who is there, in which order, how often started, up or not.
    pub(super) async fn check(&mut self) {
        let snapshot = self.node.snapshot().await;
        let snapshot = snapshot.unwrap_or_else(|error| panic!("{error}: {}", self.told()));
        let found: Vec<_> = snapshot.walk().map(seen).collect();
        let mut expected = Vec::new();
        for (place, path) in self.model.places() {
            let (_, above) = place.split_last().expect("a child");
            let strategy = self.model.at(above).strategy();
            let child = self.model.at(&place);
            expected.push((path, state(child, strategy), child.generation));
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
        self.check_who_was_asked_for().await;
    }

    /// Whoever added a child hears of its first start, once there was one or there
    /// is not going to be any.
    async fn check_who_was_asked_for(&mut self) {
        let places = self.model.places();
        for path in self.asked_for.keys().cloned().collect::<Vec<_>>() {
            let place = places.iter().find(|(_, other)| *other == path);
            let child = place.map(|(place, _)| &*self.model.at(place));
            let expected = match child {
                Some(child) if child.asked_for => None,
                child => Some(child.is_some()),
            };
            let told = self.asked_for[&path].is_finished();
            assert_eq!(told, expected.is_some(), "told of {path}: {}", self.told());
            if told && let Some(answer) = self.asked_for.remove(&path) {
                let answer = answer.await.expect("no panic");
                assert_eq!(Some(answer.is_ok()), expected, "{path}: {}", self.told());
            }
        }
    }
}

fn state(child: &Child, strategy: Strategy) -> ChildState {
    match strategy {
        _ if child.up => ChildState::Running,
        Strategy::OneForOne if child.waits_until.is_some() => ChildState::BackingOff,
        _ => ChildState::Resting,
    }
}

fn seen(child: &ChildSnapshot) -> (String, ChildState, u64) {
    (child.path.clone(), child.state, child.generation)
}
