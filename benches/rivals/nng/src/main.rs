//! NNG, as it is installed on this machine, in its best configuration: its own threads go from one operation to the
//! next, its queues are as long as it allows, and mimalloc lies under NNG as well as under us.

mod chain;
mod credit;
mod pub_sub;
mod push_pull;
mod req_rep;
mod socket;

use roles::Role;

/// With its `override` feature it also replaces the `malloc` that NNG calls.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    roles::main(|role| match role {
        Role::Push(order) => push_pull::push(&order),
        Role::Pull(order) => push_pull::pull(&order),
        Role::Req(order) => req_rep::req(&order),
        Role::Rep(order) => req_rep::rep(&order),
        Role::Pub(fan_out) => pub_sub::publish(&fan_out),
        Role::Sub(fan_out) => pub_sub::subscribe(&fan_out),
    })
}
