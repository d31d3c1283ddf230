//! What publishers and subscribers have beside the others' options.

use treewire_runtime::Ref;

use super::{Pub, Serves, ServesPositions, Sub};
use crate::bound::Bound;
use crate::pattern::{Pattern, PatternError};
use crate::position::StreamPosition;
use crate::typed::{Routes, WireMessage};

impl Pub {
    /// Keeps the last messages for those who missed them: a subscriber that was away, or whose
    /// queue was at its bound, gets them before what is new, and is told what it missed only
    /// of what is not kept any more. Nobody is waited for then, whatever the overflow policy says.
    /// It is `replay-messages-max` and `replay-bytes-max` in one. Default:
    /// none are kept.
    pub fn replay(mut self, bound: Bound) -> Self {
        let Bound { messages, bytes } = bound.within_limits();
        self.0.options.replay_messages_max = messages;
        self.0.options.replay_bytes_max = bytes;
        self
    }
}

impl Sub {
    /// Subscribes to the topics of these dotted tokens, where `*` stands for exactly one token
    /// and `>` for one or more at the end; may be called again. What is no pattern keeps the
    /// socket from starting. See [`Pattern::tokens`].
    pub fn subscribe(self, tokens: &str) -> Self {
        self.subscribe_to(Pattern::tokens(tokens))
    }

    /// The same to all topics that begin with these bytes; if they are none, to all topics.
    pub fn subscribe_prefix(self, bytes: impl AsRef<[u8]>) -> Self {
        self.subscribe_to(Pattern::prefix(bytes.as_ref().to_vec()))
    }

    fn subscribe_to(mut self, pattern: Result<Pattern, PatternError>) -> Self {
        match pattern {
            Ok(pattern) => self.0.patterns.push(pattern),
            Err(error) => self.0.plan.mistake = Some(error.to_string()),
        }
        self
    }

    /// Goes on where streams were that another socket followed, in an earlier process for
    /// instance: [`SubSocket::positions`](crate::SubSocket::positions), or what was stored of
    /// [`Message::position`](crate::Message::position). What was published since comes as far as
    /// the publisher [keeps](Pub::replay) it, and what does not is
    /// [missed](crate::SocketEvent::Missed). A publisher of another stream is followed from when it
    /// is there; nothing of it is missed.
    pub fn resume_from(mut self, positions: impl IntoIterator<Item = StreamPosition>) -> Self {
        let stored = self.0.positions.get_or_insert_default();
        stored.extend(positions);
        self
    }

    /// Hands messages of type `M` to the actor's `Handler<M>`; may be called again
    /// for other types. The socket runs beside the actor.
    pub fn deliver<M: WireMessage>(self, actor: &Ref<impl Serves<M>>) -> Self {
        Sub(self.0.beside(actor, Routes::deliver::<M, _>))
    }

    /// The same to the actor's `Handler<Delivered<M>>`, which learns the position of each
    /// message as well.
    pub fn deliver_with_position<M: WireMessage>(
        self,
        actor: &Ref<impl ServesPositions<M>>,
    ) -> Self {
        Sub(self.0.beside(actor, Routes::deliver_with_position::<M, _>))
    }
}
