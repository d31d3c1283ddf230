//! What is at hand, taken together so that it is written together.

use treewire::RecvError;

use crate::ending::Ending;

/// Few enough that their sender has room again while the next ones are written.
const ITEMS_MAX: u64 = 256;

/// `first` and what else `next` gives at once, at most `limit`.
pub(super) fn batch<T>(
    first: T,
    limit: u64,
    next: impl Fn() -> Result<Option<T>, RecvError>,
) -> Result<Vec<T>, Ending> {
    let limit = limit.min(ITEMS_MAX) as usize;
    let mut batch = vec![first];
    while batch.len() < limit {
        match next().map_err(Ending::failed)? {
            Some(item) => batch.push(item),
            None => break,
        }
    }
    Ok(batch)
}
