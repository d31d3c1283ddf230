//! What threads share in this crate is made of these alone, so that a model
//! checker can take their place: with `--cfg treewire_loom` it does.

pub(crate) use std::sync::Arc;

#[cfg(not(treewire_loom))]
pub(crate) use {
    futures_util::task::AtomicWaker,
    parking_lot::{Mutex, MutexGuard},
    std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize},
};

#[cfg(treewire_loom)]
pub(crate) use crate::model::{AtomicBool, AtomicU64, AtomicUsize, AtomicWaker, Mutex, MutexGuard};
