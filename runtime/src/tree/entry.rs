use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::oneshot;

use super::SpawnReplies;
use crate::ChildSpec;
use crate::exit::Exit;
use crate::node::SpawnError;
use crate::restart::{BackoffState, Intensity, RestartWindow};

/// How many past exits are kept.
const EXITS_KEPT: usize = 8;

/// A place in the tree; a place used again has another serial number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ChildId {
    pub(crate) key: usize,
    pub(crate) serial: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// The actor is made but did not report readiness.
    Starting,
    Running,
    /// The actor was asked to stop.
    Stopping,
    /// The actor is gone; its children are leaving.
    Ending,
    /// Nothing runs; the next generation starts at the deadline.
    BackingOff,
}

impl State {
    pub(crate) fn has_actor(self) -> bool {
        matches!(self, State::Starting | State::Running | State::Stopping)
    }
}

/// One child, or the root.
pub(crate) struct Entry {
    pub(crate) id: ChildId,
    pub(crate) parent: Option<usize>,
    /// By serial number, which is the order of their start.
    pub(crate) children: BTreeMap<u64, usize>,
    pub(crate) names: HashSet<Arc<str>>,
    /// `None` for the root alone.
    pub(crate) spec: Option<ChildSpec>,
    pub(crate) arbiter: usize,
    pub(crate) state: State,
    pub(crate) since: Instant,
    pub(crate) life: u64,
    pub(crate) generation: u64,
    pub(crate) restarts: u64,
    pub(crate) exits: VecDeque<(Instant, Exit)>,
    pub(crate) backoff: BackoffState,
    /// The restarts of its children.
    pub(crate) window: RestartWindow,
    pub(crate) intensity: Intensity,
    pub(crate) deadline: Option<Instant>,
    /// The current generation was sent the kill signal.
    pub(crate) killed: bool,
    /// It is not to be restarted.
    pub(crate) leaving: bool,
    /// The reason to record instead of the one the actor will report.
    pub(crate) imposed: Option<Exit>,
    pub(crate) ready: Option<oneshot::Sender<Result<ChildId, SpawnError>>>,
    pub(crate) gone: Option<oneshot::Sender<Exit>>,
}

impl Entry {
    pub(crate) fn root(intensity: Intensity, now: Instant) -> Self {
        Entry {
            id: ChildId {
                key: super::ROOT,
                serial: 0,
            },
            parent: None,
            children: BTreeMap::new(),
            names: HashSet::new(),
            spec: None,
            arbiter: 0,
            state: State::Running,
            since: now,
            life: 0,
            generation: 1,
            restarts: 0,
            exits: VecDeque::new(),
            backoff: BackoffState::default(),
            window: RestartWindow::default(),
            intensity,
            deadline: None,
            killed: false,
            leaving: false,
            imposed: None,
            ready: None,
            gone: None,
        }
    }

    pub(crate) fn child(
        id: ChildId,
        parent: usize,
        arbiter: usize,
        spec: ChildSpec,
        replies: SpawnReplies,
        now: Instant,
    ) -> Self {
        Entry {
            id,
            parent: Some(parent),
            arbiter,
            state: State::Starting,
            generation: 0,
            ready: Some(replies.ready),
            gone: Some(replies.gone),
            intensity: spec.intensity,
            spec: Some(spec),
            ..Entry::root(Intensity::default(), now)
        }
    }

    pub(crate) fn enter(&mut self, state: State, now: Instant) {
        self.state = state;
        self.since = now;
    }

    pub(crate) fn record_exit(&mut self, exit: Exit, now: Instant) {
        if self.exits.len() == EXITS_KEPT {
            self.exits.pop_front();
        }
        self.exits.push_back((now, exit));
    }

    pub(crate) fn last_exit(&self) -> Exit {
        self.exits
            .back()
            .map_or(Exit::Shutdown, |(_, exit)| exit.clone())
    }
}
