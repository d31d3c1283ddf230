//! Requests on their way out, and the answers to those that came in.

use std::collections::VecDeque;

use tokio::sync::oneshot;
use treewire_transports::{Content, Envelope, Failure};

use super::{Blocked, Core, Queued, Reason};
use crate::message::Receipt;
use crate::pattern::{Answer, LockStep};

impl Core {
    /// Opens a request and takes it to be sent.
    pub(crate) fn request(
        &mut self,
        content: Content,
        idempotent: bool,
        answer: oneshot::Sender<Answer>,
    ) -> Result<u64, (Blocked, oneshot::Sender<Answer>)> {
        if let Err(reason) = self.check(&content) {
            return Err((Blocked { content, reason }, answer));
        }
        match self.config.lock_step {
            LockStep::Strict if !self.requests.is_empty() => {
                let reason = Reason::OutOfStep;
                return Err((Blocked { content, reason }, answer));
            }
            LockStep::Relaxed => self.supersede_requests(),
            LockStep::Strict | LockStep::Off => {}
        }
        let again = idempotent.then(|| content.clone());
        let correlation = self.requests.open(answer, again);
        let queued = Queued::new(Envelope::new(content).correlated(correlation));
        self.send_to_one(queued)
            .map(|()| correlation)
            .map_err(|blocked| {
                let answer = self.requests.withdrawn(correlation);
                (blocked, answer.expect("the request was opened just now"))
            })
    }

    /// The asker gave up: the request is not sent any more, or the peer is told.
    pub(crate) fn cancel_request(&mut self, correlation: u64) {
        let sent_to = self.requests.cancel(correlation);
        self.call_back(correlation, sent_to);
    }

    /// Another request takes the place of those that are open.
    fn supersede_requests(&mut self) {
        for correlation in self.requests.numbers() {
            let Some((asker, sent_to)) = self.requests.superseded(correlation) else {
                continue;
            };
            self.settle(asker, Answer::Superseded);
            self.call_back(correlation, sent_to);
        }
    }

    /// A request was closed: it is not sent any more, or who has it is told.
    fn call_back(&mut self, correlation: u64, sent_to: Option<usize>) {
        match sent_to {
            Some(key) => {
                if let Some(pipe) = self.pipes.get_mut(key) {
                    pipe.push(Queued::new(Envelope::cancel(correlation)));
                }
            }
            None => {
                let withdrawn = self.withdraw(correlation);
                self.is_done_with(withdrawn);
            }
        }
        self.is_done_with_requests();
    }

    /// The socket was stopped, and the asker does not wait for its next start: gives
    /// the request back unless it was sent.
    pub(crate) fn take_back(&mut self, correlation: u64) -> Option<Content> {
        let queued = self.withdraw(correlation)?;
        self.requests.withdrawn(correlation);
        self.is_done_with_requests();
        Some(queued.envelope.content)
    }

    fn withdraw(&mut self, correlation: u64) -> Option<Queued> {
        let mut pipes = self.pipes.iter_mut();
        let queued = pipes.find_map(|(_, pipe)| pipe.withdraw(correlation));
        queued.or_else(|| {
            let mut unrouted = self.unrouted.iter();
            let at = unrouted.position(|queued| queued.envelope.correlation == correlation)?;
            self.unrouted.remove(at)
        })
    }

    /// Answers a request. A peer that is gone does not get it; that is counted.
    pub(crate) fn reply(
        &mut self,
        answer: Result<Content, Failure>,
        correlation: u64,
        receipt: Receipt,
    ) {
        let inlet = receipt.inlet().clone();
        inlet.forget(correlation);
        let answer = match answer {
            Ok(content) => match self.check_limits(&content) {
                Ok(()) => Ok(content),
                Err(reason) => {
                    self.is_done_with_contents([content]);
                    let text = reason.to_string();
                    Err(Failure::new(crate::typed::HANDLER_FAILED, text))
                }
            },
            Err(failure) => Err(failure),
        };
        let envelope = match answer {
            Ok(content) => Envelope::new(content).correlated(correlation),
            Err(failure) => Envelope::failure(correlation, &failure),
        };
        // An asker with a session comes back for its answer.
        let pipe = self.pipe(inlet.pipe());
        match pipe.filter(|pipe| pipe.has_asker(&inlet)) {
            Some(pipe) => {
                pipe.push(Queued {
                    _receipt: Some(receipt),
                    ..Queued::new(envelope)
                });
            }
            None => {
                self.give_up("peer gone", 1);
                if envelope.is_data() {
                    self.bury("peer gone", envelope.content);
                }
            }
        }
    }

    /// The peer at `key` is gone, `queued` never left for it.
    pub(super) fn fail_or_resend(&mut self, key: usize, queued: VecDeque<Queued>) {
        let (failed, again) = self.requests.peer_gone(key);
        for answer in failed {
            self.settle(answer, Answer::PeerGone);
        }
        for resend in again {
            let envelope = Envelope::new(resend.content).correlated(resend.correlation);
            self.unrouted.push_back(Queued::new(envelope));
        }
        let requests = queued.into_iter().filter(Queued::is_message);
        self.unrouted.extend(requests);
        self.route_unrouted();
    }
}
