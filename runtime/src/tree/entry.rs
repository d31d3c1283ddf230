use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::oneshot;

use super::SpawnReplies;
use super::family::{Family, Rules};
use crate::child::{Body, ChildSpec, Recipe};
use crate::exit::{Charge, Exit};
use crate::node::SpawnError;
use crate::restart::BackoffState;

/// How many past exits are kept.
const EXITS_KEPT: usize = 8;

/// A place in the tree; a place used again has another serial number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ChildId {
    pub(crate) key: usize,
    pub(crate) serial: u64,
}

impl ChildId {
    /// No child has it.
    pub(crate) const NOBODY: Self = ChildId {
        key: usize::MAX,
        serial: 0,
    };
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// The actor is made but did not report readiness; or the children of a
    /// supervisor are being started.
    Starting,
    Running,
    /// The actor was asked to stop.
    Stopping,
    /// There is no actor; its children are leaving.
    Ending,
    /// Nothing runs; the next generation starts at the deadline.
    BackingOff,
    /// Nothing runs, until its supervisor or somebody by hand starts it.
    Resting,
}

/// What is to become of a child once it has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Intent {
    /// Whatever its restart policy says.
    Stay,
    /// It is started again at once, for somebody asked for it.
    Renew,
    /// It rests with its group.
    Rest,
    /// It was stopped for good.
    Leave,
}

/// One child, or the root.
pub(crate) struct Entry {
    pub(super) id: ChildId,
    pub(super) parent: Option<usize>,
    /// `None` for the root alone.
    pub(super) spec: Option<ChildSpec>,
    /// Listed in the spec of its supervisor: it stays there while it rests.
    pub(super) fixed: bool,
    pub(super) arbiter: usize,
    /// It is counted on that arbiter.
    pub(super) is_placed: bool,
    /// It has that arbiter for itself.
    pub(super) is_alone: bool,
    pub(super) state: State,
    pub(super) since: Instant,
    pub(super) life: u64,
    pub(super) generation: u64,
    /// The current generation became ready.
    pub(super) was_ready: bool,
    pub(super) exits: VecDeque<(Instant, Exit)>,
    /// Who answers for the last of them.
    pub(super) charge: Charge,
    pub(super) backoff: BackoffState,
    pub(super) deadline: Option<Instant>,
    /// The current generation was sent the kill signal.
    pub(super) killed: bool,
    pub(super) intent: Intent,
    /// It rests until its supervisor starts anew, whatever happens to its group.
    pub(super) held: bool,
    /// The reason to record instead of the one that will be reported.
    pub(super) imposed: Option<Box<Exit>>,
    /// The child below whose start failed, and why; it failed this one's.
    pub(super) failed_start: Option<Box<(String, Exit)>>,
    pub(super) ready: Option<oneshot::Sender<Result<ChildId, SpawnError>>>,
    pub(super) gone: Option<oneshot::Sender<Exit>>,
    /// Whoever waits for it to be at rest, or gone.
    pub(super) ended: Vec<oneshot::Sender<Exit>>,
    family: Option<Box<Family>>,
}

impl Entry {
    pub(super) fn root(rules: Rules, now: Instant) -> Self {
        let id = ChildId {
            key: super::ROOT,
            serial: 0,
        };
        let mut root = Entry {
            state: State::Running,
            generation: 1,
            ..Entry::blank(id, now)
        };
        root.family_mut().rules = rules;
        root
    }

    pub(super) fn child(
        id: ChildId,
        parent: usize,
        spec: ChildSpec,
        replies: Option<SpawnReplies>,
        now: Instant,
    ) -> Self {
        let fixed = replies.is_none();
        let (ready, gone) = match replies {
            Some(SpawnReplies { ready, gone }) => (Some(ready), gone),
            None => (None, None),
        };
        let rules = spec.settings.rules;
        let mut child = Entry {
            parent: Some(parent),
            fixed,
            spec: Some(spec),
            ready,
            gone,
            ..Entry::blank(id, now)
        };
        if rules != Rules::default() {
            child.family_mut().rules = rules;
        }
        child
    }

    fn blank(id: ChildId, now: Instant) -> Self {
        Entry {
            id,
            parent: None,
            spec: None,
            fixed: false,
            arbiter: 0,
            is_placed: false,
            is_alone: false,
            state: State::Resting,
            since: now,
            life: 0,
            generation: 0,
            was_ready: false,
            exits: VecDeque::new(),
            charge: Charge::Supervisor,
            backoff: BackoffState::default(),
            deadline: None,
            killed: false,
            intent: Intent::Stay,
            held: false,
            imposed: None,
            failed_start: None,
            ready: None,
            gone: None,
            ended: Vec::new(),
            family: None,
        }
    }

    /// `None` while it never had children.
    pub(super) fn family(&self) -> Option<&Family> {
        self.family.as_deref()
    }

    pub(super) fn family_mut(&mut self) -> &mut Family {
        self.family.get_or_insert_default()
    }

    /// The keys of its children, in the order of their start.
    pub(super) fn children(&self) -> impl DoubleEndedIterator<Item = usize> + '_ {
        let family = self.family.as_deref();
        family
            .into_iter()
            .flat_map(|family| family.children.values().copied())
    }

    /// The recipe of its actor, unless it is a supervisor or the root.
    pub(super) fn recipe(&self) -> Option<&Arc<dyn Recipe>> {
        match &self.spec.as_ref()?.body {
            Body::Actor(recipe) => Some(recipe),
            Body::Supervisor(_) => None,
        }
    }

    /// An actor is there, or on its way.
    pub(super) fn has_actor(&self) -> bool {
        let alive = matches!(
            self.state,
            State::Starting | State::Running | State::Stopping
        );
        alive && self.recipe().is_some()
    }

    pub(super) fn is_up(&self) -> bool {
        self.state != State::Resting
    }

    pub(super) fn enter(&mut self, state: State, now: Instant) {
        self.state = state;
        self.since = now;
    }

    pub(super) fn record_exit(&mut self, exit: Exit, now: Instant) {
        if self.exits.len() == EXITS_KEPT {
            self.exits.pop_front();
        }
        self.exits.push_back((now, exit));
    }

    pub(super) fn last_exit(&self) -> Exit {
        self.exits
            .back()
            .map_or(Exit::Shutdown, |(_, exit)| exit.clone())
    }
}
