//! What the two ends say when they open a session, and why one is not opened.

use treewire_transports::{Credit, OpenChannel, Refusal, RefusalCode};

use super::session::Begins;
use super::{Peer, Session};
use crate::position::SEQUENCE_MAX;
use crate::session::{Attempts, FalseFigure, Instance, Position, SessionId};

/// What one end says of a session when it asks for a channel or takes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Opening {
    pub(crate) id: SessionId,
    pub(crate) attempts: Attempts,
    pub(crate) received: Position,
    pub(crate) credit: Credit,
    pub(crate) begins: Begins,
}

/// Why a session is not opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NoSession {
    /// The peer is told.
    Refused(Refusal),
    /// The peer says what cannot be.
    False(String),
    /// It is not decided yet whether the peer may have it.
    Undecided,
}

impl Opening {
    pub(crate) fn describe(&self, open: &mut OpenChannel) {
        open.session = self.id.0;
        open.epoch = self.attempts.epoch;
        open.resumes = self.attempts.has_opened;
        open.last_received = self.received.sequence;
        open.credit = self.credit;
        open.stream = self.begins.stream.to_bytes();
        open.begins_after = self.begins.after;
    }
}

impl Session {
    pub(super) fn opening(&self, is_new: bool) -> Opening {
        // From here on an earlier connection has no say.
        let credit = self.intake.begin(self.attempts.epoch, is_new);
        Opening {
            id: self.id,
            attempts: self.attempts,
            received: self.intake.received(),
            credit,
            begins: self.begins,
        }
    }

    /// Whether the peer's figures can be.
    pub(super) fn check_figures(&self, open: &OpenChannel) -> Result<(), NoSession> {
        let handled = open.credit.handled;
        let after = self.acknowledged();
        if !self.attempts.has_opened && handled < after {
            return Err(NoSession::False(format!(
                "the peer says that it handled {handled} messages of a stream of which message {after} is the last that does not come any more"
            )));
        }
        match self.check(open.last_received) {
            Ok(()) if open.credit.handled > open.last_received => {
                let (handled, received) = (open.credit.handled, open.last_received);
                Err(NoSession::False(format!(
                    "the peer says that it handled {handled} messages of the session and received {received}"
                )))
            }
            Ok(()) => Ok(()),
            Err(false_figure @ FalseFigure::NeverSent { .. }) => {
                Err(NoSession::False(false_figure.to_string()))
            }
            Err(forgotten @ FalseFigure::Forgotten { .. }) => {
                Err(refusal(RefusalCode::SessionLost, &forgotten.to_string()))
            }
        }
    }
}

pub(super) fn check_beginning(open: &OpenChannel) -> Result<(), NoSession> {
    match open.begins_after {
        0..=SEQUENCE_MAX => Ok(()),
        after => Err(NoSession::False(format!(
            "the peer says that its stream goes on after message {after}: none is that long"
        ))),
    }
}

pub(super) fn instance(peer: &Peer) -> Result<Instance, NoSession> {
    let text = "a session needs a node that says which instance it is";
    peer.instance
        .ok_or_else(|| refusal(RefusalCode::Unsupported, text))
}

pub(super) fn stale() -> NoSession {
    let text = "a newer attempt at this session is known";
    refusal(RefusalCode::StaleEpoch, text)
}

pub(super) fn refusal(code: RefusalCode, text: &str) -> NoSession {
    NoSession::Refused(Refusal {
        code,
        text: text.to_owned(),
    })
}
