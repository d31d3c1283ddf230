//! Socket files that dead processes left.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use super::address::{Address, folder};
use crate::{Endpoint, TransportError};

/// How often the folder is tried that somebody else has locked, and how long apart.
const TRIES: usize = 200;
const PAUSE: Duration = Duration::from_millis(10);

/// What has a path.
enum Found {
    Nothing,
    /// A socket that nobody listens at.
    Stale,
    Live,
    /// A file, a folder, a link.
    NoSocket,
}

/// Removes the socket file at `path` if nobody listens there.
///
/// Those who do so lock the folder, so that none removes what another has published since it looked.
pub(super) async fn clear(path: &Path, endpoint: &Endpoint) -> Result<(), TransportError> {
    let failed = |error| TransportError::from_io(endpoint, error);
    let _locked = lock(folder(path)).await.map_err(failed)?;
    match look(path).map_err(failed)? {
        Found::Nothing => Ok(()),
        Found::Stale => match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error)),
            _ => Ok(()),
        },
        Found::Live => Err(TransportError::AddressInUse {
            endpoint: endpoint.to_string(),
        }),
        Found::NoSocket => Err(TransportError::NotASocket {
            endpoint: endpoint.to_string(),
        }),
    }
}

/// Held as long as the file lives; no trace of it stays.
async fn lock(folder: &Path) -> io::Result<File> {
    let folder = File::open(folder)?;
    for _ in 0..TRIES {
        match folder.try_lock() {
            Ok(()) => return Ok(folder),
            Err(TryLockError::WouldBlock) => tokio::time::sleep(PAUSE).await,
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    let text = "a dead process' socket is to be removed, but somebody else keeps the folder locked";
    Err(io::Error::new(io::ErrorKind::ResourceBusy, text))
}

fn look(path: &Path) -> io::Result<Found> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.file_type().is_socket() => probe(path),
        Ok(_) => Ok(Found::NoSocket),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::Nothing),
        Err(error) => Err(error),
    }
}

/// Whoever may not connect cannot know, and gets the error.
fn probe(path: &Path) -> io::Result<Found> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    // A listener that is too busy to be connected to at once lives.
    socket.set_nonblocking(true)?;
    match socket.connect(&Address::File(PathBuf::from(path)).to_system()?) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(Found::Stale),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::Nothing),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(error),
        _ => Ok(Found::Live),
    }
}
