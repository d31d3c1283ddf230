//! Who is told when generations of an actor end: monitors, and the generations
//! that are linked to it. And what ends with the last of them: its names.

use std::any::Any;
use std::ptr;

use tokio::sync::broadcast;

use super::Orders;
use crate::exit::{Exit, Failure};
use crate::node::{Registration, Seat};
use crate::reference::Down;
use crate::sync::{Arc, Mutex};
use crate::tree::Signal;

/// How many ends wait for a monitor that is slow.
const DOWNS_KEPT: usize = 16;

/// The watchers of one slot; nothing but an empty place while there are none.
#[derive(Default)]
pub(crate) struct Watchers(Mutex<Option<Box<Watching>>>);

#[derive(Default)]
struct Watching {
    monitors: Option<broadcast::Sender<Down>>,
    /// At most one for each other slot.
    links: Vec<Link>,
    /// Free again when they are dropped.
    names: Vec<Registration>,
}

/// One side of a link. It holds as long as both sides list each other, so that
/// the end of either dissolves it once, whatever the other does meanwhile.
struct Link {
    /// The generation of this side; `None` until the next one begins.
    life: Option<u64>,
    other: Arc<dyn Linkable>,
}

/// A slot with its type erased.
pub(crate) trait Linkable: Any + Send + Sync {
    fn watchers(&self) -> &Watchers;

    fn orders(&self) -> &Orders;

    /// `None` until its first generation is on its way.
    fn seat(&self) -> Option<&Seat>;

    /// Why no generation follows, once that is so.
    fn gone(&self) -> Option<Exit>;
}

/// What is left of dissolved links. It may be the last that holds a slot, so it is
/// to be dropped where the user's destructors may run.
#[derive(Default)]
pub(crate) struct Dissolved(Vec<Link>);

impl Dissolved {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Watchers {
    /// Hears of every end from now on. `gone` is asked for the last of them, in
    /// case it was told already.
    pub(super) fn monitor(
        &self,
        gone: impl FnOnce() -> Option<Down>,
    ) -> Result<broadcast::Receiver<Down>, Down> {
        let mut watching = self.0.lock();
        match gone() {
            Some(down) => Err(down),
            None => {
                let monitors = &mut watching.get_or_insert_default().monitors;
                let sender = monitors.get_or_insert_with(|| broadcast::channel(DOWNS_KEPT).0);
                Ok(sender.subscribe())
            }
        }
    }

    /// A generation begins: links that waited for it are its own.
    pub(super) fn begun(&self, life: u64) {
        if let Some(watching) = &mut *self.0.lock() {
            for link in &mut watching.links {
                link.life.get_or_insert(life);
            }
        }
    }

    /// The generation `life` of `own` ended; `down` is made only if somebody is told.
    pub(super) fn ended(
        &self,
        own: &dyn Linkable,
        life: u64,
        down: impl FnOnce() -> Down,
    ) -> Dissolved {
        let Some((monitors, links)) = self.take_for_end() else {
            return Dissolved::default();
        };
        let down = down();
        for link in &links {
            // A generation that was given up may have linked itself too late.
            link.dissolve(own, &down, link.life == Some(life));
        }
        tell(monitors, down);
        Dissolved(links)
    }

    /// No generation follows. Names are free at once; who is to be told is told after
    /// the slot's locks, though it may be open again by then.
    pub(super) fn close(&self, down: impl FnOnce() -> Down) -> Option<LastEnd> {
        let mut watching = self.0.lock().take()?;
        watching.names.clear();
        let down = down();
        Some(LastEnd { watching, down })
    }

    fn take_for_end(&self) -> Option<(Option<broadcast::Sender<Down>>, Vec<Link>)> {
        let mut place = self.0.lock();
        let watching = place.as_mut()?;
        // Those that wait for the next generation go on waiting.
        let (links, waiting) = std::mem::take(&mut watching.links)
            .into_iter()
            .partition(|link| link.life.is_some());
        watching.links = waiting;
        let is_heard = |monitors: &&broadcast::Sender<Down>| monitors.receiver_count() > 0;
        let monitors = watching.monitors.as_ref().filter(is_heard).cloned();
        if monitors.is_none() && watching.links.is_empty() && watching.names.is_empty() {
            *place = None;
        }
        Some((monitors, links))
    }

    fn remove(&self, other: &dyn Linkable) -> Option<Link> {
        let mut watching = self.0.lock();
        let links = &mut watching.as_mut()?.links;
        let at = links.iter().position(|link| is_same(&*link.other, other))?;
        Some(links.remove(at))
    }
}

/// That no generation follows, and who is to be told.
pub(super) struct LastEnd {
    watching: Box<Watching>,
    down: Down,
}

impl LastEnd {
    /// What is left may hold other slots, and is to be dropped where their users'
    /// destructors may run.
    pub(super) fn tell(self, own: &dyn Linkable) -> Dissolved {
        let Watching {
            monitors, links, ..
        } = *self.watching;
        for link in &links {
            link.dissolve(own, &self.down, true);
        }
        tell(monitors, self.down);
        Dissolved(links)
    }
}

/// Links the generation `life` of `own` with the current generation of `other`,
/// or its next one if there is none just now, or it is to end. What is gone for good says so.
pub(crate) fn link(
    own: &Arc<dyn Linkable>,
    life: u64,
    other: &Arc<dyn Linkable>,
) -> Result<(), Exit> {
    if is_same(&**own, &**other) || !own.orders().is_in_charge(life) {
        return Ok(());
    }
    own.list(other, || Ok(Some(life)))?;
    let listed = other.list(own, || match other.gone() {
        None => Ok(other.orders().lasting_life()),
        Some(exit) => Err(exit),
    });
    listed.inspect_err(|_| drop(own.watchers().remove(&**other)))
}

/// Dissolves the link of the generation `life` of `own` with `other`, if there is one.
pub(crate) fn unlink(own: &Arc<dyn Linkable>, life: u64, other: &Arc<dyn Linkable>) {
    if own.orders().is_in_charge(life) {
        own.watchers().remove(&**other);
        other.watchers().remove(&**own);
    }
}

/// The exit of whoever is linked with a child at `path` that ended abnormally.
pub(crate) fn linked_exit(path: &str, exit: &Exit) -> Exit {
    let text = format!("the linked child {path} ended: {exit}");
    Exit::Failed(Failure::new(text))
}

impl dyn Linkable {
    /// Keeps a name until no generation follows. If that is so already the name is
    /// free again, and the exit says why.
    pub(crate) fn name(&self, registration: Registration) -> Result<(), Exit> {
        let mut watching = self.watchers().0.lock();
        match self.gone() {
            None => {
                let names = &mut watching.get_or_insert_default().names;
                names.push(registration);
                Ok(())
            }
            Some(exit) => {
                drop(watching);
                Err(exit)
            }
        }
    }

    /// Lets go of the names that are `meant`.
    pub(crate) fn unname(&self, meant: impl Fn(&Registration) -> bool) {
        let mut watching = self.watchers().0.lock();
        let names = watching.as_mut().map(|watching| &mut watching.names);
        let freed: Vec<_> = names
            .into_iter()
            .flat_map(|names| names.extract_if(.., |name| meant(name)))
            .collect();
        drop(watching);
        drop(freed);
    }

    /// Lists the link with `other`; `life` is asked under the lock.
    fn list(
        &self,
        other: &Arc<dyn Linkable>,
        life: impl FnOnce() -> Result<Option<u64>, Exit>,
    ) -> Result<(), Exit> {
        let mut watching = self.watchers().0.lock();
        let life = life()?;
        let links = &mut watching.get_or_insert_default().links;
        match links
            .iter_mut()
            .find(|link| is_same(&*link.other, &**other))
        {
            Some(link) => link.life = life,
            None => links.push(Link {
                life,
                other: other.clone(),
            }),
        }
        Ok(())
    }
}

impl Link {
    /// The side of `own` has ended. The other one follows if that `counts` and was
    /// no orderly end.
    fn dissolve(&self, own: &dyn Linkable, down: &Down, counts: bool) {
        let Some(there) = self.other.watchers().remove(own) else {
            return;
        };
        if let (Some(life), Some(seat)) = (there.life, self.other.seat())
            && counts
            && down.exit.is_abnormal()
        {
            seat.end(life, linked_exit(&down.path, &down.exit));
            // Whoever links itself from now on means the next generation.
            self.other.orders().give(life, Signal::Kill);
        }
    }
}

fn tell(monitors: Option<broadcast::Sender<Down>>, down: Down) {
    if let Some(monitors) = monitors {
        // An error only says that the last monitor has just gone.
        let _ = monitors.send(down);
    }
}

fn is_same(one: &dyn Linkable, other: &dyn Linkable) -> bool {
    ptr::addr_eq(one, other)
}
