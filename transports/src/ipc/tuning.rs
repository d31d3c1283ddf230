//! What an endpoint's options do to its sockets and their files.

use std::io;

use socket2::{Domain, SockRef, Socket, Type};

use crate::{Endpoint, OptionKind, OptionSpec};

const ID_MAX: u64 = u32::MAX as u64 - 1;

/// Options that only a file can have.
pub(super) const OF_FILES: [&str; 3] = ["mode", "owner", "group"];

pub(super) const OPTIONS: [OptionSpec; 6] = [
    OptionSpec {
        name: "mode",
        value: OptionKind::Octal { max: 0o777 },
        help: "permissions of the socket's file, 0660 for instance: who may write to it may connect; to listen; default: as the process' umask has it",
    },
    OptionSpec {
        name: "owner",
        value: OptionKind::Integer {
            min: 0,
            max: ID_MAX,
        },
        help: "user id that is to own the socket's file; to listen; default: the process' own",
    },
    OptionSpec {
        name: "group",
        value: OptionKind::Integer {
            min: 0,
            max: ID_MAX,
        },
        help: "group id that is to own the socket's file; to listen; default: the process' own",
    },
    OptionSpec {
        name: "peer-uid",
        value: OptionKind::Integers { max: ID_MAX },
        help: "user ids, separated by commas: only processes of these users are spoken with; default: any",
    },
    OptionSpec {
        name: "peer-gid",
        value: OptionKind::Integers { max: ID_MAX },
        help: "group ids, separated by commas: only processes whose effective group is one of them are spoken with; default: any",
    },
    OptionSpec {
        name: "send-buffer-bytes",
        value: OptionKind::BUFFER,
        help: "size of the system's send buffer (SO_SNDBUF); default: the system decides",
    },
];

/// How a socket is made, as read from a checked endpoint.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tuning {
    send_buffer_bytes: Option<usize>,
}

impl Tuning {
    pub(super) fn of(endpoint: &Endpoint) -> Self {
        let bytes = endpoint.bytes("send-buffer-bytes");
        Self {
            send_buffer_bytes: bytes.and_then(|bytes| usize::try_from(bytes).ok()),
        }
    }

    pub(super) fn socket(&self) -> io::Result<Socket> {
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        socket.set_nonblocking(true)?;
        self.apply(SockRef::from(&socket))?;
        Ok(socket)
    }

    /// Sets on a connection what a listening socket does not pass on.
    pub(super) fn apply(&self, socket: SockRef<'_>) -> io::Result<()> {
        match self.send_buffer_bytes {
            Some(bytes) => socket.set_send_buffer_size(bytes),
            None => Ok(()),
        }
    }
}

/// To whom a socket's file belongs and what they may do; what is `None` stays as the system made it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ownership {
    pub(super) mode: Option<u32>,
    pub(super) owner: Option<u32>,
    pub(super) group: Option<u32>,
}

impl Ownership {
    pub(super) fn of(endpoint: &Endpoint) -> Self {
        let id = |name| endpoint.integer(name).and_then(|id| u32::try_from(id).ok());
        Self {
            mode: endpoint.octal("mode"),
            owner: id("owner"),
            group: id("group"),
        }
    }
}
