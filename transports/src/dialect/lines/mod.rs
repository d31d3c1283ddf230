//! Lines of text: anything that reads and writes them can be a peer. `docs/lines.md` has the rules.

mod answers;
mod decode;
mod encode;
mod window;
mod written;

use std::collections::VecDeque;
use std::time::Instant;

use bytes::{Bytes, BytesMut};

use self::answers::{Asked, InOrder};
use self::decode::Lines as Splitter;
use self::window::Window;
use self::written::Written;
use super::{
    AtEnd, Close, Credit, Delivery, Dialect, DialectError, DialectFactory, EVENTS_MAX, Event,
    Input, NodeHello, OpenChannel, Output, PeerHello, Refusal, Role, Settings, Unsendable,
    Violation,
};
use crate::{Endpoint, Envelope, Kind, OptionSpec};

/// So many requests of one asker may be without an answer on one connection. The next one waits.
pub const UNANSWERED_MAX: u64 = 1_024;

/// There is one channel a connection.
const CHANNEL: u32 = 1;

/// What a subscriber says that wants everything from now on, with its correlation ids: SUBSCRIBE to the empty prefix and
/// RESUME, as `WIRE.md` has them.
const WANTS_ALL: [(u64, &[u8]); 2] = [(1, &[4, 0, 0]), (0, &[6, 0])];

/// The dialect `lines`, for the registry.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lines;

impl DialectFactory for Lines {
    fn name(&self) -> &'static str {
        "lines"
    }

    fn options(&self) -> &'static [OptionSpec] {
        &[]
    }

    /// Nobody acknowledges a line.
    fn delivers(&self, delivery: Delivery) -> bool {
        delivery == Delivery::BestEffort
    }

    /// What is published has a number, which no line says.
    fn speaks_for(&self, socket: &str) -> bool {
        socket != "sub"
    }

    fn speak(&self, endpoint: &Endpoint, settings: Settings) -> Box<dyn Dialect> {
        let service = endpoint.service().unwrap_or_default();
        Box::new(Conversation::new(settings, service))
    }
}

/// One end of a conversation in lines. What a peer of `tw` would say of itself this end says for it.
#[derive(Debug)]
pub struct Conversation {
    role: Role,
    /// What the peer is taken for.
    peer: OpenChannel,
    lines: Splitter,
    window: Window,
    exchange: Exchange,
    written: Written,
    /// How many messages this side was told that the peer has handled.
    told: u64,
    /// What is to be told next.
    news: VecDeque<Event>,
    /// What the peer is taken to want of a publisher, and did not say yet.
    wishes: VecDeque<Envelope>,
    we_closed: bool,
}

/// What a line is, which its bytes do not say.
#[derive(Debug)]
enum Exchange {
    /// A message, both ways.
    Messages,
    /// Ours are published: a topic and a payload.
    Publishes,
    /// Ours are requests; the peer's answer them in their order.
    Asks(Asked),
    /// The peer's are requests; ours answer them in their order.
    Answers(InOrder),
}

impl Conversation {
    /// The state before [`begin`](Dialect::begin).
    pub fn new(settings: Settings, service: &str) -> Self {
        let exchange = match (&*settings.socket, &*settings.peer_socket) {
            ("req", "rep") => Exchange::Asks(Asked::default()),
            ("rep", "req") => Exchange::Answers(InOrder::default()),
            ("pub", "sub") => Exchange::Publishes,
            _ => Exchange::Messages,
        };
        let wishes = match exchange {
            Exchange::Publishes => {
                let wish = |(id, note): (u64, &[u8])| Envelope::note(note).correlated(id);
                WANTS_ALL.map(wish).into()
            }
            _ => VecDeque::new(),
        };
        let peer = OpenChannel {
            service: service.to_owned(),
            socket: settings.peer_socket,
            ..OpenChannel::default()
        };
        Self {
            role: settings.role,
            peer,
            lines: Splitter::new(settings.message_bytes_max),
            window: Window::default(),
            exchange,
            written: Written::default(),
            told: 0,
            news: VecDeque::new(),
            wishes,
            we_closed: false,
        }
    }

    /// What the peer is taken to say when it asks for the channel, or takes it.
    fn peer_channel(&self) -> Box<OpenChannel> {
        let mut open = self.peer.clone();
        open.credit = self.credit_of(0);
        Box::new(open)
    }

    /// What may be sent when so much was handled: as much as the link takes, and of requests a number.
    fn credit_of(&self, handled: u64) -> Credit {
        let messages_max = match self.exchange {
            Exchange::Asks(_) => handled.saturating_add(UNANSWERED_MAX),
            Exchange::Messages | Exchange::Publishes | Exchange::Answers(_) => u64::MAX,
        };
        Credit {
            handled,
            messages_max,
            bytes_max: u64::MAX,
        }
    }

    /// How many of our messages count as handled: those that left with the link; of requests those that were answered.
    fn handled(&self) -> u64 {
        match &self.exchange {
            Exchange::Asks(asked) => asked.done(),
            Exchange::Messages | Exchange::Publishes | Exchange::Answers(_) => {
                self.written.messages()
            }
        }
    }

    fn message(&mut self, line: Bytes) -> Result<Event, DialectError> {
        let envelope = match &mut self.exchange {
            Exchange::Messages | Exchange::Publishes => Envelope::new(line),
            Exchange::Asks(asked) => {
                let correlation = asked.answered().ok_or(Violation::UnaskedLine)?;
                decode::answer(line).correlated(correlation)
            }
            Exchange::Answers(in_order) => Envelope::new(line).correlated(in_order.asked()),
        };
        Ok(self.received(envelope))
    }

    fn received(&mut self, envelope: Envelope) -> Event {
        self.window.received(envelope.content.byte_len() as u64);
        Event::Message {
            channel: CHANNEL,
            envelope,
        }
    }

    fn write(&mut self, envelope: &Envelope, output: &mut Output) {
        let before = output.byte_len();
        encode::line(envelope, output);
        self.written.append(output.byte_len() - before);
    }
}

impl Dialect for Conversation {
    fn begin(&mut self, _: Instant, _: &mut Output) {
        self.news.push_back(Event::Hello(Box::new(PeerHello {
            node: NodeHello::default(),
            version: (1, 0),
            message_bytes_max: u64::MAX,
            frame_bytes_max: u32::MAX,
            heartbeat_interval: std::time::Duration::ZERO,
            features: Vec::new(),
        })));
        if self.role == Role::Listener {
            let open = self.peer_channel();
            self.news.push_back(Event::Open {
                channel: CHANNEL,
                open,
            });
        }
    }

    fn receive(
        &mut self,
        input: Input<'_>,
        _: Instant,
        _: &mut Output,
        events: &mut VecDeque<Event>,
    ) -> Result<(), DialectError> {
        match input {
            Input::Stream(buffer) if self.we_closed => {
                buffer.clear();
                self.lines.restart();
            }
            Input::Stream(buffer) => {
                while events.len() < EVENTS_MAX && !self.is_paused() {
                    let Some(line) = self.lines.next(buffer)? else {
                        break;
                    };
                    events.push_back(self.message(line)?);
                }
            }
            Input::Packet(_) if self.we_closed => {}
            Input::Packet(packet) => {
                let line = self.lines.whole(packet.into_bytes())?;
                events.push_back(self.message(line)?);
            }
        }
        Ok(())
    }

    fn tell(&mut self, unwritten: usize, events: &mut VecDeque<Event>) {
        events.append(&mut self.news);
        // They cost credit as what arrives does.
        while !self.window.is_shut()
            && let Some(wish) = self.wishes.pop_front()
        {
            events.push_back(self.received(wish));
        }
        self.written.left(unwritten);
        let handled = self.handled();
        if handled > self.told {
            self.told = handled;
            events.push_back(Event::Credit {
                channel: CHANNEL,
                credit: self.credit_of(handled),
            });
        }
    }

    fn is_paused(&self) -> bool {
        // What comes after our end is read and dropped, so that the peer can end, too.
        !self.we_closed
            && match &self.exchange {
                Exchange::Answers(in_order) => {
                    self.window.is_shut() || self.window.is_filled_by(in_order)
                }
                Exchange::Messages | Exchange::Publishes | Exchange::Asks(_) => {
                    self.window.is_shut()
                }
            }
    }

    fn input_ended(
        &mut self,
        rest: &mut BytesMut,
        events: &mut VecDeque<Event>,
    ) -> Result<AtEnd, DialectError> {
        if self.we_closed {
            rest.clear();
            return Ok(AtEnd::Over);
        }
        if !rest.is_empty() {
            let last = self.lines.whole(rest.split().freeze())?;
            events.push_back(self.message(last)?);
        }
        events.push_back(self.peer_close());
        Ok(AtEnd::Answers)
    }

    fn is_known_to_the_peer(&self) -> bool {
        false
    }

    fn wanted_bytes(&self, _: &BytesMut) -> usize {
        0
    }

    fn open(&mut self, open: &OpenChannel, _: &mut Output) -> u32 {
        self.window.open(open.credit);
        let open = self.peer_channel();
        self.news.push_back(Event::Accepted {
            channel: CHANNEL,
            open,
        });
        CHANNEL
    }

    fn accept(&mut self, _: u32, open: &OpenChannel, _: &mut Output) {
        self.window.open(open.credit);
    }

    /// The peer is not told: no line says so.
    fn refuse(&mut self, _: u32, _: &Refusal, _: &mut Output) {}

    fn check(&self, envelope: &Envelope) -> Result<(), Unsendable> {
        let parts_max = match self.exchange {
            Exchange::Publishes => 2,
            _ => 1,
        };
        encode::check(envelope, parts_max)
    }

    fn send(&mut self, _: u32, envelope: Envelope, output: &mut Output) {
        match (&mut self.exchange, envelope.kind) {
            (Exchange::Asks(asked), Kind::Data) => asked.asks(envelope.correlation),
            // The answer comes all the same, and nobody waits for it.
            (Exchange::Asks(asked), _) => return asked.gives_up(),
            (Exchange::Answers(in_order), Kind::Data | Kind::Failure)
                if envelope.correlation != 0 =>
            {
                in_order.answers(envelope);
                while let Exchange::Answers(in_order) = &mut self.exchange
                    && let Some(next) = in_order.next()
                {
                    self.write(&next, output);
                }
                return;
            }
            (_, Kind::Data | Kind::Failure) => {}
            _ => return self.written.append(0),
        }
        self.write(&envelope, output);
    }

    fn credit(&mut self, _: u32, credit: Credit, _: &mut Output) {
        self.window.widen(credit);
    }

    fn close(&mut self, _: u32, _: &Close, _: &mut Output) {
        self.we_closed = true;
        let close = self.peer_close();
        self.news.push_back(close);
    }

    /// The peer sees the end of the link.
    fn goodbye(&mut self, _: &str, _: &mut Output) {}

    fn wake_at(&self) -> Option<Instant> {
        None
    }

    fn on_time(&mut self, _: Instant, _: &mut Output) -> Result<(), DialectError> {
        Ok(())
    }
}

impl Conversation {
    fn peer_close(&self) -> Event {
        let close = Close {
            handled: self.told,
            sent: self.window.messages(),
            reason: "the peer ended its direction".to_owned(),
            ends: false,
        };
        Event::Close {
            channel: CHANNEL,
            close,
        }
    }
}

#[cfg(test)]
mod tests;
