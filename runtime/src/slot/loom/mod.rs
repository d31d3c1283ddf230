//! Models of what the threads around a slot share, each small enough for loom to
//! try every order of its steps; `check` runs them with `--cfg treewire_loom`.
//! A wake-up that is lost leaves a thread waiting for ever, which loom reports.

mod address;
mod asked;
mod conflation;
mod generation;
mod orders;
mod port;
mod queue;
mod rescue;
mod schedule;
mod task_waker;
mod watchers;
