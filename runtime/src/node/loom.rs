//! A node for models of what lives in one: nobody drives its tree, and its clock
//! stands still, since a model has to do the same each time.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use super::control::Control;
use super::seat::Reach;
use super::{Home, Identity, Inner, Node};
use crate::clock::Clock;
use crate::observe::EventSender;
use crate::tree::ChildId;

static TIMERS: OnceLock<Runtime> = OnceLock::new();

impl Home {
    /// Of the generation `life` of the child `key` in a node of its own.
    pub(crate) fn of_a_model(key: usize, life: u64) -> Self {
        let timers = TIMERS.get_or_init(|| {
            let mut paused = Builder::new_current_thread();
            paused.enable_time().start_paused(true).build().unwrap()
        });
        let clock = {
            let _timers = timers.enter();
            Clock::of_a_world(timers.handle().clone())
        };
        let control = Control::new().0;
        let reach = Reach::new(&clock, &control);
        let node = Node(Arc::new(Inner {
            identity: Identity::new("model".into(), [0; 16]),
            started_at: clock.now(),
            arbiters: 1,
            clock,
            control,
            events: EventSender::new(),
            ending: watch::channel(None).1,
            is_stopping: false.into(),
            runs: watch::channel(0).0,
            provided: Mutex::new(HashMap::new()),
            names: Arc::default(),
            reach,
            schedule: None,
        }));
        Home {
            node,
            id: ChildId { key, serial: 1 },
            life,
            path: "model/child".into(),
            turn: Arc::default(),
        }
    }
}
