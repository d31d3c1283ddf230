use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context as Task, Poll, ready};

use futures_util::Stream;
use futures_util::future::BoxFuture;

use super::SocketHandle;
use super::receiving::is_flooded;
use crate::core::Shared;
use crate::message::Message;

/// What a socket receives, as a [`Stream`] that ends when the socket has closed.
///
/// Dropping it loses nothing: what was not yielded stays in the socket. Several
/// streams of one socket share its messages.
pub struct Incoming<T> {
    socket: SocketHandle,
    item: fn(Message, &Arc<Shared>) -> T,
    /// Waits for a message without taking it.
    arrival: Option<BoxFuture<'static, bool>>,
}

impl<T> Incoming<T> {
    pub(super) fn new(socket: SocketHandle, item: fn(Message, &Arc<Shared>) -> T) -> Self {
        Incoming {
            socket,
            item,
            arrival: None,
        }
    }
}

impl<T> Stream for Incoming<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<T>> {
        if is_flooded() {
            // Its first poll is always pending and sees to the second.
            let _ = pin!(tokio::task::yield_now()).poll(task);
            return Poll::Pending;
        }
        loop {
            // A socket that delivers to an actor has nothing to stream.
            match self.socket.try_receive(self.item) {
                Ok(Some(item)) => {
                    self.arrival = None;
                    return Poll::Ready(Some(item));
                }
                Ok(None) => {}
                Err(_) => return Poll::Ready(None),
            }
            let socket = self.socket.clone();
            let arrival = self
                .arrival
                .get_or_insert_with(|| Box::pin(async move { socket.arrival().await }));
            let is_open = ready!(arrival.as_mut().poll(task));
            self.arrival = None;
            if !is_open && !self.socket.has_messages() {
                return Poll::Ready(None);
            }
        }
    }
}
