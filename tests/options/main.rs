//! What the options of sockets and endpoints do.

#[macro_use]
#[path = "../support/mod.rs"]
mod support;

mod admission;
mod balance;
mod conflate;
mod immediate;
mod live;
mod lock_step;
mod notices;
mod page;
mod priorities;
mod proofs;
mod reconnecting;
mod timeouts;
