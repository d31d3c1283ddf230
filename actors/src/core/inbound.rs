//! Messages on their way in.

use std::iter::once_with;
use std::sync::Arc;
use std::task::Waker;

use treewire_transports::{Content, Envelope, Failure, Kind};

use super::{Core, Inlet, QUARANTINED, Standing};
use crate::handle::RecvError;
use crate::message::{Message, Receipt};
use crate::pattern::{Answer, Note, Receiver};

/// Where a socket that serves an actor puts what it received.
pub(crate) trait Deliver: Send {
    /// Takes one message, or gives it back when there is no room now. What it
    /// cannot take at all it answers or drops itself, through the returned [`Taken`].
    fn offer(&mut self, correlation: u64, message: Message) -> Result<Taken, Message>;

    /// Who is to be woken when there is room again.
    fn on_room(&self, waker: &Waker);
}

/// What became of a message that was offered.
pub(crate) enum Taken {
    /// The actor will have it.
    Delivered,
    /// Nobody can handle it: the request is answered so.
    Refused(Failure, Receipt),
    /// Nobody can handle it, and nobody waits for an answer.
    Dropped(&'static str, Content),
}

/// Gives the delivery back, even if what it is offered unwinds: without it the
/// socket would serve nobody any more.
struct Pumping<'core> {
    core: &'core mut Core,
    delivery: Option<Box<dyn Deliver>>,
}

impl Drop for Pumping<'_> {
    fn drop(&mut self) {
        self.core.delivery = self.delivery.take();
    }
}

impl Core {
    /// A batch of messages from a connection, in order. `true` if a receiver may
    /// have something to take.
    pub(crate) fn accept(
        &mut self,
        inlet: &Arc<Inlet>,
        envelopes: impl Iterator<Item = Envelope>,
    ) -> bool {
        let id = inlet.pipe();
        if self.config.socket_type.asks {
            envelopes.for_each(|envelope| self.answer(inlet, envelope));
            self.is_done_with_requests();
            return false;
        }
        if self.config.socket_type.subscribes() {
            return self.accept_published(inlet, envelopes);
        }
        let receives = self.config.socket_type.receiver == Receiver::All;
        let Some(pipe) = self.pipe_of(inlet) else {
            return false;
        };
        let was_empty = pipe.inbound.is_empty();
        let (mut refused, mut handled) = (Vec::new(), Vec::new());
        let mut notes = Vec::new();
        let mut arrivals = inlet.arrivals();
        for envelope in envelopes {
            let bytes = envelope.content.byte_len() as u64;
            let receipt = Receipt::new(inlet, &mut arrivals, bytes);
            match envelope.kind {
                Kind::Data if receives => {
                    // Made where it is to lie: what was written just before, field by field, is
                    // slow to be moved.
                    pipe.inbound.extend(once_with(Message::vacant));
                    if let Some(message) = pipe.inbound.back_mut() {
                        message.fill(envelope.correlation, envelope.content, receipt);
                    }
                    continue;
                }
                Kind::Cancel if envelope.correlation == 0 => {}
                Kind::Cancel => inlet.cancel(envelope.correlation),
                Kind::Note => {
                    notes.push((envelope.correlation, envelope.content, receipt));
                    continue;
                }
                Kind::Data | Kind::Failure => refused.push(envelope.content),
            }
            handled.push(receipt);
        }
        drop(arrivals);
        drop(handled);
        if was_empty && !pipe.inbound.is_empty() {
            self.turns.enter(id.key);
        }
        for (correlation, content, receipt) in notes {
            self.hear_subscriber(inlet, correlation, Note::decode(&content), receipt);
        }
        self.give_up("not expected", refused.len() as u64);
        for content in refused {
            self.bury("not expected", content);
        }
        self.pump_or_keep(id)
    }

    /// Something may have arrived: whether a receiver has something to take.
    pub(super) fn pump_or_keep(&mut self, id: super::PipeId) -> bool {
        if self.delivery.is_some() {
            self.pump();
            return false;
        }
        !self.pipes[id.key].inbound.is_empty()
    }

    fn answer(&mut self, inlet: &Arc<Inlet>, envelope: Envelope) {
        // Handled on arrival: the answer goes to who waits for it, and into no queue.
        let bytes = envelope.content.byte_len() as u64;
        let receipt = Receipt::new(inlet, &mut inlet.arrivals(), bytes);
        drop(receipt);
        let Some(asker) = self
            .requests
            .answered(envelope.correlation, inlet.pipe().key)
        else {
            self.losses.count("late answer", 1);
            if envelope.is_data() {
                self.bury("late answer", envelope.content);
            }
            return;
        };
        let answer = match envelope.kind {
            Kind::Data => Answer::Reply(envelope.content),
            Kind::Failure => {
                Answer::Failed(Failure::decode(envelope.content.first()).unwrap_or_else(
                    |malformed| Failure::new(crate::typed::HANDLER_FAILED, malformed.to_string()),
                ))
            }
            Kind::Cancel | Kind::Note => return self.losses.count("not expected", 1),
        };
        self.settle(asker, answer);
    }

    /// The next message, fairly from all pipes.
    #[inline]
    pub(crate) fn next_message(&mut self) -> Option<Message> {
        loop {
            let key = self.turns.current()?;
            let pipe = &mut self.pipes[key];
            let message = pipe.inbound.pop_front();
            let has_more = !pipe.inbound.is_empty();
            if !has_more {
                // The next ones lie where these did, which is in the nearest cache.
                pipe.inbound.clear();
            }
            if let Some(message) = &message
                && pipe.is_orphan()
            {
                self.orphans.remove(message);
            }
            self.turns.pass(has_more);
            if !has_more && pipe.is_orphan() {
                self.pipes.remove(key);
            }
            match message {
                Some(message) if message.is_cancelled() => {
                    message.inlet().forget(message.correlation());
                    self.losses.count("cancelled", 1);
                }
                Some(message) => return Some(message),
                None => {}
            }
        }
    }

    /// Whether a receiver would find something.
    pub(crate) fn has_messages(&self) -> bool {
        self.turns.current().is_some()
    }

    /// Whether messages are taken from it one by one.
    #[inline]
    pub(crate) fn is_received_from(&self) -> Result<(), RecvError> {
        if self.config.socket_type.receiver == Receiver::Nobody {
            Err(RecvError::Sends)
        } else if self.delivers() {
            Err(RecvError::Delivering)
        } else {
            Ok(())
        }
    }

    /// Whether received messages go to an actor.
    pub(crate) fn delivers(&self) -> bool {
        self.delivery.is_some()
    }

    /// Moves what was received to the actor that is served, as far as it has room.
    pub(crate) fn pump(&mut self) {
        // What was handed over now could not be answered any more.
        if self.standing != Standing::Open {
            return;
        }
        let Some(delivery) = self.delivery.take() else {
            return;
        };
        let mut pumping = Pumping {
            core: self,
            delivery: Some(delivery),
        };
        if let Some(delivery) = &mut pumping.delivery {
            pumping.core.pump_into(&mut **delivery);
        }
    }

    fn pump_into(&mut self, delivery: &mut dyn Deliver) {
        // Of each pipe the first message may wait for room that others need not.
        let mut blocked = 0;
        while blocked <= self.turns.len() {
            let Some(message) = self.next_message() else {
                break;
            };
            let (correlation, pipe) = (message.correlation(), message.inlet().pipe());
            match delivery.offer(correlation, message) {
                Ok(Taken::Delivered) => blocked = 0,
                Ok(Taken::Refused(failure, receipt)) => {
                    let cause = match failure.code {
                        crate::typed::QUARANTINED => QUARANTINED,
                        _ => "refused",
                    };
                    self.losses.count(cause, 1);
                    self.reply(Err(failure), correlation, receipt);
                }
                Ok(Taken::Dropped(cause, content)) => {
                    self.losses.count(cause, 1);
                    self.bury(cause, content);
                }
                Err(message) => {
                    self.return_message(pipe, message);
                    blocked += 1;
                }
            }
        }
    }

    /// Handling a message panicked: it is handed over once more, before what came after it.
    pub(crate) fn come_again(&mut self, message: Message) {
        self.return_message(message.inlet().pipe(), message);
    }

    /// A message is given up, since nobody can handle it; the stream goes on.
    pub(crate) fn dead_letter(&mut self, cause: &'static str, content: Content) {
        self.losses.count(cause, 1);
        self.bury(cause, content);
    }

    /// Puts a message back to the front of its pipe, behind what comes before it.
    fn return_message(&mut self, id: super::PipeId, message: Message) {
        let id = self.follower_of(&message).unwrap_or(id);
        let known = self.pipes.get(id.key).is_some_and(|pipe| pipe.is(id));
        // A pipe that left with its last message is needed once more.
        let id = if known { id } else { self.shelter(&message) };
        let pipe = &mut self.pipes[id.key];
        if pipe.is_orphan() {
            self.orphans.add(&message);
        }
        if pipe.inbound.is_empty() {
            self.turns.enter(id.key);
        }
        let mut inbound = pipe.inbound.iter();
        let before = inbound.position(|other| !other.precedes(&message));
        let place = before.unwrap_or(pipe.inbound.len());
        pipe.inbound.insert(place, message);
    }

    /// Who is woken when the actor that is served has room again.
    pub(crate) fn on_delivery_room(&self, waker: &Waker) {
        if let Some(delivery) = &self.delivery {
            delivery.on_room(waker);
        }
    }
}
