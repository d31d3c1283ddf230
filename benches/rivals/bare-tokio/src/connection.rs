use roles::{Failure, Line, Order};
use tokio::net::{TcpListener, TcpStream};

pub(crate) async fn connected(order: &Order) -> Result<TcpStream, Failure> {
    let stream = TcpStream::connect(order.tcp_address()?).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Listens, says where, and takes the first connection.
pub(crate) async fn accepted(order: &Order) -> Result<TcpStream, Failure> {
    let listener = TcpListener::bind(order.tcp_address()?).await?;
    Line::Listening(format!("tcp://{}", listener.local_addr()?)).print();
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
