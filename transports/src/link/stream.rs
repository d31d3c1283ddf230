use tokio::io::{AsyncRead, AsyncWrite};

/// An ordered, reliable byte stream.
///
/// Reading zero bytes into a non-empty buffer means that the peer ended its direction; ours may go on.
/// `poll_shutdown` ends ours. A transport whose system call can gather buffers says so in `is_write_vectored`.
pub trait StreamLink: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> StreamLink for T {}
