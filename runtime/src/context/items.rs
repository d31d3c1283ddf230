#[cfg(all(test, treewire_loom))]
mod loom;

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::Ordering::SeqCst;
use std::task::{Wake, Waker};

use actix::fut::ActorFuture;
use actix::{Actor, SpawnHandle};
use slab::Slab;

use super::Context;
use super::cause::Cause;
use crate::slot::TaskWaker;
use crate::sync::{Arc, AtomicBool, Mutex};

/// The futures an actor spawned, each with a waker of its own, so that only the
/// woken ones are polled and a message does not cost more with many pending.
pub(super) struct Items<A: Actor<Context = Context<A>>> {
    items: Slab<Item<A>>,
    by_handle: HashMap<SpawnHandle, usize>,
    ready: Arc<Ready>,
}

pub(super) type ItemFuture<A> = Pin<Box<dyn ActorFuture<A, Output = ()>>>;

struct Item<A: Actor<Context = Context<A>>> {
    handle: SpawnHandle,
    /// Absent while it is polled, and when it was cancelled meanwhile.
    future: Option<ItemFuture<A>>,
    waker: Arc<ItemWaker>,
    cause: Option<Rc<Cause<A>>>,
}

/// A woken future, taken out to be polled: its key, its waker, and what led to it.
type Woken<A> = (usize, ItemFuture<A>, Waker, Option<Rc<Cause<A>>>);

impl<A: Actor<Context = Context<A>>> Items<A> {
    pub(super) fn new(task: Arc<TaskWaker>) -> Self {
        Items {
            // Many an actor spawns no more than one.
            items: Slab::with_capacity(1),
            by_handle: HashMap::new(),
            ready: Arc::new(Ready {
                keys: Mutex::default(),
                any: AtomicBool::new(false),
                task,
            }),
        }
    }

    pub(super) fn insert(
        &mut self,
        handle: SpawnHandle,
        future: ItemFuture<A>,
        cause: Option<Rc<Cause<A>>>,
    ) {
        let vacant = self.items.vacant_entry();
        let waker = Arc::new(ItemWaker {
            key: vacant.key(),
            queued: AtomicBool::new(false),
            ready: self.ready.clone(),
        });
        waker.enqueue();
        self.by_handle.insert(handle, vacant.key());
        vacant.insert(Item {
            handle,
            future: Some(future),
            waker,
            cause,
        });
    }

    /// `true` if the future was still there. Dropped at once unless it is the
    /// one being polled; that one is dropped when its poll returns.
    pub(super) fn cancel(&mut self, handle: SpawnHandle) -> bool {
        let Some(key) = self.by_handle.remove(&handle) else {
            return false;
        };
        if self.items[key].future.is_some() {
            self.items.remove(key);
        }
        true
    }

    /// The next woken future, taken out to be polled with the actor.
    pub(super) fn take_ready(&mut self) -> Option<Woken<A>> {
        while let Some(key) = self.ready.pop() {
            // The key may be stale, or used again: then the poll is spurious, and harmless.
            let Some(item) = self.items.get_mut(key) else {
                continue;
            };
            item.waker.queued.store(false, SeqCst);
            if let Some(future) = item.future.take() {
                return Some((key, future, item.waker.clone().into(), item.cause.clone()));
            }
        }
        None
    }

    /// Returns a pending future to its place, or removes a finished one.
    pub(super) fn put_back(&mut self, key: usize, future: Option<ItemFuture<A>>) {
        let item = &mut self.items[key];
        let cancelled = !self.by_handle.contains_key(&item.handle);
        match future {
            Some(future) if !cancelled => item.future = Some(future),
            _ => {
                let item = self.items.remove(key);
                self.by_handle.remove(&item.handle);
            }
        }
    }

    pub(super) fn ready_count(&self) -> usize {
        if self.ready.any.load(SeqCst) {
            self.ready.keys.lock().len()
        } else {
            0
        }
    }

    pub(super) fn clear(&mut self) {
        self.by_handle.clear();
        self.items.clear();
    }
}

/// The keys of woken items, and the task that polls them.
struct Ready {
    keys: Mutex<VecDeque<usize>>,
    any: AtomicBool,
    task: Arc<TaskWaker>,
}

impl Ready {
    fn pop(&self) -> Option<usize> {
        if !self.any.load(SeqCst) {
            return None;
        }
        let mut keys = self.keys.lock();
        let key = keys.pop_front();
        if keys.is_empty() {
            self.any.store(false, SeqCst);
        }
        key
    }
}

struct ItemWaker {
    key: usize,
    queued: AtomicBool,
    ready: Arc<Ready>,
}

impl ItemWaker {
    fn enqueue(&self) {
        if !self.queued.swap(true, SeqCst) {
            let mut keys = self.ready.keys.lock();
            keys.push_back(self.key);
            self.ready.any.store(true, SeqCst);
        }
    }
}

impl Wake for ItemWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.enqueue();
        self.ready.task.wake();
    }
}
