//! Two ends and a hand that carries, or keeps, what is between them.

use std::time::{Duration, Instant};

use bytes::Bytes;

use crate::repair::packet::{HEAD_BYTES_MAX, LinkId};
use crate::repair::{Received, Repair};

pub(super) const ID: LinkId = *b"a link's";

/// Each packet has room for so many bytes.
pub(super) const PAYLOAD_BYTES: usize = 4;

pub(super) const DATAGRAM_BYTES_MAX: usize = HEAD_BYTES_MAX + PAYLOAD_BYTES;

pub(super) struct Pair {
    pub(super) dialer: Repair,
    pub(super) listener: Repair,
    pub(super) now: Instant,
}

impl Pair {
    pub(super) fn new() -> Self {
        Pair {
            dialer: Repair::dialing(ID, DATAGRAM_BYTES_MAX),
            listener: Repair::dialed(DATAGRAM_BYTES_MAX),
            now: Instant::now(),
        }
    }

    pub(super) fn wait(&mut self, time: Duration) {
        self.now += time;
        self.dialer.on_time(self.now).unwrap();
        self.listener.on_time(self.now).unwrap();
    }

    /// Until the dialer's next deadline.
    pub(super) fn wait_for_dialer(&mut self) {
        let wake_at = self.dialer.wake_at().expect("it waits for something");
        self.wait(wake_at - self.now);
    }

    /// What the dialer sends now.
    pub(super) fn dialer_sends(&mut self) -> Vec<Bytes> {
        std::iter::from_fn(|| self.dialer.transmit(self.now)).collect()
    }

    pub(super) fn listener_sends(&mut self) -> Vec<Bytes> {
        std::iter::from_fn(|| self.listener.transmit(self.now)).collect()
    }

    pub(super) fn dialer_gets(&mut self, datagrams: Vec<Bytes>) {
        for datagram in datagrams {
            self.dialer.receive(datagram, self.now).unwrap();
        }
    }

    pub(super) fn listener_gets(&mut self, datagrams: Vec<Bytes>) {
        for datagram in datagrams {
            self.listener.receive(datagram, self.now).unwrap();
        }
    }

    /// Carries everything both ways until there is nothing more, waiting where an end does.
    pub(super) fn settle(&mut self) {
        for _ in 0..1_000 {
            let (out, back) = (self.dialer_sends(), self.listener_sends());
            if !out.is_empty() || !back.is_empty() {
                self.listener_gets(out);
                self.dialer_gets(back);
                continue;
            }
            let times = [self.dialer.wake_at(), self.listener.wake_at()];
            let Some(next) = times.into_iter().flatten().min() else {
                return;
            };
            self.wait(next - self.now);
        }
        panic!("this never ends");
    }

    /// What the listener has in order.
    pub(super) fn read(&mut self) -> Vec<u8> {
        read(&mut self.listener)
    }
}

pub(super) fn read(end: &mut Repair) -> Vec<u8> {
    let mut all = Vec::new();
    while let Received::Bytes(bytes) = end.read(usize::MAX).unwrap() {
        all.extend(bytes);
    }
    all
}
