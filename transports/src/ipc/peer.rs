//! Who is at the other end, as the system knows.

use std::fmt;
use std::io;

use tokio::net::UnixStream;

use crate::Endpoint;

/// A process that has one end of a connection, as it was when that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Process {
    user: u32,
    group: u32,
    /// Some systems do not tell.
    id: Option<i32>,
}

impl Process {
    pub(super) fn at_the_other_end_of(stream: &UnixStream) -> io::Result<Self> {
        let credentials = stream.peer_cred()?;
        Ok(Self {
            user: credentials.uid(),
            group: credentials.gid(),
            id: credentials.pid(),
        })
    }

    /// This one, as its peers see it.
    pub(super) fn this() -> io::Result<Self> {
        let (one, _other) = UnixStream::pair()?;
        Self::at_the_other_end_of(&one)
    }

    /// Who is charged for what the peer does: a process could begin anew, its user cannot.
    pub(super) fn host(&self) -> String {
        format!("user {}", self.user)
    }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.id {
            Some(id) => write!(f, "process {id} of user {}", self.user),
            None => write!(f, "a process of user {}", self.user),
        }
    }
}

/// Which processes may be at the other end; what is `None` says nothing about it.
#[derive(Clone, Debug)]
pub(super) struct Admission {
    users: Option<Vec<u64>>,
    groups: Option<Vec<u64>>,
}

impl Admission {
    pub(super) fn of(endpoint: &Endpoint) -> Self {
        Self {
            users: endpoint.integers("peer-uid"),
            groups: endpoint.integers("peer-gid"),
        }
    }

    /// # Errors
    /// Why it may not.
    pub(super) fn admits(&self, process: &Process) -> Result<(), String> {
        let lists = |ids: &Option<Vec<u64>>, id: u32| {
            ids.as_ref().is_none_or(|ids| ids.contains(&u64::from(id)))
        };
        if !lists(&self.users, process.user) {
            return Err("peer-uid does not list its user".to_owned());
        }
        if !lists(&self.groups, process.group) {
            return Err(format!(
                "peer-gid does not list its group {}",
                process.group
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_list_that_is_given_must_have_the_process() {
        let process = Process {
            user: 1_000,
            group: 50,
            id: Some(1),
        };
        let admits = |options: &str| {
            let endpoint: Endpoint = format!("ipc://@x{options}").parse().unwrap();
            Admission::of(&endpoint).admits(&process).is_ok()
        };
        assert!(admits(""));
        assert!(admits("?peer-uid=0,1000"));
        assert!(admits("?peer-uid=1000&peer-gid=50"));
        assert!(!admits("?peer-uid=0"));
        assert!(!admits("?peer-gid=0,1000"));
        assert!(!admits("?peer-uid=1000&peer-gid=0"));
    }
}
