//! The actor of the story, and what it is told to do wrong.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use actix::prelude::*;
use tokio::sync::oneshot;
use treewire_runtime::{Context, Exit, Failure};

/// What is to go wrong with a worker.
#[derive(Debug, Default)]
pub(super) struct Fault {
    /// How many of the next starts fail.
    pub(super) failing_starts: u32,
    /// The next start, or stop, takes until it is let go on.
    pub(super) slow_start: bool,
    pub(super) slow_stop: bool,
    /// Lets it go on.
    held_up: Option<oneshot::Sender<()>>,
}

impl Fault {
    pub(super) fn let_go_on(&mut self) {
        if let Some(held_up) = self.held_up.take() {
            // It may have been killed.
            let _ = held_up.send(());
        }
    }

    fn holds_up(&mut self) -> oneshot::Receiver<()> {
        let (held_up, go_on) = oneshot::channel();
        self.held_up = Some(held_up);
        go_on
    }
}

/// By path.
#[derive(Clone, Default)]
pub(super) struct Faults(Arc<Mutex<HashMap<String, Fault>>>);

impl Faults {
    pub(super) fn of<T>(&self, path: &str, deed: impl FnOnce(&mut Fault) -> T) -> T {
        let mut faults = self.0.lock().expect("no panic under it");
        deed(faults.entry(path.to_owned()).or_default())
    }

    /// Nothing goes wrong any more.
    pub(super) fn clear(&self) {
        let mut faults = self.0.lock().expect("no panic under it");
        faults.values_mut().for_each(Fault::let_go_on);
        faults.clear();
    }
}

pub(super) struct Worker {
    path: String,
    faults: Faults,
    is_up: bool,
}

impl Worker {
    pub(super) fn new(path: &str, faults: &Faults) -> Result<Self, Failure> {
        let fails = faults.of(path, |fault| {
            let fails = fault.failing_starts > 0;
            fault.failing_starts -= u32::from(fails);
            fails
        });
        if fails {
            return Err(Failure::new("it does not start"));
        }
        Ok(Worker {
            path: path.to_owned(),
            faults: faults.clone(),
            is_up: false,
        })
    }
}

impl Actor for Worker {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        let slow = self.faults.of(&self.path, |fault| {
            let is_slow = std::mem::take(&mut fault.slow_start);
            is_slow.then(|| fault.holds_up())
        });
        match slow {
            Some(go_on) => {
                let up = go_on.into_actor(self).map(|_, worker, _| {
                    worker.is_up = true;
                });
                context.wait(up);
            }
            None => self.is_up = true,
        }
    }

    fn stopping(&mut self, context: &mut Context<Self>) -> Running {
        if !self.is_up {
            return Running::Stop;
        }
        let slow = self.faults.of(&self.path, |fault| {
            let is_slow = std::mem::take(&mut fault.slow_stop);
            is_slow.then(|| fault.holds_up())
        });
        match slow {
            Some(go_on) => {
                // It is asked again when it goes on.
                self.is_up = false;
                let stops = go_on
                    .into_actor(self)
                    .map(|_, _, context: &mut Context<Self>| context.stop());
                context.spawn(stops);
                Running::Continue
            }
            None => Running::Stop,
        }
    }
}

pub(super) struct End(pub(super) Exit);

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

pub(super) struct MakeProgress;

impl Message for MakeProgress {
    type Result = ();
}

impl Handler<MakeProgress> for Worker {
    type Result = ();
    fn handle(&mut self, _: MakeProgress, context: &mut Context<Self>) {
        context.progress().made();
    }
}
