//! One end of a link, as whoever holds it polls it.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tokio::time::{Instant, Sleep, sleep_until};

use super::SimNetwork;
use super::path::{Ending, Path};
use super::state::LinkId;
use super::weather::Weather;
use crate::Cutter;

pub(super) struct End {
    network: SimNetwork,
    link: LinkId,
    side: usize,
    reading: Timer,
    writing: Timer,
    is_closed: bool,
}

/// What an attempt to send did.
pub(super) enum Sent<T> {
    Done(T),
    /// And the link is cut there.
    CutHere(T),
    NoRoom,
}

impl End {
    pub(super) fn new(network: SimNetwork, link: LinkId, side: usize) -> Self {
        Self {
            network,
            link,
            side,
            reading: Timer::default(),
            writing: Timer::default(),
            is_closed: false,
        }
    }

    /// As if the end had been dropped: what left before arrives.
    pub(super) fn cutter(&self) -> Cutter {
        let (network, link, side) = (self.network.clone(), self.link, self.side);
        Cutter::new(move || {
            let now = Instant::now();
            network.with(|state| state.leave(link, side, now));
        })
    }

    /// Takes what has come, or waits for it.
    pub(super) fn poll_incoming<T>(
        &mut self,
        cx: &mut Context<'_>,
        mut take: impl FnMut(&mut Path, Instant) -> Option<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        loop {
            let now = Instant::now();
            let (link, side) = (self.link, self.side);
            let taken = self.network.with(|state| {
                let Some(pair) = state.links.get_mut(&link) else {
                    return Ok(Err(io::ErrorKind::NotConnected.into()));
                };
                let path = &mut pair.paths[1 - side];
                match take(path, now) {
                    Some(taken) => {
                        state.awake.extend(path.writer.take());
                        Ok(taken)
                    }
                    None => {
                        path.reader = Some(cx.waker().clone());
                        Err(path.next_arrival())
                    }
                }
            });
            match taken {
                Ok(taken) => return Poll::Ready(taken),
                Err(arrives) => std::task::ready!(self.reading.poll(arrives, cx)),
            }
        }
    }

    /// Sends something, or waits for room.
    pub(super) fn poll_outgoing<T>(
        &mut self,
        cx: &mut Context<'_>,
        mut put: impl FnMut(&mut Path, Instant, &mut Weather) -> Sent<T>,
    ) -> Poll<io::Result<T>> {
        loop {
            let now = Instant::now();
            let (link, side, is_closed) = (self.link, self.side, self.is_closed);
            let sent = self.network.with(|state| {
                let Some(pair) = state.links.get_mut(&link) else {
                    return Ok(Err(io::ErrorKind::NotConnected.into()));
                };
                let [outgoing, incoming] = pair.seen_from(side);
                if is_closed || incoming.is_known_over(now) {
                    return Ok(Err(io::ErrorKind::BrokenPipe.into()));
                }
                let sent = match put(outgoing, now, &mut state.weather) {
                    Sent::NoRoom => {
                        outgoing.writer = Some(cx.waker().clone());
                        return Err(incoming.over_at());
                    }
                    Sent::Done(sent) => {
                        state.awake.extend(outgoing.reader.take());
                        sent
                    }
                    Sent::CutHere(sent) => {
                        state.cut_here(link, side, now);
                        sent
                    }
                };
                Ok(Ok(sent))
            });
            match sent {
                Ok(sent) => return Poll::Ready(sent),
                Err(over_at) => std::task::ready!(self.writing.poll(over_at, cx)),
            }
        }
    }

    /// Sends something after it was found that there is room.
    pub(super) fn send_now<T>(
        &mut self,
        put: impl FnOnce(&mut Path, Instant, &mut Weather) -> Sent<T>,
    ) -> io::Result<T> {
        let mut put = Some(put);
        let mut task = Context::from_waker(Waker::noop());
        let sent = self.poll_outgoing(&mut task, |path, now, weather| match put.take() {
            Some(put) => put(path, now, weather),
            None => Sent::NoRoom,
        });
        match sent {
            Poll::Ready(sent) => sent,
            Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
        }
    }

    /// Ends our direction, behind what was sent.
    pub(super) fn close(&mut self) {
        if std::mem::replace(&mut self.is_closed, true) {
            return;
        }
        let now = Instant::now();
        self.network.with(|state| {
            if let Some(pair) = state.links.get_mut(&self.link) {
                let path = &mut pair.paths[self.side];
                path.end(Ending::Finished, now, &mut state.weather);
                state.awake.extend(path.reader.take());
            }
        });
    }
}

impl Drop for End {
    fn drop(&mut self) {
        let now = Instant::now();
        self.network
            .with(|state| state.drop_side(self.link, self.side, now));
    }
}

/// Wakes a task when something under way arrives.
#[derive(Default)]
struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    /// Whether `at` has come; `None` never comes by itself.
    fn poll(&mut self, at: Option<Instant>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(at) = at else {
            self.0 = None;
            return Poll::Pending;
        };
        let sleep = self.0.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if sleep.deadline() != at {
            sleep.as_mut().reset(at);
        }
        sleep.as_mut().poll(cx)
    }
}
