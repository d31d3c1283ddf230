use std::task::{Context, Poll, ready};

use socket2::SockRef;
use tokio::net::{UnixListener, UnixStream};

use super::address::{Address, folder};
use super::file::Unpublished;
use super::held::Held;
use super::peer::{Admission, Process};
use super::tuning::{Ownership, Tuning};
use crate::link::cuttable;
use crate::{Acceptor, Cutter, Endpoint, Link, TransportError, Use};

/// So many connections may wait in the system to be accepted; it may allow fewer.
const BACKLOG_MAX: i32 = 1_024;

pub(super) struct IpcAcceptor {
    held: Held,
    tuning: Tuning,
    admission: Admission,
    local: Endpoint,
}

impl IpcAcceptor {
    pub(super) async fn bind(endpoint: Endpoint) -> Result<Self, TransportError> {
        let tuning = Tuning::of(&endpoint);
        let failed = |error| TransportError::from_io(endpoint.without_options(), error);
        let socket = tuning.socket().map_err(failed)?;
        let file = match Address::of(&endpoint, Use::Listen)? {
            address @ Address::Abstract(_) => {
                let bound = address.to_system().and_then(|name| socket.bind(&name));
                bound.map_err(failed)?;
                socket.listen(BACKLOG_MAX).map_err(failed)?;
                None
            }
            Address::File(path) => {
                let shown = endpoint.without_options();
                if !folder(&path).is_dir() {
                    let endpoint = shown.to_string();
                    return Err(TransportError::NoFolder { endpoint });
                }
                let file = Unpublished::bind(&socket, path, Ownership::of(&endpoint));
                let file = file.map_err(failed)?;
                socket.listen(BACKLOG_MAX).map_err(failed)?;
                Some(file.publish(&shown).await?)
            }
        };
        let listener = UnixListener::from_std(socket.into()).map_err(failed)?;
        Ok(Self {
            held: Held::new(listener, file),
            tuning,
            admission: Admission::of(&endpoint),
            local: endpoint,
        })
    }

    fn link(&self, stream: UnixStream) -> Result<Link, TransportError> {
        let endpoint = || self.local.without_options().to_string();
        let gone = |source| TransportError::PeerGone {
            endpoint: endpoint(),
            source,
        };
        self.tuning.apply(SockRef::from(&stream)).map_err(gone)?;
        let process = Process::at_the_other_end_of(&stream).map_err(gone)?;
        if let Err(reason) = self.admission.admits(&process) {
            return Err(TransportError::BadPeer {
                peer: process.to_string(),
                endpoint: endpoint(),
                reason,
            });
        }
        let (io, cutter) = cuttable::unix(stream);
        Ok(Link {
            io,
            cutter,
            peer: process.to_string(),
            host: process.host(),
            local: self.local.address().to_owned(),
        })
    }
}

impl Acceptor for IpcAcceptor {
    fn local(&self) -> &Endpoint {
        &self.local
    }

    fn cutter(&self) -> Cutter {
        self.held.cutter()
    }

    fn poll_accept(&mut self, cx: &mut Context<'_>) -> Poll<Result<Link, TransportError>> {
        Poll::Ready(match ready!(self.held.poll_accept(cx)) {
            Ok(stream) => self.link(stream),
            Err(error) => Err(TransportError::from_io(self.local.without_options(), error)),
        })
    }
}

impl Drop for IpcAcceptor {
    fn drop(&mut self) {
        self.held.let_go();
    }
}
