use roles::{Failure, Line, Order};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// A connection over either transport. Dropping it ends the stream behind what was written.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for S {}

pub(crate) async fn connected(order: &Order) -> Result<Box<dyn Stream>, Failure> {
    if let Some(path) = order.ipc_path() {
        return Ok(Box::new(UnixStream::connect(path).await?));
    }
    let stream = TcpStream::connect(order.tcp_address()?).await?;
    stream.set_nodelay(true)?;
    Ok(Box::new(stream))
}

/// Where connections come from.
pub(crate) enum Listener {
    Tcp(TcpListener),
    Ipc(UnixListener),
}

impl Listener {
    /// Listens and says where.
    pub(crate) async fn bound(order: &Order) -> Result<Self, Failure> {
        if let Some(path) = order.ipc_path() {
            let listener = UnixListener::bind(path)?;
            Line::Listening(order.endpoint.clone()).print();
            return Ok(Listener::Ipc(listener));
        }
        let listener = TcpListener::bind(order.tcp_address()?).await?;
        Line::Listening(format!("tcp://{}", listener.local_addr()?)).print();
        Ok(Listener::Tcp(listener))
    }

    pub(crate) async fn accepted(&self) -> Result<Box<dyn Stream>, Failure> {
        match self {
            Listener::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok(Box::new(stream))
            }
            Listener::Ipc(listener) => Ok(Box::new(listener.accept().await?.0)),
        }
    }
}
