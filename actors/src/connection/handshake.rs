use std::sync::Arc;

use treewire_runtime::Stats;
use treewire_transports::{Credit, Delivery, Event, OpenChannel, PeerHello, Refusal, RefusalCode};

use super::{Channel, Connection, Phase, Trouble};
use crate::core::{Inlet, NoSession, PipeId};
use crate::session::SessionId;

/// A peer that was told so often that there is one channel will not learn it.
const REFUSED_OPENS_MAX: u32 = 8;

impl Connection {
    /// What is said before a channel is open, and at the wrong time.
    pub(super) fn shake_hands(&mut self, event: Event, stats: &Stats) -> Result<(), Trouble> {
        match (event, &self.phase) {
            (Event::Hello(hello), Phase::ExpectHello) => self.greet(*hello, stats),
            (Event::Accepted { channel, open }, Phase::ExpectAnswer(asked))
                if channel == *asked =>
            {
                self.check(&open)
                    .map_err(|refusal| self.turn_away(refusal))?;
                let inlet = self.attach_accepted(&open)?;
                self.open(channel, inlet, *open, stats)
            }
            (Event::Refused { channel, refusal }, Phase::ExpectAnswer(asked))
                if channel == *asked =>
            {
                if let (RefusalCode::SessionLost, Some(pipe)) = (refusal.code, self.config.pipe()) {
                    self.config.shared.session_lost(pipe, self.session);
                }
                Err(Trouble::Refused(refusal))
            }
            (Event::Open { channel, open }, Phase::ExpectOpen) => {
                let answer = match self.check(&open) {
                    Ok(()) => self.attach_asking(&open),
                    Err(refusal) => Err(NoSession::Refused(refusal)),
                };
                match answer {
                    Ok((inlet, answer)) => {
                        self.dialect.accept(channel, &answer, &mut self.wire.output);
                        self.told = answer.credit;
                        self.open(channel, inlet, *open, stats)
                    }
                    Err(NoSession::Refused(refusal)) => {
                        self.dialect
                            .refuse(channel, &refusal, &mut self.wire.output);
                        self.wire.send_last_words();
                        Err(Trouble::Refusing(refusal))
                    }
                    Err(other) => Err(self.no_session(other)),
                }
            }
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

    fn greet(&mut self, hello: PeerHello, stats: &Stats) -> Result<(), Trouble> {
        let PeerHello { node, .. } = hello;
        if !node.name.is_empty() {
            stats.describe("peer node", node.name);
        }
        // All zeros say nothing.
        self.peer.instance = (node.instance != [0; 16]).then_some(node.instance);
        let Some(pipe) = self.config.pipe() else {
            self.phase = Phase::ExpectOpen;
            return Ok(());
        };
        let mut open = self.own_channel();
        if open.delivery != Delivery::BestEffort {
            let opening = self.config.shared.begin_session(pipe, &self.peer);
            let opening = opening.map_err(|no_session| self.no_session(no_session))?;
            opening.describe(&mut open);
            self.session = (opening.id, opening.attempts.epoch);
        }
        self.told = open.credit;
        self.phase = Phase::ExpectAnswer(self.dialect.open(&open, &mut self.wire.output));
        Ok(())
    }

    /// What this end says of a channel without a session.
    fn own_channel(&self) -> OpenChannel {
        let config = self.config.shared.options();
        OpenChannel {
            service: self.config.service.clone(),
            socket: config.socket_type.name.into(),
            delivery: config.delivery,
            credit: Credit {
                handled: 0,
                messages_max: config.receive_messages_max,
                bytes_max: config.receive_bytes_max,
            },
            ..OpenChannel::default()
        }
    }

    /// The peer took our channel: the socket counts it among its peers.
    fn attach_accepted(&mut self, open: &OpenChannel) -> Result<Arc<Inlet>, Trouble> {
        let shared = &self.config.shared;
        let pipe = match (open.delivery, self.config.pipe()) {
            (Delivery::BestEffort, pipe) => return self.attach(pipe),
            (_, Some(pipe)) => pipe,
            (_, None) => return Err(Trouble::OutOfTurn("an answer to an open")),
        };
        let opened = shared.session_opened(pipe, self.session.1, &self.peer, open);
        let (inlet, is_further) = opened.map_err(|no_session| self.no_session(no_session))?;
        // Of the connection before, which ended before it heard so.
        if is_further {
            self.made_progress();
        }
        Ok(inlet)
    }

    /// A peer that asks for a channel is to be counted among the socket's, and answered.
    fn attach_asking(
        &mut self,
        open: &OpenChannel,
    ) -> Result<(Arc<Inlet>, OpenChannel), NoSession> {
        let mut answer = self.own_channel();
        let shared = &self.config.shared;
        if open.delivery != Delivery::BestEffort {
            let (inlet, opening) = shared.answer_session(open, &self.peer)?;
            opening.describe(&mut answer);
            return Ok((inlet, answer));
        }
        match self.attach(None) {
            Ok(inlet) => Ok((inlet, answer)),
            Err(_) => Err(NoSession::Refused(let_go())),
        }
    }

    fn attach(&self, pipe: Option<PipeId>) -> Result<Arc<Inlet>, Trouble> {
        let inlet = self.config.shared.attach(pipe, self.peer.clone());
        inlet.ok_or_else(|| Trouble::Refusing(let_go()))
    }

    fn no_session(&mut self, no_session: NoSession) -> Trouble {
        match no_session {
            NoSession::Refused(refusal) => self.turn_away(refusal),
            NoSession::False(text) => Trouble::FalseSession(text),
            NoSession::Undecided => {
                let trouble = Trouble::Undecided;
                self.dialect
                    .goodbye(&trouble.to_string(), &mut self.wire.output);
                self.wire.send_last_words();
                trouble
            }
        }
    }

    /// Tells the peer of a dialer why it is not wanted.
    fn turn_away(&mut self, refusal: Refusal) -> Trouble {
        self.dialect.goodbye(&refusal.text, &mut self.wire.output);
        self.wire.send_last_words();
        Trouble::Refusing(refusal)
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
        let delivery = self.config.shared.core(|core| core.config().delivery);
        if open.delivery != delivery {
            let text = format!(
                "delivery is {:?} there and {delivery:?} here: set both ends alike",
                open.delivery
            );
            return refuse(RefusalCode::Unsupported, text);
        }
        let dialed = self.config.dialed.is_some();
        self.config
            .shared
            .core(|core| match core.admit(&open.socket, dialed) {
                Err(full) if full.code == RefusalCode::ConnectionLimit && core.has_place(open) => {
                    Ok(())
                }
                other => other,
            })
    }

    fn open(
        &mut self,
        number: u32,
        inlet: Arc<Inlet>,
        open: OpenChannel,
        stats: &Stats,
    ) -> Result<(), Trouble> {
        let shared = &self.config.shared;
        let mut credit = open.credit;
        if open.delivery == Delivery::BestEffort {
            credit.handled = 0;
        }
        // A session's figures were checked when it was opened.
        let taken = shared.credit(&inlet, credit);
        debug_assert!(taken.is_ok());
        if open.delivery != Delivery::BestEffort {
            let session = SessionId(open.session).shown();
            let attempt = open.epoch;
            stats.describe("session", format!("{session}…, attempt {attempt}"));
        }
        stats.describe("peer socket", open.socket);
        self.inlet.get_or_init(|| inlet.clone());
        if let Some(drive) = &self.drive {
            inlet.register(drive);
        }
        let received = inlet.received();
        let is_stored = inlet.stream().is_some() && !open.resumes;
        let resumed_at = Some(received.sequence).filter(|&at| is_stored && at > open.begins_after);
        self.phase = Phase::Open(Channel {
            number,
            resumed_at,
            socket_type: shared.core(|core| core.config().socket_type),
            // What was handled since the peer was told so is news for it.
            granted: self.told,
            inlet,
            received: received.sequence,
            received_bytes: received.bytes,
            we_closed: false,
            peer_closed: false,
        });
        Ok(())
    }
}

fn let_go() -> Refusal {
    Refusal {
        code: RefusalCode::Closing,
        text: "the socket let go of this dialer".to_owned(),
    }
}
