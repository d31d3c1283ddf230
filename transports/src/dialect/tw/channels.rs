//! Which channels there are and what each waits for.

use super::CHANNELS_MAX;
use super::assembly::Assembly;
use crate::dialect::{Role, Violation};

/// One channel as far as the wire's rules go.
#[derive(Debug)]
pub(super) struct Channel {
    number: u32,
    pub(super) phase: Phase,
    pub(super) we_closed: bool,
    pub(super) peer_closed: bool,
    /// The message of which more frames are to come.
    pub(super) assembly: Option<Box<Assembly>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// We opened it, ACCEPT or REFUSE is to come.
    ExpectAnswer,
    /// The peer opened it, we are to accept or refuse it.
    OweAnswer,
    /// Both ends use it.
    Open,
}

impl Channel {
    fn new(number: u32, phase: Phase) -> Self {
        Self {
            number,
            phase,
            we_closed: false,
            peer_closed: false,
            assembly: None,
        }
    }

    #[inline]
    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// Whether the peer may send messages on it.
    #[inline]
    pub(super) fn receives(&self) -> bool {
        self.phase == Phase::Open && !self.peer_closed
    }
}

/// The channels of a connection. Each side numbers its own, one with odd, one with even numbers, and uses none twice.
#[derive(Debug)]
pub(super) struct Channels {
    /// By number.
    live: Vec<Channel>,
    /// Where the last one looked up stood: most often the next one, too.
    recent: usize,
    next_own: u32,
    next_of_peer: u32,
}

impl Channels {
    pub(super) fn new(role: Role) -> Self {
        let (next_own, next_of_peer) = match role {
            Role::Dialer => (1, 2),
            Role::Listener => (2, 1),
        };
        Self {
            // Most peers have one.
            live: Vec::with_capacity(1),
            recent: 0,
            next_own,
            next_of_peer,
        }
    }

    #[inline]
    pub(super) fn get(&mut self, number: u32) -> Option<&mut Channel> {
        if self
            .live
            .get(self.recent)
            .is_none_or(|channel| channel.number != number)
        {
            self.recent = self.position(number).ok()?;
        }
        self.live.get_mut(self.recent)
    }

    /// The one that was looked up last, or another one if that is gone.
    #[inline]
    pub(super) fn recent(&self) -> Option<&Channel> {
        self.live.get(self.recent)
    }

    /// Starts a channel of ours.
    pub(super) fn open(&mut self) -> u32 {
        let number = self.next_own;
        self.next_own = number.saturating_add(2);
        self.insert(Channel::new(number, Phase::ExpectAnswer));
        number
    }

    /// Starts a channel of the peer's.
    pub(super) fn opened_by_peer(&mut self, number: u32) -> Result<(), Violation> {
        if number != self.next_of_peer {
            return Err(Violation::ChannelNumber { channel: number });
        }
        if self
            .live
            .iter()
            .filter(|channel| channel.number % 2 == number % 2)
            .count()
            >= CHANNELS_MAX
        {
            return Err(Violation::TooManyChannels {
                limit: CHANNELS_MAX,
            });
        }
        self.next_of_peer = number.saturating_add(2);
        self.insert(Channel::new(number, Phase::OweAnswer));
        Ok(())
    }

    pub(super) fn remove(&mut self, number: u32) {
        if let Ok(at) = self.position(number) {
            self.live.remove(at);
        }
    }

    /// Forgets the channel once both directions have ended.
    pub(super) fn remove_if_closed(&mut self, number: u32) {
        if self
            .get(number)
            .is_some_and(|channel| channel.we_closed && channel.peer_closed)
        {
            self.remove(number);
        }
    }

    /// Whether a channel of this number was live once and is no more.
    pub(super) fn is_past(&self, number: u32) -> bool {
        let next = if number % 2 == self.next_own % 2 {
            self.next_own
        } else {
            self.next_of_peer
        };
        number != 0 && number < next && self.position(number).is_err()
    }

    fn insert(&mut self, channel: Channel) {
        if let Err(at) = self.position(channel.number) {
            self.live.insert(at, channel);
        }
    }

    fn position(&self, number: u32) -> Result<usize, usize> {
        self.live
            .binary_search_by_key(&number, |channel| channel.number)
    }
}
