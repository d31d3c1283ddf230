//! What the comparing benches share: participants as processes, interleaved rounds, medians, tables.
//!
//! A bench is a [`program`] that says how one run of one participant goes ([`run`]), lets [`interleave`] repeat that,
//! prints what came out ([`Table`]), and writes it down for others ([`Recorder`]).
#![allow(
    dead_code,
    unused_imports,
    reason = "each bench uses the parts it needs"
)]

mod abilities;
mod allocator;
mod bound;
mod calibrate;
mod goal;
mod interleave;
mod machine;
mod options;
mod outcome;
mod participant;
mod process;
mod program;
mod progress;
mod recorder;
pub(crate) mod rivals;
pub(crate) mod run;
mod settings;
mod table;
mod transport;
mod treewire;
mod treewire_actors;
mod treewire_pub_sub;
mod treewire_typed;

pub(crate) use abilities::able;
pub(crate) use bound::bound_messages;
pub(crate) use calibrate::calibrated_count;
pub(crate) use goal::{Goal, Verdict};
pub(crate) use interleave::interleave;
pub(crate) use machine::describe_machine;
pub(crate) use options::Options;
pub(crate) use outcome::{Outcome, failures, of, treewire};
pub(crate) use participant::{Participant, TREEWIRE, TYPED, is_treewire, needed, participants};
pub(crate) use process::Process;
pub(crate) use program::{program, program_of_treewire};
pub(crate) use progress::expect_tables;
pub(crate) use recorder::{Figure, Recorder, ReportOptions};
pub(crate) use settings::{describe_messages, describe_settings, record_settings};
pub(crate) use table::{Table, amount, bytes, ratio};
pub(crate) use transport::Transport;
pub(crate) use treewire_actors::TreewireActors;
pub(crate) use treewire_bench_report::{Better, Setup, Spread};

/// Why a run gave no figure, for whoever reads the bench's output.
pub(crate) type Failure = String;
