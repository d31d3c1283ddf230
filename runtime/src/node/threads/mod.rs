//! The ordinary ground of a node: threads of its own, and the caller's.

mod arbiter;
mod cores;

use std::{io, thread};

use actix_rt::{Arbiter, ArbiterHandle};
use tokio::runtime::{Builder, Runtime};

use super::ground::{Foundation, Ground, Post, RunControl};
use super::reaper::Reaping;
use super::{Identity, NodeError};
use crate::clock::Clock;
use cores::Cores;

const CONTROL: &str = "treewire-control";

struct Threads {
    cores: Cores,
}

/// A ground with a random identity and, unless one is given, a random seed.
pub(super) fn foundation(
    name: String,
    seed: Option<u64>,
    pin_to_cores: bool,
) -> Result<Foundation, NodeError> {
    let no_randomness = |error: getrandom::Error| NodeError::Thread {
        name: CONTROL.to_owned(),
        reason: format!("no randomness: {error}"),
    };
    let mut instance = [0; 16];
    getrandom::fill(&mut instance).map_err(no_randomness)?;
    let seed = match seed {
        Some(seed) => seed,
        None => getrandom::u64().map_err(no_randomness)?,
    };
    let cores = if pin_to_cores {
        Cores::of_this_thread()
    } else {
        Cores::default()
    };
    // Its timers serve every thread that has none.
    let runtime = runtime().map_err(|error| refusal(CONTROL, &error))?;
    Ok(Foundation {
        identity: Identity::new(name, instance),
        seed,
        clock: Clock::with_timers(runtime.handle().clone()),
        ground: Box::new(Threads { cores }),
        control: run_control(runtime),
    })
}

fn run_control(runtime: Runtime) -> RunControl {
    Box::new(|work| begin(CONTROL, move || runtime.block_on(work)))
}

impl Ground for Threads {
    fn serve(&self, post: Post) -> Result<(), NodeError> {
        // The control thread is no arbiter: only the first thread behind number 0 is borrowed.
        let caller = Arbiter::try_current().filter(ArbiterHandle::alive);
        if let (0, Some(caller)) = (post.number, caller) {
            // If it ends right now it drops the post, which tells of it.
            caller.spawn(arbiter::borrow(post));
            return Ok(());
        }
        let core = self.cores.of(post.number);
        let name = post.name.clone();
        begin(&name, move || arbiter::serve_here(post, core))
    }

    fn reap(&self, reaping: Reaping) -> Result<(), NodeError> {
        begin(reaping.name, move || reaping.run_on_a_thread())
    }
}

fn begin(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), NodeError> {
    match thread::Builder::new().name(name.to_owned()).spawn(work) {
        Ok(_) => Ok(()),
        Err(error) => Err(refusal(name, &error)),
    }
}

fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

fn refusal(name: &str, error: &io::Error) -> NodeError {
    NodeError::Thread {
        name: name.to_owned(),
        reason: error.to_string(),
    }
}
