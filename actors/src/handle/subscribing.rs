use std::ops::Deref;

use super::SocketHandle;
use crate::core::SubscriptionRefused;
use crate::pattern::{Pattern, PatternError};
use crate::position::StreamPosition;

/// The handle of a [`Sub`](crate::Sub) socket.
#[derive(Clone, Debug)]
pub struct SubSocket(pub(crate) SocketHandle);

impl Deref for SubSocket {
    type Target = SocketHandle;

    fn deref(&self) -> &SocketHandle {
        &self.0
    }
}

/// Why a subscription is not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct SubscribeError {
    reason: String,
}

impl From<PatternError> for SubscribeError {
    fn from(error: PatternError) -> Self {
        let reason = error.to_string();
        SubscribeError { reason }
    }
}

impl From<SubscriptionRefused> for SubscribeError {
    fn from(refused: SubscriptionRefused) -> Self {
        let reason = refused.to_string();
        SubscribeError { reason }
    }
}

impl SubSocket {
    /// Subscribes to the topics of these dotted tokens; see [`Pattern::tokens`]. Every
    /// publisher is told, now and whenever it comes back. The same pattern may be subscribed to
    /// several times, and is then to be taken back as often.
    ///
    /// # Errors
    /// If it is no pattern, or one too many: a socket may have 100,000, and 16 MiB of them.
    pub fn subscribe(&self, tokens: &str) -> Result<(), SubscribeError> {
        self.subscribe_to(Pattern::tokens(tokens)?)
    }

    /// The same to all topics that begin with these bytes.
    ///
    /// # Errors
    /// As [`subscribe`](Self::subscribe).
    pub fn subscribe_prefix(&self, bytes: impl AsRef<[u8]>) -> Result<(), SubscribeError> {
        self.subscribe_to(Pattern::prefix(bytes.as_ref().to_vec())?)
    }

    /// The same to any pattern.
    ///
    /// # Errors
    /// As [`subscribe`](Self::subscribe).
    pub fn subscribe_to(&self, pattern: Pattern) -> Result<(), SubscribeError> {
        Ok(self.shared.core(|core| core.subscribe(pattern))?)
    }

    /// Takes a subscription back, once; whether there was one. Messages that were sent before
    /// the publisher learned of it still come.
    pub fn unsubscribe(&self, tokens: &str) -> bool {
        Pattern::tokens(tokens).is_ok_and(|pattern| self.unsubscribe_from(&pattern))
    }

    /// The same of a prefix.
    pub fn unsubscribe_prefix(&self, bytes: impl AsRef<[u8]>) -> bool {
        Pattern::prefix(bytes.as_ref().to_vec())
            .is_ok_and(|pattern| self.unsubscribe_from(&pattern))
    }

    /// The same of any pattern.
    pub fn unsubscribe_from(&self, pattern: &Pattern) -> bool {
        let was_there = self.shared.core(|core| core.unsubscribe(pattern));
        self.shared.changed.notify_waiters();
        was_there
    }

    /// What it subscribed to, in no order.
    pub fn subscriptions(&self) -> Vec<Pattern> {
        self.shared.core(|core| core.subscriptions())
    }

    /// Waits until every publisher that is connected, at least one, knows all subscriptions made
    /// so far: whatever it publishes from then on comes. `false` if the socket has closed.
    ///
    /// Cancel-safe.
    pub async fn joined(&self) -> bool {
        self.0.until(|core| core.has_joined()).await
    }

    /// How far each stream came that it follows, or followed lately: to go on from there with
    /// [`Sub::resume_from`](crate::Sub::resume_from). What is received and not yet taken counts as
    /// having come: the position of a message stands [in it](crate::Message::position).
    pub fn positions(&self) -> Vec<StreamPosition> {
        self.shared.core(|core| core.positions())
    }
}
