//! A connection: the actor that owns one link and speaks a dialect over it.

mod channel;
mod handshake;
mod read_buffer;
mod timer;
mod trouble;
mod wire;

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context as Task, Poll, Waker};
use std::time::{Duration, Instant};

use actix::fut::ActorFuture;
use actix::{Actor, ActorContext, AsyncContext, Running};
use treewire_runtime::{Clock, Context, Exit, Progress, Stats};
use treewire_transports::{Close, Credit, Cutter, Dialect, Event, Link, Settings};

use crate::core::{Inlet, Peer, PipeId, Queued, Shared};
use channel::Channel;
use timer::Timer;
pub(crate) use trouble::Trouble;
use wire::{Received, Wire};

/// How long handled messages may go unreported when there are few of them.
const CREDIT_DELAY: Duration = Duration::from_millis(20);

/// How long the last bytes of a connection that is being stopped have to leave.
pub(crate) const FAREWELL: Duration = Duration::from_secs(2);

/// How long a connection that is being stopped waits for what its peer has sent.
const PARTING: Duration = Duration::from_secs(1);

/// A read of this many bytes is part of a bulk transfer.
const BULK_BYTES: usize = 32 * 1024;

/// How long a connection in a bulk transfer looks for more before it sleeps.
const BULK_LINGER: Duration = Duration::from_micros(50);

/// How often one poll goes round before it lets its neighbours on.
const ROUNDS: usize = 4;

/// Output above this many bytes waits for the link before more is encoded.
const OUTPUT_BYTES_MAX: usize = 256 * 1024;

/// What a connection is made from.
pub(crate) struct ConnectionConfig {
    pub(crate) shared: Arc<Shared>,
    pub(crate) settings: Settings,
    /// The pipe of the dialer; an accepted connection gets one when it is open.
    pub(crate) pipe: Option<PipeId>,
    /// The service that the endpoint names.
    pub(crate) service: String,
    pub(crate) handshake_deadline: Duration,
    /// Tells the dialer's supervisor that the connection was of use.
    pub(crate) progress: Option<Progress>,
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
    /// A batch on its way out; kept for its capacity.
    departing: Vec<Queued>,
    timer: Timer,
    open_by: Instant,
    credit_due: Option<Instant>,
    linger_until: Option<Instant>,
    /// Since when output waits without any of it leaving.
    unwritten_since: Option<Instant>,
    /// How many channels beside its one the peer asked for.
    refused_opens: u32,
    /// It was asked to stop: say goodbye and leave.
    leaving: bool,
    /// Until when it waits for the peer's last messages before it does.
    part_by: Option<Instant>,
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
    ) -> Self {
        let now = clock.now();
        Connection {
            peer: Peer {
                address: link.peer.as_str().into(),
                host: link.host.into(),
                instance: None,
            },
            wire: Wire::new(link.io),
            dialect,
            phase: Phase::ExpectHello,
            inlet: Arc::default(),
            cutter: Some(link.cutter),
            events: VecDeque::new(),
            departing: Vec::new(),
            timer: Timer::new(clock),
            open_by: now + config.handshake_deadline,
            credit_due: None,
            linger_until: None,
            unwritten_since: None,
            refused_opens: 0,
            leaving: false,
            part_by: None,
            drive: None,
            config,
        }
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
        }
        let now = self.timer.clock.now();
        self.check_deadlines(now)?;
        for _ in 0..ROUNDS {
            let mut busy = false;
            match self
                .wire
                .poll_receive(&mut *self.dialect, now, &mut self.events, task)?
            {
                Poll::Ready(Received::Bytes(count)) => {
                    busy = true;
                    if count >= BULK_BYTES {
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
            if matches!(self.phase, Phase::ExpectEnd) {
                self.wire.finish(task)?;
            }
            if !busy {
                if self.linger_until.is_some_and(|until| now < until) {
                    // More of a bulk transfer is about to come: looking again is
                    // cheaper, for the sender above all, than sleeping and being woken.
                    task.waker().wake_by_ref();
                }
                return self.keep_time(now, task);
            }
        }
        task.waker().wake_by_ref();
        Poll::Pending
    }

    fn handle_events(&mut self, stats: &Stats) -> Result<(), Trouble> {
        while let Some(event) = self.events.pop_front() {
            match (event, &mut self.phase) {
                (event @ Event::Message { .. }, Phase::Open(channel)) => {
                    // Consecutive messages go in one batch, under one lock.
                    self.events.push_front(event);
                    let before = channel.received;
                    let inlet = channel.inlet.clone();
                    let batch = std::iter::from_fn(|| channel.next_message(&mut self.events));
                    self.config.shared.accept(&inlet, batch);
                    let count = channel.received - before;
                    stats.messages_in.add(count);
                    self.config.shared.stats.messages_in.add_shared(count);
                    if let Some(Event::Message {
                        channel: number, ..
                    }) = self.events.front()
                    {
                        return Err(if *number == channel.number {
                            Trouble::BeyondCredit {
                                messages_max: channel.granted.messages_max,
                            }
                        } else {
                            Trouble::OutOfTurn("a message on another channel")
                        });
                    }
                    self.made_progress();
                }
                (
                    Event::Credit {
                        channel: number,
                        credit,
                    },
                    Phase::Open(channel),
                ) if number == channel.number => {
                    let shared = &self.config.shared;
                    shared.credit(&channel.inlet, credit).map_err(|sent| {
                        let handled = credit.handled;
                        Trouble::FalseCredit { handled, sent }
                    })?;
                    if credit.handled > 0 {
                        self.made_progress();
                    }
                }
                (
                    Event::Close {
                        channel: number,
                        close,
                    },
                    Phase::Open(channel),
                ) if number == channel.number => {
                    channel.peer_closed = true;
                    if channel.is_over() {
                        self.config.shared.peer_leaves(&channel.inlet);
                    }
                    let confirmed = Credit {
                        handled: close.handled,
                        ..Credit::default()
                    };
                    let shared = &self.config.shared;
                    shared.credit(&channel.inlet, confirmed).map_err(|sent| {
                        let handled = close.handled;
                        Trouble::FalseCredit { handled, sent }
                    })?;
                }
                (Event::Goodbye { reason }, _) => return Err(Trouble::Goodbye(reason)),
                (Event::RoundTrip(time), _) => {
                    stats.describe("round trip", format!("{time:?}"));
                }
                (event, _) => self.shake_hands(event, stats)?,
            }
        }
        Ok(())
    }

    /// Encodes what may be sent. `true` if there was anything.
    fn fill_output(&mut self, stats: &Stats, now: Instant) -> bool {
        let Phase::Open(channel) = &mut self.phase else {
            return false;
        };
        let mut busy = false;
        let shared = &self.config.shared;
        let inlet = &channel.inlet;
        let room = OUTPUT_BYTES_MAX.saturating_sub(self.wire.output.byte_len());
        if room > 0 && !channel.we_closed && !channel.is_over() {
            shared.take_sendable(inlet, room as u64, &mut self.departing);
            let mut sent = 0;
            for queued in self.departing.drain(..) {
                busy = true;
                // The socket's own limits were kept; the peer's may be narrower.
                let envelope = match self.dialect.check(&queued.envelope.content) {
                    Ok(()) => Some(queued.envelope),
                    Err(error) => shared.core(|core| core.unsendable(inlet, queued, &error)),
                };
                match envelope {
                    Some(envelope) => {
                        self.dialect
                            .send(channel.number, envelope, &mut self.wire.output);
                        sent += 1;
                    }
                    // It may have been the last to be flushed.
                    None => shared.changed.notify_waiters(),
                }
            }
            stats.messages_out.add(sent);
            shared.stats.messages_out.add_shared(sent);
        }
        let closing = shared.is_closing() || self.leaving;
        if channel.inlet.owes_credit() {
            let due = *self.credit_due.get_or_insert(now + CREDIT_DELAY);
            if closing || channel.peer_closed || due <= now || channel.inlet.is_urgent() {
                self.credit_due = None;
                channel.granted = channel.inlet.credit();
                self.dialect
                    .credit(channel.number, channel.granted, &mut self.wire.output);
                busy = true;
            }
        }
        if (closing || channel.is_over())
            && !channel.we_closed
            && let Some(sent) = match self.leaving || channel.is_over() {
                // What is queued stays with the pipe.
                true => shared.sent(inlet),
                false => shared.sent_all(inlet),
            }
        {
            channel.we_closed = true;
            let close = Close {
                handled: channel.inlet.credit().handled,
                sent,
                reason: match closing {
                    true => "the socket is closing".into(),
                    false => "the peer is closing".into(),
                },
            };
            self.dialect
                .close(channel.number, &close, &mut self.wire.output);
            busy = true;
        }
        if !self.leaving || !channel.we_closed {
            return busy;
        }
        // What is under way is received, not lost.
        let part_by = *self.part_by.get_or_insert(now + PARTING);
        if !channel.expects_messages() || part_by <= now {
            self.part_by = None;
            self.dialect
                .goodbye("the connection is being stopped", &mut self.wire.output);
            self.phase = Phase::ExpectEnd;
            busy = true;
        }
        busy
    }

    /// A peer that keeps us busy is not above its deadlines.
    fn check_deadlines(&self, now: Instant) -> Result<(), Trouble> {
        if self.open_by().is_some_and(|at| at <= now) {
            return Err(Trouble::HandshakeTimedOut(self.config.handshake_deadline));
        }
        if self.stalled_at().is_some_and(|at| at <= now) {
            return Err(Trouble::Stalled(self.config.settings.dead_after));
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
        Some(self.unwritten_since? + self.config.settings.dead_after)
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
        ];
        let next = next.into_iter().flatten().min();
        if self.timer.is_due(next, task) {
            task.waker().wake_by_ref();
        }
        Poll::Pending
    }

    fn made_progress(&mut self) {
        if let Some(progress) = self.config.progress.take() {
            progress.made();
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
                    shared.detach(inlet);
                }
            });
        }
    }

    fn stopping(&mut self, _: &mut Context<Self>) -> Running {
        if self.leaving || !self.is_open() {
            return Running::Stop;
        }
        // What is queued, the credit and the close leave first; the deadline is the supervisor's.
        self.leaving = true;
        if let Some(drive) = &self.drive {
            drive.wake_by_ref();
        }
        Running::Continue
    }
}

impl Drop for Connection {
    /// However it ends, the socket learns of it.
    fn drop(&mut self) {
        if let Some(inlet) = self.inlet.get() {
            self.config.shared.detach(inlet);
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
