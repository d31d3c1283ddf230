use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Exit;

/// A node and everything in it, at one moment.
///
/// As JSON, each level of the tree takes an object and an array, and there may be
/// [`LEVELS_MAX`](crate::LEVELS_MAX) of them. `serde_json` reads 128 in each other, unless
/// its `disable_recursion_limit` is called; then a deep one needs a larger stack, too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeSnapshot {
    /// The node's name.
    pub name: String,
    /// The instance id: 32 hexadecimal digits.
    pub instance: String,
    /// The incarnation of the instance.
    pub incarnation: u64,
    /// The process id.
    pub process: u32,
    /// Milliseconds since 1970-01-01 UTC at which this was taken.
    pub taken_at_unix_ms: u64,
    /// Milliseconds since the node started.
    pub uptime_ms: u64,
    /// The restarts of all children, dead ones included.
    pub restarts: u64,
    /// Children that had their thread in hand when somebody on it, themselves perhaps, missed
    /// the kill deadline; they were abandoned with that thread. By path.
    pub zombies: Vec<String>,
    /// The children of the root, in the order of their start.
    pub children: Vec<ChildSnapshot>,
}

/// One child and what it supervises, at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChildSnapshot {
    /// Its name, unique among its siblings.
    pub name: String,
    /// The names from the root's child down to this one, joined by `/`.
    pub path: String,
    /// What it is: `actor`, `push`, `listener`, …
    pub kind: String,
    /// What it does now.
    pub state: ChildState,
    /// Milliseconds since it entered that state.
    pub state_for_ms: u64,
    /// How many generations there were, the current one included.
    pub generation: u64,
    /// How many of them were restarts.
    pub restarts: u64,
    /// The last exits, at most eight, newest last.
    pub exits: Vec<PastExit>,
    /// The arbiter (thread) it is placed on.
    pub arbiter: usize,
    /// Its bounded mailbox.
    pub mailbox: MailboxSnapshot,
    /// Messages its actor handled.
    pub handled: u64,
    /// Nanoseconds its actor was busy; an estimate.
    pub busy_nanos: u64,
    /// The longest single poll of its actor that was timed, in nanoseconds.
    pub longest_poll_nanos: u64,
    /// Messages that came in over a wire.
    pub messages_in: u64,
    /// Messages that went out over a wire.
    pub messages_out: u64,
    /// Bytes that came in over a wire.
    pub bytes_in: u64,
    /// Bytes that went out over a wire.
    pub bytes_out: u64,
    /// Dropped messages by cause.
    pub drops: BTreeMap<String, u64>,
    /// What its kind adds: endpoint, peer, …
    pub details: BTreeMap<String, String>,
    /// What it supervises, in the order of their start.
    pub children: Vec<ChildSnapshot>,
}

impl ChildSnapshot {
    /// This child and all below it, parents first.
    pub fn walk(&self) -> impl Iterator<Item = &ChildSnapshot> {
        walk(std::slice::from_ref(self))
    }
}

impl NodeSnapshot {
    /// All children, parents before their children.
    pub fn walk(&self) -> impl Iterator<Item = &ChildSnapshot> {
        walk(&self.children)
    }

    /// The child at `path` (`socket/listener/…`).
    pub fn find(&self, path: &str) -> Option<&ChildSnapshot> {
        self.walk().find(|child| child.path == path)
    }
}

/// In a row, however deep they are.
fn walk(children: &[ChildSnapshot]) -> impl Iterator<Item = &ChildSnapshot> {
    let mut rest: Vec<&ChildSnapshot> = children.iter().rev().collect();
    std::iter::from_fn(move || {
        let child = rest.pop()?;
        rest.extend(child.children.iter().rev());
        Some(child)
    })
}

/// What a child does at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChildState {
    /// Made, but not ready yet.
    Starting,
    /// Ready.
    Running,
    /// Waiting for its next generation.
    BackingOff,
    /// Asked to stop, or waiting for its own children to end.
    Stopping,
    /// It has ended and stays, until its supervisor or somebody by hand starts it.
    Resting,
}

impl fmt::Display for ChildState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ChildState::Starting => "starting",
            ChildState::Running => "running",
            ChildState::BackingOff => "backing off",
            ChildState::Stopping => "stopping",
            ChildState::Resting => "resting",
        })
    }
}

/// An exit that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PastExit {
    /// Why the generation ended.
    pub reason: Exit,
    /// How many milliseconds before the snapshot.
    pub ago_ms: u64,
}

/// The bounded mailbox of a child.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct MailboxSnapshot {
    /// Messages waiting.
    pub depth: u64,
    /// The most that ever waited.
    pub high_water: u64,
    /// How many may wait.
    pub capacity: u64,
}
