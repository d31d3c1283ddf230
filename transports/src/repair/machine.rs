use std::time::Instant;

use bytes::Bytes;

use super::congestion::Congestion;
use super::incoming::{Arrival, Incoming};
use super::outgoing::{Leaving, Outgoing};
use super::packet::{LinkId, Load, Packet};
use super::round_trip::RoundTrip;
use super::{ACKNOWLEDGEMENT_DELAY, PATIENCE, RepairError, RepairFigures};

/// A packet that arrives in order is acknowledged with the next one at the latest (RFC 9000 §13.2.2).
const UNACKNOWLEDGED_MAX: u32 = 2;

/// When this share of the window has become free, that is told by itself (RFC 9293 §3.8.6.2.2).
const ROOM_SHARE: u64 = 4;

/// One end of a byte stream over datagrams: in order, nothing lost, nothing doubled, as long as datagrams get through
/// now and then.
///
/// Call it in this order, whenever a datagram came, something is to be written or [`wake_at`](Self::wake_at) has come:
/// [`receive`](Self::receive) for each datagram, [`on_time`](Self::on_time), [`read`](Self::read) and
/// [`write`](Self::write) as you like, then [`transmit`](Self::transmit) until there is no more. After an error the link
/// is over: send what [`let_go`](Self::let_go) gives and drop it.
///
/// What it keeps is bounded: 64 KiB and 256 packets on the way out, 1 MiB and 256 packets on the way in, half of the bytes
/// for what nobody has read and half for what is behind a gap.
#[derive(Debug)]
pub struct Repair {
    /// Of who was dialed: until the first packet.
    id: Option<LinkId>,
    /// Whether a packet of the peer has come.
    has_heard: bool,
    incoming: Incoming,
    outgoing: Outgoing,
    round_trip: RoundTrip,
    congestion: Congestion,
    acknowledgement: Acknowledgement,
    /// Packets that came since the last acknowledgement.
    unacknowledged: u32,
    /// The first number that the peer was told is not taken.
    told_limit: u64,
    /// The peer is to be asked whether it has room.
    asks: bool,
    /// When the timer of retransmission runs out.
    repeat_at: Option<Instant>,
    /// Since when nothing of what waits got through.
    waiting_since: Option<Instant>,
    /// The peer let go; whether all that it had sent has arrived.
    gone: Option<bool>,
    figures: RepairFigures,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Acknowledgement {
    NotDue,
    DueAt(Instant),
    Due,
}

/// What a [`read`](Repair::read) found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// The next bytes; never none.
    Bytes(Bytes),
    /// Nothing yet.
    Nothing,
    /// The peer's end, after everything that it wrote.
    End,
}

impl Repair {
    /// The end that dials. `id` is random and never used again, `datagram_bytes_max` what the link takes; below 128
    /// there is little room for anything but heads.
    pub fn dialing(id: [u8; 8], datagram_bytes_max: usize) -> Self {
        let mut repair = Self::dialed(datagram_bytes_max);
        repair.id = Some(id);
        repair
    }

    /// The other end: the first packet that can begin a link begins it.
    pub fn dialed(datagram_bytes_max: usize) -> Self {
        Self {
            id: None,
            has_heard: false,
            incoming: Incoming::new(datagram_bytes_max),
            outgoing: Outgoing::new(datagram_bytes_max),
            round_trip: RoundTrip::new(),
            congestion: Congestion::new(),
            acknowledgement: Acknowledgement::NotDue,
            unacknowledged: 0,
            told_limit: 0,
            asks: false,
            repeat_at: None,
            waiting_since: None,
            gone: None,
            figures: RepairFigures::default(),
        }
    }

    /// A datagram came. What is no packet of this link is dropped and counted.
    ///
    /// # Errors
    ///
    /// The peer says that what it was never sent has arrived.
    pub fn receive(&mut self, datagram: Bytes, now: Instant) -> Result<(), RepairError> {
        let Some(packet) = Packet::decode(datagram) else {
            self.figures.malformed += 1;
            return Ok(());
        };
        let is_ours = match self.id {
            Some(id) => packet.id == id,
            // What comes late from a link that is over begins no other.
            None => packet.opens && packet.acknowledged == 0,
        };
        if !is_ours {
            self.figures.foreign += 1;
            return Ok(());
        }
        if self.gone.is_some() {
            return Ok(());
        }
        self.hear(&packet, now)?;
        self.id = Some(packet.id);
        self.has_heard = true;
        if packet.asks {
            self.acknowledgement = Acknowledgement::Due;
        }
        match packet.load {
            Load::Nothing => {}
            Load::Data { number, bytes } => self.arrive(number, Some(bytes), now),
            Load::End { number } => self.arrive(number, None, now),
            Load::Gone { number } => self.gone = Some(self.incoming.has_all_below(number)),
        }
        self.keep_timer(now);
        Ok(())
    }

    /// Takes in what a packet says of our own.
    fn hear(&mut self, packet: &Packet, now: Instant) -> Result<(), RepairError> {
        let was_full = self.outgoing.is_held_up(self.congestion.window());
        let was_shut_out = self.outgoing.is_shut_out();
        let news =
            self.outgoing
                .acknowledge(packet.acknowledged, packet.window, &packet.arrived, now)?;
        if let Some(time) = news.round_trip {
            self.round_trip.measure(time);
        }
        if news.arrived > 0 {
            self.congestion
                .arrived(news.arrived, news.transmission, was_full);
        }
        if let Some(transmission) = news.lost {
            self.congestion
                .lost(transmission, self.outgoing.transmissions());
        }
        // The timer starts anew (RFC 6298 §5.3). A peer without room that says so is there (RFC 9293 §3.8.6.1).
        if news.arrived > 0 || was_shut_out {
            self.repeat_at = None;
            self.waiting_since = None;
        }
        Ok(())
    }

    fn arrive(&mut self, number: u64, bytes: Option<Bytes>, now: Instant) {
        let is_end = bytes.is_none();
        let arrival = self.incoming.arrive(number, bytes);
        match arrival {
            Arrival::InOrder | Arrival::AtAGap => {}
            Arrival::Again => self.figures.doubled += 1,
            Arrival::Beyond => self.figures.beyond += 1,
        }
        self.unacknowledged += 1;
        let waits =
            arrival == Arrival::InOrder && !is_end && self.unacknowledged < UNACKNOWLEDGED_MAX;
        // Whatever is out of order is told at once, so that the peer finds gaps (RFC 5681 §4.2). A packet that comes
        // again may tell that our acknowledgement was lost.
        if !waits {
            self.acknowledgement = Acknowledgement::Due;
        } else if self.acknowledgement == Acknowledgement::NotDue {
            self.acknowledgement = Acknowledgement::DueAt(now + ACKNOWLEDGEMENT_DELAY);
        }
    }

    /// Takes over bytes to send, as many as there is room for; none after [`finish`](Self::finish), and once the peer
    /// [is gone](Self::is_peer_gone).
    pub fn write(&mut self, bytes: &[u8]) -> usize {
        match self.gone {
            None => self.outgoing.write(bytes),
            Some(_) => 0,
        }
    }

    /// Ends our direction, behind all that was written.
    pub fn finish(&mut self) {
        self.outgoing.finish();
    }

    /// Whether the peer has everything that was written, and the end.
    pub fn is_finished(&self) -> bool {
        self.outgoing.is_finished()
    }

    /// Whether the peer let go of the link: nothing that is written reaches it.
    pub fn is_peer_gone(&self) -> bool {
        self.gone.is_some()
    }

    /// What has come in order, so many bytes at most.
    ///
    /// # Errors
    ///
    /// The peer let go of the link before everything had arrived; what came in order was given out before.
    pub fn read(&mut self, bytes_max: usize) -> Result<Received, RepairError> {
        if let Some(bytes) = self.incoming.read(bytes_max) {
            let news = self.incoming.limit() - self.told_limit;
            if news >= self.incoming.packets_max() / ROOM_SHARE {
                self.acknowledgement = Acknowledgement::Due;
            }
            return Ok(Received::Bytes(bytes));
        }
        match self.gone {
            _ if self.incoming.is_at_end() => Ok(Received::End),
            None => Ok(Received::Nothing),
            Some(true) => Ok(Received::End),
            Some(false) => Err(RepairError::PeerGone),
        }
    }

    /// The next datagram to send, if there is one.
    pub fn transmit(&mut self, now: Instant) -> Option<Bytes> {
        let id = self.id?;
        if self.gone.is_some() {
            return None;
        }
        let leaving = self.outgoing.leave(self.congestion.window(), now);
        self.keep_timer(now);
        let load = match leaving {
            Some(Leaving {
                number,
                bytes,
                is_again,
            }) => {
                match is_again {
                    true => self.figures.repeated += 1,
                    false => self.figures.sent += 1,
                }
                match bytes {
                    Some(bytes) => Load::Data { number, bytes },
                    None => Load::End { number },
                }
            }
            None if self.asks || self.acknowledgement == Acknowledgement::Due => Load::Nothing,
            None => return None,
        };
        Some(self.packet(id, load).encode())
    }

    /// What it says to the peer whatever the packet carries.
    fn packet(&mut self, id: LinkId, load: Load) -> Packet {
        self.acknowledgement = Acknowledgement::NotDue;
        self.unacknowledged = 0;
        self.told_limit = self.incoming.limit();
        Packet {
            id,
            opens: !self.has_heard,
            asks: std::mem::take(&mut self.asks),
            acknowledged: self.incoming.next(),
            window: self.told_limit - self.incoming.next(),
            arrived: self.incoming.arrived(),
            load,
        }
    }

    /// The last datagram, for when this end is dropped: tells the peer that nobody is here any more. It may be lost, and
    /// the peer finds out by itself then.
    pub fn let_go(&mut self) -> Option<Bytes> {
        let number = self.outgoing.after_all();
        match (self.id, self.gone) {
            (Some(id), None) => Some(self.packet(id, Load::Gone { number }).encode()),
            _ => None,
        }
    }

    /// When it wants to be called again, whatever comes; `None` while it waits for nothing.
    pub fn wake_at(&self) -> Option<Instant> {
        if self.gone.is_some() {
            return None;
        }
        let acknowledge_at = match self.acknowledgement {
            Acknowledgement::DueAt(at) => Some(at),
            Acknowledgement::NotDue | Acknowledgement::Due => None,
        };
        let give_up_at = self.waiting_since.map(|since| since + PATIENCE);
        let times = [acknowledge_at, self.repeat_at, give_up_at];
        times.into_iter().flatten().min()
    }

    /// Does what is due.
    ///
    /// # Errors
    ///
    /// Nothing of what waits got through for 30 s.
    pub fn on_time(&mut self, now: Instant) -> Result<(), RepairError> {
        if self.gone.is_some() {
            return Ok(());
        }
        if self
            .waiting_since
            .is_some_and(|since| since + PATIENCE <= now)
        {
            return Err(RepairError::Unanswered(PATIENCE));
        }
        if matches!(self.acknowledgement, Acknowledgement::DueAt(at) if at <= now) {
            self.acknowledgement = Acknowledgement::Due;
        }
        if self.repeat_at.is_some_and(|at| at <= now) {
            self.repeat_at = None;
            self.round_trip.back_off();
            if self.outgoing.is_waiting() {
                self.congestion.timed_out(self.outgoing.transmissions());
                self.outgoing.give_up_on_all();
            } else {
                self.asks = true;
            }
        }
        self.keep_timer(now);
        Ok(())
    }

    /// The timer runs as long as an answer is owed (RFC 6298 §5.1, §5.2), or news of room are.
    fn keep_timer(&mut self, now: Instant) {
        if self.gone.is_none() && (self.outgoing.is_waiting() || self.outgoing.is_shut_out()) {
            let timeout = self.round_trip.timeout();
            self.repeat_at.get_or_insert(now + timeout);
            self.waiting_since.get_or_insert(now);
        } else {
            self.repeat_at = None;
            self.waiting_since = None;
        }
    }

    /// What it has done so far.
    pub fn figures(&self) -> RepairFigures {
        self.figures
    }
}
