//! libzmq, as it is installed on this machine, in its best configuration: one I/O thread, the high-water marks raised to
//! the bound of the run, and mimalloc under libzmq as well as under us.

mod pub_sub;
mod push_pull;
mod req_rep;
mod socket;

use std::process::ExitCode;

use roles::Role;

/// With its `override` feature it also replaces the `malloc` that libzmq calls.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let played = roles::main(|role| match role {
        Role::Push(order) => push_pull::push(&order),
        Role::Pull(order) => push_pull::pull(&order),
        Role::Req(order) => req_rep::req(&order),
        Role::Rep(order) => req_rep::rep(&order),
        Role::Pub(fan_out) => pub_sub::publish(&fan_out),
        Role::Sub(fan_out) => pub_sub::subscribe(&fan_out),
    });
    match socket::flush() {
        Ok(()) => played,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}
