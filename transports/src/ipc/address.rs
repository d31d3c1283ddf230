use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use socket2::SockAddr;

use super::file::TEMPORARY_NAME_BYTES;
use super::tuning::OF_FILES;
use crate::{Endpoint, EndpointError, Use};

/// How long a path or name may be: `sun_path` less one byte.
const BYTES_MAX: usize = if cfg!(any(target_os = "linux", target_os = "android")) {
    107
} else {
    103
};

/// Where a socket is found.
#[derive(Clone, Debug)]
pub(super) enum Address {
    /// A name in Linux' abstract namespace.
    Abstract(String),
    /// A file.
    File(PathBuf),
}

impl Address {
    pub(super) fn of(endpoint: &Endpoint, wanted: Use) -> Result<Self, EndpointError> {
        let text = endpoint.address();
        let bad = |allowed: String| EndpointError::BadAddress {
            address: text.to_owned(),
            endpoint: endpoint.without_options().to_string(),
            wanted,
            allowed,
        };
        if text.len() > BYTES_MAX {
            return Err(bad(format!(
                "the system takes at most {BYTES_MAX} bytes, these are {}",
                text.len()
            )));
        }
        if let Some(name) = text.strip_prefix('@') {
            if !cfg!(any(target_os = "linux", target_os = "android")) {
                return Err(bad("only Linux has names behind @, write a path".into()));
            }
            if name.is_empty() {
                return Err(bad("write a name behind the @".into()));
            }
            if let Some(option) = OF_FILES.iter().find(|name| endpoint.option(name).is_some()) {
                return Err(bad(format!(
                    "a name behind @ is no file and has no {option}, write a path, or say with peer-uid and peer-gid who may connect"
                )));
            }
            return Ok(Self::Abstract(name.to_owned()));
        }
        let path = PathBuf::from(text);
        if text.ends_with('/') || path.file_name().is_none() {
            return Err(bad("write the path of a file".into()));
        }
        // The file is made under another name first.
        let made_bytes = folder(&path).as_os_str().len() + 1 + TEMPORARY_NAME_BYTES;
        if wanted == Use::Listen && made_bytes > BYTES_MAX {
            return Err(bad(format!(
                "the folder's path has at most {} bytes, write a shorter or a relative one",
                BYTES_MAX - 1 - TEMPORARY_NAME_BYTES
            )));
        }
        Ok(Self::File(path))
    }

    pub(super) fn to_system(&self) -> io::Result<SockAddr> {
        match self {
            Self::Abstract(name) => SockAddr::unix(std::ffi::OsStr::from_bytes(
                &[b"\0", name.as_bytes()].concat(),
            )),
            Self::File(path) => SockAddr::unix(path),
        }
    }
}

/// The folder in which a file lies, as the path has it.
pub(super) fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
