use std::net::{TcpListener, TcpStream};

use roles::{Failure, Line, Order};

pub(crate) fn connected(order: &Order) -> Result<TcpStream, Failure> {
    let stream = TcpStream::connect(order.tcp_address()?)?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Listens, says where, and takes the first connection.
pub(crate) fn accepted(order: &Order) -> Result<TcpStream, Failure> {
    let listener = TcpListener::bind(order.tcp_address()?)?;
    Line::Listening(format!("tcp://{}", listener.local_addr()?)).print();
    let (stream, _) = listener.accept()?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
