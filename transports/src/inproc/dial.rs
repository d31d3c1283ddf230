use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use super::namespace::{Namespace, Ticket};
use crate::{Link, TransportError};

/// Waits until somebody listens under the name and has room for one more link.
pub(super) struct Dialing {
    namespace: Namespace,
    name: String,
    ticket: Option<Ticket>,
}

impl Dialing {
    pub(super) fn new(namespace: Namespace, name: String) -> Self {
        Self {
            namespace,
            name,
            ticket: None,
        }
    }
}

impl Future for Dialing {
    type Output = Result<Link, TransportError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match self.namespace.dial(&self.name, self.ticket, cx) {
            Ok(link) => {
                self.ticket = None;
                Poll::Ready(Ok(link))
            }
            Err(ticket) => {
                self.ticket = Some(ticket);
                Poll::Pending
            }
        }
    }
}

impl Drop for Dialing {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket {
            self.namespace.give_up(&self.name, ticket);
        }
    }
}
