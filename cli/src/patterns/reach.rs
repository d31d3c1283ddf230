//! Whether anybody can still be reached: nobody can tell the socket of a command to dial again.

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use treewire::transports::value::parse_switch;
use treewire::{Endpoint, OfflineReason, PipeState, PipeStatus, SocketHandle};

use crate::arguments::EndpointArguments;
use crate::patience::Patience;

/// Resolves to why there will be nobody.
pub(crate) type Unreachable = Shared<BoxFuture<'static, String>>;

/// What the command has with this socket: as long as the arguments say, and not when all
/// that it dials is given up and nobody can come.
pub(super) fn patience(socket: &SocketHandle, endpoints: &EndpointArguments) -> Patience {
    let patience = Patience::new(endpoints.timeout);
    match endpoints.listen.is_empty() {
        true => patience.unless(unreachable(socket.clone()).boxed().shared()),
        false => patience,
    }
}

async fn unreachable(socket: SocketHandle) -> String {
    let mut events = socket.events();
    loop {
        if let Some(why) = given_up(&socket) {
            return why;
        }
        if events.next().await.is_none() {
            // The socket has closed, which its user hears elsewhere.
            return std::future::pending().await;
        }
    }
}

/// Why each endpoint is given up, if all of them are.
fn given_up(socket: &SocketHandle) -> Option<String> {
    let reconnects = switch(socket.get("reconnect").ok().as_deref());
    let pipes = socket.pipes();
    let reasons = pipes.iter().map(|pipe| over(pipe, reconnects));
    let reasons: Vec<String> = reasons.collect::<Option<_>>()?;
    (!reasons.is_empty()).then(|| format!("nobody is dialed any more: {}", reasons.join("; ")))
}

fn over(pipe: &PipeStatus, reconnects: bool) -> Option<String> {
    let endpoint = pipe.endpoint.as_deref()?;
    let reason = pipe.reason.as_ref()?;
    let is_over = match pipe.state {
        PipeState::Closed => true,
        PipeState::Disconnected => !reconnects_at(endpoint, reconnects),
        _ => false,
    };
    is_over.then(|| match reason {
        OfflineReason::GivenUp { attempts, last, .. } => {
            format!("{endpoint} is given up, tries in vain: {attempts}, the last: {last}")
        }
        reason => format!("{endpoint}: {reason}"),
    })
}

/// The endpoint may say otherwise than the socket.
fn reconnects_at(endpoint: &str, reconnects: bool) -> bool {
    match endpoint.parse::<Endpoint>() {
        Ok(endpoint) if endpoint.option("reconnect").is_some() => {
            switch(endpoint.option("reconnect"))
        }
        _ => reconnects,
    }
}

fn switch(text: Option<&str>) -> bool {
    text.and_then(parse_switch).unwrap_or(true)
}
