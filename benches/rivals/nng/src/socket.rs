//! Sockets with the settings every role shares.

use std::sync::mpsc::{Receiver, channel};

use nng::options::transport::tcp::BoundPort;
use nng::options::{Options, RecvBufferSize, SendBufferSize};
use nng::{Error, Listener, PipeEvent, Protocol, Socket};
use roles::{Failure, Line, Order};

/// NNG allows no longer queues.
pub(crate) const BUFFER_MESSAGES_MAX: usize = 8192;

/// A connected socket, and what becomes of its peer.
pub(crate) fn connected(protocol: Protocol, order: &Order) -> Result<(Socket, Peers), Failure> {
    let (socket, peers) = bounded(protocol, order)?;
    socket.dial(&order.endpoint)?;
    Ok((socket, peers))
}

/// A listening socket that has said where, and what becomes of its peer.
pub(crate) fn listening(protocol: Protocol, order: &Order) -> Result<(Socket, Peers), Failure> {
    let (socket, peers) = bounded(protocol, order)?;
    Line::Listening(listen(&socket, order)?).print();
    Ok((socket, peers))
}

/// Lets a socket listen; where.
pub(crate) fn listen(socket: &Socket, order: &Order) -> Result<String, Failure> {
    let listener = Listener::new(socket, &order.endpoint)?;
    match order.tcp_address() {
        Ok(address) => {
            let port = listener.get_opt::<BoundPort>()?;
            let (host, _) = address.rsplit_once(':').ok_or("no port to listen at")?;
            Ok(format!("tcp://{host}:{port}"))
        }
        Err(_) => Ok(order.endpoint.clone()),
    }
}

/// What becomes of the connections of a socket.
pub(crate) struct Peers(Receiver<PipeEvent>);

impl Peers {
    pub(crate) fn of(socket: &Socket) -> Result<Self, Failure> {
        let (sender, events) = channel();
        socket.pipe_notify(move |_, event| {
            // Nobody waits any more where the role is played to its end.
            let _ = sender.send(event);
        })?;
        Ok(Peers(events))
    }

    /// Waits until so many have come.
    pub(crate) fn come(&self, count: usize) {
        self.wait(PipeEvent::AddPost, count);
    }

    /// Waits until so many have gone. NNG forgets what a closed socket still had to send, so who sends last waits.
    pub(crate) fn go(&self, count: usize) {
        self.wait(PipeEvent::RemovePost, count);
    }

    fn wait(&self, wanted: PipeEvent, count: usize) {
        let wanted = self.0.iter().filter(|event| *event == wanted);
        wanted.take(count).for_each(drop);
    }
}

fn bounded(protocol: Protocol, order: &Order) -> Result<(Socket, Peers), Failure> {
    let socket = queueing(protocol, order)?;
    let peers = Peers::of(&socket)?;
    Ok((socket, peers))
}

/// A socket with queues for the bound of the run.
pub(crate) fn queueing(protocol: Protocol, order: &Order) -> Result<Socket, Failure> {
    let bound = i32::try_from(order.bound_messages.min(BUFFER_MESSAGES_MAX))?;
    let socket = Socket::new(protocol)?;
    unless_unknown(socket.set_opt::<SendBufferSize>(bound))?;
    unless_unknown(socket.set_opt::<RecvBufferSize>(bound))?;
    Ok(socket)
}

/// Not every protocol has every queue.
fn unless_unknown(set: nng::Result<()>) -> nng::Result<()> {
    match set {
        Err(Error::NotSupported) => Ok(()),
        other => other,
    }
}
