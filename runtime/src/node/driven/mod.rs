//! Nodes whose time and schedule belong to a test.

mod calm;
mod chance;
mod ground;
mod schedule;
mod seeds;
mod standstill;

use std::collections::HashMap;
use std::fmt;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::runtime::Handle;

use super::Identity;
use super::ground::Foundation;
use crate::clock::Clock;
use calm::{Calm, PATIENCE};
pub use chance::Chance;
use ground::Tasks;
pub(super) use schedule::Schedule;
use schedule::Scheduled;
pub use seeds::seeds;

/// Runs `test` in a world of its own, and returns what it returns.
///
/// All nodes that were built with [`driven`](crate::NodeBuilder::driven) on that
/// [`World`] are tasks of one fresh thread, and so is the test. Time stands still
/// while any of them can run, and then goes on to the next timer at once: a wait of
/// an hour takes no time, and what is awaited either comes or is found never to
/// come. Which of several runnable tasks goes first follows from `seed`, and so does
/// all chance, so that a run replays exactly; another seed tries another order. The
/// seed of a test that fails is printed.
///
/// Time has a grain of 1 ms, as tokio's timers have. All timers of tokio and of
/// actix follow it (`run_later`, `run_interval`), but what waits for the world
/// outside does not: the clock jumps while a real socket or a blocking call is
/// waited for. Nodes talk over `inproc` there, or over a simulated network. The
/// order in which several waiters of one `tokio::sync::watch` and the branches of a
/// `tokio::select!` that is not `biased` go first is tokio's choice and does not
/// replay.
///
/// ```
/// use std::time::Duration;
/// use treewire_runtime::{Node, driven};
///
/// driven(7, async |world| {
///     let node = Node::builder("sums").driven(&world).start().await.unwrap();
///     let begun = world.now();
///     world.pass(Duration::from_secs(3_600)).await;
///     assert_eq!(world.now() - begun, Duration::from_secs(3_600));
///     node.stop().await.unwrap();
/// });
/// ```
///
/// # Panics
/// When the test panics; when it waits for something that never comes, which is
/// taken for granted after 30 days of its time; when something keeps waking itself,
/// so that none of its time passes within 20 s of the machine's.
pub fn driven<T: Send>(seed: u64, test: impl AsyncFnOnce(World) -> T + Send) -> T {
    let name = thread::current().name().unwrap_or("driven").to_owned();
    thread::scope(|scope| {
        // What earlier worlds left in variables of their thread would not replay.
        let fresh = thread::Builder::new().name(name);
        let world = fresh.spawn_scoped(scope, || live(seed, test));
        let world = world.expect("the system refuses a thread");
        world.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}

fn live<T>(seed: u64, test: impl AsyncFnOnce(World) -> T) -> T {
    let _seed = TellSeed(seed);
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .expect("the system refuses the resources of a runtime")
    };
    actix_rt::System::with_tokio_rt(runtime).block_on(async {
        let world = World::new(seed);
        let test = Scheduled::new(test(world.clone()), world.schedule());
        world.0.calm.run(test).await
    })
}

struct TellSeed(u64);

impl Drop for TellSeed {
    fn drop(&mut self) {
        if thread::panicking() {
            let (seed, variable) = (self.0, seeds::VARIABLE);
            eprintln!("the seed of this world was {seed}: {variable}={seed} replays it");
        }
    }
}

/// The time, the schedule and the chance of a test; see [`driven()`]. Clones are
/// the same world.
#[derive(Clone)]
pub struct World(Arc<Inner>);

struct Inner {
    seed: u64,
    clock: Clock,
    schedule: Arc<Schedule>,
    calm: Arc<Calm>,
    /// How many nodes of a name were started.
    nodes: Mutex<HashMap<String, u64>>,
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "World({})", self.0.seed)
    }
}

impl World {
    fn new(seed: u64) -> Self {
        World(Arc::new(Inner {
            seed,
            clock: Clock::of_a_world(Handle::current()),
            schedule: Arc::new(Schedule::new(seed)),
            calm: Arc::default(),
            nodes: Mutex::default(),
        }))
    }

    /// From what everything in it follows.
    pub fn seed(&self) -> u64 {
        self.0.seed
    }

    /// The clock that all nodes of the world share.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// A reading of that clock.
    pub fn now(&self) -> Instant {
        self.0.clock.now()
    }

    /// Lets time pass, from timer to timer in their order; what each makes runnable
    /// has run before the next is due. Returns when nothing more can run at the end
    /// of that time. A part of a millisecond counts as a whole one.
    pub async fn pass(&self, time: Duration) {
        let end = self.now() + time;
        // In steps that do not look like waiting for ever.
        while self.now() < end {
            let step = self.now() + PATIENCE / 2;
            self.0.clock.sleep_until(end.min(step)).await;
        }
        self.settle().await;
    }

    /// Lets everything run that can run without time passing.
    pub async fn settle(&self) {
        self.0.calm.comes().await;
    }

    /// From now on tasks run in the order in which they became runnable, whatever the
    /// seed, and each handles as much in one go as it may: for who counts what a node
    /// does, rather than looking for an order in which it does wrong.
    pub fn keep_order(&self) {
        self.0.schedule.keep_order();
    }

    /// Chance for the test's own use, the row named `label` of the world's seed.
    pub fn chance(&self, label: &str) -> Chance {
        Chance::new(self.0.seed, label)
    }

    pub(super) fn schedule(&self) -> Arc<Schedule> {
        self.0.schedule.clone()
    }

    /// What a node of the world stands on.
    pub(super) fn foundation(&self, name: String, seed: Option<u64>) -> Foundation {
        let mut nodes = self.0.nodes.lock();
        let earlier = nodes.entry(name.clone()).or_default();
        let mut chance = self.chance(&format!("node {name} {earlier}"));
        *earlier += 1;
        let (seed, high, low) = (
            seed.unwrap_or_else(|| chance.number()),
            chance.number(),
            chance.number(),
        );
        let instance = (u128::from(high) << 64 | u128::from(low)).to_be_bytes();
        let schedule = self.schedule();
        Foundation {
            identity: Identity::new(name, instance),
            seed,
            clock: self.0.clock.clone(),
            ground: Box::new(Tasks(schedule.clone())),
            control: Tasks::run_control(schedule),
        }
    }
}
