//! What a socket's threads share beside the core's one lock is made of these, so that
//! a model checker can take their place; see the file of this name in the runtime.

#[cfg(not(treewire_loom))]
pub(crate) use {
    parking_lot::{Mutex, MutexGuard},
    std::sync::atomic::{AtomicBool, AtomicU64},
};

#[cfg(treewire_loom)]
pub(crate) use treewire_runtime::model::{AtomicBool, AtomicU64, Mutex, MutexGuard};
