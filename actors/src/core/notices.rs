//! What a socket says by itself to peers that come, and what it hears from itself of those that
//! go.

use std::sync::Arc;

use treewire_transports::{Content, Envelope};

use super::{Core, Inlet, Intake, PipeId, Queued, Standing};
use crate::message::{Message, Receipt};
use crate::pattern::Receiver;

impl Core {
    /// A peer of that pipe is connected.
    pub(super) fn say_hello(&mut self, id: PipeId) {
        let hello = self.config.hello_message.clone();
        if is_said(&hello)
            && let Some(pipe) = self.pipe(id)
        {
            pipe.say_first(Queued::new(Envelope::new(hello)));
        }
    }

    /// The connection of that inlet is gone: whoever receives hears so, after what came
    /// through it. Whether there is something to hear.
    pub(super) fn hear_of_end(&mut self, inlet: &Arc<Inlet>) -> bool {
        let receives = self.config.socket_type.receiver == Receiver::All;
        if self.standing != Standing::Open || !receives {
            return false;
        }
        let id = inlet.pipe();
        let Some(pipe) = self.pipes.get(id.key).filter(|pipe| pipe.is(id)) else {
            return false;
        };
        let content = match pipe.dialed.is_some() && pipe.redials {
            true => self.config.hiccup_message.clone(),
            false => self.config.disconnect_message.clone(),
        };
        if !is_said(&content) {
            return false;
        }
        // Peers that come and go must not fill our memory.
        if self.config.receive_bound().reached(pipe.inbound.len(), 0) {
            self.losses.count("orphaned", 1);
            return false;
        }
        // Nobody is told that it was handled.
        let intake = Arc::new(Intake::of_a_connection(self.config.receive_bound()));
        let of_nobody = Inlet::new(self.home.clone(), id, inlet.who(), 0, intake);
        let of_nobody = Arc::new(of_nobody);
        let bytes = content.byte_len() as u64;
        let receipt = Receipt::new(&of_nobody, &mut of_nobody.arrivals(), bytes);
        let pipe = &mut self.pipes[id.key];
        let was_empty = pipe.inbound.is_empty();
        pipe.inbound.push_back(Message::new(0, content, receipt));
        if was_empty {
            self.turns.enter(id.key);
        }
        true
    }
}

/// An option that is left out is an empty message.
pub(crate) fn is_said(notice: &Content) -> bool {
    notice.byte_len() > 0
}
