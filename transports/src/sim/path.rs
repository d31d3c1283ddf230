//! One direction of a link: what is under way, and when it arrives. Time is an argument.

use std::collections::VecDeque;
use std::io;
use std::task::Waker;

use bytes::{Buf, Bytes};
use tokio::time::Instant;

use super::weather::Weather;
use crate::link::Packet;

/// So much may be under way or unread before the writer waits.
const BYTES_MAX: usize = 256 * 1024;
const PACKETS_MAX: usize = 256;

/// How a direction ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// The writer closed it; it may go on reading.
    Finished,
    /// The writer is gone: nobody reads the other direction either.
    Gone,
    /// The link broke.
    Reset,
}

impl Ending {
    fn is_of_the_link(self) -> bool {
        self != Self::Finished
    }
}

enum Load {
    Packet(Packet),
    End(Ending),
}

struct Parcel {
    load: Load,
    /// `None` while a partition holds it up.
    arrives: Option<Instant>,
}

#[derive(Default)]
pub(super) struct Path {
    /// In the order of arrival.
    way: VecDeque<Parcel>,
    bytes: usize,
    is_blocked: bool,
    /// What is sent from now on goes nowhere, and nobody knows yet.
    is_dead: bool,
    line_free_at: Option<Instant>,
    last_arrival: Option<Instant>,
    /// After how many more bytes the link is cut.
    pub(super) cut_after: Option<u64>,
    /// What the reader found at the end.
    found: Option<Ending>,
    pub(super) reader: Option<Waker>,
    pub(super) writer: Option<Waker>,
}

impl Path {
    /// How many bytes its writer may send now.
    pub(super) fn room(&self) -> usize {
        if self.is_dead {
            return BYTES_MAX;
        }
        match self.way.len() < PACKETS_MAX {
            true => BYTES_MAX.saturating_sub(self.bytes),
            false => 0,
        }
    }

    /// Puts a packet on its way, behind what is there. `true` when the link is to be cut there; what is beyond the cut
    /// is lost. `whole` packets are lost whole.
    pub(super) fn send(
        &mut self,
        mut packet: Packet,
        whole: bool,
        now: Instant,
        weather: &mut Weather,
    ) -> bool {
        if self.is_dead {
            return false;
        }
        let is_cut = match &mut self.cut_after {
            Some(left) if *left < packet.len() as u64 => {
                let kept = if whole { 0 } else { *left as usize };
                packet = packet.into_bytes().slice(..kept).into();
                true
            }
            Some(left) => {
                *left -= packet.len() as u64;
                false
            }
            None => false,
        };
        if !(is_cut && packet.is_empty()) {
            self.bytes += packet.len();
            let departs = self.departure(packet.len(), now, weather);
            self.push(Load::Packet(packet), departs, weather);
        }
        is_cut
    }

    /// Puts a datagram on its way, which may be lost, doubled or overtaken.
    pub(super) fn throw(&mut self, datagram: &Bytes, now: Instant, weather: &mut Weather) {
        let departs = self.departure(datagram.len(), now, weather);
        let conditions = weather.conditions.clone();
        if self.is_dead || self.is_blocked || weather.happens(conditions.loss) {
            return;
        }
        let copies = 1 + usize::from(weather.happens(conditions.doubling));
        for _ in 0..copies {
            let mut arrives = departs + weather.delay();
            if weather.happens(conditions.reordering) {
                arrives += weather.detour();
            }
            let place = self
                .way
                .partition_point(|other| other.arrives <= Some(arrives));
            let parcel = Parcel {
                load: Load::Packet(datagram.clone().into()),
                arrives: Some(arrives),
            };
            self.way.insert(place, parcel);
            self.bytes += datagram.len();
        }
    }

    /// The last that its writer sends.
    pub(super) fn end(&mut self, ending: Ending, now: Instant, weather: &mut Weather) {
        if !self.is_dead {
            self.push(Load::End(ending), now, weather);
        }
    }

    /// Breaks it: a random prefix of what is under way arrives, then the news of it.
    pub(super) fn cut(
        &mut self,
        ending: Ending,
        whole: bool,
        now: Instant,
        weather: &mut Weather,
        debris: &mut Vec<Packet>,
    ) {
        if self.is_dead {
            return;
        }
        let has_arrived = self.way.iter().take_while(|parcel| parcel.is_there(now));
        let has_arrived = has_arrived.count();
        let under_way = self.way.range(has_arrived..).map(Parcel::len).sum();
        let mut kept = weather.number_up_to(under_way);
        let mut cut_at = has_arrived;
        while let Some(parcel) = self.way.get_mut(cut_at) {
            if kept < parcel.len() || matches!(parcel.load, Load::End(_)) {
                if let (Load::Packet(packet), false, 1..) = (&mut parcel.load, whole, kept) {
                    let bytes = std::mem::take(packet).into_bytes();
                    *packet = bytes.slice(..kept).into();
                    cut_at += 1;
                }
                break;
            }
            kept -= parcel.len();
            cut_at += 1;
        }
        debris.extend(self.way.drain(cut_at..).filter_map(Parcel::into_packet));
        self.bytes = self.way.iter().map(Parcel::len).sum();
        self.break_off(ending, now, weather);
    }

    /// All that is under way arrives, and nothing after it.
    pub(super) fn break_off(&mut self, ending: Ending, now: Instant, weather: &mut Weather) {
        self.end(ending, now, weather);
        self.is_dead = true;
    }

    /// Its reader is gone: what is there is lost, and what still comes.
    pub(super) fn abandon(&mut self, debris: &mut Vec<Packet>) {
        debris.extend(self.way.drain(..).filter_map(Parcel::into_packet));
        self.bytes = 0;
        self.is_dead = true;
        self.found = Some(Ending::Gone);
    }

    /// A partition begins: what is under way is held up.
    pub(super) fn block(&mut self, now: Instant) {
        self.is_blocked = true;
        for parcel in &mut self.way {
            if !parcel.is_there(now) {
                parcel.arrives = None;
            }
        }
    }

    /// A partition ends: what was held up goes on its way.
    pub(super) fn unblock(&mut self, now: Instant, weather: &mut Weather) {
        self.is_blocked = false;
        self.last_arrival = None;
        for parcel in &mut self.way {
            let arrives = parcel.arrives.unwrap_or_else(|| now + weather.delay());
            let arrives = self.last_arrival.map_or(arrives, |last| last.max(arrives));
            parcel.arrives = Some(arrives);
            self.last_arrival = Some(arrives);
        }
    }

    /// What was under way as datagrams when a partition began.
    pub(super) fn drop_held_up(&mut self, debris: &mut Vec<Packet>) {
        let held_up = self.way.iter().position(|parcel| parcel.arrives.is_none());
        let held_up = held_up.unwrap_or(self.way.len());
        debris.extend(self.way.drain(held_up..).filter_map(Parcel::into_packet));
        self.bytes = self.way.iter().map(Parcel::len).sum();
    }

    /// The next packet that has arrived, or how the direction ended; `None` while neither has come.
    pub(super) fn receive(&mut self, now: Instant) -> Option<io::Result<Option<Packet>>> {
        if let Some(found) = self.found {
            return Some(end_of(found));
        }
        let parcel = self.way.pop_front_if(|parcel| parcel.is_there(now))?;
        self.bytes -= parcel.len();
        match parcel.load {
            Load::Packet(packet) => Some(Ok(Some(packet))),
            Load::End(ending) => {
                self.found = Some(ending);
                Some(end_of(ending))
            }
        }
    }

    /// As [`receive`](Self::receive), of a stream: as many bytes as have arrived and `into` holds; 0 at the end.
    pub(super) fn read(
        &mut self,
        now: Instant,
        into: &mut tokio::io::ReadBuf<'_>,
    ) -> Option<io::Result<()>> {
        let before = into.filled().len();
        while into.remaining() > 0
            && let Some(parcel) = self.way.front_mut()
            && parcel.is_there(now)
            && let Load::Packet(packet) = &mut parcel.load
        {
            let bytes = &mut packet.body;
            let count = bytes.len().min(into.remaining());
            into.put_slice(&bytes[..count]);
            bytes.advance(count);
            self.bytes -= count;
            if bytes.is_empty() {
                self.way.pop_front();
            }
        }
        if into.filled().len() > before {
            return Some(Ok(()));
        }
        Some(self.receive(now)?.map(|_| ()))
    }

    /// When the next parcel comes; `None` if none is coming by itself.
    pub(super) fn next_arrival(&self) -> Option<Instant> {
        self.way.front()?.arrives
    }

    /// Whether it is known to its reader that the link is over, read or not.
    pub(super) fn is_known_over(&self, now: Instant) -> bool {
        self.over_at().is_some_and(|at| at <= now) || self.found.is_some_and(Ending::is_of_the_link)
    }

    /// When its reader learns that the link is over, if that is under way.
    pub(super) fn over_at(&self) -> Option<Instant> {
        match self.way.back()? {
            Parcel {
                load: Load::End(ending),
                arrives,
            } if ending.is_of_the_link() => *arrives,
            _ => None,
        }
    }

    /// When so many bytes have left, one after the other.
    fn departure(&mut self, bytes: usize, now: Instant, weather: &Weather) -> Instant {
        let free_at = self.line_free_at.map_or(now, |free_at| free_at.max(now));
        let departs = free_at + weather.transmission(bytes);
        self.line_free_at = Some(departs);
        departs
    }

    fn push(&mut self, load: Load, departs: Instant, weather: &mut Weather) {
        let arrives = departs + weather.delay();
        let arrives = self.last_arrival.map_or(arrives, |last| last.max(arrives));
        self.last_arrival = Some(arrives);
        self.way.push_back(Parcel {
            load,
            arrives: (!self.is_blocked).then_some(arrives),
        });
    }
}

impl Parcel {
    fn is_there(&self, now: Instant) -> bool {
        self.arrives.is_some_and(|arrives| arrives <= now)
    }

    fn len(&self) -> usize {
        match &self.load {
            Load::Packet(packet) => packet.len(),
            Load::End(_) => 0,
        }
    }

    fn into_packet(self) -> Option<Packet> {
        match self.load {
            Load::Packet(packet) => Some(packet),
            Load::End(_) => None,
        }
    }
}

fn end_of<T>(ending: Ending) -> io::Result<Option<T>> {
    match ending {
        Ending::Finished | Ending::Gone => Ok(None),
        Ending::Reset => Err(io::ErrorKind::ConnectionReset.into()),
    }
}
