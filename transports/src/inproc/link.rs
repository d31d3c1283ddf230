use std::io;
use std::task::{Context, Poll};

use super::pipe::{Receiver, Sender, pipe};
use crate::link::{LinkIo, MessageLink, Packet};
use crate::{Cutter, Link};

/// All are of one process.
const HOST: &str = "this process";

/// Both ends of a new link: the dialer's, then the listener's.
pub(super) fn pair(name: &str, number: u64) -> (Link, Link) {
    let (to_listener, from_dialer) = pipe();
    let (to_dialer, from_listener) = pipe();
    let (listener, dialer) = (name.to_owned(), format!("{name}#{number}"));
    let dialed = InprocLink {
        sender: to_listener,
        receiver: from_listener,
    };
    let accepted = InprocLink {
        sender: to_dialer,
        receiver: from_dialer,
    };
    (
        Link {
            cutter: dialed.cutter(),
            io: LinkIo::Messages(Box::new(dialed)),
            peer: listener.clone(),
            host: HOST.to_owned(),
            local: dialer.clone(),
        },
        Link {
            cutter: accepted.cutter(),
            io: LinkIo::Messages(Box::new(accepted)),
            peer: dialer,
            host: HOST.to_owned(),
            local: listener,
        },
    )
}

struct InprocLink {
    sender: Sender,
    receiver: Receiver,
}

impl InprocLink {
    fn cutter(&self) -> Cutter {
        let (ours, theirs) = (self.sender.cut(), self.receiver.cut());
        Cutter::new(move || {
            ours();
            theirs();
        })
    }
}

impl MessageLink for InprocLink {
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Packet>>> {
        self.receiver.poll_receive(cx).map(Ok)
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.sender.poll_ready(cx)
    }

    fn start_send(&mut self, packet: Packet) -> io::Result<()> {
        self.sender.start_send(packet)
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.sender.poll_flush(cx)
    }

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.sender.poll_close(cx)
    }
}
