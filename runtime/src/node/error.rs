use crate::exit::Exit;

/// Why a child was not spawned.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SpawnError {
    /// Its supervisor has a child of that name.
    #[error(
        "{} already has a child named {name:?}: choose another name",
        supervisor(parent)
    )]
    DuplicateName {
        /// The name in question.
        name: String,
        /// The supervisor's path; empty for the root.
        parent: String,
    },
    /// Its first generation ended before it was ready.
    #[error("{path} did not start: {exit}")]
    Failed {
        /// The child's path.
        path: String,
        /// Why the generation ended.
        exit: Exit,
    },
    /// It was to be pinned to a thread that the node does not have.
    #[error("there is no arbiter {wanted}: the node has {have}, counted from 0")]
    NoSuchArbiter {
        /// The arbiter asked for.
        wanted: usize,
        /// How many there are.
        have: usize,
    },
    /// It is significant, which is about what is not restarted, and yet permanent.
    #[error("{path} is significant and permanent: make it transient or temporary")]
    SignificantPermanent {
        /// The child's path.
        path: String,
    },
    /// It, or what it lists, would lie further below the root than 500 levels
    /// ([`LEVELS_MAX`](crate::LEVELS_MAX)).
    #[error("{path} and what it lists reach below level {levels_max}: nest less deeply")]
    TooDeep {
        /// The child's path.
        path: String,
        /// The deepest level there may be; the root's children are on the first.
        levels_max: usize,
    },
    /// What was to supervise it has ended, or does not run yet.
    #[error("the supervisor of the child has ended or does not run yet")]
    ParentEnded,
    /// The node has ended, or is ending.
    #[error("the node has ended, or is about to")]
    NodeEnded,
}

fn supervisor(path: &str) -> &str {
    if path.is_empty() { "the node" } else { path }
}

/// Why an actor was not given a name.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// Another actor has it.
    #[error("the name {name:?} is taken by {holder}: choose another, or unregister it first")]
    Taken {
        /// The name in question.
        name: String,
        /// The path of the actor that has it; its type if it was not spawned yet.
        holder: String,
    },
    /// The actor has stopped for good.
    #[error("the actor to be called {name:?} has stopped ({exit})")]
    Gone {
        /// The name in question.
        name: String,
        /// The actor's last exit.
        exit: Exit,
    },
}

/// Why no actor was found under a name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LookupError {
    /// Nobody has it, or not any more.
    #[error("no actor is called {name:?}: `Node::register` gives names")]
    Unknown {
        /// The name in question.
        name: String,
    },
    /// An actor of another type has it.
    #[error("{name:?} is an actor of type {actual}, not {asked}")]
    OtherType {
        /// The name in question.
        name: String,
        /// The type of the actor that has it.
        actual: &'static str,
        /// The type that was asked for.
        asked: &'static str,
    },
}

/// What can go wrong with a node as a whole.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NodeError {
    /// A child of the root failed too often, or for good, so the node stopped.
    #[error("{child} is not restarted any more, so the node stopped; the last time it {exit}")]
    Escalated {
        /// The child's path.
        child: String,
        /// Its last exit.
        exit: Exit,
    },
    /// Some children did not stop within the node's stop budget.
    #[error("the node ended without waiting any longer for: {}", blocking.join(", "))]
    StopTimedOut {
        /// The paths of those that were still there.
        blocking: Vec<String>,
    },
    /// No child has that path.
    #[error("there is no child at {path:?}: `tree` lists the paths")]
    NoSuchChild {
        /// The path asked for.
        path: String,
    },
    /// The supervisor that was asked is not in the tree: it was not spawned yet, or
    /// has left for good.
    #[error("the supervisor has ended or does not run yet")]
    NoSuchSupervisor,
    /// A thread could not be started.
    #[error("cannot start the thread {name}: {reason}")]
    Thread {
        /// The thread's name.
        name: String,
        /// What the operating system said.
        reason: String,
    },
    /// Panics abort this process, so no child could be restarted.
    #[error("panics abort this program: remove `panic = \"abort\"` from its profile")]
    PanicsAbort,
    /// A child that belongs to the node did not start.
    #[error(transparent)]
    Spawn(#[from] SpawnError),
    /// The node has ended.
    #[error("the node has ended")]
    Ended,
}
