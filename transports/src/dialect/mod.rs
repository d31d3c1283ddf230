//! The seam between a link's bytes and a connection's events: what is spoken on a link.
//!
//! A dialect is sans-io: it is called with bytes and the time, and answers with bytes and events. It has no socket, no
//! task and no clock.

mod channel;
mod error;
mod event;
pub mod lines;
mod output;
mod settings;
pub mod tw;

use std::collections::VecDeque;
use std::time::Instant;

use bytes::BytesMut;

pub use channel::{Close, Credit, Delivery, OpenChannel, Refusal, RefusalCode};
pub use error::{DialectError, Unsendable, Violation};
pub use event::{Event, PeerHello};
pub use output::{Output, SHARED_BYTES_MIN};
pub use settings::{NodeHello, Role, Settings};

use crate::link::Packet;
use crate::{Endpoint, Envelope, OptionSpec};

/// [`Dialect::receive`] stops once this many events wait, so that one call does a bounded amount of work.
pub const EVENTS_MAX: usize = 1_024;

/// What arrived on a link.
#[derive(Debug)]
pub enum Input<'a> {
    /// Bytes of a stream; whole frames are taken from its front, a partial one stays.
    Stream(&'a mut BytesMut),
    /// One whole message.
    Packet(Packet),
}

/// What is left of a conversation when the peer has ended its direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtEnd {
    /// Nothing: the connection is over.
    Over,
    /// Our direction: what the peer is owed still goes out, then the connection is over.
    Answers,
}

/// One end of a conversation over one link.
///
/// The order of calls: [`begin`](Self::begin) once; then [`receive`](Self::receive) whenever bytes arrived and any of
/// the sending calls at any time; [`on_time`](Self::on_time) when [`wake_at`](Self::wake_at) has passed. After an error
/// the conversation is over: write what `output` holds, close the link, drop the dialect.
///
/// Sending calls cannot fail and encode at once. They are to be used on channels in the right state: data, credit and
/// close only on channels that are open and, data, that this side has not closed.
pub trait Dialect: Send {
    /// Starts the conversation: writes the greeting and starts the heartbeat's clock.
    fn begin(&mut self, now: Instant, output: &mut Output);

    /// Takes in what arrived and appends what it means to `events`; answers pings by itself.
    ///
    /// Consumes whole frames, a partial one stays in the stream's buffer. Stops early, leaving input, once `events`
    /// holds [`EVENTS_MAX`]: call again with the same buffer when they are handled. An empty stream buffer is allowed.
    ///
    /// # Errors
    /// The peer broke the dialect's rules, or does not speak it. Events found before the error are in `events`.
    fn receive(
        &mut self,
        input: Input<'_>,
        now: Instant,
        output: &mut Output,
        events: &mut VecDeque<Event>,
    ) -> Result<(), DialectError>;

    /// Appends what the dialect says for a peer that does not: of a dialect without a greeting who the peer is, of one
    /// without acknowledgements what it handled. `unwritten` bytes of the output wait for the link. Called after every
    /// other call.
    fn tell(&mut self, _unwritten: usize, _events: &mut VecDeque<Event>) {}

    /// Whether it takes no input for now: then nothing is read, and what is read lies where it is. Of a dialect whose
    /// peers know no credit it is how they are held back.
    fn is_paused(&self) -> bool {
        false
    }

    /// The peer ended its direction; `rest` is what was not consumed. What is left in it was cut off.
    ///
    /// # Errors
    /// As those of [`receive`](Self::receive).
    fn input_ended(
        &mut self,
        _rest: &mut BytesMut,
        _events: &mut VecDeque<Event>,
    ) -> Result<AtEnd, DialectError> {
        Ok(AtEnd::Over)
    }

    /// Whether the peer knows that it is to read all the time, since credit bounds what it has to keep, and to end the
    /// link after a goodbye. One that does not know is waited for while it does not read, and not waited for at the end.
    fn is_known_to_the_peer(&self) -> bool {
        true
    }

    /// How many more bytes the frame at the front of `input` needs, to size the next read; 0 when that is unknown.
    ///
    /// Never more than a frame's limit, and never more than a small constant beyond what has arrived, so a peer's word
    /// alone takes no memory.
    fn wanted_bytes(&self, input: &BytesMut) -> usize;

    /// Asks the peer for a channel and returns its number; the answer is an `Accepted` or `Refused` event.
    fn open(&mut self, open: &OpenChannel, output: &mut Output) -> u32;

    /// Takes the channel of an `Open` event; from now on it is open.
    fn accept(&mut self, channel: u32, open: &OpenChannel, output: &mut Output);

    /// Turns the channel of an `Open` event down; it is gone.
    fn refuse(&mut self, channel: u32, refusal: &Refusal, output: &mut Output);

    /// Whether the dialect, and the peer's limits, known once its hello arrived, let this message through.
    ///
    /// # Errors
    /// What keeps it. A message that is sent all the same costs the connection.
    fn check(&self, envelope: &Envelope) -> Result<(), Unsendable>;

    /// [Checks](Self::check) and [sends](Self::send) a small message, without taking it; `false` if it is not so small
    /// that this saves anything, and was not sent. Called with the socket locked: it neither blocks nor calls anybody back.
    fn send_short(&mut self, _channel: u32, _envelope: &Envelope, _output: &mut Output) -> bool {
        false
    }

    /// Sends a message on an open channel; large parts go in fragments.
    fn send(&mut self, channel: u32, envelope: Envelope, output: &mut Output);

    /// Tells the peer what was handled and how much more it may send.
    fn credit(&mut self, channel: u32, credit: Credit, output: &mut Output);

    /// Ends our direction of a channel: no message of ours follows, credit may. The channel is gone once both closed.
    fn close(&mut self, channel: u32, close: &Close, output: &mut Output);

    /// Tells the peer why the connection ends; nothing follows.
    fn goodbye(&mut self, reason: &str, output: &mut Output);

    /// When [`on_time`](Self::on_time) is due; `None` when it never is. Moves only forward, so that a timer that fires
    /// early may simply be set again.
    fn wake_at(&self) -> Option<Instant>;

    /// Does what is due. Call it only after what the link holds was received: bytes that lie unread, because reading is
    /// paused for instance, must not look like silence. May be called early.
    ///
    /// # Errors
    /// [`DialectError::PeerSilent`].
    fn on_time(&mut self, now: Instant, output: &mut Output) -> Result<(), DialectError>;
}

/// Makes speakers of a dialect; an implementation is registered under its name.
pub trait DialectFactory: Send + Sync {
    /// The name before `+` in an endpoint; lower case.
    fn name(&self) -> &'static str;

    /// The options the dialect adds to an endpoint.
    fn options(&self) -> &'static [OptionSpec];

    /// Whether the dialect has what the promise takes.
    fn delivers(&self, _delivery: Delivery) -> bool {
        true
    }

    /// Whether it can say what sockets of that type have to say.
    fn speaks_for(&self, _socket: &str) -> bool {
        true
    }

    /// One speaker for one new link to or from a checked endpoint.
    fn speak(&self, endpoint: &Endpoint, settings: Settings) -> Box<dyn Dialect>;
}
