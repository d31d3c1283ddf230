//! Messages of which only the newest of each key is worth handling.
//!
//! The user's key, its hash and its comparison run outside every lock: a place is
//! looked up by hash, compared, and taken or made only if nothing came between.

use std::any::{Any, TypeId, type_name};
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};

use actix::dev::MessageResponse;
use actix::{Actor, Handler, Message};

use super::closing::Guarded;
use super::parcel::Told;
use crate::execution::Execution;
use crate::execution::sealed::Generation;
use crate::observe::DropCause;
use crate::panics::survive;
use crate::sync::{Arc, Mutex};

/// Makes the conflation of one message type, for one mailbox each.
#[derive(Clone)]
pub(crate) struct Conflating {
    of: TypeId,
    make: Arc<dyn Fn() -> Box<dyn Any + Send + Sync> + Send + Sync>,
}

/// The conflations of one mailbox, by the type of their messages.
pub(super) struct Conflations(HashMap<TypeId, Box<dyn Any + Send + Sync>>);

/// What becomes of a message.
pub(super) enum Offer<M> {
    /// It took the place of this one.
    Instead(M),
    /// It is to be queued.
    New(Conflated<M>),
    /// It has no key, for that panicked: it is to be queued as it is.
    Keyless(M),
}

/// A message in the queue that a later one may take the place of.
pub(super) struct Conflated<M> {
    place: Arc<dyn Place<M>>,
    of: Arc<dyn Conflates<M>>,
}

/// All messages of one type that wait in one mailbox.
pub(super) trait Conflates<M>: Send + Sync {
    fn offer(self: Arc<Self>, message: M, own_life: u64) -> Offer<M>;

    /// The place has left the queue.
    fn remove(&self, place: &dyn Place<M>);
}

/// Where a message lies until it is taken; somebody may put another there before.
pub(super) trait Place<M>: Send + Sync {
    fn content(&self) -> &Mutex<Option<(M, u64)>>;

    fn hash(&self) -> u64;
}

type KeyOf<M, K> = Arc<dyn Fn(&M) -> K + Send + Sync>;

struct Conflation<M, K> {
    key: Guarded<KeyOf<M, K>>,
    hasher: RandomState,
    places: Mutex<Places<M, K>>,
}

/// By the hash of their keys.
type Places<M, K> = HashMap<u64, Vec<Arc<Keyed<M, K>>>>;

struct Keyed<M, K> {
    key: Guarded<K>,
    hash: u64,
    content: Mutex<Option<(M, u64)>>,
}

impl Conflating {
    pub(crate) fn new<M, K>(key: impl Fn(&M) -> K + Send + Sync + 'static) -> Self
    where
        M: Send + 'static,
        K: Hash + Eq + Send + Sync + 'static,
    {
        let key: KeyOf<M, K> = Arc::new(key);
        let make = move || {
            let conflation: Arc<dyn Conflates<M>> = Arc::new(Conflation {
                key: Guarded::new(key.clone()),
                hasher: RandomState::new(),
                places: Mutex::default(),
            });
            Box::new(conflation) as Box<dyn Any + Send + Sync>
        };
        Conflating {
            of: TypeId::of::<M>(),
            make: Arc::new(make),
        }
    }
}

impl Conflations {
    /// `None` if there are none.
    pub(super) fn new(conflatings: &[Conflating]) -> Option<Box<Self>> {
        let make = |conflating: &Conflating| (conflating.of, (conflating.make)());
        let all: HashMap<_, _> = conflatings.iter().map(make).collect();
        (!all.is_empty()).then(|| Box::new(Conflations(all)))
    }

    pub(super) fn of<M: 'static>(&self) -> Option<Arc<dyn Conflates<M>>> {
        let conflation = self.0.get(&TypeId::of::<M>())?;
        conflation.downcast_ref::<Arc<dyn Conflates<M>>>().cloned()
    }
}

impl<M, K> Conflates<M> for Conflation<M, K>
where
    M: Send + 'static,
    K: Hash + Eq + Send + Sync + 'static,
{
    fn offer(self: Arc<Self>, message: M, own_life: u64) -> Offer<M> {
        // The key is of the mailbox's owner: a panic in it must not be the sender's.
        let keyed = survive("the key of a message", || {
            let key = Guarded::new((*self.key)(&message));
            let hash = self.hasher.hash_one(&*key);
            (key, hash)
        });
        let Some((key, hash)) = keyed else {
            return Offer::Keyless(message);
        };
        let mut seen = self.places.lock().get(&hash).cloned().unwrap_or_default();
        let place = loop {
            let same = survive("the comparison of keys", || {
                seen.iter().find(|place| *place.key == *key)
            });
            let Some(same) = same else {
                return Offer::Keyless(message);
            };
            if let Some(place) = same {
                let mut content = place.content.lock();
                // Empty, it was just taken to be handled.
                if let Some((before, author)) = content.take() {
                    // What somebody else was promised does not end with the actor's own.
                    let author = if author == own_life { author } else { 0 };
                    *content = Some((message, author));
                    return Offer::Instead(before);
                }
            }
            let mut places = self.places.lock();
            let bucket = places.entry(hash).or_default();
            if bucket.iter().all(|place| is_among(&seen, place)) {
                let place = Arc::new(Keyed {
                    key,
                    hash,
                    content: Mutex::new(Some((message, own_life))),
                });
                bucket.push(place.clone());
                break place;
            }
            let now = bucket.clone();
            drop(places);
            seen = now;
        };
        Offer::New(Conflated { place, of: self })
    }

    fn remove(&self, place: &dyn Place<M>) {
        let mut places = self.places.lock();
        let Some(bucket) = places.get_mut(&place.hash()) else {
            return;
        };
        let is_it = |kept: &Arc<Keyed<M, K>>| std::ptr::addr_eq(Arc::as_ptr(kept), place);
        let at = bucket.iter().position(is_it);
        let removed = at.map(|at| bucket.swap_remove(at));
        if bucket.is_empty() {
            places.remove(&place.hash());
        }
        drop(places);
        // The key is the user's own.
        drop(removed);
    }
}

fn is_among<M, K>(seen: &[Arc<Keyed<M, K>>], place: &Arc<Keyed<M, K>>) -> bool {
    seen.iter().any(|known| Arc::ptr_eq(known, place))
}

impl<M, K> Place<M> for Keyed<M, K>
where
    M: Send,
    K: Send + Sync,
{
    fn content(&self) -> &Mutex<Option<(M, u64)>> {
        &self.content
    }

    fn hash(&self) -> u64 {
        self.hash
    }
}

impl<M> Conflated<M> {
    fn take(&self) -> Option<(M, u64)> {
        self.place.content().lock().take()
    }
}

impl<M> Drop for Conflated<M> {
    fn drop(&mut self) {
        // Whoever has just found the place puts nothing there any more.
        let _unhandled = self.take();
        self.of.remove(&*self.place);
    }
}

impl<A, M> Told<A> for Conflated<M>
where
    A: Actor<Context: Execution<A>> + Handler<M>,
    M: Message + Send + 'static,
{
    fn deliver(self: Box<Self>, actor: &mut A, context: &mut A::Context) {
        let Some((message, own_life)) = self.take() else {
            return;
        };
        drop(self);
        if own_life == 0 || own_life == context.life() {
            actor.handle(message, context).handle(context, None);
        } else {
            let cause = DropCause::OwnEarlierGeneration;
            context.slot().count_drop(cause, type_name::<M>());
        }
    }

    fn type_name(&self) -> &'static str {
        type_name::<M>()
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

#[cfg(test)]
mod tests {
    use std::hash::Hasher;

    use super::*;

    /// Of which the queue drops the first message while a later one is compared with it.
    type Queued = Arc<Mutex<Option<Conflated<u32>>>>;

    struct Slow(Queued);

    impl Hash for Slow {
        fn hash<H: Hasher>(&self, _: &mut H) {}
    }
    impl PartialEq for Slow {
        fn eq(&self, _: &Self) -> bool {
            let dropped = self.0.lock().take();
            drop(dropped);
            true
        }
    }
    impl Eq for Slow {}

    #[test]
    fn no_message_takes_the_place_of_one_that_has_left_the_queue() {
        let queued = Queued::default();
        let key = {
            let queued = queued.clone();
            move |_: &u32| Slow(queued.clone())
        };
        let conflations = Conflations::new(&[Conflating::new(key)]).unwrap();
        let conflation = conflations.of::<u32>().unwrap();
        let Offer::New(first) = conflation.clone().offer(1, 0) else {
            panic!("nothing waits yet");
        };
        *queued.lock() = Some(first);
        let Offer::New(second) = conflation.offer(2, 0) else {
            panic!("the first was dropped meanwhile");
        };
        assert_eq!(second.take(), Some((2, 0)));
    }
}
