//! All of a network behind one lock: who listens where, which links there are, who is parted from whom.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::task::{Context, Poll, Waker};

use tokio::time::Instant;

use super::kind::Kind;
use super::path::{Ending, Path};
use super::weather::Weather;
use crate::Link;
use crate::link::Packet;

/// So many links may wait to be accepted; more are refused.
const BACKLOG_MAX: usize = 1_024;

pub(super) struct State {
    pub(super) weather: Weather,
    names: BTreeMap<Address, Name>,
    pub(super) links: BTreeMap<LinkId, Pair>,
    /// From whom nothing reaches whom.
    parted: BTreeSet<(String, String)>,
    /// Numbers links and listeners.
    next: u64,
    /// To be woken once the lock is released.
    pub(super) awake: Vec<Waker>,
    /// To be dropped then.
    pub(super) debris: Vec<Packet>,
}

/// As with tcp and udp, a name means another place for each kind of link.
pub(super) type Address = (Kind, String);

pub(super) type LinkId = u64;

/// Which of the listeners that had a name one after the other.
pub(super) type Claim = u64;

struct Name {
    /// Whose it is, or was last.
    host: String,
    listener: Option<Listener>,
}

struct Listener {
    claim: Claim,
    backlog: VecDeque<Link>,
    acceptor: Option<Waker>,
}

/// A link: the dialer is side 0, the listener side 1; each writes to the path of its number.
pub(super) struct Pair {
    pub(super) kind: Kind,
    pub(super) hosts: [String; 2],
    pub(super) paths: [Path; 2],
    is_dropped: [bool; 2],
}

/// What a dialer finds.
pub(super) enum Reached {
    Listener,
    Nobody,
    /// A partition is between them.
    Nothing,
}

impl State {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            weather: Weather::new(seed),
            names: BTreeMap::new(),
            links: BTreeMap::new(),
            parted: BTreeSet::new(),
            next: 0,
            awake: Vec::new(),
            debris: Vec::new(),
        }
    }

    /// Takes the name; `None` when somebody has it.
    pub(super) fn listen(&mut self, address: &Address, host: &str) -> Option<Claim> {
        self.next += 1;
        let name = self.names.entry(address.clone()).or_insert_with(|| Name {
            host: String::new(),
            listener: None,
        });
        if name.listener.is_some() {
            return None;
        }
        name.host = host.to_owned();
        name.listener = Some(Listener {
            claim: self.next,
            backlog: VecDeque::new(),
            acceptor: None,
        });
        Some(self.next)
    }

    /// Frees the name, if it still is the claimant's. What waited to be accepted is to be dropped outside the lock.
    #[must_use]
    pub(super) fn unlisten(&mut self, address: &Address, claim: Claim) -> VecDeque<Link> {
        let name = self.names.get_mut(address);
        let listener = name.and_then(|name| name.listener.take_if(|it| it.claim == claim));
        let Some(listener) = listener else {
            return VecDeque::new();
        };
        self.awake.extend(listener.acceptor);
        listener.backlog
    }

    /// The next link; `None` when the name is not the claimant's any more.
    pub(super) fn poll_accept(
        &mut self,
        address: &Address,
        claim: Claim,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Link>> {
        let name = self.names.get_mut(address);
        let listener = name.and_then(|name| name.listener.as_mut());
        let Some(listener) = listener.filter(|listener| listener.claim == claim) else {
            return Poll::Ready(None);
        };
        match listener.backlog.pop_front() {
            Some(link) => Poll::Ready(Some(link)),
            None => {
                listener.acceptor = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    /// What somebody on `host` who dials the address finds now.
    pub(super) fn reach(&self, host: &str, address: &Address) -> Reached {
        let Some(name) = self.names.get(address) else {
            return Reached::Nobody;
        };
        if self.is_parted(host, &name.host) || self.is_parted(&name.host, host) {
            return Reached::Nothing;
        }
        match &name.listener {
            Some(listener) if listener.backlog.len() < BACKLOG_MAX => Reached::Listener,
            _ => Reached::Nobody,
        }
    }

    /// A new link from `host` to whoever listens there, and the listener's host.
    pub(super) fn connect(&mut self, host: &str, address: &Address) -> Option<(LinkId, String)> {
        let to = self.names.get(address)?.host.clone();
        self.next += 1;
        let mut paths = [Path::default(), Path::default()];
        if address.0 != Kind::Datagrams {
            for path in &mut paths {
                path.cut_after = self.weather.cut_after();
            }
        }
        let pair = Pair {
            kind: address.0,
            hosts: [host.to_owned(), to.clone()],
            paths,
            is_dropped: [false; 2],
        };
        self.links.insert(self.next, pair);
        Some((self.next, to))
    }

    /// Gives the listener its side of a link; `false` when it has gone.
    pub(super) fn offer(&mut self, address: &Address, link: Link) -> Result<(), Link> {
        let name = self.names.get_mut(address);
        let Some(listener) = name.and_then(|name| name.listener.as_mut()) else {
            return Err(link);
        };
        listener.backlog.push_back(link);
        self.awake.extend(listener.acceptor.take());
        Ok(())
    }

    /// One side is gone: the other finds the end after what was sent before.
    pub(super) fn leave(&mut self, link: LinkId, side: usize, now: Instant) {
        let Some(pair) = self.links.get_mut(&link) else {
            return;
        };
        if pair.kind != Kind::Datagrams {
            pair.paths[side].end(Ending::Gone, now, &mut self.weather);
        }
        pair.paths[1 - side].abandon(&mut self.debris);
        pair.wake(&mut self.awake);
    }

    /// One side is dropped; with the other the link is forgotten.
    pub(super) fn drop_side(&mut self, link: LinkId, side: usize, now: Instant) {
        self.leave(link, side, now);
        let Some(pair) = self.links.get_mut(&link) else {
            return;
        };
        pair.is_dropped[side] = true;
        if pair.is_dropped == [true; 2]
            && let Some(pair) = self.links.remove(&link)
        {
            for mut path in pair.paths {
                path.abandon(&mut self.debris);
            }
        }
    }

    /// Breaks a link: of what is under way, either side gets what chance leaves.
    pub(super) fn cut(&mut self, link: LinkId, now: Instant) {
        let Some(pair) = self.links.get_mut(&link) else {
            return;
        };
        for path in &mut pair.paths {
            let ending = self.weather.ending();
            let whole = pair.kind != Kind::Stream;
            path.cut(ending, whole, now, &mut self.weather, &mut self.debris);
        }
        pair.wake(&mut self.awake);
    }

    /// One direction of a link came to where chance has it cut: all before arrives.
    pub(super) fn cut_here(&mut self, link: LinkId, side: usize, now: Instant) {
        if let Some(pair) = self.links.get_mut(&link) {
            let ending = self.weather.ending();
            pair.paths[side].break_off(ending, now, &mut self.weather);
        }
        self.cut(link, now);
    }

    /// From now on nothing that `from` sends reaches `to`, or all does again.
    pub(super) fn part(&mut self, from: &str, to: &str, is_parted: bool, now: Instant) {
        let way = (from.to_owned(), to.to_owned());
        let is_news = match is_parted {
            true => self.parted.insert(way),
            false => self.parted.remove(&way),
        };
        if !is_news {
            return;
        }
        for pair in self.links.values_mut() {
            for side in [0, 1] {
                if pair.hosts[side] != from || pair.hosts[1 - side] != to {
                    continue;
                }
                let path = &mut pair.paths[side];
                if !is_parted {
                    path.unblock(now, &mut self.weather);
                    continue;
                }
                path.block(now);
                if pair.kind == Kind::Datagrams {
                    path.drop_held_up(&mut self.debris);
                }
            }
            pair.wake(&mut self.awake);
        }
    }

    pub(super) fn parted(&self) -> Vec<(String, String)> {
        self.parted.iter().cloned().collect()
    }

    fn is_parted(&self, from: &str, to: &str) -> bool {
        self.parted.contains(&(from.to_owned(), to.to_owned()))
    }
}

impl Pair {
    /// The direction that a side writes to, and the one that it reads from.
    pub(super) fn seen_from(&mut self, side: usize) -> [&mut Path; 2] {
        let [dialers, listeners] = &mut self.paths;
        match side {
            0 => [dialers, listeners],
            _ => [listeners, dialers],
        }
    }

    /// Whether it is between those two, whoever dialed.
    pub(super) fn is_between(&self, one: &str, other: &str) -> bool {
        let [dialer, listener] = &self.hosts;
        (dialer == one && listener == other) || (dialer == other && listener == one)
    }

    /// Has all who wait look again.
    fn wake(&mut self, awake: &mut Vec<Waker>) {
        for path in &mut self.paths {
            awake.extend(path.reader.take());
            awake.extend(path.writer.take());
        }
    }
}
