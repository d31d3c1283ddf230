//! Sockets with the settings every role shares.

use roles::{Failure, Line, Order};
use rzmq::socket::{
    ADAPTIVE_THROTTLE, LAST_ENDPOINT, RCVHWM, SNDBATCH_BYTES, SNDBATCH_COUNT, SNDHWM,
};
use rzmq::{Context, Socket, SocketType};

/// What its usage guide recommends for many small messages.
const BATCH_MESSAGES: i32 = 512;
const BATCH_BYTES: i32 = 1024 * 1024;

/// A connecting socket.
pub(crate) async fn connected(
    context: &Context,
    kind: SocketType,
    order: &Order,
) -> Result<Socket, Failure> {
    let socket = bounded(context, kind, order).await?;
    socket.connect(&order.endpoint).await?;
    Ok(socket)
}

/// A listening socket that has said where.
pub(crate) async fn listening(
    context: &Context,
    kind: SocketType,
    order: &Order,
) -> Result<Socket, Failure> {
    let socket = bounded(context, kind, order).await?;
    socket.bind(&order.endpoint).await?;
    let endpoint = String::from_utf8(socket.get_option(LAST_ENDPOINT).await?)?;
    Line::Listening(endpoint.trim_end_matches('\0').to_owned()).print();
    Ok(socket)
}

async fn bounded(context: &Context, kind: SocketType, order: &Order) -> Result<Socket, Failure> {
    let bound = i32::try_from(order.bound_messages)?;
    let socket = context.socket(kind)?;
    socket.set_option(SNDHWM, bound).await?;
    socket.set_option(RCVHWM, bound).await?;
    socket.set_option(SNDBATCH_COUNT, BATCH_MESSAGES).await?;
    socket.set_option(SNDBATCH_BYTES, BATCH_BYTES).await?;
    // Its own benches turn this off, too: it shares a connection between its two directions, of which one is idle here.
    socket.set_option(ADAPTIVE_THROTTLE, 0).await?;
    Ok(socket)
}
