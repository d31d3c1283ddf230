use std::fmt;
use std::time::{Duration, Instant};

use tokio::sync::broadcast;

use crate::Exit;

/// Something that happened to a child.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// When it happened.
    pub at: Instant,
    /// The child's path.
    pub path: String,
    /// The generation it happened to, counted from 1.
    pub generation: u64,
    /// What happened.
    pub kind: EventKind,
}

/// What can happen to a child.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum EventKind {
    /// A generation is ready.
    Started,
    /// A generation ended.
    Exited(Exit),
    /// The next generation starts after this time.
    Restarting {
        /// Zero means at once.
        after: Duration,
    },
    /// It failed too often, or for good; its supervisor fails with this reason.
    Escalated(Exit),
    /// It left the tree for good.
    Removed,
    /// It has its thread in hand while somebody there, itself perhaps, does not end when
    /// killed; it was abandoned with its thread.
    Zombie,
    /// It was given up with its thread, which a zombie blocks.
    Stranded {
        /// The path of the zombie.
        zombie: String,
    },
}

impl EventKind {
    /// Nothing went wrong.
    pub(crate) fn is_ordinary(&self) -> bool {
        match self {
            EventKind::Exited(exit) => !exit.is_abnormal(),
            EventKind::Started | EventKind::Restarting { .. } | EventKind::Removed => true,
            EventKind::Escalated(_) | EventKind::Zombie | EventKind::Stranded { .. } => false,
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} #{} ", self.path, self.generation)?;
        match &self.kind {
            EventKind::Started => f.write_str("started"),
            EventKind::Exited(exit) => write!(f, "exited: {exit}"),
            EventKind::Restarting { after } => write!(f, "restarts after {after:?}"),
            EventKind::Escalated(exit) => write!(f, "is not restarted any more: {exit}"),
            EventKind::Removed => f.write_str("removed"),
            EventKind::Zombie => f.write_str("is a zombie: it is given up with its thread"),
            EventKind::Stranded { zombie } => {
                write!(f, "is given up with its thread, which {zombie} blocks")
            }
        }
    }
}

/// The events of a node from the moment of subscription on.
///
/// Reading slowly never holds the tree up: at most 4,096 events wait, then the
/// oldest are lost and counted.
#[derive(Debug)]
pub struct Events {
    receiver: broadcast::Receiver<Event>,
    missed: u64,
}

impl Events {
    /// The next event, or `None` once the node has ended.
    ///
    /// Cancel-safe: a dropped call loses nothing.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            match self.receiver.recv().await {
                Ok(event) => return Some(event),
                Err(broadcast::error::RecvError::Lagged(count)) => self.missed += count,
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }

    /// How many events were lost because this reader was slow.
    pub fn missed(&self) -> u64 {
        self.missed
    }
}

/// The side of the control thread.
pub(crate) struct EventSender(broadcast::Sender<Event>);

impl EventSender {
    pub(crate) fn new() -> Self {
        EventSender(broadcast::channel(4_096).0)
    }

    pub(crate) fn has_listeners(&self) -> bool {
        self.0.receiver_count() > 0
    }

    pub(crate) fn send(&self, event: Event) {
        // An error only says that nobody listens.
        let _ = self.0.send(event);
    }

    pub(crate) fn subscribe(&self) -> Events {
        Events {
            receiver: self.0.subscribe(),
            missed: 0,
        }
    }
}
