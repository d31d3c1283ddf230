//! Sockets of several nodes on a simulated network, under cuts, partitions and
//! kills. `TREEWIRE_SEED=17 cargo test --test simulated` replays one seed.

mod after_a_cut;
mod best_effort;
mod composed;
mod failover;
mod fates;
mod gaps;
mod handlers;
mod leases;
mod numbered;
mod published;
mod reliable;
mod requests;
mod scene;
