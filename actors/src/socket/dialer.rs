use actix::fut::{ActorFutureExt, WrapFuture};
use actix::{Actor, AsyncContext, Running};
use treewire_runtime::{Child, Context, Exit, Failure};
use treewire_transports::{Delivery, Link, Registry, TransportError};

use super::endpoint_parts::{EndpointParts, Side};
use super::waits::Waits;
use crate::core::{Failed, PipeId, Stage};
use crate::handle::{OfflineReason, SocketEvent};
use crate::position::StreamId;
use crate::session::{Beginning, SessionId};

/// Why a dialer does not dial, in the tree.
const GIVEN_UP: &str = "given up";

/// Lives exactly as long as its connection: it resolves and connects when it
/// starts, and ends with the reason of its connection, so that its restart is
/// the reconnection. One that has given up stays, and waits to be told.
pub(crate) struct Dialer {
    parts: EndpointParts,
    pipe: PipeId,
    waits: Waits,
    /// The number of its attempt, until that is known to have come to nothing.
    attempt: Option<u64>,
}

impl Dialer {
    /// Its pipe is the same over all its lives.
    pub(super) fn child(
        name: String,
        parts: EndpointParts,
        registry: &Registry,
    ) -> Result<(Child<Dialer>, PipeId), Failure> {
        let beginning = match parts.options().delivery {
            Delivery::BestEffort => None,
            Delivery::Reliable | Delivery::Durable => Some(beginning()?),
        };
        let expected = parts.options().expect_peer;
        let pipe = parts.shared.core(|core| {
            let pipe = core.dialed(&parts.shown, beginning);
            core.expects(pipe, expected);
            pipe
        });
        let waits = Waits::new(registry.is_local(&parts.endpoint));
        waits.follow(&parts.options());
        let patience = waits.patience.clone();
        let made_from = parts.clone();
        let child = Child::new(name, move || Dialer {
            parts: made_from.clone(),
            pipe,
            waits: waits.clone(),
            attempt: None,
        });
        let child = parts.describe(child.patience(&patience), "dialer");
        let child = child.on_restarting(move |after| {
            if !after.is_zero() && parts.options().reconnect {
                parts.shared.core(|core| core.retrying(pipe, after));
            }
        });
        Ok((child, pipe))
    }

    /// The attempt came to nothing.
    fn failed(&mut self, reason: OfflineReason, is_refused: bool) {
        if let Some(attempt) = self.attempt.take() {
            let (shared, url) = (&self.parts.shared, &self.parts.endpoint);
            let stage = Stage::Connecting { is_refused };
            shared.dial_failed(self.pipe, attempt, url, Failed { stage, reason });
        }
    }

    /// Its restart is the next attempt. One that has given up waits for it to be wanted.
    fn end(&mut self, exit: Exit, context: &mut Context<Self>) {
        match self.given_up() {
            true => self.dial_when_told(context),
            false => context.end(exit),
        }
    }

    fn given_up(&self) -> bool {
        let given_up = self.parts.shared.core(|core| core.given_up(self.pipe));
        given_up.is_some()
    }

    fn dial_when_told(&mut self, context: &mut Context<Self>) {
        let (parts, pipe) = (self.parts.clone(), self.pipe);
        let given_up = parts.shared.core(|core| core.given_up(pipe));
        let reconnects = given_up.is_none();
        if let Some(reason) = given_up {
            context.stats().describe(GIVEN_UP, reason.to_string());
        }
        let told = async move {
            // What was switched off may be switched on; what was given up stays so.
            let may_again = || reconnects && parts.options().reconnect;
            parts.shared.told_to_dial(pipe, may_again).await;
        };
        let told = told.into_actor(self);
        context.spawn(told.map(|(), dialer, context| {
            if dialer.given_up() {
                context.stats().undescribe(GIVEN_UP);
                context.progress().made();
            }
            dialer.dial(context);
        }));
    }

    fn dial(&mut self, context: &mut Context<Self>) {
        let registry = context.node().provided(Registry::standard);
        let shared = &self.parts.shared;
        self.attempt = Some(shared.dialing(self.pipe, &self.parts.options()));
        let deadline = self.parts.options().handshake_deadline;
        let endpoint = self.parts.endpoint.clone();
        let dial = async move {
            let dialed = tokio::time::timeout(deadline, registry.dial(&endpoint)).await;
            dialed.unwrap_or_else(|_| {
                let timed_out = std::io::ErrorKind::TimedOut.into();
                Err(TransportError::from_io(&endpoint, timed_out))
            })
        };
        context.spawn(
            dial.into_actor(self)
                .map(|link, dialer, context| match link {
                    Ok(link) => dialer.connected(link, context),
                    Err(error) => {
                        let is_refused = matches!(error, TransportError::Refused { .. });
                        let failure = Failure::from(error);
                        let reason = OfflineReason::Lost(failure.text.as_str().into());
                        dialer.failed(reason, is_refused);
                        dialer.end(Exit::Failed(failure), context);
                    }
                }),
        );
    }

    fn connected(&mut self, link: Link, context: &mut Context<Self>) {
        let name = link.peer.clone();
        self.parts.shared.tell(|| SocketEvent::Connected {
            endpoint: self.parts.shown.clone(),
            peer: link.peer.as_str().into(),
        });
        let side = Side::Dialer {
            pipe: self.pipe,
            attempt: self.attempt.unwrap_or_default(),
            progress: context.progress(),
        };
        let connection = match self.parts.connection(&name, link, side, context) {
            Ok(connection) => context.spawn_child(connection),
            Err(failure) => return context.fail(failure),
        };
        let gone = connection.gone().into_actor(self);
        context.spawn(gone.map(|exit, dialer: &mut Self, context| {
            let exit = match exit {
                // It ended in order, which is news for a dialer all the same.
                Exit::Normal | Exit::Shutdown => {
                    Exit::Failed(Failure::new("the peer ended the connection"))
                }
                other => other,
            };
            dialer.end(exit, context);
        }));
    }
}

/// Random, so that nobody else can take the session up.
fn beginning() -> Result<Beginning, Failure> {
    let (mut session, mut stream) = ([0; 16], [0; 16]);
    getrandom::fill(&mut session)?;
    getrandom::fill(&mut stream)?;
    Ok(Beginning {
        session: SessionId(session),
        stream: StreamId(stream),
    })
}

impl Actor for Dialer {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        if !self.parts.options().reconnect {
            let stats = context.stats();
            stats.describe("reconnects", "when it is told to");
        } else if !self.given_up() {
            return self.dial(context);
        }
        self.dial_when_told(context);
    }

    fn stopping(&mut self, _: &mut Context<Self>) -> Running {
        self.failed(OfflineReason::Stopped, false);
        Running::Stop
    }
}

impl Drop for Dialer {
    fn drop(&mut self) {
        self.failed(OfflineReason::Killed, false);
        // However it ends, its restart is decided after this.
        self.waits.follow(&self.parts.options());
    }
}
