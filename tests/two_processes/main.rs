//! Reliable delivery between two processes over tcp, both ways at once, while a proxy cuts their
//! connections and whoever receives is killed; and what a publisher knows of a process that crashed.
//!
//! What is drawn comes from the seeds below; when a cut falls depends on the machine all the same.

use std::time::Duration;

#[macro_use]
#[path = "../support/mod.rs"]
mod support;

mod crash;
mod requests;
mod second;
mod side;
mod stream;

/// How many connections are cut at least, of both directions together.
const CUTS: u64 = 500;

/// How often each process kills the actor that receives.
const KILLS: u64 = 100;

/// After this long without a message the test has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// Not a test: what the tests start as their second process.
#[test]
#[ignore = "the second process of the other tests"]
fn the_second_process() {
    match second::task().as_str() {
        "subscriber" => crash::second(),
        "stream" => stream::second(),
        "requests" => requests::second(),
        other => panic!("there is no task {other}"),
    }
}
