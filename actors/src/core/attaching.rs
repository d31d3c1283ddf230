//! Connections that come and go: who may, and what becomes of a pipe without one.

use std::collections::VecDeque;
use std::sync::Arc;

use treewire_transports::{Refusal, RefusalCode};

use super::{Core, FateNews, Inlet, Intake, Peer, PipeId, Standing, Step};
use crate::handle::{OfflineReason, SessionEnd};
use crate::message::Message;
use crate::pattern::Sender;

impl Core {
    /// Whether a peer of that socket type may attach now. A closing socket, and one
    /// that is stopped, still takes the peers it dialed: what is queued for them is to be flushed.
    pub(crate) fn admit(&self, peer_type: &str, dialed: bool) -> Result<(), Refusal> {
        let own = &self.config.socket_type;
        let (code, text) = if peer_type != own.peer {
            let text = format!(
                "a {} socket talks to {}, not to {peer_type}: check both ends' socket types",
                own.name, own.peer
            );
            (RefusalCode::IncompatibleSocket, text)
        } else if self.standing != Standing::Open && !dialed {
            (RefusalCode::Closing, "the socket is closing".to_owned())
        } else if !self.config.peers_max.admits(self.connected) {
            let text = format!(
                "the socket has its limit of {} peers: try later",
                self.connected
            );
            (RefusalCode::ConnectionLimit, text)
        } else {
            return Ok(());
        };
        Err(Refusal { code, text })
    }

    /// A connection is up: `pipe` for a dialed one, a new pipe for an accepted one.
    /// `None` if the dialed pipe is gone.
    pub(crate) fn attach(&mut self, pipe: Option<PipeId>, peer: Peer) -> Option<Arc<Inlet>> {
        if let Some(id) = pipe
            && !self.is_expected(id, &peer)
        {
            return None;
        }
        let id = pipe.unwrap_or_else(|| self.add_pipe(None));
        let (bound, home) = (self.config.receive_bound(), self.home.clone());
        // Whoever held it before is captive on a blocked thread.
        if let Some(stale) = self.pipe(id)?.inlet() {
            self.detach(&stale, OfflineReason::Superseded);
        }
        let pipe = self.pipe(id)?;
        let intake = Arc::new(Intake::of_a_connection(bound));
        let inlet = Arc::new(Inlet::new(home, id, peer, 0, intake));
        pipe.attach(inlet.clone());
        self.connected += 1;
        self.step(id, Step::Attached);
        self.greet_subscriber(id);
        self.say_hello(id);
        self.reroute_absent();
        Some(inlet)
    }

    /// Whether who answers at a dialed pipe without a session may be there. Whoever may not is
    /// the end of the pipe.
    fn is_expected(&mut self, id: PipeId, peer: &Peer) -> bool {
        let Some(pipe) = self.pipe(id) else {
            return false;
        };
        let is_expected = pipe.is_expected(peer.instance);
        if is_expected || pipe.is_over {
            return is_expected && !pipe.is_over;
        }
        pipe.is_over = true;
        let queued = pipe.take_queue();
        self.step(id, Step::Ended(OfflineReason::PeerReplaced));
        self.give_up_queued(SessionEnd::PeerReplaced.cause(), queued);
        false
    }

    /// A connection is gone. What left unconfirmed is counted; what never left
    /// stays with a dialed pipe and is dropped with an accepted one, or where messages are
    /// for connected peers only, unless the socket was stopped and any peer will do.
    pub(crate) fn detach(&mut self, inlet: &Arc<Inlet>, reason: OfflineReason) {
        let id = inlet.pipe();
        if self.pipe_of(inlet).is_none() {
            return;
        }
        if self.pipe(id).is_some_and(|pipe| pipe.session.is_none()) {
            self.forget_subscriber(id);
            self.stop_following(id);
            if let Some(pipe) = self.pipe(id) {
                pipe.idle_of = None;
            }
        }
        self.step(id, Step::Detached(reason));
        let pipe = &mut self.pipes[id.key];
        let mut news = FateNews::default();
        let Some(unconfirmed) = pipe.detach(&mut news) else {
            return;
        };
        let peer_ends = pipe.session.as_ref().map(|session| session.is_over());
        self.tell_fates(news);
        self.connected -= 1;
        if let Some(is_over) = peer_ends {
            if is_over {
                self.end_session(id, SessionEnd::PeerClosed);
            }
            self.reroute_absent();
            return;
        }
        let asks = self.config.socket_type.asks;
        if !asks {
            self.give_up("unconfirmed", unconfirmed);
        }
        let is_heard = self.hear_of_end(inlet);
        let present_only = self.present_only();
        let Some(pipe) = self.pipes.get_mut(id.key) else {
            return;
        };
        let accepted = pipe.dialed.is_none();
        // Subscribers, and those who subscribe, begin anew.
        let renews = self.config.socket_type.renews();
        let (queued, answers) = if asks || accepted || renews || present_only {
            (pipe.take_queue(), Vec::new())
        } else {
            (VecDeque::new(), pipe.take_answers())
        };
        if accepted {
            self.orphan(id.key);
        }
        let rests = matches!(self.standing, Standing::Resting { .. });
        if asks {
            self.fail_or_resend(id.key, queued);
        } else if rests && self.config.socket_type.sender == Sender::One {
            self.unrouted.extend(queued);
        } else {
            self.give_up_queued("peer gone", queued);
        }
        self.give_up_queued("peer gone", answers);
        if is_heard {
            self.pump();
        }
    }

    /// What an accepted peer sent before it went can still be taken, but peers that
    /// come, send and go must not fill our memory.
    pub(super) fn orphan(&mut self, key: usize) {
        let inbound = &mut self.pipes[key].inbound;
        let keeps = Standing::Resting {
            keeps_orphans: true,
        };
        if self.standing != keeps && self.orphans.reached(self.config.receive_bound()) {
            let position = inbound.front().and_then(Message::position);
            let orphans = std::mem::take(inbound);
            if let (Some(streams), Some(position)) = (&mut self.streams, position) {
                streams.let_go(position.stream, self.config.receive_bound());
            }
            if let Some(position) = position {
                self.forget_from(position);
            }
            self.losses.count("orphaned", orphans.len() as u64);
            for message in orphans {
                self.bury("orphaned", message.into_content());
            }
        }
        let inbound = &self.pipes[key].inbound;
        if inbound.is_empty() {
            self.pipes.remove(key);
            self.turns.leave(key);
        } else {
            inbound.iter().for_each(|message| self.orphans.add(message));
        }
    }
}
