use super::Orders;
use crate::sync::Mutex;

/// What is to be done, by another thread, when a generation is given up with its own;
/// nothing but an empty place until there is something.
#[derive(Default)]
pub(crate) struct Rescue(Mutex<Option<Box<Hooks>>>);

/// With the lives they are for.
#[derive(Default)]
struct Hooks(Vec<(u64, Hook)>);

pub(crate) type Hook = Box<dyn FnOnce() + Send>;

impl Rescue {
    /// Keeps a hook for the generation `life`; gives back what is to be run at
    /// once if that is not in charge any more.
    pub(crate) fn add(&self, life: u64, hook: Hook, orders: &Orders) -> Vec<Hook> {
        let mut place = self.0.lock();
        let hooks = &mut place.get_or_insert_default().0;
        // Seldom is there more than one.
        hooks.reserve_exact(1);
        hooks.push((life, hook));
        drop(place);
        // Asked second: whoever gives the life up looks here after it ended its charge.
        match orders.is_in_charge(life) {
            true => Vec::new(),
            false => self.take(life),
        }
    }

    /// The hooks of the generation `life`, in their order.
    pub(crate) fn take(&self, life: u64) -> Vec<Hook> {
        let mut place = self.0.lock();
        let Some(hooks) = &mut *place else {
            return Vec::new();
        };
        let taken = hooks.0.extract_if(.., |(of, _)| *of == life);
        taken.map(|(_, hook)| hook).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    use super::*;

    #[test]
    fn a_life_gets_its_own_hooks_and_one_that_was_given_up_its_late_ones_at_once() {
        let (rescue, orders) = (Rescue::default(), Orders::default());
        let run = Arc::new(AtomicUsize::new(0));
        let hook = |amount| -> Hook {
            let run = run.clone();
            Box::new(move || _ = run.fetch_add(amount, SeqCst))
        };
        let run_all = |hooks: Vec<Hook>| hooks.into_iter().for_each(|hook| hook());
        orders.begin(4);
        assert!(rescue.add(4, hook(1), &orders).is_empty());
        orders.begin(5);
        assert!(rescue.add(5, hook(10), &orders).is_empty());
        run_all(rescue.take(4));
        assert_eq!(run.load(SeqCst), 1);
        run_all(rescue.add(4, hook(100), &orders));
        assert_eq!(run.load(SeqCst), 101);
        run_all(rescue.take(5));
        assert_eq!(run.load(SeqCst), 111);
        assert!(rescue.take(5).is_empty());
    }
}
