use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::mpsc;
use std::thread;

use actix_rt::{Arbiter, ArbiterHandle, System};

use super::NodeError;

/// The threads of a node on which actors run.
pub(super) struct Arbiters {
    pool: Vec<Thread>,
    dedicated: HashMap<usize, Thread>,
}

struct Thread {
    handle: ArbiterHandle,
    /// The caller's own thread is borrowed and outlives the node.
    owned: bool,
}

impl Arbiters {
    /// `count` arbiters; number 0 is the calling thread if it is one already.
    pub(super) fn start(count: usize) -> Result<Self, NodeError> {
        let mut pool = Vec::with_capacity(count);
        if let Some(handle) = Arbiter::try_current() {
            pool.push(Thread {
                handle,
                owned: false,
            });
        }
        while pool.len() < count {
            pool.push(start_thread(format!("treewire-{}", pool.len()))?);
        }
        Ok(Arbiters {
            pool,
            dedicated: HashMap::new(),
        })
    }

    /// The arbiter with that number; a dedicated one is started when first asked for.
    pub(super) fn get(&mut self, number: usize) -> Result<&ArbiterHandle, NodeError> {
        if number < self.pool.len() {
            return Ok(&self.pool[number].handle);
        }
        let thread = match self.dedicated.entry(number) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => unknown.insert(start_thread(format!("treewire-{number}"))?),
        };
        Ok(&thread.handle)
    }

    pub(super) fn release(&mut self, number: usize) {
        if let Some(thread) = self.dedicated.remove(&number) {
            thread.stop();
        }
    }

    pub(super) fn stop(self) {
        self.pool
            .into_iter()
            .chain(self.dedicated.into_values())
            .for_each(Thread::stop);
    }
}

impl Thread {
    fn stop(self) {
        if self.owned {
            self.handle.spawn_fn(|| System::current().stop());
        }
    }
}

/// Every arbiter has an actix system of its own, so that one can be given up
/// without the others noticing. Blocks for the moment that a thread takes to start.
fn start_thread(name: String) -> Result<Thread, NodeError> {
    let (started, handle) = mpsc::channel();
    let failed = |reason: String| NodeError::Thread {
        name: name.clone(),
        reason,
    };
    thread::Builder::new()
        .name(name.clone())
        .spawn(move || {
            let system = System::new();
            // The receiver waits right below.
            let _ = started.send(Arbiter::current());
            if let Err(error) = system.run() {
                tracing::error!("an arbiter ended: {error}");
            }
        })
        .map_err(|error| failed(error.to_string()))?;
    let handle = handle
        .recv()
        .map_err(|_| failed("it ended at once".into()))?;
    Ok(Thread {
        handle,
        owned: true,
    })
}
