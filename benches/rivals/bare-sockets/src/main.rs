//! Blocking sockets with nothing above them: one thread, one connection, one system call a message, no framing.

mod connection;
mod push_pull;
mod req_rep;

use roles::Role;

fn main() -> std::process::ExitCode {
    roles::main(|role| match role {
        Role::Push(order) => push_pull::push(&order),
        Role::Pull(order) => push_pull::pull(&order),
        Role::Req(order) => req_rep::req(&order),
        Role::Rep(order) => req_rep::rep(&order),
        Role::Pub(_) | Role::Sub(_) => Err("it would take a thread for each subscriber".into()),
    })
}
