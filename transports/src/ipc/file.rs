//! The file of a listening socket: made in private, published in one step, removed only while it is ours.

use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::{BuildHasher, Hasher};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown};
use std::path::{Path, PathBuf};

use socket2::Socket;

use super::address::{Address, folder};
use super::stale;
use super::tuning::Ownership;
use crate::{Endpoint, TransportError};

/// A file that is not published yet is named `.tw` and eight hexadecimal digits.
pub(super) const TEMPORARY_NAME_BYTES: usize = 11;

/// How often a name is drawn, and how often a path is cleared that others take at once.
const ATTEMPTS: usize = 8;

/// A socket bound under a name of its own, beside the path it is meant for.
pub(super) struct Unpublished {
    temporary: PathBuf,
    path: PathBuf,
}

impl Unpublished {
    /// Binds the socket, which must not listen yet: so nobody can connect before the file has its owner and mode.
    pub(super) fn bind(socket: &Socket, path: PathBuf, ownership: Ownership) -> io::Result<Self> {
        let mut attempts = ATTEMPTS;
        let temporary = loop {
            let temporary = folder(&path).join(temporary_name());
            let address = Address::File(temporary.clone()).to_system()?;
            match socket.bind(&address) {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse && attempts > 1 => {
                    attempts -= 1;
                }
                bound => break bound.map(|()| temporary)?,
            }
        };
        let made = Self { temporary, path };
        // The mode first: whoever gave the file away may set it no more.
        if let Some(mode) = ownership.mode {
            fs::set_permissions(&made.temporary, fs::Permissions::from_mode(mode))?;
        }
        if ownership.owner.is_some() || ownership.group.is_some() {
            lchown(&made.temporary, ownership.owner, ownership.group)?;
        }
        Ok(made)
    }

    /// Gives the file, whose socket listens now, its path, unless somebody listens there.
    pub(super) async fn publish(self, endpoint: &Endpoint) -> Result<SocketFile, TransportError> {
        let failed = |error| TransportError::from_io(endpoint, error);
        let file = SocketFile::of(&self.temporary, &self.path).map_err(failed)?;
        for _ in 0..ATTEMPTS {
            // Unlike a rename, a link takes nobody's place.
            let Err(error) = fs::hard_link(&self.temporary, &self.path) else {
                return Ok(file);
            };
            match error.kind() {
                io::ErrorKind::AlreadyExists => stale::clear(&self.path, endpoint).await?,
                // A file system without links says one or the other.
                io::ErrorKind::Unsupported | io::ErrorKind::PermissionDenied => {
                    stale::replace(&self.path, &self.temporary, endpoint).await?;
                    return Ok(file);
                }
                _ => return Err(failed(error)),
            }
        }
        Err(TransportError::AddressInUse {
            endpoint: endpoint.to_string(),
        })
    }
}

impl Drop for Unpublished {
    fn drop(&mut self) {
        // Whoever removed it has spared us the work.
        let _ = fs::remove_file(&self.temporary);
    }
}

fn temporary_name() -> String {
    let random = RandomState::new().build_hasher().finish() as u32;
    format!(".tw{random:08x}")
}

/// The file of a socket that listens.
#[derive(Debug)]
pub(super) struct SocketFile {
    /// Absolute, for the process may change its working directory.
    path: PathBuf,
    identity: (u64, u64),
}

impl SocketFile {
    fn of(temporary: &Path, path: &Path) -> io::Result<Self> {
        Ok(Self {
            path: std::path::absolute(path)?,
            identity: identity(temporary)?,
        })
    }

    /// Removes the file if it still is the socket's. To be called while that lives, as its inode has no other file then.
    pub(super) fn remove(self) {
        if identity(&self.path).is_ok_and(|identity| identity == self.identity) {
            // What stays is replaced as a stale one.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let metadata = fs::symlink_metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}
