//! Sockets with the settings every role shares.

use std::sync::LazyLock;

use roles::{Failure, Line, Order};
use zmq::{Context, Socket, SocketType};

/// One for the whole process, as `inproc` asks for.
static CONTEXT: LazyLock<Context> = LazyLock::new(Context::new);

/// A connected socket. Dropping it leaves the rest to the I/O thread, and [`flush`] waits for that.
pub(crate) fn connected(kind: SocketType, order: &Order) -> Result<Socket, Failure> {
    let socket = bounded(kind, order)?;
    socket.connect(&order.endpoint)?;
    Ok(socket)
}

/// A listening socket that has said where.
pub(crate) fn listening(kind: SocketType, order: &Order) -> Result<Socket, Failure> {
    let socket = bounded(kind, order)?;
    socket.bind(&order.endpoint)?;
    let endpoint = socket
        .get_last_endpoint()?
        .map_err(|_| "libzmq gave an endpoint that is no text")?;
    Line::Listening(endpoint).print();
    Ok(socket)
}

/// Waits until all that closed sockets held is sent: libzmq's linger is endless by default.
pub(crate) fn flush() -> Result<(), Failure> {
    // A static is not dropped, which would wait as well.
    Ok(CONTEXT.clone().destroy()?)
}

fn bounded(kind: SocketType, order: &Order) -> Result<Socket, Failure> {
    let bound = i32::try_from(order.bound_messages)?;
    let socket = CONTEXT.socket(kind)?;
    socket.set_sndhwm(bound)?;
    socket.set_rcvhwm(bound)?;
    Ok(socket)
}
