//! The supervision tree of Treewire, on actix. It knows no bytes.
//!
//! A [`Node`] is one process' actor system. Everything in it is a child: made
//! from a spec ([`Child`]), addressed by a [`Ref`] that stays good over
//! restarts, and supervised by the actor (or the node) that spawned it. All
//! decisions of supervision are made by one pure state machine, `tree::Tree`,
//! on a control thread that never runs user code.
//!
//! ```
//! use actix::prelude::*;
//! use treewire_runtime::{Child, Context, Node};
//!
//! struct Adder { sum: u64 }
//! impl Actor for Adder { type Context = Context<Self>; }
//!
//! struct Add(u64);
//! impl Message for Add { type Result = u64; }
//! impl Handler<Add> for Adder {
//!     type Result = u64;
//!     fn handle(&mut self, add: Add, _: &mut Context<Self>) -> u64 {
//!         self.sum += add.0;
//!         self.sum
//!     }
//! }
//!
//! treewire_runtime::run(async {
//!     let node = Node::builder("sums").start().await.unwrap();
//!     let adder = node.spawn(Child::new("adder", || Adder { sum: 0 })).await.unwrap();
//!     assert_eq!(adder.send(Add(2)).await.unwrap(), 2);
//!     node.stop().await.unwrap();
//! });
//! ```

mod child;
mod clock;
mod context;
mod execution;
mod exit;
mod life;
#[cfg(treewire_loom)]
pub mod model;
mod node;
mod observe;
mod panics;
mod reference;
mod restart;
mod retry;
mod slot;
mod sync;
mod tree;

pub use child::{
    Child, ChildSpec, IntoSpec, Mailbox, Patience, Placement, Supervisor, SupervisorRef,
};
pub use clock::Clock;
pub use context::{Answer, Context, Reply};
pub use execution::Execution;
pub use exit::{Exit, Failure, Killer};
#[cfg(feature = "driven")]
pub use node::{Chance, World, driven, seeds};
pub use node::{
    ChildHandle, Identity, LookupError, Node, NodeBuilder, NodeError, Progress, RegisterError,
    Registered, SpawnError, Spawning, run,
};
pub use observe::{
    ChildSnapshot, ChildState, Counter, DeadLetter, DeadLetters, DropCause, Event, EventKind,
    Events, MailboxSnapshot, NodeSnapshot, PastExit, Stats,
};
pub use panics::Panic;
pub use reference::{Ask, Down, Monitor, Ref, Scheduled, SendError, Tell, Waiting};
pub use restart::{AutoShutdown, Backoff, Intensity, Restart, Strategy, Verdict};
pub use retry::{GivenUp, Retry, RetryError, RetryHandle};
pub use slot::{Loss, Origin, Outcome, Port, PortRefusal};
pub use tree::LEVELS_MAX;

/// Any error, as programs built on Treewire pass it up to `main`.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

/// The result of a fallible function of a program built on Treewire.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Prints an error and its causes to standard error, as `#[treewire::main]` does.
pub fn print_error(error: &(dyn std::error::Error + 'static)) {
    eprint!("error: {error}");
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        // A transparent wrapper says the same as what it wraps.
        let next = source.to_string();
        if next != text {
            eprint!(": {next}");
        }
        text = next;
        cause = source.source();
    }
    eprintln!();
}
