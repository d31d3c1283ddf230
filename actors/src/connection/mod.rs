//! A connection: the actor that owns one link and speaks a dialect over it.

mod channel;
mod handshake;
mod incoming;
mod outgoing;
mod read_buffer;
mod repaired;
mod timer;
mod trouble;
mod wire;

use std::collections::VecDeque;
use std::pin::{Pin, pin};
use std::sync::{Arc, OnceLock};
use std::task::{Context as Task, Poll, Waker};
use std::time::{Duration, Instant};

use actix::fut::ActorFuture;
use actix::{Actor, ActorContext, AsyncContext, Running};
use treewire_runtime::{Clock, Context, Exit, Failure, Progress, Stats};
use treewire_transports::{Credit, Cutter, Dialect, Endpoint, Event, Link};

use crate::core::{Failed, Inlet, Peer, PipeId, Queued, Shared, Stage};
use crate::handle::{OfflineReason, SocketEvent};
use crate::session::SessionId;
use channel::Channel;
use timer::Timer;
pub(crate) use trouble::Trouble;
use wire::{Received, Wire};

/// How long the last bytes of a connection that is being stopped have to leave.
pub(crate) const FAREWELL: Duration = Duration::from_secs(2);

/// A read of this many bytes is part of a bulk transfer.
const BULK_BYTES: usize = 32 * 1024;

/// How long a connection in a bulk transfer looks for more before it sleeps.
const BULK_LINGER: Duration = Duration::from_micros(50);

/// How long it keeps room that it filled once and may not need again. No timer is set for this:
/// the one of the heartbeats comes by.
const SPARE_KEPT: Duration = Duration::from_secs(5);

/// How often one poll goes round before it lets its neighbours on.
const ROUNDS: usize = 4;

/// After how many messages, in and out, it does so before: small ones are many in a round.
const TURN_MESSAGES: u64 = 2_048;

/// What a connection is made from.
pub(crate) struct ConnectionConfig {
    pub(crate) shared: Arc<Shared>,
    /// After how long a peer that reads nothing is given up.
    pub(crate) dead_after: Duration,
    /// What its dialer knows; an accepted connection gets a pipe when it is open.
    pub(crate) dialed: Option<Dialed>,
    /// What is dialed, or where it was accepted.
    pub(crate) endpoint: Arc<str>,
    /// The service that the endpoint names.
    pub(crate) service: String,
    pub(crate) handshake_deadline: Duration,
    /// Tells the dialer's supervisor that the connection was of use.
    pub(crate) progress: Option<Progress>,
}

/// An attempt of a dialer.
pub(crate) struct Dialed {
    pub(crate) pipe: PipeId,
    pub(crate) attempt: u64,
    pub(crate) url: Arc<Endpoint>,
}

impl ConnectionConfig {
    /// The pipe of the dialer.
    fn pipe(&self) -> Option<PipeId> {
        self.dialed.as_ref().map(|dialed| dialed.pipe)
    }
}

pub(crate) struct Connection {
    config: ConnectionConfig,
    peer: Peer,
    wire: Wire,
    dialect: Box<dyn Dialect>,
    phase: Phase,
    /// Set once the socket counts us among its peers, and shared with who takes us
    /// off them when our thread is blocked.
    inlet: Arc<OnceLock<Arc<Inlet>>>,
    /// Until it is started.
    cutter: Option<Cutter>,
    events: VecDeque<Event>,
    /// Messages, in and out, in the poll at hand.
    moved: u64,
    /// A batch on its way out; kept for its capacity.
    departing: Vec<Queued>,
    timer: Timer,
    open_by: Instant,
    /// Until when it keeps room that it does not need at the moment.
    spare_until: Instant,
    credit_due: Option<Instant>,
    linger_until: Option<Instant>,
    /// Since when output waits without any of it leaving.
    unwritten_since: Option<Instant>,
    /// The session that a dialer asked for, and the number of the attempt.
    session: (SessionId, u64),
    /// The credit in our OPEN or ACCEPT.
    told: Credit,
    /// How many channels beside its one the peer asked for.
    refused_opens: u32,
    /// It was asked to stop: say goodbye and leave.
    leaving: bool,
    /// Why it ended, once it has.
    ended_by: Option<OfflineReason>,
    /// Until when it waits for the peer's last messages before it does.
    part_by: Option<Instant>,
    /// Until when the peer, which does not know that it is to, has to end its direction.
    end_by: Option<Instant>,
    /// Wakes the future that drives it.
    drive: Option<Waker>,
}

/// Named for what it waits for.
enum Phase {
    ExpectHello,
    /// We asked for a channel.
    ExpectAnswer(u32),
    /// The peer is to ask for a channel.
    ExpectOpen,
    Open(Channel),
    /// The last bytes are to leave, then the peer ends its direction.
    ExpectEnd,
}

impl Connection {
    pub(crate) fn new(
        config: ConnectionConfig,
        link: Link,
        dialect: Box<dyn Dialect>,
        clock: Clock,
        stats: &Stats,
    ) -> Result<Self, Failure> {
        let now = clock.now();
        let dials = config.dialed.is_some();
        Ok(Connection {
            peer: Peer {
                address: link.peer.as_str().into(),
                host: link.host.into(),
                instance: None,
            },
            wire: Wire::new(link.io, dials, &clock, stats)?,
            dialect,
            phase: Phase::ExpectHello,
            inlet: Arc::default(),
            cutter: Some(link.cutter),
            events: VecDeque::new(),
            moved: 0,
            departing: Vec::new(),
            timer: Timer::new(clock),
            open_by: now + config.handshake_deadline,
            spare_until: now + SPARE_KEPT,
            credit_due: None,
            linger_until: None,
            unwritten_since: None,
            session: (SessionId([0; 16]), 0),
            told: Credit::default(),
            refused_opens: 0,
            leaving: false,
            ended_by: None,
            part_by: None,
            end_by: None,
            drive: None,
            config,
        })
    }

    /// Does all there is to do: reads, handles, sends, keeps time. Ready when the
    /// connection is over.
    fn advance(&mut self, stats: &Stats, task: &mut Task<'_>) -> Poll<Result<(), Trouble>> {
        if self
            .drive
            .as_ref()
            .is_none_or(|known| !known.will_wake(task.waker()))
        {
            self.drive = Some(task.waker().clone());
        }
        if let Some(inlet) = self.inlet.get() {
            inlet.register(task.waker());
            if inlet.is_detached() {
                return Poll::Ready(Err(Trouble::Superseded));
            }
        }
        let now = self.timer.clock.now();
        self.check_deadlines(now)?;
        self.moved = 0;
        for _ in 0..ROUNDS {
            let mut busy = false;
            let was_paused = self.dialect.is_paused();
            let received = self
                .wire
                .poll_receive(&mut *self.dialect, now, &mut self.events, task);
            let received = match received {
                Ok(received) => received,
                Err(trouble) => {
                    // What came before it is none of its business.
                    self.handle_events(stats)?;
                    return Poll::Ready(Err(trouble));
                }
            };
            match received {
                Poll::Ready(Received::Bytes(count)) => {
                    busy = true;
                    if count >= BULK_BYTES && !self.timer.clock.is_driven() {
                        self.linger_until = Some(now + BULK_LINGER);
                    }
                    stats.bytes_in.add(count as u64);
                    self.config.shared.stats.bytes_in.add_shared(count as u64);
                }
                Poll::Ready(Received::End) => {
                    self.handle_events(stats)?;
                    return Poll::Ready(Ok(()));
                }
                Poll::Pending => {}
            }
            self.handle_events(stats)?;
            busy |= self.fill_output(stats, now);
            busy |= was_paused && !self.dialect.is_paused();
            let written = self.wire.poll_send(task)?;
            if written > 0 {
                busy = true;
                stats.bytes_out.add(written as u64);
                self.config
                    .shared
                    .stats
                    .bytes_out
                    .add_shared(written as u64);
            }
            if self.wire.output.is_empty() {
                self.unwritten_since = None;
            } else if written > 0 || self.unwritten_since.is_none() {
                self.unwritten_since = Some(now);
            }
            if self.has_said_all() {
                self.wire.finish(task)?;
                let waited = self.end_by.take_if(|at| *at <= now).is_some();
                if self.wire.is_finished() && (waited || self.wire.has_input_ended()) {
                    // The dialect may say that what was written last counts as handled.
                    self.handle_events(stats)?;
                    return Poll::Ready(Ok(()));
                }
            }
            if !busy {
                if self.linger_until.is_some_and(|until| now < until) {
                    // More of a bulk transfer is about to come: looking again is
                    // cheaper, for the sender above all, than sleeping and being woken.
                    task.waker().wake_by_ref();
                }
                return self.keep_time(now, task);
            }
            if self.moved >= TURN_MESSAGES {
                break;
            }
        }
        // It comes back after the runtime looked at timers and sockets: woken at once, it
        // would have some sixty turns before that. The first poll is always pending.
        let _ = pin!(tokio::task::yield_now()).poll(task);
        Poll::Pending
    }

    /// A peer that keeps us busy is not above its deadlines.
    fn check_deadlines(&self, now: Instant) -> Result<(), Trouble> {
        if self.open_by().is_some_and(|at| at <= now) {
            return Err(Trouble::HandshakeTimedOut(self.config.handshake_deadline));
        }
        if self.stalled_at().is_some_and(|at| at <= now) {
            return Err(Trouble::Stalled(self.config.dead_after));
        }
        Ok(())
    }

    /// Until when the channel is to be open, while it is not.
    fn open_by(&self) -> Option<Instant> {
        let is_open = matches!(self.phase, Phase::Open(_) | Phase::ExpectEnd);
        (!is_open).then_some(self.open_by)
    }

    /// When a peer that reads nothing of what is to be written is given up: it
    /// always can read, since credit bounds what it has to keep.
    fn stalled_at(&self) -> Option<Instant> {
        if !self.dialect.is_known_to_the_peer() {
            return None;
        }
        Some(self.unwritten_since? + self.config.dead_after)
    }

    /// Sets the timer for whatever is due first, and does what is due.
    fn keep_time(&mut self, now: Instant, task: &mut Task<'_>) -> Poll<Result<(), Trouble>> {
        if self.dialect.wake_at().is_some_and(|at| at <= now) {
            self.dialect.on_time(now, &mut self.wire.output)?;
            task.waker().wake_by_ref();
            return Poll::Pending;
        }
        let next = [
            self.open_by(),
            self.stalled_at(),
            self.dialect.wake_at(),
            self.credit_due,
            self.part_by,
            self.end_by,
        ];
        let next = next.into_iter().flatten().min();
        if self.timer.is_due(next, task) {
            self.give_up_spare_memory(now);
            task.waker().wake_by_ref();
        }
        Poll::Pending
    }

    /// What it was busy with left room behind, which it may not need for long. Done seldom, so
    /// that it costs a busy connection nothing.
    fn give_up_spare_memory(&mut self, now: Instant) {
        if now < self.spare_until {
            return;
        }
        self.spare_until = now + SPARE_KEPT;
        self.give_up_room_of_events();
        self.departing = Vec::new();
        self.wire.output.shrink();
        if let Some(inlet) = self.inlet.get() {
            self.config.shared.core(|core| core.shrink_pipe_of(inlet));
        }
    }

    pub(super) fn give_up_room_of_events(&mut self) {
        if self.events.is_empty() {
            self.events = VecDeque::new();
        }
    }

    /// Nothing follows what the output holds.
    fn has_said_all(&self) -> bool {
        match &self.phase {
            Phase::ExpectEnd => true,
            Phase::Open(channel) if self.wire.has_input_ended() => {
                let answered = channel.granted.handled == channel.received;
                answered && (channel.is_over() || self.config.shared.is_sent(&channel.inlet))
            }
            _ => self.wire.has_input_ended(),
        }
    }

    fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open(_))
    }
}

impl Actor for Connection {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        let now = context.clock().now();
        self.dialect.begin(now, &mut self.wire.output);
        context.spawn(Drive);
        let (shared, inlet) = (self.config.shared.clone(), self.inlet.clone());
        if let Some(cutter) = self.cutter.take() {
            context.on_abandoned(move || {
                cutter.cut();
                if let Some(inlet) = inlet.get() {
                    shared.detach(inlet, OfflineReason::Killed);
                }
            });
        }
    }

    fn stopping(&mut self, _: &mut Context<Self>) -> Running {
        if std::mem::replace(&mut self.leaving, true) || !self.is_open() {
            return Running::Stop;
        }
        // What is queued, the credit and the close leave first; the deadline is the supervisor's.
        if let Some(drive) = &self.drive {
            drive.wake_by_ref();
        }
        Running::Continue
    }
}

impl Drop for Connection {
    /// However it ends, the socket learns of it.
    fn drop(&mut self) {
        let reason = self.end_reason();
        let shared = &self.config.shared;
        if let Some(inlet) = self.inlet.get() {
            return shared.detach(inlet, reason);
        }
        shared.tell(|| SocketEvent::HandshakeFailed {
            endpoint: self.config.endpoint.clone(),
            peer: self.peer.address.clone(),
            reason: reason.clone(),
        });
        if let Some(Dialed { pipe, attempt, url }) = &self.config.dialed {
            let stage = Stage::ShakingHands;
            shared.dial_failed(*pipe, *attempt, url, Failed { stage, reason });
        }
    }
}

/// Drives the connection in its context.
struct Drive;

impl ActorFuture<Connection> for Drive {
    type Output = ();

    fn poll(
        self: Pin<&mut Self>,
        connection: &mut Connection,
        context: &mut Context<Connection>,
        task: &mut Task<'_>,
    ) -> Poll<()> {
        let stats = context.stats().clone();
        let Poll::Ready(result) = connection.advance(&stats, task) else {
            return Poll::Pending;
        };
        connection.note_end(&result);
        match result {
            Ok(()) if connection.leaving => context.stop(),
            Ok(()) => context.end(Exit::Normal),
            Err(trouble) => {
                connection.report(&trouble, &stats);
                context.fail(trouble.into_failure(&connection.peer.address));
            }
        }
        Poll::Ready(())
    }
}
