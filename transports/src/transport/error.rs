use std::io;

use crate::EndpointError;

/// Why a link could not be made, sorted by who is at fault: the configuration, the peer and the way to it, or the
/// machine. The cause stands in `source`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the texts say what each field is")]
pub enum TransportError {
    /// Configuration: the endpoint cannot be used as it is written.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),

    /// Configuration: somebody accepts there already.
    #[error("{endpoint} is in use: stop whoever listens there, or listen elsewhere")]
    AddressInUse { endpoint: String },

    /// Configuration: the address belongs to no interface of this machine.
    #[error("{endpoint} is not an address of this machine: listen on one that is, or on *")]
    AddressNotAvailable { endpoint: String },

    /// Configuration: the system forbids it.
    #[error(
        "no permission to use {endpoint}: choose another address (a port from 1024 on, a folder of your own), or grant the right"
    )]
    PermissionDenied { endpoint: String, source: io::Error },

    /// Configuration: the path leads through a folder that is not there.
    #[error("the folder of {endpoint} is not there: make it first, or choose another path")]
    NoFolder { endpoint: String },

    /// Configuration: a file that is no socket has the path.
    #[error(
        "{endpoint} is a file that is no socket, which is left alone: remove it yourself, or choose another path"
    )]
    NotASocket { endpoint: String },

    /// Configuration: the name does not resolve.
    #[error("no address found for {endpoint}: check the name and the resolver")]
    NotFound {
        endpoint: String,
        source: Option<io::Error>,
    },

    /// Peer: nobody listens there.
    #[error("{endpoint} refused the connection: check that somebody listens there")]
    Refused { endpoint: String },

    /// Peer: there is no way there, or no answer came.
    #[error("{endpoint} cannot be reached: check the network and the address")]
    Unreachable { endpoint: String, source: io::Error },

    /// Peer: it was gone before its connection could be accepted.
    #[error("a peer of {endpoint} was gone before it was accepted: nothing to do")]
    PeerGone { endpoint: String, source: io::Error },

    /// Peer: it may not use the address, or broke the transport's rules before it was accepted.
    #[error("turned {peer} away from {endpoint}: {reason}")]
    BadPeer {
        peer: String,
        endpoint: String,
        reason: String,
    },

    /// Machine: out of file descriptors or memory.
    #[error(
        "no file descriptor or memory left for {endpoint}: raise the limit (ulimit -n), or hold fewer connections"
    )]
    Exhausted { endpoint: String, source: io::Error },

    /// Machine: anything else.
    #[error("input or output failed at {endpoint}: see the cause")]
    Io { endpoint: String, source: io::Error },
}

impl TransportError {
    /// What an IO error at this endpoint means.
    pub fn from_io(endpoint: impl ToString, source: io::Error) -> Self {
        use io::ErrorKind::*;
        let endpoint = endpoint.to_string();
        if is_exhausted(&source) {
            return Self::Exhausted { endpoint, source };
        }
        match source.kind() {
            AddrInUse => Self::AddressInUse { endpoint },
            AddrNotAvailable => Self::AddressNotAvailable { endpoint },
            PermissionDenied | ReadOnlyFilesystem => Self::PermissionDenied { endpoint, source },
            ConnectionRefused => Self::Refused { endpoint },
            ConnectionAborted | ConnectionReset => Self::PeerGone { endpoint, source },
            HostUnreachable | NetworkUnreachable | NetworkDown | TimedOut => {
                Self::Unreachable { endpoint, source }
            }
            _ => Self::Io { endpoint, source },
        }
    }

    /// Whether an acceptor that gave this error can go on: one connection is lost, not the listener.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::PeerGone { .. }
            | Self::BadPeer { .. }
            | Self::Exhausted { .. }
            | Self::Unreachable { .. } => true,
            Self::Io { source, .. } => {
                matches!(
                    source.kind(),
                    io::ErrorKind::Interrupted | io::ErrorKind::WouldBlock
                )
            }
            _ => false,
        }
    }
}

/// The system's limits have no [`io::ErrorKind`] of their own.
fn is_exhausted(error: &io::Error) -> bool {
    const ENFILE: i32 = 23;
    const EMFILE: i32 = 24;
    const ENOBUFS: i32 = if cfg!(target_os = "linux") { 105 } else { 55 };
    error.kind() == io::ErrorKind::OutOfMemory
        || (cfg!(unix) && matches!(error.raw_os_error(), Some(ENFILE | EMFILE | ENOBUFS)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lost_connection_or_descriptor_is_transient() {
        let of = |error: io::Error| TransportError::from_io("tcp://h:1", error);
        assert!(of(io::ErrorKind::ConnectionAborted.into()).is_transient());
        assert!(of(io::ErrorKind::Interrupted.into()).is_transient());
        assert!(of(io::Error::from_raw_os_error(24)).is_transient());
        assert!(!of(io::ErrorKind::AddrInUse.into()).is_transient());
        assert!(!of(io::ErrorKind::InvalidInput.into()).is_transient());
    }

    #[test]
    fn texts_say_what_to_do_next() {
        let check = |kind: io::ErrorKind, text: &str| {
            assert_eq!(
                TransportError::from_io("tcp://h:1", kind.into()).to_string(),
                text
            );
        };
        check(
            io::ErrorKind::AddrInUse,
            "tcp://h:1 is in use: stop whoever listens there, or listen elsewhere",
        );
        check(
            io::ErrorKind::ConnectionRefused,
            "tcp://h:1 refused the connection: check that somebody listens there",
        );
        check(
            io::ErrorKind::TimedOut,
            "tcp://h:1 cannot be reached: check the network and the address",
        );
    }
}
