use std::sync::Arc;

use actix::dev::{MessageResponse, OneshotSender};
use actix::{Actor, Message};

/// Another node answers where the one was that a session is with: asked of the actor that
/// [`Stickiness::ask`](crate::Stickiness::ask) names, once for each attempt that it has not
/// decided on yet.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PeerReplaced {
    /// What is dialed, as it was given.
    pub endpoint: Arc<str>,
    /// The address of who answers, for people.
    pub peer: Arc<str>,
    /// The instance id of the node that the session is with.
    pub known: [u8; 16],
    /// That of the node that answers; nobody vouches for it.
    pub instance: [u8; 16],
    /// How many messages the first node may have handled and did not say so: a fail-over
    /// sends them again.
    pub unacknowledged: u64,
    /// How many wait that never left.
    pub waiting: u64,
}

impl Message for PeerReplaced {
    type Result = Replacement;
}

/// What becomes of a session of which [another node answers](PeerReplaced).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Replacement {
    /// The session ends, as with [`Stickiness::Stick`](crate::Stickiness::Stick).
    StayAway,
    /// That node has it from now on, as with
    /// [`Stickiness::Failover`](crate::Stickiness::Failover).
    FailOver,
    /// The node is turned away this time; the next attempt asks again.
    TryLater,
}

impl<A: Actor> MessageResponse<A, PeerReplaced> for Replacement {
    fn handle(self, _: &mut A::Context, answer: Option<OneshotSender<Replacement>>) {
        if let Some(answer) = answer {
            // Whoever asked may not wait any more.
            let _ = answer.send(self);
        }
    }
}
