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
    while_free(path, endpoint, |found| match found {
        Found::Stale => match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        },
        // What is there by now was published since: who publishes needs no lock.
        _ => Ok(()),
    })
    .await
}

/// Renames `by` to `path` if nobody listens there, for file systems that have no links. Only who locks the folder, too,
/// is safe from being replaced.
pub(super) async fn replace(
    path: &Path,
    by: &Path,
    endpoint: &Endpoint,
) -> Result<(), TransportError> {
    while_free(path, endpoint, |_| fs::rename(by, path)).await
}

/// Under the lock of the folder, and only if there is nothing at `path` but what a dead process left.
async fn while_free(
    path: &Path,
    endpoint: &Endpoint,
    then: impl FnOnce(&Found) -> io::Result<()>,
) -> Result<(), TransportError> {
    let failed = |error| TransportError::from_io(endpoint, error);
    let _locked = lock(folder(path)).await.map_err(failed)?;
    match look(path).map_err(failed)? {
        found @ (Found::Nothing | Found::Stale) => then(&found).map_err(failed),
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

#[cfg(test)]
mod tests {
    use std::os::unix::net::{UnixListener, UnixStream};

    use super::*;

    #[tokio::test]
    async fn without_links_a_live_listener_is_not_replaced_either() {
        let folder = tempfile::tempdir().unwrap();
        let [path, by] = ["x.sock", "y.sock"].map(|name| folder.path().join(name));
        let endpoint: Endpoint = "ipc://x.sock".parse().unwrap();
        let replace = || replace(&path, &by, &endpoint);
        let first = UnixListener::bind(&by).unwrap();
        replace().await.unwrap();
        UnixStream::connect(&path).unwrap();
        let second = UnixListener::bind(&by).unwrap();
        let error = replace().await.unwrap_err();
        assert!(
            matches!(error, TransportError::AddressInUse { .. }),
            "{error:?}"
        );
        first.accept().unwrap();
        drop(first);
        replace().await.unwrap();
        UnixStream::connect(&path).unwrap();
        second.accept().unwrap();
        assert!(!by.exists());
    }
}
