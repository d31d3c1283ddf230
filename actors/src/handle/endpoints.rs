//! Endpoints of a socket that runs: they come and go.

use treewire_runtime::Failure;
use treewire_transports::{Endpoint, EndpointError, Use};

use super::SocketHandle;
use crate::core::{Adding, EndpointId, Left};

/// Why the endpoints of a socket were not changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EndpointChangeError {
    /// It is no endpoint, or one of a transport, with an option or an address that cannot be
    /// used so.
    #[error(transparent)]
    BadEndpoint(#[from] EndpointError),
    /// It could not be bound: somebody else listens there, for instance.
    #[error("{0}")]
    NotBound(Failure),
    /// The socket does not dial it: it does so already, for instance.
    #[error("{0}")]
    NotTaken(Failure),
    /// The socket does not listen there.
    #[error(
        "the socket does not listen at {endpoint}: it listens at {}",
        listed(there)
    )]
    NotListening {
        /// What was asked for.
        endpoint: String,
        /// Where it listens.
        there: Vec<String>,
    },
    /// The socket does not dial there.
    #[error("the socket does not dial {endpoint}: it dials {}", listed(there))]
    NotDialed {
        /// What was asked for.
        endpoint: String,
        /// What it dials.
        there: Vec<String>,
    },
    /// The socket is stopped or has closed.
    #[error("the socket has closed")]
    Closed,
}

fn listed(endpoints: &[String]) -> String {
    match endpoints {
        [] => "nothing".to_owned(),
        some => some.join(", "),
    }
}

/// Endpoints may come and go while the socket runs. Those that were added last as long as it
/// does, over restarts of its actor as well; those that were removed do not come back.
impl SocketHandle {
    /// Binds to one more endpoint, and returns where it is bound, wildcards replaced. Options
    /// in the URL are checked as at construction. A socket that is yet to start does so first.
    ///
    /// Cancel-safe: nothing stays behind when the call is dropped before it returns.
    ///
    /// ```
    /// # treewire_runtime::run(async {
    /// use treewire_actors::{Pull, Push};
    /// use treewire_runtime::Node;
    ///
    /// let node = Node::builder("live").start().await?;
    /// let pull = node.spawn(Pull::new("pull")).await?;
    /// let push = node.spawn(Push::new("push")).await?;
    ///
    /// let endpoint = pull.listen("tcp://127.0.0.1:0").await?;
    /// push.dial(&endpoint).await?;
    /// push.send("hello").await?;
    /// assert_eq!(pull.recv().await?.unwrap().payload(), &b"hello"[..]);
    ///
    /// push.undial(&endpoint).await?;
    /// pull.unlisten("tcp://127.0.0.1:0").await?;
    /// assert!(pull.endpoints().is_empty());
    /// # node.stop().await?;
    /// # Ok::<(), treewire_runtime::Error>(())
    /// # }).unwrap();
    /// ```
    ///
    /// # Errors
    /// [`EndpointChangeError`]; then nothing stays behind either. One that is bound once is
    /// bound again, with back-off, when its listener fails later.
    pub async fn listen(&self, endpoint: impl ToString) -> Result<Endpoint, EndpointChangeError> {
        self.add(Use::Listen, endpoint.to_string()).await
    }

    /// Connects to one more endpoint, now and again, and returns it. A peer that is absent is
    /// waited for, as at construction: the call does not wait until it is there; see
    /// [`ready`](Self::ready).
    ///
    /// Cancel-safe: nothing stays behind when the call is dropped before it returns.
    ///
    /// # Errors
    /// [`EndpointChangeError`]; then nothing stays behind. What is dialed already is not dialed
    /// a second time.
    pub async fn dial(&self, endpoint: impl ToString) -> Result<Endpoint, EndpointChangeError> {
        self.add(Use::Dial, endpoint.to_string()).await
    }

    /// Stops listening at an endpoint, which is called what it was given as, or what it was
    /// bound to; returns the latter. The address is free when the call returns. Connections
    /// that were accepted there go on, and keep the listener in the tree, which leaves it with
    /// the last of them; dialers that come back find nobody.
    ///
    /// Cancel-safe: once polled it takes place, even if the call is dropped.
    ///
    /// # Errors
    /// [`EndpointChangeError::NotListening`], which names the endpoints there are.
    pub async fn unlisten(&self, endpoint: impl ToString) -> Result<Endpoint, EndpointChangeError> {
        let Left { id, endpoint, .. } = self.leave(Use::Listen, &endpoint.to_string())?;
        self.gone(id).await;
        Ok(endpoint)
    }

    /// Ends what an endpoint is dialed for, which is called what it was given as; returns it.
    /// From the call on nothing more is queued for that peer. What is queued is flushed, for up
    /// to the socket's linger, and the connection is closed in order; then the call returns.
    /// What did not leave by then goes to other peers, if each message is sent to one of them
    /// and there are others; or else it is given up: counted as `undialed`, and a
    /// [dead letter](Self::dead_letters). A reliable socket gives up what left and was not
    /// acknowledged. Requests that did not leave go to other peers at once, or back to their
    /// askers. What was received from the peer can be received still.
    ///
    /// Cancel-safe: once polled it takes place, even if the call is dropped.
    ///
    /// # Errors
    /// [`EndpointChangeError::NotDialed`], which names the endpoints there are.
    pub async fn undial(&self, endpoint: impl ToString) -> Result<Endpoint, EndpointChangeError> {
        let left = self.leave(Use::Dial, &endpoint.to_string())?;
        if let Some(pipe) = left.pipe {
            self.shared.part_with(pipe);
        }
        self.gone(left.id).await;
        Ok(left.endpoint)
    }

    async fn add(&self, way: Use, given: String) -> Result<Endpoint, EndpointChangeError> {
        if self.is_closed() {
            return Err(EndpointChangeError::Closed);
        }
        let adding = Adding::new(self.shared.clone(), way, &given);
        tokio::select! {
            biased;
            outcome = adding.outcome() => outcome,
            _ = self.actor.gone() => Err(EndpointChangeError::Closed),
        }
    }

    fn leave(&self, way: Use, text: &str) -> Result<Left, EndpointChangeError> {
        match self.is_closed() {
            true => Err(EndpointChangeError::Closed),
            false => self.shared.endpoints.leave(way, text),
        }
    }

    fn is_closed(&self) -> bool {
        self.actor.closed().is_some() || self.shared.core(|core| core.is_closed())
    }

    /// Waits until nothing is left of it; nothing is when the socket has gone.
    async fn gone(&self, id: EndpointId) {
        tokio::select! {
            biased;
            () = self.shared.endpoints.gone(id) => {}
            _ = self.actor.gone() => {}
        }
    }
}
