use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use treewire_runtime::Ref;
use treewire_transports::{Content, Endpoint};

use super::patience::Patience;
use super::receiving::is_flooded;
use super::{
    Closed, Incoming, PipeState, PipeStatus, RecvError, SendError, SocketDeadLetters, SocketEvents,
};
use crate::bound::Overflow;
use crate::core::{Blocked, Core, PipeId, Reason, Shared};
use crate::message::{Message, Source};
use crate::socket::{Close, SocketActor};

/// What every socket handle can do. Cheap to clone; all clones are one socket.
#[derive(Clone)]
pub struct SocketHandle {
    pub(crate) shared: Arc<Shared>,
    pub(crate) actor: Ref<SocketActor>,
}

impl std::fmt::Debug for SocketHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let socket_type = self.shared.core(|core| core.config().socket_type);
        f.debug_struct("SocketHandle")
            .field("type", &socket_type.name)
            .finish()
    }
}

impl SocketHandle {
    /// Where the listeners are bound, wildcards replaced, in the order in which
    /// they were named.
    pub fn endpoints(&self) -> Vec<Endpoint> {
        self.shared.endpoints.all_bound()
    }

    /// How many peers are connected.
    pub fn peers(&self) -> usize {
        self.shared.core(|core| core.connected())
    }

    /// Waits until at least `count` peers are connected, or the socket has closed.
    ///
    /// Cancel-safe.
    pub async fn ready(&self, count: usize) {
        loop {
            let mut changed = pin!(self.shared.changed.notified());
            changed.as_mut().enable();
            if self.peers() >= count {
                return;
            }
            tokio::select! {
                biased;
                () = changed => {}
                _ = self.actor.gone() => return,
            }
        }
    }

    /// How many messages were given up so far: dropped by policy or at the close,
    /// or not confirmed when their connection ended. The tree has them by cause.
    /// While the socket is stopped what waits to be sent counts, too: it is lost
    /// unless the socket is started again.
    pub fn lost(&self) -> u64 {
        let is_stopped = self.actor.closed().is_some();
        self.shared.core(|core| match is_stopped {
            true => core.lost() + core.unsent(),
            false => core.lost(),
        })
    }

    /// What happens to the socket from now on: peers that come and go, where the endpoints
    /// stand that it dials, what became of sessions, how much was dropped. Who wants to know
    /// how things stand as well asks for [`pipes`](Self::pipes) after this call; what happens
    /// in between comes in both. Costs nothing while nobody listens.
    pub fn events(&self) -> SocketEvents {
        SocketEvents {
            inbox: self.shared.core(Core::listen),
            actor: self.actor.clone(),
        }
    }

    /// Every message that the socket gives up from now on, with its content and the cause
    /// under which the tree counts it: what its overflow policy drops and what finds no peer,
    /// what is too large for its peer or was for one that is gone, what is queued when the
    /// socket closes or a session ends, answers that come too late, and what was received and
    /// nobody can handle. The end of a session gives up what its peer did not acknowledge,
    /// some of which that may have handled. Not among them are requests, which go back to
    /// their askers, and what left for a best-effort peer, whose content is not kept. Costs
    /// nothing while nobody reads.
    pub fn dead_letters(&self) -> SocketDeadLetters {
        SocketDeadLetters::new(self.shared.core(Core::read_dead_letters))
    }

    /// Where each pipe stands now: one for each endpoint that is dialed, and one for each
    /// peer that dialed this socket and is there or has a session.
    pub fn pipes(&self) -> Vec<PipeStatus> {
        let mut pipes = self.shared.core(|core| core.pipes());
        if self.actor.closed().is_some() {
            // Nobody is about to start it again.
            for pipe in &mut pipes {
                pipe.state = PipeState::Closed;
            }
        }
        pipes
    }

    /// Dials once more what is disconnected, for a socket that does not
    /// [reconnect](crate::Push::reconnect) by itself, and what was
    /// [given up](crate::Push::reconnect_attempts). What is connected, or just being dialed, is
    /// left alone.
    pub fn redial(&self) {
        self.shared.redial();
    }

    /// Waits until every peer confirmed everything that was sent so far and meanwhile, or
    /// the socket has closed.
    ///
    /// Cancel-safe.
    pub async fn drain(&self) {
        loop {
            let mut changed = pin!(self.shared.changed.notified());
            changed.as_mut().enable();
            if self.unflushed() == 0 {
                return;
            }
            tokio::select! {
                biased;
                () = changed => {}
                _ = self.actor.gone() => return,
            }
        }
    }

    /// How many messages are queued, or sent and not confirmed.
    pub fn unflushed(&self) -> u64 {
        self.shared.unflushed()
    }

    /// Closes the socket for good: takes no more messages, waits up to `linger`
    /// (`None`: for ever) until every peer confirmed what it was sent, and stops.
    /// No supervisor brings it back: started again, it stops at once. If it is
    /// stopped meanwhile, what its own linger does not suffice for is given up.
    pub async fn close(&self, linger: impl Into<Option<Duration>>) -> Closed {
        let closed = self
            .actor
            .send(Close {
                linger: linger.into(),
            })
            .await;
        self.actor.gone().await;
        // An actor that is gone flushed when it stopped; what is left is given up.
        closed.unwrap_or_else(|_| self.shared.end())
    }

    #[inline]
    pub(super) fn try_send(
        &self,
        content: Content,
        destination: Option<PipeId>,
    ) -> Result<(), Blocked> {
        let sent = self.shared.send(content, destination);
        sent.map_err(|blocked| self.blocked_now(blocked))
    }

    pub(super) fn blocked_now(&self, blocked: Blocked) -> Blocked {
        Blocked {
            reason: self.reason_now(blocked.reason),
            ..blocked
        }
    }

    /// Nobody is about to start a socket again that has been stopped.
    fn reason_now(&self, reason: Reason) -> Reason {
        match reason {
            Reason::Resting if self.actor.closed().is_some() => Reason::Closing,
            other => other,
        }
    }

    /// Tries `attempt` until it is not blocked for want of room or a peer, or by a
    /// restart. Only the policy `Wait` waits, up to the socket's timeout.
    pub(super) async fn when_room<T, A>(
        &self,
        mut argument: A,
        mut attempt: impl FnMut(A) -> Result<T, (Reason, A)>,
    ) -> Result<T, (Reason, A)> {
        let mut patience = None;
        loop {
            let mut room = pin!(self.shared.room.notified());
            room.as_mut().enable();
            // After `enable`, so that room that comes from now on is announced to us.
            let reason;
            (reason, argument) = match attempt(argument) {
                Ok(done) => return Ok(done),
                Err(blocked) => blocked,
            };
            let (overflow, timeout) = self.shared.core(|core| {
                let config = core.config();
                (config.overflow, config.send_timeout)
            });
            let waits = overflow == Overflow::Wait;
            if !waits || !matches!(reason, Reason::Full | Reason::NoPeer | Reason::Resting) {
                return Err((self.reason_now(reason), argument));
            }
            let patience = patience.get_or_insert_with(|| Patience::of(self, timeout));
            tokio::select! {
                biased;
                () = room => {}
                _ = self.actor.gone() => return Err((Reason::Closing, argument)),
                () = patience.ends() => return Err((Reason::TimedOut, argument)),
            }
        }
    }

    /// Takes a message that is there and makes an item of it, under the core's
    /// lock, so that whoever watches the socket sees it in one place or the other.
    #[inline]
    pub(super) fn try_receive<T>(
        &self,
        item: impl Fn(Message, &Arc<Shared>) -> T,
    ) -> Result<Option<T>, RecvError> {
        self.shared.core(|core| {
            core.is_received_from()?;
            let message = core.next_message();
            Ok(message.map(|message| item(message, &self.shared)))
        })
    }

    pub(super) async fn receive<T>(
        &self,
        item: impl Fn(Message, &Arc<Shared>) -> T,
    ) -> Result<Option<T>, RecvError> {
        if is_flooded() {
            tokio::task::yield_now().await;
        }
        let mut patience = None;
        loop {
            if let Some(item) = self.try_receive(&item)? {
                return Ok(Some(item));
            }
            let patience = patience.get_or_insert_with(|| {
                let timeout = self.shared.core(|core| core.config().receive_timeout);
                Patience::of(self, timeout)
            });
            let is_open = tokio::select! {
                biased;
                is_open = self.arrival() => is_open,
                () = patience.ends() => return Err(RecvError::TimedOut),
            };
            if !is_open {
                return self.try_receive(&item);
            }
        }
    }

    pub(super) fn has_messages(&self) -> bool {
        self.shared.core(|core| core.has_messages())
    }

    /// Waits until there may be a message to receive; `false` once the socket has
    /// closed. Takes nothing, so it may be dropped at any time.
    pub(super) async fn arrival(&self) -> bool {
        let mut arrived = pin!(self.shared.arrived.notified());
        arrived.as_mut().enable();
        // What came since the caller looked was not announced to us.
        if self.has_messages() {
            return true;
        }
        tokio::select! {
            biased;
            () = arrived => true,
            _ = self.actor.gone() => false,
        }
    }
}

/// A message as an item of its own.
pub(super) fn as_it_is(mut message: Message, _: &Arc<Shared>) -> Message {
    message.hand_out();
    message
}

/// A handle on a socket composed of parts of one's own; see
/// [`Socket`](crate::Socket).
#[derive(Clone, Debug)]
pub struct ComposedSocket(pub(crate) SocketHandle);

impl std::ops::Deref for ComposedSocket {
    type Target = SocketHandle;

    fn deref(&self) -> &SocketHandle {
        &self.0
    }
}

impl ComposedSocket {
    /// Sends to one peer or to all, as the socket was composed; waits for room
    /// and for a peer.
    ///
    /// # Errors
    /// The message comes back; a socket that sends to sources needs
    /// [`send_to`](Self::send_to).
    pub async fn send(&self, content: impl Into<Content>) -> Result<(), SendError> {
        self.0.send_when_room(content.into(), None).await
    }

    /// Sends to the peer that a message came from.
    ///
    /// # Errors
    /// The message comes back, also when that peer is gone.
    pub async fn send_to(
        &self,
        destination: Source,
        content: impl Into<Content>,
    ) -> Result<(), SendError> {
        self.0
            .send_when_room(content.into(), Some(destination.0))
            .await
    }

    /// The next message of all peers, fairly; `None` once the socket has closed.
    /// Several tasks may receive at once.
    ///
    /// Cancel-safe.
    ///
    /// # Errors
    /// [`RecvError`] for a socket that was composed not to receive, or after its
    /// [`receive_timeout`](crate::Socket::receive_timeout).
    pub async fn recv(&self) -> Result<Option<Message>, RecvError> {
        self.0.receive(as_it_is).await
    }

    /// [`send`](Self::send) without waiting.
    ///
    /// # Errors
    /// The message comes back.
    pub fn try_send(&self, content: impl Into<Content>) -> Result<(), SendError> {
        self.0
            .try_send(content.into(), None)
            .map_err(SendError::new)
    }

    /// A message that is there already.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    pub fn try_recv(&self) -> Result<Option<Message>, RecvError> {
        self.0.try_receive(as_it_is)
    }

    /// What is received, as a stream that ends when the socket has closed.
    pub fn stream(&self) -> Incoming<Message> {
        Incoming::new(self.0.clone(), as_it_is)
    }
}
