//! Sockets with the settings every role shares.

use std::sync::mpsc::{Receiver, channel};

use nng::options::transport::tcp::BoundPort;
use nng::options::{Options, RecvBufferSize, SendBufferSize};
use nng::{Error, Listener, PipeEvent, Protocol, Socket};
use roles::{Failure, Line, Order};

/// NNG allows no longer queues.
const BUFFER_MESSAGES_MAX: usize = 8192;

/// A connected socket, and what tells that its peer went.
pub(crate) fn connected(protocol: Protocol, order: &Order) -> Result<(Socket, Gone), Failure> {
    let (socket, gone) = bounded(protocol, order)?;
    socket.dial(&order.endpoint)?;
    Ok((socket, gone))
}

/// A listening socket that has said where, and what tells that its peer went.
pub(crate) fn listening(protocol: Protocol, order: &Order) -> Result<(Socket, Gone), Failure> {
    let (socket, gone) = bounded(protocol, order)?;
    let listener = Listener::new(&socket, &order.endpoint)?;
    let endpoint = match order.tcp_address() {
        Ok(address) => {
            let port = listener.get_opt::<BoundPort>()?;
            let (host, _) = address.rsplit_once(':').ok_or("no port to listen at")?;
            format!("tcp://{host}:{port}")
        }
        Err(_) => order.endpoint.clone(),
    };
    Line::Listening(endpoint).print();
    Ok((socket, gone))
}

/// That the peer went. NNG forgets what a closed socket still had to send, so who sends last waits for it.
pub(crate) struct Gone(Receiver<()>);

impl Gone {
    pub(crate) fn wait(self) {
        // The sender lives as long as the socket, which outlives this call.
        let _ = self.0.recv();
    }
}

fn bounded(protocol: Protocol, order: &Order) -> Result<(Socket, Gone), Failure> {
    let bound = i32::try_from(order.bound_messages.min(BUFFER_MESSAGES_MAX))?;
    let socket = Socket::new(protocol)?;
    unless_unknown(socket.set_opt::<SendBufferSize>(bound))?;
    unless_unknown(socket.set_opt::<RecvBufferSize>(bound))?;
    let (sender, receiver) = channel();
    socket.pipe_notify(move |_, event| {
        if event == PipeEvent::RemovePost {
            // Nobody waits any more where the role is played to its end.
            let _ = sender.send(());
        }
    })?;
    Ok((socket, Gone(receiver)))
}

/// Not every protocol has every queue.
fn unless_unknown(set: nng::Result<()>) -> nng::Result<()> {
    match set {
        Err(Error::NotSupported) => Ok(()),
        other => other,
    }
}
