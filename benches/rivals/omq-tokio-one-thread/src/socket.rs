//! Sockets with the settings every role shares.

use omq_tokio::{Context, Options, Socket, SocketType};
use roles::{Failure, Line, Order};

/// A connecting socket. Closing it waits until all it holds is sent, which is not omq's default.
pub(crate) async fn connected(kind: SocketType, order: &Order) -> Result<Socket, Failure> {
    let socket = bounded(kind, order)?;
    socket.connect(order.endpoint.as_str()).await?;
    Ok(socket)
}

/// A listening socket that has said where.
pub(crate) async fn listening(kind: SocketType, order: &Order) -> Result<Socket, Failure> {
    let socket = bounded(kind, order)?;
    let endpoint = socket.bind(order.endpoint.as_str()).await?;
    Line::Listening(endpoint.to_string()).print();
    Ok(socket)
}

fn bounded(kind: SocketType, order: &Order) -> Result<Socket, Failure> {
    let bound = u32::try_from(order.bound_messages)?;
    let options = Options::default()
        .send_hwm(bound)
        .recv_hwm(bound)
        .linger_forever();
    Ok(Context::current().socket(kind, options))
}
