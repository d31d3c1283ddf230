//! Starts the endpoints of a socket, those it was described with and those that are added while
//! it runs, and ends those that are removed.

use actix::AsyncContext;
use actix::fut::{ActorFutureExt, WrapFuture};
use treewire_runtime::{Context, Exit, Failure, Ref, SpawnError, Spawning};
use treewire_transports::{Endpoint, EndpointError, Registry, Use};

use super::dialer::Dialer;
use super::endpoint_parts::EndpointParts;
use super::listener::Listener;
use super::{SocketActor, flush};
use crate::core::{EndpointId, PipeId, ToStart};
use crate::handle::EndpointChangeError;
use crate::options::in_urls;

pub(super) const RESUMES: &str =
    "resume_from goes with senders that dial: listen, and dial from there";

/// A child that was spawned, and what it is called.
struct Started<A: actix::Actor<Context = Context<A>>> {
    id: EndpointId,
    name: String,
    child: Spawning<Ref<A>>,
}

impl SocketActor {
    /// Starts what there is: when one cannot be started the socket has failed, unless it was
    /// added while that ran.
    pub(super) fn start_endpoints(&mut self, context: &mut Context<Self>) -> Result<(), Failure> {
        // What the actor before had begun to part with.
        for (id, pipe) in self.shared.endpoints.leaving() {
            self.shared.undialed(pipe);
            self.shared.endpoints.forget(id);
        }
        let mut listeners = Vec::new();
        for one in self.take_to_start() {
            if one.is_live {
                self.start_added(&one, context);
                continue;
            }
            let endpoint = self.parse(&one, context)?;
            match one.way {
                Use::Listen => listeners.push(self.start_listener(one.id, endpoint, context)),
                Use::Dial => {
                    let (mut dialer, pipe) = self.start_dialer(one.id, endpoint, context)?;
                    let started = async move { (dialer.child.ready().await.err(), dialer) };
                    let started = started.into_actor(self);
                    context.wait(started.map(move |(error, dialer), socket, context| {
                        if let Some(error) = error {
                            return context.fail(error);
                        }
                        socket.keep_dialer(dialer, pipe, context);
                    }));
                }
            }
        }
        for mut listener in listeners {
            let bound = async move { (listener.child.ready().await.err(), listener) };
            let bound = bound.into_actor(self);
            context.wait(bound.map(move |(error, listener), socket, context| {
                if let Some(error) = error {
                    return context.fail(start_failure(error));
                }
                socket.keep_listener(listener, context);
            }));
        }
        self.await_more(context);
        Ok(())
    }

    fn take_to_start(&mut self) -> Vec<ToStart> {
        let to_start;
        (to_start, self.seen) = self.shared.endpoints.to_start(self.seen);
        to_start
    }

    /// Starts what is added from now on.
    fn await_more(&self, context: &mut Context<Self>) {
        let (shared, seen) = (self.shared.clone(), self.seen);
        let more = async move { shared.endpoints.more(seen).await };
        let more = more.into_actor(self);
        context.spawn(more.map(|(), socket, context| {
            for one in socket.take_to_start() {
                socket.start_added(&one, context);
            }
            socket.await_more(context);
        }));
    }

    /// Whoever added it is told what becomes of it.
    fn start_added(&mut self, one: &ToStart, context: &mut Context<Self>) {
        let started = self.try_start_added(one, context);
        if let Err(error) = started {
            self.shared.endpoints.failed(one.id, error);
        }
    }

    fn try_start_added(
        &mut self,
        one: &ToStart,
        context: &mut Context<Self>,
    ) -> Result<(), EndpointChangeError> {
        let endpoint = self.parse(one, context)?;
        match one.way {
            Use::Listen => {
                let mut listener = self.start_listener(one.id, endpoint, context);
                let bound = async move { (listener.child.ready().await.err(), listener) };
                let bound = bound.into_actor(self);
                context.spawn(bound.map(|(error, listener), socket, context| {
                    if let Some(error) = error {
                        let error = EndpointChangeError::NotBound(start_failure(error));
                        socket.shared.endpoints.failed(listener.id, error);
                    }
                    socket.keep_listener(listener, context);
                }));
            }
            Use::Dial if self.plan.resumes => {
                return Err(EndpointChangeError::NotTaken(Failure::fatal(RESUMES)));
            }
            Use::Dial => {
                let dialer = self.start_dialer(one.id, endpoint, context);
                let (dialer, pipe) = dialer.map_err(EndpointChangeError::NotTaken)?;
                self.keep_dialer(dialer, pipe, context);
            }
        }
        Ok(())
    }

    fn start_listener(
        &mut self,
        id: EndpointId,
        endpoint: Endpoint,
        context: &mut Context<Self>,
    ) -> Started<Listener> {
        let name = self.unique_name(format!("listener {endpoint}"));
        let listener = Listener::child(name.clone(), id, self.parts(endpoint));
        let child = context.spawn_child(listener);
        Started { id, name, child }
    }

    fn start_dialer(
        &mut self,
        id: EndpointId,
        endpoint: Endpoint,
        context: &mut Context<Self>,
    ) -> Result<(Started<Dialer>, PipeId), Failure> {
        let endpoints = &self.shared.endpoints;
        if endpoints.is_dialed(id, &endpoint) {
            let text = format!("{endpoint} is dialed already: one dialer to a peer is enough");
            return Err(Failure::fatal(text));
        }
        let registry = context.node().provided(Registry::standard);
        let name = self.unique_name(format!("dialer {endpoint}"));
        let dialer = Dialer::child(name.clone(), self.parts(endpoint.clone()), &registry);
        let (dialer, pipe) = dialer.inspect_err(|_| _ = self.names.remove(&name))?;
        self.shared.endpoints.dials(id, endpoint, pipe);
        let child = context.spawn_child(dialer);
        Ok((Started { id, name, child }, pipe))
    }

    /// A listener goes by itself, once it accepts no more and its last connection is gone.
    fn keep_listener(&self, listener: Started<Listener>, context: &mut Context<Self>) {
        let Started { name, child, .. } = listener;
        let gone = child.gone().into_actor(self);
        context.spawn(gone.map(move |_, socket, _| _ = socket.names.remove(&name)));
    }

    /// A dialer stays until it is to go; then what is queued for its peer is flushed first.
    fn keep_dialer(&self, dialer: Started<Dialer>, pipe: PipeId, context: &mut Context<Self>) {
        let shared = self.shared.clone();
        let Started {
            id,
            name,
            mut child,
        } = dialer;
        let gone = async move {
            let dialer = match child.ready().await {
                Ok(dialer) => dialer,
                // It was killed at its birth, say.
                Err(error) => {
                    shared.undialed(pipe);
                    let error = EndpointChangeError::NotTaken(error.into());
                    return shared.endpoints.failed(id, error);
                }
            };
            let gone = child.gone();
            shared.endpoints.is_up(id);
            shared.endpoints.leaves(id).await;
            let linger = shared.options().linger;
            shared.part_with(pipe);
            flush(&shared, Some(linger), || shared.is_flushed(pipe)).await;
            dialer.stop();
            gone.await;
            shared.undialed(pipe);
            shared.endpoints.forget(id);
        };
        let gone = gone.into_actor(self);
        context.spawn(gone.map(move |(), socket, _| _ = socket.names.remove(&name)));
    }

    fn parse(&self, one: &ToStart, context: &Context<Self>) -> Result<Endpoint, EndpointError> {
        let registry = context.node().provided(Registry::standard);
        let endpoint: Endpoint = one.given.parse()?;
        registry.check(&endpoint, one.way, &in_urls(one.way))?;
        let options = self.shared.options();
        registry.check_socket(&endpoint, options.socket_type.name, options.delivery)?;
        Ok(endpoint)
    }

    fn parts(&self, endpoint: Endpoint) -> EndpointParts {
        EndpointParts {
            shown: endpoint.to_string().into(),
            endpoint: endpoint.into(),
            shared: self.shared.clone(),
        }
    }

    /// The name, numbered if another child has it: one that is about to go, say.
    fn unique_name(&mut self, name: String) -> String {
        let numbered = (2..).map(|number| format!("{name}#{number}"));
        let mut names = std::iter::once(name.clone()).chain(numbered);
        let free = names.find(|name| !self.names.contains(name));
        let free = free.unwrap_or(name);
        self.names.insert(free.clone());
        free
    }
}

/// The reason of the listener alone: that it is a listener stands in the path already.
fn start_failure(error: SpawnError) -> Failure {
    match error {
        SpawnError::Failed {
            exit: Exit::Failed(failure),
            ..
        } => failure,
        other => other.into(),
    }
}
