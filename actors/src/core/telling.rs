//! What a core tells those who listen: where its pipes stand, and what became of messages.

use std::sync::Arc;
use std::time::Duration;

use super::presence::{Step, Transition};
use super::{Core, Failed, Inbox, Perseverance, Pipe, PipeId};
use crate::handle::{OfflineReason, PipeState, PipeStatus, SocketEvent};
use crate::message::Source;

impl Core {
    /// Somebody listens to what happens from now on.
    pub(crate) fn listen(&mut self) -> Arc<Inbox<SocketEvent>> {
        self.listeners.forget_the_gone();
        if !self.listeners.any() {
            self.losses.listen();
        }
        self.listeners.add()
    }

    /// What happened is made an event of if somebody listens.
    pub(crate) fn tell_if(&mut self, event: impl FnOnce() -> SocketEvent) {
        if self.listeners.any() {
            self.tell(event());
        }
    }

    /// The next attempt of the dialer of a pipe comes after that time, unless it came by now.
    pub(crate) fn retrying(&mut self, id: PipeId, after: Duration) {
        let pipe = self.pipe(id);
        let waits = pipe.filter(|pipe| pipe.presence.state() == PipeState::Disconnected);
        if let Some(endpoint) = waits.and_then(|pipe| pipe.dialed.clone()) {
            self.tell_if(|| SocketEvent::Retrying { endpoint, after });
        }
    }

    /// The dialer of a pipe begins another attempt; its number.
    pub(crate) fn dialing(&mut self, id: PipeId) -> u64 {
        self.step(id, Step::Dialed);
        self.pipe(id).map_or(0, |pipe| pipe.presence.attempt())
    }

    /// That attempt came to nothing.
    pub(crate) fn dial_failed(
        &mut self,
        id: PipeId,
        attempt: u64,
        perseverance: Perseverance,
        failed: Failed,
    ) {
        let Some(pipe) = self.pipe(id).filter(|pipe| pipe.presence.is_at(attempt)) else {
            return;
        };
        let attempts = pipe.presence.failures() + 1;
        let step = if perseverance.ends(attempts, &failed) {
            pipe.may_dial = false;
            let last = Box::new(failed.reason);
            Step::GaveUp(attempt, OfflineReason::GivenUp { attempts, last })
        } else {
            Step::Failed(attempt, failed.reason)
        };
        self.step(id, step);
    }

    /// Why a dialed pipe was given up, if it was.
    pub(crate) fn given_up(&mut self, id: PipeId) -> Option<OfflineReason> {
        let presence = &self.pipe(id)?.presence;
        let reason = presence.reason().cloned();
        reason.filter(|_| presence.has_given_up())
    }

    /// Whether a dialer that does not dial by itself was told to make an attempt, since
    /// it asked last.
    pub(crate) fn may_dial(&mut self, id: PipeId) -> bool {
        let pipe = self.pipe(id);
        pipe.is_some_and(|pipe| std::mem::take(&mut pipe.may_dial))
    }

    /// Every dialed pipe that is disconnected, or was given up, is to be dialed once.
    pub(crate) fn redial(&mut self) {
        for (_, pipe) in &mut self.pipes {
            let presence = &pipe.presence;
            pipe.may_dial |= presence.state() == PipeState::Disconnected || presence.has_given_up();
        }
    }

    /// Nothing goes through any pipe any more.
    pub(crate) fn end_pipes(&mut self) {
        let ids: Vec<_> = self.pipes.iter().map(|(_, pipe)| pipe.id()).collect();
        for id in ids {
            self.step(id, Step::Ended(OfflineReason::Stopped));
        }
    }

    /// Where the pipes stand. One that is only kept for what was received is none any more.
    pub(crate) fn pipes(&self) -> Vec<PipeStatus> {
        let pipes = self.pipes.iter().filter(|(_, pipe)| !pipe.is_orphan());
        pipes.map(|(_, pipe)| pipe.status()).collect()
    }

    /// Something happened to a pipe: what that changes is told.
    pub(super) fn step(&mut self, id: PipeId, step: Step) {
        let Some(pipe) = self.pipe(id) else { return };
        let Some(transition) = pipe.presence.take(step) else {
            return;
        };
        if self.listeners.any() {
            self.tell_transition(id, transition);
        }
    }

    fn tell_transition(&mut self, id: PipeId, transition: Transition) {
        let status = self.pipes[id.key].status();
        let (source, reason) = (status.source, status.reason);
        let peer = status.peer.unwrap_or_default();
        if transition.is_offline() {
            let reason = reason.clone().unwrap_or(OfflineReason::Killed);
            let peer = peer.clone();
            self.tell(SocketEvent::Offline {
                peer,
                source,
                reason,
            });
        }
        if let Some(endpoint) = status.endpoint {
            self.tell(SocketEvent::State {
                endpoint,
                state: transition.to,
                reason,
            });
        }
        if transition.is_online() {
            self.tell(SocketEvent::Online { peer, source });
        }
    }
}

impl Pipe {
    fn status(&self) -> PipeStatus {
        let inlet = self.inlet();
        PipeStatus {
            endpoint: self.dialed.clone(),
            state: self.presence.state(),
            peer: inlet.map(|inlet| inlet.address()),
            source: Source(self.id()),
            reason: self.presence.reason().cloned(),
        }
    }
}
