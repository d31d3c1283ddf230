//! Transports over TCP speak only with hosts that their options admit.

use std::io::ErrorKind;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use treewire_transports::TransportError;

use crate::conformance::{Subject, accept, within_a_minute};

/// The connection of a host that `options` do not admit ends, whatever it sent; the listener
/// goes on.
pub(crate) async fn turns_away(subject: &Subject, place: &str, options: &str, reason: &str) {
    let strict = format!("{place}?{options}");
    let mut acceptor = subject.listen_at(&strict).await.unwrap();
    let address = acceptor.local().address().to_owned();
    let host = address.split('/').next().unwrap();
    for _ in 0..2 {
        let mut stranger = TcpStream::connect(host).await.unwrap();
        stranger.write_all(b"let me in").await.unwrap();
        let error = accept(acceptor.as_mut()).await.unwrap_err();
        assert!(error.is_transient());
        let TransportError::BadPeer {
            peer, reason: said, ..
        } = error
        else {
            panic!("{error:?}");
        };
        assert_eq!(peer, stranger.local_addr().unwrap().to_string());
        assert_eq!(said, reason);
        let mut byte = [0];
        match within_a_minute(stranger.read(&mut byte)).await {
            Ok(count) => assert_eq!(count, 0),
            Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
        }
    }
}
