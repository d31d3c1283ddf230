//! A socket: the actor with a pattern, and the supervisor of its endpoints.

mod audience;
mod bound;
mod builder;
mod checks;
mod dialer;
mod endpoint_parts;
mod endpoints;
mod inquiries;
mod listener;
mod plan;
mod publishing;
mod waits;

use std::collections::{HashMap, HashSet};
use std::future::{pending, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use actix::fut::{ActorFutureExt, WrapFuture};
use actix::{
    Actor, ActorContext, AsyncContext, Handler, Message, ResponseActFuture, Running, SpawnHandle,
};
use treewire_runtime::{Clock, Context, Failure};
use treewire_transports::Delivery;

use crate::core::{Core, EndpointId, PipeId, Shared};
use crate::handle::{Closed, RequestDefaults};
use crate::position::StreamId;
use audience::Audience;
pub use builder::{Pub, Pull, Push, Rep, Req, Serves, ServesPositions, Socket, Sub};
pub(crate) use plan::Plan;

/// Owns the endpoints; the messages themselves do not pass through it.
pub(crate) struct SocketActor {
    shared: Arc<Shared>,
    plan: Plan,
    audience: Audience,
    finished: bool,
    /// Up to which one its endpoints were looked at.
    seen: EndpointId,
    /// What its children are called.
    names: HashSet<String>,
    /// By pipe, the wait for what an actor decides.
    inquiries: HashMap<PipeId, SpawnHandle>,
}

impl SocketActor {
    fn new(shared: Arc<Shared>, plan: Plan, audience: Audience) -> Self {
        SocketActor {
            shared,
            plan,
            audience,
            finished: false,
            seen: EndpointId::default(),
            names: HashSet::new(),
            inquiries: HashMap::new(),
        }
    }

    pub(crate) fn shared(&self) -> Arc<Shared> {
        self.shared.clone()
    }

    pub(crate) fn defaults(&self) -> RequestDefaults {
        RequestDefaults::new(self.shared.options().codec)
    }

    /// Whether its options go together.
    fn check_options(&self) -> Result<(), Failure> {
        if let Some(mistake) = &self.plan.mistake {
            return Err(Failure::fatal(mistake.clone()));
        }
        self.shared
            .core(|core| core.check_subscriptions())
            .map_err(Failure::fatal)?;
        let options = self.shared.options();
        let checked = options.check();
        checked.map_err(|error| Failure::fatal(error.to_string()))?;
        if options.delivery == Delivery::Durable {
            let text = "delivery Durable is not there yet: take Reliable";
            return Err(Failure::fatal(text));
        }
        if self.plan.resumes && options.delivery == Delivery::BestEffort {
            let text = "resume_from goes with reliable messages: set delivery to Reliable";
            return Err(Failure::fatal(text));
        }
        if self.plan.resumes && !self.plan.dial.is_empty() {
            return Err(Failure::fatal(endpoints::RESUMES));
        }
        self.check_notices()
    }

    /// Lets go of sessions whose peers stay away for the lease, and takes those up again
    /// whose peers were quarantined.
    fn keep_sessions(&self, context: &mut Context<Self>) {
        if self.shared.options().delivery == Delivery::BestEffort {
            return;
        }
        let (shared, clock) = (self.shared.clone(), context.clock().clone());
        let keep = async move {
            loop {
                let mut left = pin!(shared.left.notified());
                left.as_mut().enable();
                let mut quarantined = pin!(shared.ward.began.notified());
                quarantined.as_mut().enable();
                let now = clock.now();
                let expires = shared.expire_sessions(now);
                let released = shared.ward.refuses_until().filter(|&until| now < until);
                // Some quarantine may be over.
                shared.core(Core::pump);
                let next = expires.into_iter().chain(released).min();
                tokio::select! {
                    biased;
                    () = until(&clock, next) => {}
                    () = left => {}
                    () = quarantined => {}
                }
            }
        };
        context.spawn(keep.into_actor(self));
    }

    /// What it publishes is told from all other streams by random bits.
    fn begin_publishing(&self) -> Result<(), Failure> {
        if !self.shared.options().socket_type.publishes() {
            return Ok(());
        }
        let mut bits = [0; 16];
        getrandom::fill(&mut bits)?;
        let stream = StreamId::from_bytes(bits);
        self.shared.core(|core| core.publish_as(stream));
        Ok(())
    }

    /// Tells those who listen what was dropped, not too often.
    fn tell_drops(&self, context: &mut Context<Self>) {
        let (shared, clock) = (self.shared.clone(), context.clock().clone());
        let tell = async move {
            loop {
                let now = clock.now();
                let next = shared.core(|core| core.tell_drops(now));
                tokio::select! {
                    biased;
                    () = until(&clock, next) => {}
                    () = shared.losses.began.notified() => {}
                }
            }
        };
        context.spawn(tell.into_actor(self));
    }

    /// Nothing is left to be done: the socket is to be stopped, and to stay so.
    fn leave(&mut self, context: &mut Context<Self>) {
        self.finished = true;
        context.child().stop();
    }

    /// Moves received messages on whenever the actor that is served has room again.
    fn pump_on_room(&self, context: &mut Context<Self>) {
        let shared = self.shared.clone();
        let pump = poll_fn(move |task| {
            shared.core(|core| {
                core.on_delivery_room(task.waker());
                core.pump();
            });
            Poll::<()>::Pending
        });
        context.spawn(pump.into_actor(self));
    }
}

impl Actor for SocketActor {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        self.shared.ward.enter_node(context.clock());
        let (shared, node) = (self.shared.clone(), context.node().clone());
        context.on_abandoned(move || {
            if node.is_stopping() {
                shared.leave();
            }
        });
        if !self.shared.reopen() {
            // What its user closed stays closed. A supervisor that waits for it to
            // be ready is told so first.
            let ready = std::future::ready(()).into_actor(self);
            context.spawn(ready.map(|(), socket, context| socket.leave(context)));
            return;
        }
        if let Err(failure) = self.begin_publishing() {
            return context.fail(failure);
        }
        self.audience.tell(context, self);
        self.pump_on_room(context);
        self.keep_sessions(context);
        self.tell_drops(context);
        self.put_questions(context);
        let started = self.check_options();
        if let Err(failure) = started.and_then(|()| self.start_endpoints(context)) {
            context.fail(failure);
        }
    }

    fn stopping(&mut self, context: &mut Context<Self>) -> Running {
        if self.finished {
            return Running::Stop;
        }
        if context.node().is_stopping() {
            self.shared.will_not_return();
        }
        self.shared.rest();
        let flushed = flush_all(self.shared.clone(), Some(self.shared.options().linger));
        context.spawn(flushed.into_actor(self).map(|(), socket, context| {
            socket.finished = true;
            context.stop();
        }));
        Running::Continue
    }
}

impl Drop for SocketActor {
    fn drop(&mut self) {
        if self.shared.leaves_for_good() {
            self.shared.core(Core::end_pipes);
        }
    }
}

/// Closes the socket for good.
#[derive(Debug)]
pub(crate) struct Close {
    /// How long to wait for confirmation; `None` for ever.
    pub(crate) linger: Option<Duration>,
}

impl Message for Close {
    type Result = Closed;
}

impl Handler<Close> for SocketActor {
    type Result = ResponseActFuture<Self, Closed>;

    fn handle(&mut self, close: Close, _: &mut Context<Self>) -> Self::Result {
        self.shared.begin_closing();
        let flushed = flush_all(self.shared.clone(), close.linger);
        Box::pin(flushed.into_actor(self).map(|(), socket, context| {
            socket.leave(context);
            socket.shared.end()
        }))
    }
}

/// For ever without a time.
async fn until(clock: &Clock, time: Option<Instant>) {
    match time {
        Some(time) => clock.sleep_until(time).await,
        None => pending().await,
    }
}

/// Waits until every peer confirmed everything, or the time is up.
async fn flush_all(shared: Arc<Shared>, linger: Option<Duration>) {
    flush(&shared, linger, || shared.unflushed() == 0).await;
}

/// Waits until that is so, or the time is up.
async fn flush(shared: &Shared, linger: Option<Duration>, is_flushed: impl Fn() -> bool) {
    let flushed = async {
        loop {
            let mut changed = pin!(shared.changed.notified());
            changed.as_mut().enable();
            if is_flushed() {
                return;
            }
            changed.await;
        }
    };
    match linger {
        // Who runs out of time finds the rest in the core.
        Some(linger) => drop(tokio::time::timeout(linger, flushed).await),
        None => flushed.await,
    }
}
