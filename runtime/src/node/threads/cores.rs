use core_affinity::CoreId;

/// The cores that arbiter threads keep to, by turns; none if they are not pinned.
#[derive(Default)]
pub(super) struct Cores(Vec<CoreId>);

/// The core of one thread.
pub(super) struct Core(CoreId);

impl Cores {
    /// Those on which the calling thread may run.
    pub(super) fn of_this_thread() -> Self {
        let cores = core_affinity::get_core_ids().unwrap_or_default();
        if cores.is_empty() {
            tracing::warn!("threads cannot be pinned: the system does not tell its cores");
        }
        Cores(cores)
    }

    pub(super) fn of(&self, arbiter: usize) -> Option<Core> {
        let turn = arbiter.checked_rem(self.0.len())?;
        Some(Core(self.0[turn]))
    }
}

impl Core {
    pub(super) fn pin_this_thread(self) {
        if !core_affinity::set_for_current(self.0) {
            tracing::warn!("the system refused to pin a thread to core {}", self.0.id);
        }
    }
}
