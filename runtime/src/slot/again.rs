use actix::Message;

use super::late::Unsettled;
use super::outcome::{Loss, Outcome};
use super::port::Shared;
use crate::exit::Exit;
use crate::panics::survive;
use crate::sync::Arc;

/// Has a port hand out nothing until it is dropped: what is to be handled again comes
/// before what waits, and it is not known yet what that is.
pub(super) struct Hold<M: Message, O> {
    shared: Arc<Shared<M, O>>,
}

impl<M: Message, O> Hold<M, O> {
    /// Of a port that counts it already.
    pub(super) fn new(shared: Arc<Shared<M, O>>) -> Self {
        Hold { shared }
    }
}

impl<M: Message, O> Drop for Hold<M, O> {
    fn drop(&mut self) {
        self.shared.release();
    }
}

impl<M: Message, O: Outcome<M>> Hold<M, O> {
    /// Nobody is going to look for an answer any more, and one that was given in time
    /// counts. What has none is put back, or its loss told; the messages that a closed
    /// port did not take back are the caller's to drop.
    pub(super) fn lose(self, lost: Vec<Unsettled<M, O>>, loss: &Loss) -> Vec<M> {
        let settle = |unsettled| self.settle(unsettled, loss);
        let settled: Vec<_> = lost.into_iter().filter_map(settle).collect();
        // Who is slow to hear of a loss does not hold the port up.
        drop(self);
        let tell = |settled: Settled<M, O>| settled.tell(loss);
        settled.into_iter().filter_map(tell).collect()
    }

    /// `None` if it is put back.
    fn settle(&self, unsettled: Unsettled<M, O>, loss: &Loss) -> Option<Settled<M, O>> {
        let Unsettled {
            mut outcome,
            answer,
            place,
        } = unsettled;
        if let Some(result) = answer.and_then(|mut answer| answer.try_recv().ok()) {
            return Some(Settled::Answered(outcome, result));
        }
        let again = survive("an outcome", || outcome.again(loss));
        let Some(message) = again.flatten() else {
            return Some(Settled::Lost(outcome));
        };
        let refused = self.shared.put_back(place, message, outcome);
        refused.map(|(message, outcome, exit)| Settled::Stopped(message, outcome, exit))
    }
}

/// What is to be told of a message that does not come again.
enum Settled<M: Message, O> {
    Answered(O, M::Result),
    Lost(O),
    /// It was to come again, but there is no next generation.
    Stopped(M, O, Exit),
}

impl<M: Message, O: Outcome<M>> Settled<M, O> {
    fn tell(self, loss: &Loss) -> Option<M> {
        let mut left = None;
        survive("an outcome", || match self {
            Settled::Answered(outcome, result) => outcome.handled(result),
            Settled::Lost(outcome) => outcome.lost(loss.clone()),
            Settled::Stopped(message, outcome, exit) => {
                left = Some(message);
                outcome.lost(Loss::Stopped(exit));
            }
        });
        left
    }
}
