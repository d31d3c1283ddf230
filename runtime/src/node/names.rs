//! Names under which actors of a node are found.

use std::any::{Any, type_name};
use std::collections::BTreeMap;
use std::ptr;
use std::sync::{Arc, Weak};

use actix::Actor;
use parking_lot::Mutex;

use super::{LookupError, Node, RegisterError};
use crate::execution::Execution;
use crate::reference::Ref;
use crate::slot::Linkable;

/// A name that is in use; see [`Node::registered`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    /// The name.
    pub name: Arc<str>,
    /// The Rust type of the actor.
    pub actor: &'static str,
    /// Where it is in the tree; `None` until it is spawned.
    pub path: Option<Arc<str>>,
}

impl Node {
    /// Gives the actor a name, under which others [look it up](Self::lookup). It may
    /// be done before the actor is spawned; the name holds over restarts, and is free
    /// again when the child is gone for good. One actor may have several names, and
    /// registering it again under one of its own changes nothing.
    ///
    /// # Errors
    /// [`RegisterError::Taken`] by another actor, [`RegisterError::Gone`].
    pub fn register<A>(&self, name: impl Into<String>, actor: &Ref<A>) -> Result<(), RegisterError>
    where
        A: Actor<Context: Execution<A>>,
    {
        let slot: Arc<dyn Linkable> = actor.slot().clone();
        self.0
            .names
            .register(name.into().into(), &slot, type_name::<A>())
    }

    /// The actor of that name. The control thread is not asked.
    ///
    /// # Errors
    /// [`LookupError::Unknown`], [`LookupError::OtherType`].
    pub fn lookup<A>(&self, name: &str) -> Result<Ref<A>, LookupError>
    where
        A: Actor<Context: Execution<A>>,
    {
        let unknown = || LookupError::Unknown { name: name.into() };
        let (slot, actor) = self.0.names.find(name).ok_or_else(unknown)?;
        let slot: Arc<dyn Any + Send + Sync> = slot;
        match slot.downcast() {
            Ok(slot) => Ok(Ref::new(slot)),
            Err(_) => Err(LookupError::OtherType {
                name: name.into(),
                actual: actor,
                asked: type_name::<A>(),
            }),
        }
    }

    /// Frees a name. `false` if nobody had it.
    pub fn unregister(&self, name: &str) -> bool {
        self.0.names.unregister(name)
    }

    /// The names in use, in alphabetical order.
    pub fn registered(&self) -> Vec<Registered> {
        self.0.names.all()
    }
}

/// Who is called what. It keeps nobody: an entry goes when the [`Registration`] does
/// that lies in the actor's slot.
#[derive(Default)]
pub(super) struct Names(Mutex<Entries>);

#[derive(Default)]
struct Entries {
    by_name: BTreeMap<Arc<str>, Entry>,
    last_serial: u64,
}

struct Entry {
    slot: Weak<dyn Linkable>,
    actor: &'static str,
    serial: u64,
}

/// Dropping it frees the name, unless that has changed hands.
pub(crate) struct Registration {
    names: Weak<Names>,
    name: Arc<str>,
    serial: u64,
}

/// Whoever has upgraded an entry may be the last that holds a slot, with messages
/// whose destructors are user code: it is dropped outside the lock.
type Holder = Option<Arc<dyn Linkable>>;

impl Names {
    fn register(
        self: &Arc<Self>,
        name: Arc<str>,
        slot: &Arc<dyn Linkable>,
        actor: &'static str,
    ) -> Result<(), RegisterError> {
        let holder: Holder;
        let serial = {
            let mut entries = self.0.lock();
            let entry = entries.by_name.get(&name);
            holder = entry.and_then(|entry| entry.slot.upgrade());
            if let (Some(holder), Some(entry)) = (&holder, entry)
                && holder.gone().is_none()
            {
                if ptr::addr_eq(&**holder, &**slot) {
                    return Ok(());
                }
                let path = holder.seat().map(|seat| seat.path().to_string());
                let holder = path.unwrap_or_else(|| entry.actor.to_owned());
                let name = name.to_string();
                return Err(RegisterError::Taken { name, holder });
            }
            entries.last_serial += 1;
            let serial = entries.last_serial;
            let entry = Entry {
                slot: Arc::downgrade(slot),
                actor,
                serial,
            };
            entries.by_name.insert(name.clone(), entry);
            serial
        };
        let registration = Registration {
            names: Arc::downgrade(self),
            name: name.clone(),
            serial,
        };
        slot.name(registration).map_err(|exit| {
            let name = name.to_string();
            RegisterError::Gone { name, exit }
        })
    }

    fn find(&self, name: &str) -> Option<(Arc<dyn Linkable>, &'static str)> {
        let (slot, actor) = {
            let entries = self.0.lock();
            let entry = entries.by_name.get(name)?;
            (entry.slot.upgrade()?, entry.actor)
        };
        // The slot is closed before its names are freed.
        slot.gone().is_none().then_some((slot, actor))
    }

    fn unregister(&self, name: &str) -> bool {
        let Some(entry) = self.0.lock().by_name.remove(name) else {
            return false;
        };
        match entry.slot.upgrade() {
            Some(slot) => {
                slot.unname(|registration| registration.serial == entry.serial);
                slot.gone().is_none()
            }
            None => false,
        }
    }

    fn all(&self) -> Vec<Registered> {
        let found: Vec<_> = {
            let entries = self.0.lock();
            let entries = entries.by_name.iter();
            entries
                .map(|(name, entry)| (name.clone(), entry.actor, entry.slot.upgrade()))
                .collect()
        };
        let in_use = found.into_iter().filter_map(|(name, actor, slot)| {
            let slot = slot.filter(|slot| slot.gone().is_none())?;
            let path = slot.seat().map(|seat| seat.path().clone());
            Some(Registered { name, actor, path })
        });
        in_use.collect()
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        let Some(names) = self.names.upgrade() else {
            return;
        };
        let mut entries = names.0.lock();
        let entry = entries.by_name.get(&self.name);
        if entry.is_some_and(|entry| entry.serial == self.serial) {
            entries.by_name.remove(&self.name);
        }
    }
}
