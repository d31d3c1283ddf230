use super::WireMessage;
use crate::message::Receipt;
use crate::position::StreamPosition;

/// A message with its place in the stream of its sender: what a handler is given that stores
/// the position of a message together with its effect. See
/// [`Pull::deliver_with_position`](crate::Pull::deliver_with_position).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Delivered<M> {
    /// It.
    pub message: M,
    /// Its position; see [`Message::position`](crate::Message::position).
    pub position: Option<StreamPosition>,
    /// Whether it came before, and a panic kept it from being handled.
    pub redelivered: bool,
}

impl<M: WireMessage> actix::Message for Delivered<M> {
    type Result = M::Result;
}

/// The form in which a handler takes messages of type `M`.
pub(super) trait Form<M: WireMessage>:
    actix::Message<Result = M::Result> + Send + 'static
{
    /// `sequence` is its number in the stream of its publisher, or 0.
    fn new(message: M, receipt: &Receipt, sequence: u64) -> Self;
}

impl<M: WireMessage> Form<M> for M {
    fn new(message: M, _: &Receipt, _: u64) -> Self {
        message
    }
}

impl<M: WireMessage> Form<M> for Delivered<M> {
    fn new(message: M, receipt: &Receipt, sequence: u64) -> Self {
        Delivered {
            message,
            position: receipt.position_of(sequence),
            redelivered: receipt.is_redelivered(),
        }
    }
}
