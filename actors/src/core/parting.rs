//! A peer that the socket dials no more: what is queued for it is flushed, then its pipe goes.

use super::{Core, PipeId, Queued, Step};
use crate::handle::{OfflineReason, SessionEnd};
use crate::pattern::Sender;

/// The cause under which what did not leave in time is counted.
const CAUSE: &str = "undialed";

impl Core {
    /// Nothing more is queued for the peer, and the next end of its connection is the last.
    /// Requests that did not leave go elsewhere, or back if there is nobody else.
    pub(crate) fn part_with(&mut self, id: PipeId) {
        let asks = self.config.socket_type.asks;
        let Some(pipe) = self.pipe(id).filter(|pipe| !pipe.parts) else {
            return;
        };
        pipe.parts = true;
        if let Some(inlet) = pipe.inlet() {
            inlet.make_last();
        }
        if asks {
            let unsent = pipe.take_messages();
            self.leave_to_others(unsent);
        }
    }

    /// Whether the peer confirmed everything, and was told that all it sent was handled.
    pub(crate) fn is_flushed(&mut self, id: PipeId) -> bool {
        self.pipe(id).is_none_or(|pipe| {
            let inlet = pipe.inlet();
            pipe.queued() + pipe.unconfirmed() == 0 && inlet.is_none_or(|inlet| inlet.is_settled())
        })
    }

    /// Lets go of the pipe. What was received can still be taken; what did not leave goes
    /// elsewhere if anybody else will do, and is given up otherwise.
    pub(crate) fn undialed(&mut self, id: PipeId) {
        self.part_with(id);
        let Some(inlet) = self.pipe(id).map(|pipe| pipe.inlet()) else {
            return;
        };
        if let Some(inlet) = inlet {
            self.detach(&inlet, OfflineReason::Stopped);
        }
        self.step(id, Step::Ended(OfflineReason::Stopped));
        let Some(pipe) = self.pipe(id) else { return };
        pipe.dialed = None;
        let session = pipe.session.as_ref();
        let had_peer =
            session.is_some_and(|session| session.attempts.has_opened || session.kept() > 0);
        let unsent = pipe.take_queue();
        if self.config.socket_type.sender == Sender::One {
            self.leave_to_others(unsent);
        } else {
            self.give_up_queued(CAUSE, unsent);
        }
        if had_peer {
            self.end_session(id, SessionEnd::Undialed);
        } else {
            self.pipes[id.key].session = None;
            self.orphan(id.key);
        }
        self.reroute_absent();
    }

    fn leave_to_others(&mut self, unsent: impl IntoIterator<Item = Queued>) {
        if self.pipes.iter().any(|(_, pipe)| pipe.wants_messages()) {
            self.unrouted.extend(unsent);
            self.route_unrouted();
        } else {
            self.give_up_queued(CAUSE, unsent);
        }
    }
}
