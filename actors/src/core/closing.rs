//! A socket that is stopped, and may be started again, or is closed for good: what
//! is still to be flushed, and what was not.

use super::{Core, Queued, Standing};
use crate::handle::{OfflineReason, SessionEnd};
use crate::pattern::Answer;

impl Core {
    /// Takes no message until it is [reopened](Self::reopen). Connections are woken
    /// to tell their peers once they have sent what is queued; what they could not
    /// send is kept.
    pub(crate) fn rest(&mut self) {
        if self.standing == Standing::Open {
            self.lost_before = self.lost;
            self.standing = Standing::Resting {
                keeps_orphans: !self.orphans.reached(self.config.receive_bound()),
            };
        }
        self.wake_all();
    }

    /// Takes messages again, if it rested. `false` if it was closed for good.
    pub(crate) fn reopen(&mut self) -> bool {
        if self.standing == Standing::Closed {
            return false;
        }
        self.standing = Standing::Open;
        // Before anything that is sent from now on.
        self.route_unrouted();
        true
    }

    /// Takes no message any more, for good. Connections are woken to tell their
    /// peers once they have sent what is queued.
    pub(crate) fn begin_closing(&mut self) {
        self.rest();
        self.standing = Standing::Closed;
    }

    /// Whether it was closed for good.
    pub(crate) fn is_closed(&self) -> bool {
        self.standing == Standing::Closed
    }

    /// Every connection is to look at its pipe.
    pub(crate) fn wake_all(&mut self) {
        for (_, pipe) in &mut self.pipes {
            pipe.wake();
        }
    }

    /// Messages that are queued, or sent and not confirmed.
    pub(crate) fn unflushed(&self) -> u64 {
        let pipes = self.pipes.iter();
        self.unsent() + pipes.map(|(_, pipe)| pipe.unconfirmed()).sum::<u64>()
    }

    /// Messages that are queued.
    pub(crate) fn unsent(&self) -> u64 {
        let pipes = self.pipes.iter();
        self.unrouted.len() as u64 + pipes.map(|(_, pipe)| pipe.queued()).sum::<u64>()
    }

    /// The time is up: whatever is left is given up. Returns how many messages
    /// were since the closing began, the same for whoever asks.
    pub(crate) fn end(&mut self) -> u64 {
        if let Some(count) = self.given_up {
            return count;
        }
        self.begin_closing();
        let pipes = self.pipes.iter();
        let with_session = pipes.filter(|(_, pipe)| pipe.session.is_some());
        let sessions: Vec<_> = with_session.map(|(_, pipe)| pipe.id()).collect();
        for id in sessions {
            self.end_session(id, SessionEnd::Closed);
        }
        let mut unsent = std::mem::take(&mut self.unrouted);
        let (mut unconfirmed, mut behind) = (0, 0);
        for (_, pipe) in &mut self.pipes {
            unsent.extend(pipe.take_queue());
            if let Some(subscriber) = &mut pipe.subscriber {
                behind += subscriber.give_up();
            }
            // Counted by cause when the connection ends.
            unconfirmed += pipe.unconfirmed();
        }
        self.give_up("closed", behind);
        self.give_up_queued("closed", unsent);
        self.end_pipes();
        self.tell_last_drops();
        *self
            .given_up
            .insert(self.lost - self.lost_before + unconfirmed)
    }

    /// No actor follows: what is not known of what left never will be.
    pub(crate) fn leave(&mut self) {
        self.end();
        let inlets = self.pipes.iter().filter_map(|(_, pipe)| pipe.inlet());
        for inlet in inlets.collect::<Vec<_>>() {
            self.detach(&inlet, OfflineReason::Stopped);
        }
        self.tell_last_drops();
        self.end_dead_letters();
    }

    /// Gives up messages that will not be sent; a request goes back to its asker.
    pub(super) fn give_up_queued(
        &mut self,
        cause: &'static str,
        unsent: impl IntoIterator<Item = Queued>,
    ) {
        let renews = self.config.socket_type.renews();
        for queued in unsent {
            if renews && !queued.is_message() {
                self.is_done_with([queued]);
                continue;
            }
            self.give_up(cause, 1);
            match self.requests.withdrawn(queued.envelope.correlation) {
                Some(asker) => self.settle(asker, Answer::NotSent(queued.envelope.content)),
                None => self.bury_queued(cause, queued),
            }
        }
    }
}
