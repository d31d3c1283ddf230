use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};

use roles::{Failure, Line, Order};

/// A connection over either transport. Dropping it ends the stream behind what was written.
pub(crate) trait Stream: Read + Write {}

impl<S: Read + Write> Stream for S {}

pub(crate) fn connected(order: &Order) -> Result<Box<dyn Stream>, Failure> {
    if let Some(path) = order.ipc_path() {
        return Ok(Box::new(UnixStream::connect(path)?));
    }
    let stream = TcpStream::connect(order.tcp_address()?)?;
    stream.set_nodelay(true)?;
    Ok(Box::new(stream))
}

/// Listens, says where, and takes the first connection.
pub(crate) fn accepted(order: &Order) -> Result<Box<dyn Stream>, Failure> {
    if let Some(path) = order.ipc_path() {
        let listener = UnixListener::bind(path)?;
        Line::Listening(order.endpoint.clone()).print();
        let (stream, _) = listener.accept()?;
        return Ok(Box::new(stream));
    }
    let listener = TcpListener::bind(order.tcp_address()?)?;
    Line::Listening(format!("tcp://{}", listener.local_addr()?)).print();
    let (stream, _) = listener.accept()?;
    stream.set_nodelay(true)?;
    Ok(Box::new(stream))
}
