//! What happens in one step.

use std::time::{Duration, Instant};

use treewire_runtime::{Exit, Failure, Killer, Panic};

use super::{After, End, MOST, MakeProgress, Story, model};

impl Story {
    /// Something happens.
    pub(super) async fn step(&mut self) -> After {
        let places = self.model.places();
        let Some((place, path)) = self.someone(&places) else {
            let child = self.random_child(&mut 1, 0, false);
            self.add(&[], child);
            return After::GoesOn;
        };
        if self.chance.once_in(15) {
            return self.time_passes().await;
        }
        let now = self.world.now();
        let child = self.model.at(&place).clone();
        let deeds = match child.group_rests_from {
            // Who is added waits for its turn.
            Some(_) if self.chance.once_in(3) => 2,
            _ => 12,
        };
        match self.chance.below(deeds) {
            0 => self.fail_some_starts(&place, &path),
            1 if places.len() < MOST && child.is_supervisor() => {
                let mut new = self.random_child(&mut 3, 3, false);
                if !new.is_supervisor() && self.chance.once_in(8) {
                    new.failing_starts = 1;
                }
                self.add(&place, new);
            }
            2 => {
                self.tell(format!("stop {path}"));
                self.node.stop_child(&path).await.expect("it is there");
                return self.model.stopped_by_hand(&place, now).into();
            }
            3 | 4 if !child.up => {
                self.tell(format!("start {path}"));
                self.node.start_child(&path).await.expect("it is there");
                return self.model.started_by_hand(&place, now).into();
            }
            5 => {
                self.tell(format!("restart {path}"));
                self.node.restart_child(&path).await.expect("it is there");
                return self.model.restarted_by_hand(&place, now).into();
            }
            6 => {
                self.tell(format!("kill {path}"));
                self.node.kill(&path).await.expect("it is there");
                let exit = Exit::Killed(Killer::Operator);
                if child.up {
                    return self.model.ended(&place, &exit, now).into();
                }
            }
            7 if child.up && !child.is_supervisor() => {
                self.tell(format!("{path} makes progress"));
                self.workers[&path].do_send(MakeProgress);
                self.model.at(&place).made_progress();
            }
            _ if child.up && !child.is_supervisor() => {
                let exit = self.random_exit();
                self.tell(format!("{path} ends: {exit}"));
                self.workers[&path].do_send(End(exit.clone()));
                return self.model.ended(&place, &exit, now).into();
            }
            _ => {}
        }
        After::GoesOn
    }

    /// Any child, or one about which there is more to tell.
    fn someone(&mut self, places: &[(Vec<usize>, String)]) -> Option<(Vec<usize>, String)> {
        let kind = self.chance.below(3);
        let mut chosen = Vec::new();
        for place in places {
            let is_chosen = match kind {
                0 => true,
                1 => self.is_about_to_wait(&place.0),
                _ => self.has_to_do_with_a_wait(&place.0),
            };
            if is_chosen {
                chosen.push(place);
            }
        }
        match self.chance.pick(&chosen) {
            Some(&place) => Some(place.clone()),
            None => self.chance.pick(places).cloned(),
        }
    }

    /// The next time it fails it waits.
    fn is_about_to_wait(&mut self, place: &[usize]) -> bool {
        let child = self.model.at(place);
        let row_begun = |back_off: &model::BackOff| back_off.row_begun();
        child.up && child.back_off.as_ref().is_some_and(row_begun)
    }

    /// It waits, or one of its siblings or children does.
    fn has_to_do_with_a_wait(&mut self, place: &[usize]) -> bool {
        let waits = |child: &model::Child| child.waits_until.is_some();
        let (_, above) = place.split_last().expect("a child");
        let rests = self.model.at(above).group_rests_from.is_some();
        let child = self.model.at(place);
        rests || waits(child) || child.children.iter().any(waits)
    }

    /// Until the next restart is due, or just before it, or any time.
    async fn time_passes(&mut self) -> After {
        let now = self.world.now();
        let next = self.model.due().into_iter().map(|(at, _)| at).min();
        let time = match next {
            Some(next) if self.chance.once_in(2) => next - now,
            Some(next) if self.chance.once_in(2) => next - now - Duration::from_millis(1),
            _ => Duration::from_millis(self.chance.below(6_000)),
        };
        self.tell(format!("{time:?} pass"));
        self.world.pass(time).await;
        self.model_waits(now + time)
    }

    fn model_waits(&mut self, end: Instant) -> After {
        loop {
            let mut due = self.model.due();
            due.retain(|&(at, _)| at <= end);
            due.sort();
            match due.as_slice() {
                [] => return After::GoesOn,
                [(one, _), (another, _), ..] if one == another => return After::NobodyKnows,
                [(at, place), ..] => {
                    if let Err(ended) = self.model.waited(place, *at) {
                        return After::Ended(ended);
                    }
                }
            }
        }
    }

    /// Adds a child to the supervisor at `place`.
    pub(super) fn add(&mut self, place: &[usize], child: model::Child) {
        let parent = self.path(place);
        let path = match parent.as_str() {
            "" => child.name.clone(),
            parent => format!("{parent}/{}", child.name),
        };
        self.tell(format!("add {path}"));
        self.fail_next(&path, child.failing_starts);
        let above = self.supervisors.get(&parent).cloned();
        let node = self.node.clone();
        let added = if child.is_supervisor() {
            let spec = self.supervisor(&path, &child);
            actix_rt::spawn(async move {
                match above {
                    Some(above) => above.spawn(spec).await.map(drop),
                    None => node.spawn(spec).await.map(drop),
                }
            })
        } else {
            let spec = self.worker(&path, &child);
            actix_rt::spawn(async move {
                match above {
                    Some(above) => above.spawn(spec).await.map(drop),
                    None => node.spawn(spec).await.map(drop),
                }
            })
        };
        self.asked_for.insert(path, added);
        let now = self.world.now();
        let above = self.model.at(place);
        if above.up {
            above.added(child, now);
        }
    }

    fn random_exit(&mut self) -> Exit {
        let panic = Panic {
            text: "boom".into(),
            place: "here".into(),
        };
        let exits = [
            Exit::Normal,
            Exit::Shutdown,
            Exit::Failed(Failure::new("no")),
            Exit::Failed(Failure::new("no")),
            Exit::Failed(Failure::fatal("never")),
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
        self.fail_next(path, starts);
        self.tell(format!("{path} will fail to start {starts} times"));
    }

    fn fail_next(&self, path: &str, starts: u32) {
        let mut faults = self.faults.lock().expect("no panic under it");
        faults.insert(path.to_owned(), starts);
    }
}
