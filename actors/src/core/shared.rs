use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Instant;

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;
use treewire_runtime::{Counter, Patience, Stats};
use treewire_transports::{Content, Credit, Endpoint, Envelope, OpenChannel};

use super::{
    Blocked, Core, Endpoints, Failed, FateNews, Inlet, Losses, NoSession, Opening, Owed, Peer,
    PipeId, Queued, Ward,
};
use crate::handle::{Closed, OfflineReason, RecvError, SocketEvent};
use crate::message::Message;
use crate::options::{OptionError, SocketOptions};
use crate::session::SessionId;

/// A socket's core and those who wait at it: shared by its handles, its
/// connections and its actor, over all their lives.
pub(crate) struct Shared {
    core: Mutex<Core>,
    pub(crate) stats: Arc<Stats>,
    /// How long its supervisor waits for the socket to stop.
    pub(crate) patience: Patience,
    pub(crate) ward: Arc<Ward>,
    pub(crate) losses: Arc<Losses>,
    /// There may be room for a message to send.
    pub(crate) room: Notify,
    /// There may be a message to receive.
    pub(crate) arrived: Notify,
    /// Peers came or went, or confirmed something.
    pub(crate) changed: Notify,
    /// A peer of a session may be away.
    pub(crate) left: Notify,
    /// A dialer may make an attempt.
    may_dial: Notify,
    /// There may be something that an actor is to decide.
    pub(crate) questioned: Notify,
    leaves_for_good: AtomicBool,
    /// Whether it takes no messages, for now or for good, and the requests that were
    /// handed out and not answered yet.
    owed: Owed,
    /// Peers whose connection ended because of what they sent.
    pub(crate) bad_peers: Counter,
    /// Where it listens and what it dials.
    pub(crate) endpoints: Endpoints,
}

impl Shared {
    pub(crate) fn new(config: SocketOptions, stats: Arc<Stats>, endpoints: Endpoints) -> Arc<Self> {
        let patience = Patience::new();
        patience.set_shutdown(config.stops_within());
        Arc::new_cyclic(|home| {
            let core = Core::new(config, stats.clone(), home.clone());
            let losses = core.losses().clone();
            Shared {
                core: Mutex::new(core),
                ward: Arc::new(Ward::new(losses.clone())),
                losses,
                stats,
                patience,
                room: Notify::new(),
                arrived: Notify::new(),
                changed: Notify::new(),
                left: Notify::new(),
                may_dial: Notify::new(),
                questioned: Notify::new(),
                leaves_for_good: AtomicBool::new(false),
                owed: Owed::new(),
                bad_peers: Counter::default(),
                endpoints,
            }
        })
    }

    /// Calls the core. Nobody is woken for it: see the methods below.
    #[inline]
    pub(crate) fn core<T>(&self, call: impl FnOnce(&mut Core) -> T) -> T {
        let mut core = self.core.lock();
        let result = call(&mut core);
        unlock(core);
        result
    }

    /// Takes a message to send. It is not moved before the lock is held: what its maker has
    /// just written is slow to be moved, and to take a lock waits for it anyway.
    #[inline]
    pub(crate) fn send(
        &self,
        mut content: Content,
        destination: Option<PipeId>,
    ) -> Result<(), Blocked> {
        let mut core = self.core.lock();
        if destination.is_none() && core.send_at_once(&mut content) {
            unlock(core);
            return Ok(());
        }
        let sent = core.send(content, destination);
        unlock(core);
        sent
    }

    /// As they are now.
    pub(crate) fn options(&self) -> SocketOptions {
        self.core(|core| core.config().clone())
    }

    /// Changes an option of the running socket.
    pub(crate) fn set_option(&self, name: &str, value: &str) -> Result<(), OptionError> {
        let change = |options: &mut SocketOptions| options.row(name)?.set_live(options, value);
        self.change_options(change)
    }

    /// Changes options of the running socket, all or none.
    pub(crate) fn change_options<E>(
        &self,
        change: impl FnOnce(&mut SocketOptions) -> Result<(), E>,
    ) -> Result<(), E> {
        let (before, options) = self.core(|core| {
            let changed = core.change_options(change)?;
            // Under the lock: of two changes the last one holds.
            self.patience.set_shutdown(changed.1.stops_within());
            Ok(changed)
        })?;
        // Not under the lock: an actor that decides may end with its last reference.
        for row in options.changed_since(&before) {
            self.stats.describe(row.name(), row.get(&options));
        }
        self.room.notify_waiters();
        self.left.notify_waiters();
        self.may_dial.notify_waiters();
        Ok(())
    }

    /// A message that is there, for who receives them one by one.
    #[inline]
    pub(crate) fn receive(&self) -> Result<Option<Message>, RecvError> {
        let mut core = self.core.lock();
        let received = match core.is_received_from() {
            Ok(()) => {
                let mut message = core.next_message();
                if let Some(message) = &mut message {
                    message.hand_out();
                }
                Ok(message)
            }
            Err(error) => Err(error),
        };
        unlock(core);
        received
    }

    /// What happened is made an event of if somebody listens.
    pub(crate) fn tell(&self, event: impl FnOnce() -> SocketEvent) {
        self.core(|core| core.tell_if(event));
    }

    #[cfg(test)]
    pub(crate) fn is_locked(&self) -> bool {
        self.core.is_locked()
    }

    pub(crate) fn attach(&self, pipe: Option<PipeId>, peer: Peer) -> Option<Arc<Inlet>> {
        let inlet = self.core(|core| core.attach(pipe, peer));
        self.room.notify_waiters();
        self.changed.notify_waiters();
        inlet
    }

    /// Does nothing for a connection that was detached before.
    pub(crate) fn detach(&self, inlet: &Arc<Inlet>, reason: OfflineReason) {
        self.core(|core| core.detach(inlet, reason));
        // There may be something to hear of it.
        self.arrived.notify_waiters();
        self.room.notify_waiters();
        self.changed.notify_waiters();
        self.left.notify_waiters();
    }

    /// A dialer's connection is about to ask for its channel, on an attempt of that number.
    pub(crate) fn begin_session(&self, id: PipeId, peer: &Peer) -> Result<Opening, NoSession> {
        let begun = self.core(|core| core.begin_session(id, peer));
        if matches!(begun, Err(NoSession::Undecided)) {
            // Kept for the socket's actor if that is not looking just now.
            self.questioned.notify_one();
        }
        self.room.notify_waiters();
        // A session may have ended with it.
        self.changed.notify_waiters();
        self.left.notify_waiters();
        begun
    }

    /// The peer took the channel of that attempt.
    pub(crate) fn session_opened(
        &self,
        id: PipeId,
        epoch: u64,
        peer: &Peer,
        open: &OpenChannel,
    ) -> Result<(Arc<Inlet>, bool), NoSession> {
        let opened = self.core(|core| core.session_opened(id, epoch, peer, open));
        self.room.notify_waiters();
        self.changed.notify_waiters();
        opened
    }

    /// A peer asks for a channel with a session: what it is answered.
    pub(crate) fn answer_session(
        &self,
        open: &OpenChannel,
        peer: &Peer,
    ) -> Result<(Arc<Inlet>, Opening), NoSession> {
        let answer = self.core(|core| core.answer_session(open, peer));
        self.room.notify_waiters();
        self.changed.notify_waiters();
        answer
    }

    /// Ends the sessions whose peers stayed away for the lease; when to look again.
    pub(crate) fn expire_sessions(&self, now: Instant) -> Option<Instant> {
        let (next, any_ended) = self.core(|core| core.expire_sessions(now));
        if any_ended {
            self.room.notify_waiters();
            self.changed.notify_waiters();
        }
        next
    }

    /// The peer of a dialed pipe does not know its session any more.
    pub(crate) fn session_lost(&self, id: PipeId, asked: (SessionId, u64)) {
        self.core(|core| core.session_lost(id, asked));
        self.room.notify_waiters();
        self.changed.notify_waiters();
    }

    /// The dialer of a pipe begins another attempt, with these options; its number.
    pub(crate) fn dialing(&self, id: PipeId, options: &SocketOptions) -> u64 {
        let attempt = self.core(|core| {
            if let Some(pipe) = core.pipe(id) {
                pipe.is_dialed_with(options);
            }
            core.dialing(id)
        });
        // Of one that was given up there is room again.
        self.room.notify_waiters();
        attempt
    }

    /// That attempt to reach what the URL names came to nothing.
    pub(crate) fn dial_failed(&self, id: PipeId, attempt: u64, url: &Endpoint, failed: Failed) {
        let perseverance = self.options().at(url).perseverance();
        self.core(|core| core.dial_failed(id, attempt, perseverance, failed));
    }

    /// Dialers that do not dial by themselves make an attempt each.
    pub(crate) fn redial(&self) {
        self.core(Core::redial);
        self.may_dial.notify_waiters();
    }

    /// Waits until the dialer of that pipe is told to make an attempt, or that it reconnects.
    pub(crate) async fn told_to_dial(&self, id: PipeId, reconnects: impl Fn() -> bool) {
        loop {
            let mut told = pin!(self.may_dial.notified());
            told.as_mut().enable();
            if self.core(|core| core.may_dial(id)) || reconnects() {
                return;
            }
            told.await;
        }
    }

    /// The peer of that pipe is dialed no more.
    pub(crate) fn part_with(&self, id: PipeId) {
        self.core(|core| core.part_with(id));
        self.room.notify_waiters();
        self.changed.notify_waiters();
    }

    /// Whether all was said and heard of what a pipe that parts still has.
    pub(crate) fn is_flushed(&self, id: PipeId) -> bool {
        self.core(|core| core.is_flushed(id))
    }

    /// Nothing is left of the dialer of that pipe, which goes as well.
    pub(crate) fn undialed(&self, id: PipeId) {
        self.core(|core| core.undialed(id));
        self.room.notify_waiters();
        self.changed.notify_waiters();
    }

    /// The peer closed its direction and wants no more messages.
    pub(crate) fn peer_leaves(&self, inlet: &Arc<Inlet>) {
        self.core(|core| {
            if let Some(pipe) = core.pipe_of(inlet) {
                pipe.peer_leaves();
            }
        });
    }

    pub(crate) fn accept(&self, inlet: &Arc<Inlet>, batch: impl Iterator<Item = Envelope>) {
        let (has_arrived, noted) = self.core(|core| {
            let has_arrived = core.accept(inlet, batch);
            (has_arrived, core.take_noted())
        });
        if has_arrived {
            self.arrived.notify_waiters();
        }
        if noted {
            self.changed.notify_waiters();
            self.room.notify_waiters();
        }
    }

    /// Handling a message panicked.
    pub(crate) fn come_again(&self, message: Message) {
        self.core(|core| core.come_again(message));
        self.arrived.notify_waiters();
    }

    /// A message is given up, since nobody can handle it.
    pub(crate) fn dead_letter(&self, cause: &'static str, content: Content) {
        self.core(|core| core.dead_letter(cause, content));
    }

    /// What the peer allows and confirms; `Err` with how many messages it was sent
    /// if it confirms more than that.
    pub(crate) fn credit(&self, inlet: &Arc<Inlet>, credit: Credit) -> Result<(), u64> {
        // What was acknowledged is dropped outside the lock.
        let result = self.core(|core| {
            let mut news = FateNews::default();
            let result = match core.pipe_of(inlet) {
                Some(pipe) if credit.handled > pipe.sent() => Err(pipe.sent()),
                Some(pipe) => {
                    let before = pipe.kept().0;
                    let acknowledged = pipe.credit(credit, &mut news);
                    Ok((pipe.kept().0 < before, acknowledged))
                }
                None => Ok((false, Vec::new())),
            };
            core.tell_fates(news);
            result
        });
        let has_room = result.as_ref().is_ok_and(|(has_room, _)| *has_room);
        let result = result.map(drop);
        if has_room {
            self.room.notify_waiters();
        }
        self.changed.notify_waiters();
        result
    }

    /// See [`Core::take_sendable`]; how many messages were sent already.
    pub(crate) fn take_sendable(
        &self,
        inlet: &Arc<Inlet>,
        bytes_wanted: u64,
        batch: &mut Vec<Queued>,
        send: impl FnMut(&Envelope) -> bool,
    ) -> u64 {
        let taken = self.core(|core| core.take_sendable(inlet, bytes_wanted, batch, send));
        if taken.has_room_again {
            self.room.notify_waiters();
        }
        taken.sent
    }

    /// How much a closing pipe has sent in all, once nothing is left to be sent.
    pub(crate) fn sent_all(&self, inlet: &Arc<Inlet>) -> Option<u64> {
        if self.owed.count() > 0 {
            return None;
        }
        self.sent_all_of(inlet)
    }

    /// How much a pipe has sent in all, once nothing is left in it to be sent.
    pub(crate) fn sent_all_of(&self, inlet: &Arc<Inlet>) -> Option<u64> {
        self.core(|core| {
            let pipe = core.pipe_of(inlet)?;
            (pipe.queued() == 0).then(|| pipe.sent())
        })
    }

    /// Whether nothing waits to be sent through a pipe.
    pub(crate) fn is_sent(&self, inlet: &Arc<Inlet>) -> bool {
        self.core(|core| core.pipe_of(inlet).is_none_or(|pipe| pipe.queued() == 0))
    }

    /// How much the connection of a pipe has sent.
    pub(crate) fn sent(&self, inlet: &Arc<Inlet>) -> Option<u64> {
        self.core(|core| core.pipe_of(inlet).map(|pipe| pipe.sent()))
    }

    /// Messages that are queued, sent and not confirmed, or owed as an answer.
    pub(crate) fn unflushed(&self) -> u64 {
        self.owed.and_queued(|| self.core(|core| core.unflushed()))
    }

    pub(crate) fn request_handed_out(&self) {
        self.owed.one_more();
    }

    /// A request was answered, or let go of. Locks the core of a closing socket,
    /// so it may be called under that lock only while the socket is open.
    pub(crate) fn request_done(&self) {
        if self.owed.one_less() {
            self.core(Core::wake_all);
            self.changed.notify_waiters();
        }
    }

    /// Takes no messages until it is reopened.
    pub(crate) fn rest(&self) {
        self.stop_taking(Core::rest);
    }

    /// Takes no messages any more.
    pub(crate) fn begin_closing(&self) {
        self.stop_taking(Core::begin_closing);
    }

    fn stop_taking(&self, stop: impl FnOnce(&mut Core)) {
        self.core(|core| {
            stop(core);
            self.owed.set_closing(true);
        });
        self.room.notify_waiters();
        self.changed.notify_waiters();
    }

    /// An actor starts: takes messages again. `false` if it was closed for good.
    pub(crate) fn reopen(&self) -> bool {
        let is_open = self.core(|core| {
            let is_open = core.reopen();
            self.owed.set_closing(!is_open);
            is_open
        });
        self.room.notify_waiters();
        is_open
    }

    /// Closes for good and gives up what is left, answers owed included.
    pub(crate) fn end(&self) -> Closed {
        self.begin_closing();
        let owed = self.owed.count();
        match self.core(Core::end) + owed {
            0 => Closed::Flushed,
            count => Closed::Dropped(count),
        }
    }

    /// No actor follows: nothing comes of what is left.
    pub(crate) fn leave(&self) {
        self.begin_closing();
        self.core(Core::leave);
        self.room.notify_waiters();
        self.changed.notify_waiters();
    }

    /// The node stops: no actor follows the one that stops now.
    pub(crate) fn will_not_return(&self) {
        self.leaves_for_good.store(true, SeqCst);
    }

    /// Whether nothing is to come of it any more.
    pub(crate) fn leaves_for_good(&self) -> bool {
        self.leaves_for_good.load(SeqCst) || self.core(|core| core.is_closed())
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.owed.is_closing()
    }
}

/// Does outside the lock what is left to be done there.
#[inline]
fn unlock(mut core: MutexGuard<'_, Core>) {
    if core.has_leftovers() {
        let leftovers = core.take_leftovers();
        drop(core);
        leftovers.finish();
    }
}
