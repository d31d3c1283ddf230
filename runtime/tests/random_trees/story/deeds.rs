//! What happens in one step.

use std::time::{Duration, Instant};

use treewire_runtime::{Exit, Failure, Panic};

use super::model::{self, Life};
use super::worker::{End, Fault, MakeProgress};
use super::{AskedFor, MOST, Story, seeds};

impl Story {
    /// Something happens; false if nobody knows what follows.
    pub(super) async fn step(&mut self) -> bool {
        let places = self.model.places();
        let Some((place, path)) = self.someone(&places) else {
            let child = self.random_child(&mut 1, 0, false);
            self.add(&[], child);
            return true;
        };
        if self.chance.once_in(15) {
            return self.time_passes().await;
        }
        let held_up = self.held_up(&places);
        if self.chance.once_in(8)
            && let Some((place, path)) = self.chance.pick(&held_up).cloned()
        {
            self.tell(format!("{path} goes on"));
            self.faults.of(&path, Fault::let_go_on);
            let now = self.world.now();
            self.model.at(&place).let_go_on(now);
            self.model.settle(now);
            return true;
        }
        let child = self.model.at(&place).clone();
        match self.chance.below(19) {
            0 => self.fail_some_starts(&place, &path),
            1 | 16 | 17 => self.be_slow_at_next(&place, &path),
            2 if places.len() < MOST && child.is_supervisor() => self.add_someone(&place),
            3 | 4 if places.len() < MOST && child.group_is_busy() => self.add_someone(&place),
            5 | 6 if !child.is_up() => {
                self.tell(format!("start {path}"));
                self.node.start_child(&path).await.expect("it is there");
                self.model.started_by_hand(&place, self.world.now());
            }
            7 => {
                self.tell(format!("stop {path}"));
                let (node, path) = (self.node.clone(), path.clone());
                actix_rt::spawn(async move { node.stop_child(&path).await });
                self.model.stopped_by_hand(&place, self.world.now());
            }
            8 => {
                self.tell(format!("restart {path}"));
                self.node.restart_child(&path).await.expect("it is there");
                self.model.restarted_by_hand(&place, self.world.now());
            }
            18 => {
                let to = seeds::random_place(&mut self.chance);
                self.tell(format!("move {path} to {to:?}"));
                let moved = self.node.move_child(&path, seeds::placement(to)).await;
                moved.expect("it is there");
                self.model.moved_by_hand(&place, to, self.world.now());
            }
            9 => {
                self.tell(format!("kill {path}"));
                self.node.kill(&path).await.expect("it is there");
                self.model.killed(&place, self.world.now());
            }
            10 if child.is_up() && !child.is_supervisor() => {
                self.tell(format!("{path} makes progress"));
                self.workers[&path].do_send(MakeProgress);
                self.model.at(&place).made_progress();
            }
            _ if child.is_up() && !child.is_supervisor() => {
                let exit = self.random_exit();
                self.tell(format!("{path} ends: {exit}"));
                self.workers[&path].do_send(End(exit.clone()));
                self.model.ended_itself(&place, exit);
            }
            _ => {}
        }
        self.model.settle(self.world.now());
        true
    }

    fn held_up(&mut self, places: &[(Vec<usize>, String)]) -> Vec<(Vec<usize>, String)> {
        let mut held_up = places.to_vec();
        held_up.retain(|(place, _)| self.model.at(place).is_held_up());
        held_up
    }

    /// Any child, or one about which there is more to tell.
    fn someone(&mut self, places: &[(Vec<usize>, String)]) -> Option<(Vec<usize>, String)> {
        let kind = self.chance.below(5);
        let mut chosen = Vec::new();
        for place in places {
            let is_chosen = match kind {
                0 => true,
                1 => self.is_about_to_wait(&place.0),
                2 => self.has_to_do_with_the_slow(&place.0),
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
        child.is_up() && child.back_off.as_ref().is_some_and(row_begun)
    }

    /// One of its siblings is going to take its time.
    fn has_to_do_with_the_slow(&mut self, place: &[usize]) -> bool {
        let (_, above) = place.split_last().expect("a child");
        let is_slow = |child: &model::Child| child.slow_start || child.slow_stop;
        self.model.at(above).children.iter().any(is_slow)
    }

    /// It waits or is held up, or one of its siblings or children does so.
    fn has_to_do_with_a_wait(&mut self, place: &[usize]) -> bool {
        let (_, above) = place.split_last().expect("a child");
        let above = self.model.at(above);
        let waits = above.group_is_busy() || above.children.iter().any(is_in_the_middle);
        let child = self.model.at(place);
        waits || child.children.iter().any(is_in_the_middle)
    }

    /// Until the next restart is due, or just before it, or any time.
    async fn time_passes(&mut self) -> bool {
        let now = self.world.now();
        let next = self.model.due().into_iter().map(|(at, _)| at).min();
        let time = match next {
            Some(next) if self.chance.once_in(2) => next - now,
            Some(next) if self.chance.once_in(2) => {
                (next - now).saturating_sub(Duration::from_millis(1))
            }
            _ => Duration::from_millis(self.chance.below(6_000)),
        };
        self.tell(format!("{time:?} pass"));
        self.world.pass(time).await;
        self.model_waits(now + time)
    }

    /// False if two things are due at the same moment: which goes first is not promised.
    fn model_waits(&mut self, end: Instant) -> bool {
        while self.model.ended.is_none() {
            let mut due = self.model.due();
            due.retain(|&(at, _)| at <= end);
            due.sort();
            match due.as_slice() {
                [] => break,
                [(one, _), (another, _), ..] if one == another => return false,
                [(at, place), ..] => {
                    self.model.waited(place, *at);
                    self.model.settle(*at);
                }
            }
        }
        true
    }

    fn add_someone(&mut self, place: &[usize]) {
        let mut child = self.random_child(&mut 3, 3, false);
        if !child.is_supervisor() {
            child.failing_starts = u32::from(self.chance.once_in(8));
            child.slow_start = self.chance.once_in(8);
        }
        self.add(place, child);
    }

    /// Adds a child to the supervisor at `place`.
    pub(super) fn add(&mut self, place: &[usize], child: model::Child) {
        let parent = self.path(place);
        let path = match parent.as_str() {
            "" => child.name.clone(),
            parent => format!("{parent}/{}", child.name),
        };
        self.tell(format!("add {path}"));
        self.faults.of(&path, |fault| {
            fault.failing_starts = child.failing_starts;
            fault.slow_start = child.slow_start;
        });
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
        let asked_for = AskedFor {
            told: added,
            came_up: child.came_up.clone(),
        };
        self.asked_for.insert(path, asked_for);
        let now = self.world.now();
        let above = self.model.at(place);
        if above.takes_children() {
            above.added(child, now);
        }
        self.model.settle(now);
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
        let starts = 1 + self.chance.below(2) as u32;
        child.failing_starts = starts;
        self.faults.of(path, |fault| fault.failing_starts = starts);
        self.tell(format!("{path} will fail to start {starts} times"));
    }

    fn be_slow_at_next(&mut self, place: &[usize], path: &str) {
        let child = self.model.at(place);
        if child.is_supervisor() {
            return;
        }
        let starts = self.chance.once_in(2);
        match starts {
            true => child.slow_start = true,
            false => child.slow_stop = true,
        }
        self.faults.of(path, |fault| match starts {
            true => fault.slow_start = true,
            false => fault.slow_stop = true,
        });
        let what = if starts { "start" } else { "stop" };
        self.tell(format!("{path} will be slow to {what}"));
    }
}

fn is_in_the_middle(child: &model::Child) -> bool {
    child.waits_until.is_some() || matches!(child.life, Life::Starting | Life::Stopping)
}
