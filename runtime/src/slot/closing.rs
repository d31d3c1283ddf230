//! What follows an end, once what it leaves was taken under the slot's locks.

use std::ops::Deref;

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

/// Drops values of the user's; none takes the others along if its destructor panics.
pub(super) fn drop_each<T>(values: impl IntoIterator<Item = T>) {
    for value in values {
        survive("the drop of a value", || drop(value));
    }
}

/// A value of the user's that may be dropped by somebody who has nothing to do with it:
/// a panic in its destructor is logged.
pub(super) struct Guarded<T>(Option<T>);

impl<T> Guarded<T> {
    pub(super) fn new(value: T) -> Self {
        Guarded(Some(value))
    }
}

impl<T> Deref for Guarded<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_ref().expect("it is there until it is dropped")
    }
}

impl<T> Drop for Guarded<T> {
    fn drop(&mut self) {
        drop_each(self.0.take());
    }
}
