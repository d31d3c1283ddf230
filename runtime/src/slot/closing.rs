//! What follows an end, once what it leaves was taken under the slot's locks.

use crate::panics::survive;

/// Tells whoever is to hear of an end: wakers, outcomes and hooks run here, so outside
/// every lock and never on the control thread. What nobody needs any more comes back.
pub(crate) type Closing = Box<dyn FnOnce() -> Remains + Send>;

/// Nobody is to be told, and nothing is left.
pub(super) fn nothing() -> Closing {
    Box::new(|| Box::new(|| {}))
}

/// Drops values of the user's. Their destructors may block, so all news goes first.
pub(crate) type Remains = Box<dyn FnOnce() + Send>;

/// Drops messages, none of which takes the others along if its destructor panics.
pub(super) fn drop_each<T>(messages: impl IntoIterator<Item = T>) {
    for message in messages {
        survive("the drop of a message", || drop(message));
    }
}
