//! Monitors and links, as an actor uses them.

use std::sync::Arc;

use actix::{Actor, AsyncContext, Handler, SpawnHandle};

use super::Context;
use crate::execution::Execution;
use crate::reference::{Down, Ref, Watch};
use crate::slot::{Linkable, link, linked_exit, unlink};

impl<A: Actor<Context = Context<A>>> Context<A> {
    /// Watches another actor: each end of one of its generations comes as a
    /// [`Down`], and the last one says so. It ends with this generation, or when the
    /// handle is given to `cancel_future`.
    pub fn monitor<B>(&mut self, other: &Ref<B>) -> SpawnHandle
    where
        A: Handler<Down>,
        B: Actor<Context: Execution<B>>,
    {
        self.spawn(Watch::new(other.monitor()))
    }

    /// Links this generation with that of another actor: when either ends
    /// abnormally ([`Exit::is_abnormal`](crate::Exit::is_abnormal)), the other one is ended, too, with an
    /// [`Exit::Failed`](crate::Exit::Failed) that names it and its exit. That counts as any failure does.
    ///
    /// Orderly ends dissolve the link and do nothing else. A link holds for one
    /// generation of each side: whoever is restarted is not linked until it links
    /// again, typically in `started`. If the other actor is between two generations
    /// or was not spawned yet, its next one is meant; if it is gone for good after an
    /// abnormal end, this generation ends as if it had been linked. Linking twice is
    /// linking once.
    pub fn link<B: Actor<Context: Execution<B>>>(&mut self, other: &Ref<B>) {
        let (own, there) = self.both(other);
        if let Err(exit) = link(&own, self.home.life, &there)
            && exit.is_abnormal()
        {
            let path = there.seat().map_or("", |seat| seat.path());
            self.end(linked_exit(path, &exit));
        }
    }

    /// Dissolves the link of this generation with another actor, whoever made it.
    pub fn unlink<B: Actor<Context: Execution<B>>>(&mut self, other: &Ref<B>) {
        let (own, there) = self.both(other);
        unlink(&own, self.home.life, &there);
    }

    fn both<B>(&self, other: &Ref<B>) -> (Arc<dyn Linkable>, Arc<dyn Linkable>)
    where
        B: Actor<Context: Execution<B>>,
    {
        (self.slot.clone(), other.slot().clone())
    }
}
