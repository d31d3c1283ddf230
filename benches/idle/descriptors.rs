//! How many files a process may open.

use rustix::process::{Resource, getrlimit, setrlimit};
use treewire_bench_roles::Failure;

/// How many a connection has open.
const OF_A_CONNECTION: usize = 1;

/// Enough for everything else that a process has open.
const OF_THE_REST: usize = 100;

/// For how many connections they are enough.
pub(crate) fn connections_max() -> usize {
    let limit = getrlimit(Resource::Nofile).maximum;
    let limit = limit.map_or(usize::MAX, |limit| {
        usize::try_from(limit).unwrap_or(usize::MAX)
    });
    limit.saturating_sub(OF_THE_REST) / OF_A_CONNECTION
}

/// Lets this process open as many as the system allows.
pub(crate) fn allow_all() -> Result<(), Failure> {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    Ok(setrlimit(Resource::Nofile, limit)?)
}
