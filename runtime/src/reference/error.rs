use std::fmt;

use actix::Actor;

use crate::execution::Execution;
use crate::exit::Exit;
use crate::slot::Slot;

/// Why a message was not answered. What was not handled comes back.
#[derive(Clone, PartialEq, Eq)]
pub enum SendError<M> {
    /// The queue is at its bound.
    Full(M),
    /// The actor has stopped for good.
    Stopped(M, Exit),
    /// The actor's generation ended while it was handling the message.
    LostInCrash(Exit),
    /// The time was up.
    Timeout {
        /// What the message was waiting for.
        waiting: Waiting,
        /// The message, unless its handler had begun.
        message: Option<M>,
    },
    /// The handler let go of the message without an answer; the actor lives.
    Unanswered,
}

/// What a message was waiting for when its time was up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// Room in the queue, or its turn there.
    Queued,
    /// A generation of the actor that is ready: the next one, or the first.
    Restarting,
    /// The end of its handler.
    Handling,
}

impl Waiting {
    /// What a message waits for that no handler has seen.
    pub(super) fn in_queue<A: Actor<Context: Execution<A>>>(slot: &Slot<A>) -> Self {
        if slot.queue.is_served() {
            Waiting::Queued
        } else {
            Waiting::Restarting
        }
    }
}

impl<M> fmt::Debug for SendError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<M> fmt::Display for SendError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SendError::Full(_) => {
                f.write_str("the actor's mailbox is full: send slower, or raise its capacity")
            }
            SendError::Stopped(_, exit) => write!(f, "the actor has stopped ({exit})"),
            SendError::LostInCrash(exit) => {
                write!(
                    f,
                    "the actor ended while it was handling the message ({exit})"
                )
            }
            SendError::Timeout { waiting, .. } => match waiting {
                Waiting::Queued => f.write_str("timed out while queued"),
                Waiting::Restarting => f.write_str("timed out while the actor was restarting"),
                Waiting::Handling => f.write_str("timed out while being handled"),
            },
            SendError::Unanswered => {
                f.write_str("the handler let go of the message without an answer")
            }
        }
    }
}

impl<M> std::error::Error for SendError<M> {}
