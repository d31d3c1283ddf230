use treewire_runtime::Stats;
use treewire_transports::{
    Credit, Delivery, Event, OpenChannel, PeerHello, Refusal, RefusalCode, Role,
};

use super::{Channel, Connection, Phase, Trouble};

/// A peer that was told so often that there is one channel will not learn it.
const REFUSED_OPENS_MAX: u32 = 8;

impl Connection {
    /// What is said before a channel is open, and at the wrong time.
    pub(super) fn shake_hands(&mut self, event: Event, stats: &Stats) -> Result<(), Trouble> {
        match (event, &self.phase) {
            (Event::Hello(hello), Phase::ExpectHello) => {
                self.greet(*hello, stats);
                Ok(())
            }
            (Event::Accepted { channel, open }, Phase::ExpectAnswer(asked))
                if channel == *asked =>
            {
                if let Err(refusal) = self.check(&open) {
                    self.dialect.goodbye(&refusal.text, &mut self.wire.output);
                    self.wire.send_last_words();
                    return Err(Trouble::Refusing(refusal));
                }
                self.open(channel, *open, stats)
            }
            (Event::Refused { channel, refusal }, Phase::ExpectAnswer(asked))
                if channel == *asked =>
            {
                Err(Trouble::Refused(refusal))
            }
            (Event::Open { channel, open }, Phase::ExpectOpen) => match self.check(&open) {
                Ok(()) => {
                    let answer = self.own_channel();
                    self.dialect.accept(channel, &answer, &mut self.wire.output);
                    self.open(channel, *open, stats)
                }
                Err(refusal) => {
                    self.dialect
                        .refuse(channel, &refusal, &mut self.wire.output);
                    self.wire.send_last_words();
                    Err(Trouble::Refusing(refusal))
                }
            },
            (Event::Open { channel, .. }, Phase::Open(_)) => {
                self.refused_opens += 1;
                if self.refused_opens > REFUSED_OPENS_MAX {
                    return Err(Trouble::OutOfTurn("one open after the other"));
                }
                let text = "this connection has its one channel already".to_owned();
                let refusal = Refusal {
                    code: RefusalCode::Unsupported,
                    text,
                };
                self.dialect
                    .refuse(channel, &refusal, &mut self.wire.output);
                Ok(())
            }
            // We have said goodbye: what was on its way is not for us any more.
            (_, Phase::ExpectEnd) => Ok(()),
            (Event::Hello(_), _) => Err(Trouble::OutOfTurn("a hello")),
            (Event::Accepted { .. } | Event::Refused { .. }, _) => {
                Err(Trouble::OutOfTurn("an answer to an open"))
            }
            (Event::Open { .. }, _) => Err(Trouble::OutOfTurn("an open")),
            (Event::Message { .. }, _) => Err(Trouble::OutOfTurn("a message")),
            (Event::Credit { .. } | Event::Close { .. }, _) => {
                Err(Trouble::OutOfTurn("a credit or close"))
            }
            // Taken care of by the caller.
            (Event::Goodbye { .. } | Event::RoundTrip(_), _) => Ok(()),
        }
    }

    fn greet(&mut self, hello: PeerHello, stats: &Stats) {
        let PeerHello { node, .. } = hello;
        stats.describe("peer node", node.name);
        // All zeros say nothing.
        self.peer.instance = (node.instance != [0; 16]).then_some(node.instance);
        self.phase = match self.config.settings.role {
            Role::Dialer => {
                let open = self.own_channel();
                Phase::ExpectAnswer(self.dialect.open(&open, &mut self.wire.output))
            }
            Role::Listener => Phase::ExpectOpen,
        };
    }

    fn own_channel(&self) -> OpenChannel {
        let (socket_type, bound) = self
            .config
            .shared
            .core(|core| (core.config().socket_type, core.config().receive_bound));
        OpenChannel {
            service: self.config.service.clone(),
            socket: socket_type.name.into(),
            delivery: Delivery::BestEffort,
            credit: Credit {
                handled: 0,
                messages_max: bound.messages,
                bytes_max: bound.bytes,
            },
            ..OpenChannel::default()
        }
    }

    fn check(&self, open: &OpenChannel) -> Result<(), Refusal> {
        let refuse = |code, text| Err(Refusal { code, text });
        let service = &self.config.service;
        if open.service != *service {
            let text = format!(
                "there is no service {:?} here, only {service:?}: check the endpoint",
                open.service
            );
            return refuse(RefusalCode::UnknownService, text);
        }
        if open.delivery != Delivery::BestEffort {
            let text = format!("delivery {:?} is not supported here", open.delivery);
            return refuse(RefusalCode::Unsupported, text);
        }
        let dialed = self.config.pipe.is_some();
        self.config
            .shared
            .core(|core| core.admit(&open.socket, dialed))
    }

    fn open(&mut self, number: u32, open: OpenChannel, stats: &Stats) -> Result<(), Trouble> {
        let shared = &self.config.shared;
        let Some(inlet) = shared.attach(self.config.pipe, self.peer.clone()) else {
            let text = "the socket let go of this dialer".to_owned();
            return Err(Trouble::Refusing(Refusal {
                code: RefusalCode::Closing,
                text,
            }));
        };
        let credit = Credit {
            handled: 0,
            ..open.credit
        };
        shared.core(|core| {
            if let Some(pipe) = core.pipe_of(&inlet) {
                pipe.credit(credit);
            }
        });
        stats.describe("peer socket", open.socket);
        self.inlet.get_or_init(|| inlet.clone());
        if let Some(drive) = &self.drive {
            inlet.register(drive);
        }
        self.phase = Phase::Open(Channel {
            number,
            socket_type: shared.core(|core| core.config().socket_type),
            granted: inlet.credit(),
            inlet,
            received: 0,
            received_bytes: 0,
            we_closed: false,
            peer_closed: false,
        });
        Ok(())
    }
}
