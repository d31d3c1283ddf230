//! Sockets with the settings every role shares.

use roles::{Failure, Line, Order};
use zmq::{Context, Socket, SocketType};

/// A connected socket. Dropping it waits until all it holds is sent: libzmq's linger is endless by default.
pub(crate) fn connected(
    context: &Context,
    kind: SocketType,
    order: &Order,
) -> Result<Socket, Failure> {
    let socket = bounded(context, kind, order)?;
    socket.connect(&order.endpoint)?;
    Ok(socket)
}

/// A listening socket that has said where.
pub(crate) fn listening(
    context: &Context,
    kind: SocketType,
    order: &Order,
) -> Result<Socket, Failure> {
    let socket = bounded(context, kind, order)?;
    socket.bind(&order.endpoint)?;
    let endpoint = socket
        .get_last_endpoint()?
        .map_err(|_| "libzmq gave an endpoint that is no text")?;
    Line::Listening(endpoint).print();
    Ok(socket)
}

fn bounded(context: &Context, kind: SocketType, order: &Order) -> Result<Socket, Failure> {
    let bound = i32::try_from(order.bound_messages)?;
    let socket = context.socket(kind)?;
    socket.set_sndhwm(bound)?;
    socket.set_rcvhwm(bound)?;
    Ok(socket)
}
