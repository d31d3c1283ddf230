//! The end of a socket: what is still to be flushed, and what was not.

use super::Core;
use crate::pattern::Answer;

impl Core {
    /// Takes no message any more. Connections are woken to tell their peers once
    /// they have sent what is queued.
    pub(crate) fn begin_closing(&mut self) {
        self.closing = true;
        for (_, pipe) in &mut self.pipes {
            pipe.wake();
        }
    }

    /// Messages that are queued, or sent and not confirmed.
    pub(crate) fn unflushed(&self) -> u64 {
        let pipes = self.pipes.iter();
        pipes
            .map(|(_, pipe)| pipe.queued() + pipe.unconfirmed())
            .sum::<u64>()
            + self.unrouted.len() as u64
    }

    /// The time is up: whatever is left is given up. Returns how many messages
    /// that are.
    pub(crate) fn end(&mut self) -> u64 {
        self.closing = true;
        let mut given_up = 0;
        for (_, pipe) in &mut self.pipes {
            given_up += pipe.take_queue().len() as u64 + pipe.unconfirmed();
        }
        for queued in std::mem::take(&mut self.unrouted) {
            given_up += 1;
            if let Some(asker) = self.requests.withdrawn(queued.envelope.correlation) {
                // The asker may have gone as well.
                let _ = asker.send(Answer::NotSent(queued.envelope.content));
            }
        }
        given_up
    }
}
