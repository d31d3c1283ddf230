use std::net::Shutdown;

use socket2::SockRef;

use super::Cutter;

impl Cutter {
    /// Shuts a listening socket down through a duplicate of its descriptor. On Linux a listening TCP socket that is shut down
    /// lets go of its port at once; elsewhere the port is free when the socket is dropped.
    ///
    /// A process out of descriptors does without: then its address is free when the socket is dropped.
    pub(crate) fn of_socket<'a>(socket: impl Into<SockRef<'a>>) -> Self {
        let duplicate = socket.into().try_clone();
        Self::new(move || {
            if let Ok(socket) = duplicate {
                // An error only says that it is not connected any more.
                let _ = socket.shutdown(Shutdown::Both);
            }
        })
    }
}
