use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use super::patience::{Patience, SHUTDOWN};
use super::{Anchor, Placement, Recipe};
use crate::restart::{Backoff, Restart};
use crate::tree::Rules;

/// Anything from which a child can be made: a [`Child`](crate::Child), a
/// [`Supervisor`](crate::Supervisor), a socket.
pub trait IntoSpec {
    /// What the caller gets to reach the child with.
    type Handle;

    /// The spec, and the handle that goes with it.
    fn into_spec(self) -> (ChildSpec, Self::Handle);
}

/// What a supervisor keeps of a child: everything it needs to make it again.
pub struct ChildSpec {
    pub(crate) name: Arc<str>,
    pub(crate) settings: Settings,
    pub(crate) body: Body,
}

/// For a child that a [`Supervisor`](crate::Supervisor) lists, when its handle was
/// taken from [`into_spec`](IntoSpec::into_spec) before.
impl IntoSpec for ChildSpec {
    type Handle = ();

    fn into_spec(self) -> (ChildSpec, ()) {
        (self, ())
    }
}

/// Is told when a restart was decided, and after which time it comes.
pub(crate) type OnRestarting = Arc<dyn Fn(Duration) + Send + Sync>;

/// How a child is to be treated.
pub(crate) struct Settings {
    pub(crate) kind: Cow<'static, str>,
    pub(crate) restart: Restart,
    pub(crate) shutdown: Duration,
    pub(crate) backoff: Option<Box<Backoff>>,
    /// What says these two instead.
    pub(crate) patience: Option<Patience>,
    pub(crate) on_restarting: Option<OnRestarting>,
    pub(crate) significant: bool,
    /// How it deals with children of its own.
    pub(crate) rules: Rules,
    pub(crate) placement: Placement,
}

impl Settings {
    pub(crate) fn new(kind: &'static str) -> Self {
        Settings {
            kind: kind.into(),
            restart: Restart::Permanent,
            shutdown: SHUTDOWN,
            backoff: None,
            patience: None,
            on_restarting: None,
            significant: false,
            rules: Rules::default(),
            placement: Placement::inherit(),
        }
    }

    /// How long it has to stop, as it is now.
    pub(crate) fn shutdown(&self) -> Duration {
        let patience = self.patience.as_ref();
        patience.map_or(self.shutdown, Patience::shutdown)
    }

    /// The waits between its restarts, as they are now.
    pub(crate) fn backoff(&self) -> Option<Backoff> {
        match &self.patience {
            Some(patience) => patience.backoff(),
            None => self.backoff.as_deref().copied(),
        }
    }
}

/// What runs: an actor, or nothing but children.
pub(crate) enum Body {
    Actor(Arc<dyn Recipe>),
    Supervisor(Box<Listed>),
}

/// What a supervisor is beside its children that run.
pub(crate) struct Listed {
    /// The listed ones, until the tree takes them in.
    pub(crate) children: Vec<ChildSpec>,
    /// Where its handle learns where it is.
    pub(crate) anchor: Arc<Anchor>,
}

/// A spec that is nested too deep to be spawned is not too deep to be dropped.
impl Drop for Listed {
    fn drop(&mut self) {
        let mut rest = std::mem::take(&mut self.children);
        while let Some(mut spec) = rest.pop() {
            if let Body::Supervisor(listed) = &mut spec.body {
                rest.append(&mut listed.children);
            }
        }
    }
}

impl ChildSpec {
    /// On how many levels it is spread out; 1 if nothing is listed in it.
    pub(crate) fn levels(&self) -> usize {
        let mut level = vec![self];
        let mut levels = 0;
        while !level.is_empty() {
            levels += 1;
            level = level.into_iter().flat_map(ChildSpec::listed).collect();
        }
        levels
    }

    /// It and what is listed below, each before its children.
    pub(crate) fn walk(&self) -> impl Iterator<Item = &ChildSpec> {
        let mut rest = vec![self];
        std::iter::from_fn(move || {
            let spec = rest.pop()?;
            rest.extend(spec.listed().iter().rev());
            Some(spec)
        })
    }

    /// Calls `act` for the actor, or for every actor that is listed below.
    pub(crate) fn each_recipe(&self, act: &mut dyn FnMut(&Arc<dyn Recipe>)) {
        for spec in self.walk() {
            if let Body::Actor(recipe) = &spec.body {
                act(recipe);
            }
        }
    }

    /// Where the handles of this supervisor, and of those below, learn where they are.
    pub(crate) fn anchors(&self) -> Vec<Arc<Anchor>> {
        match &self.body {
            Body::Actor(_) => Vec::new(),
            Body::Supervisor(_) => self.walk().filter_map(ChildSpec::anchor).collect(),
        }
    }

    fn anchor(&self) -> Option<Arc<Anchor>> {
        match &self.body {
            Body::Actor(_) => None,
            Body::Supervisor(listed) => Some(listed.anchor.clone()),
        }
    }

    /// Until the tree takes them in.
    fn listed(&self) -> &[ChildSpec] {
        match &self.body {
            Body::Actor(_) => &[],
            Body::Supervisor(listed) => &listed.children,
        }
    }
}
