//! Which generation the current thread polls, so that what an actor sends to
//! itself can be told from what others send to it.

use std::cell::Cell;

thread_local! {
    static POLLED: Cell<Author> = const { Cell::new(Author::NOBODY) };
}

/// The generation in whose poll a message was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Author {
    /// The address of its slot, which is nobody else's while a message is under
    /// way to it.
    slot: usize,
    life: u64,
}

impl Author {
    const NOBODY: Author = Author { slot: 0, life: 0 };

    pub(crate) fn new<S>(slot: &S, life: u64) -> Self {
        let slot = std::ptr::from_ref(slot).addr();
        Author { slot, life }
    }

    /// Whoever is polled on this thread now.
    pub(crate) fn current() -> Self {
        POLLED.get()
    }

    /// The life that sends to its own `slot` now; zero if somebody else does.
    pub(crate) fn own_life<S>(slot: &S) -> u64 {
        let author = POLLED.get();
        if author.slot == std::ptr::from_ref(slot).addr() {
            author.life
        } else {
            0
        }
    }

    /// It is an earlier generation of this one.
    pub(crate) fn is_predecessor_of(self, other: Author) -> bool {
        self.slot == other.slot && self.life != other.life
    }

    /// Runs a poll of this generation.
    pub(crate) fn polls<T>(self, poll: impl FnOnce() -> T) -> T {
        let outer = Outer(POLLED.replace(self));
        let result = poll();
        drop(outer);
        result
    }
}

/// Put back even if the poll panics.
struct Outer(Author);

impl Drop for Outer {
    fn drop(&mut self) {
        POLLED.set(self.0);
    }
}
