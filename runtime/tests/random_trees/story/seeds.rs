//! Random children, and the specs of what the model says.

use std::time::Duration;

use treewire_runtime::{
    AutoShutdown, Backoff, Chance, Child, Intensity, Placement, Restart, Strategy, Supervisor,
};

use super::model::{self, BackOff, Kind, Place};
use super::worker::Worker;
use super::{ARBITERS, Story};

impl Story {
    /// A child that was not started yet, with what it lists.
    pub(super) fn random_child(
        &mut self,
        left: &mut usize,
        depth: usize,
        listed: bool,
    ) -> model::Child {
        *left -= 1;
        self.names += 1;
        let policies = [
            Restart::Permanent,
            Restart::Permanent,
            Restart::Transient,
            Restart::Temporary,
        ];
        let restart = *self.chance.pick(&policies).expect("there are some");
        let now = self.world.now();
        let mut child = model::Child::worker(self.names, restart, listed, now);
        // What is always made again is never done.
        child.significant = restart != Restart::Permanent && self.chance.once_in(2);
        if self.chance.once_in(2) {
            let wait = Duration::from_millis(1 + self.chance.below(5_000));
            let attempts = self.chance.once_in(3);
            let attempts = attempts.then(|| self.chance.below(4) as u32);
            child.back_off = Some(BackOff::new(wait, attempts));
        }
        if self.chance.once_in(4) {
            child.place = random_place(&mut self.chance);
        }
        if depth == 4 || self.chance.once_in(2) {
            if self.chance.once_in(2) {
                let patience = Duration::from_millis(1 + self.chance.below(3_000));
                child.patience = Some(patience);
            }
            return child;
        }
        let mut supervisor = child.supervisor(supervisor_kind(&mut self.chance));
        let children = self.chance.below(7) as usize;
        for _ in 0..children.min(*left) {
            if *left > 0 {
                let child = self.random_child(left, depth + 1, true);
                supervisor.children.push(child);
            }
        }
        supervisor
    }

    /// Its handle goes to where it is found.
    pub(super) fn worker(&mut self, path: &str, child: &model::Child) -> Child<Worker> {
        let (faults, key) = (self.faults.clone(), path.to_owned());
        let mut spec = Child::try_new(child.name.clone(), move || Worker::new(&key, &faults));
        let shutdown = child.patience.unwrap_or(Duration::MAX);
        spec = spec.restart(child.restart).shutdown(shutdown);
        spec = spec.placement(placement(child.place));
        if child.significant {
            spec = spec.significant();
        }
        if let Some(back_off) = &child.back_off {
            spec = spec.backoff(backoff(back_off));
        }
        self.workers.insert(path.to_owned(), spec.reference());
        spec
    }

    pub(super) fn supervisor(&mut self, path: &str, child: &model::Child) -> Supervisor {
        let (strategy, intensity, auto_shutdown) = rules(&child.kind);
        let mut spec = Supervisor::new(child.name.clone())
            .restart(child.restart)
            .placement(placement(child.place))
            .strategy(strategy)
            .intensity(intensity)
            .auto_shutdown(auto_shutdown);
        if child.significant {
            spec = spec.significant();
        }
        if let Some(back_off) = &child.back_off {
            spec = spec.backoff(backoff(back_off));
        }
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
}

pub(super) fn random_place(chance: &mut Chance) -> Place {
    match chance.below(4) {
        0 => Place::BesideItsParent,
        1 => Place::Anywhere,
        _ => Place::Pinned(chance.below(ARBITERS as u64) as usize),
    }
}

pub(super) fn placement(place: Place) -> Placement {
    match place {
        Place::BesideItsParent => Placement::inherit(),
        Place::Pinned(number) => Placement::pin(number),
        Place::Anywhere => Placement::spread(),
    }
}

fn backoff(back_off: &BackOff) -> Backoff {
    Backoff {
        first: back_off.wait,
        ceiling: back_off.wait,
        attempts: back_off.attempts,
    }
}

pub(super) fn supervisor_kind(chance: &mut Chance) -> Kind {
    let strategies = [
        Strategy::OneForOne,
        Strategy::OneForAll,
        Strategy::RestForOne,
    ];
    let auto_shutdowns = [
        AutoShutdown::Never,
        AutoShutdown::Never,
        AutoShutdown::AnySignificant,
        AutoShutdown::AllSignificant,
        AutoShutdown::AllSignificant,
    ];
    Kind::Supervisor {
        strategy: *chance.pick(&strategies).expect("there are some"),
        restarts: chance.below(5) as usize,
        within: Duration::from_secs(1 + chance.below(9)),
        auto_shutdown: *chance.pick(&auto_shutdowns).expect("there are some"),
    }
}

pub(super) fn rules(kind: &Kind) -> (Strategy, Intensity, AutoShutdown) {
    match *kind {
        Kind::Supervisor {
            strategy,
            restarts,
            within,
            auto_shutdown,
        } => (strategy, Intensity::new(restarts, within), auto_shutdown),
        Kind::Worker => unreachable!("a worker has no rules"),
    }
}
