//! Tokio's TCP with nothing above it: one thread, one connection, one call a message, no framing.

mod connection;
mod push_pull;
mod req_rep;

use roles::Role;

fn main() -> std::process::ExitCode {
    roles::main(|role| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()?;
        runtime.block_on(async {
            match role {
                Role::Push(order) => push_pull::push(&order).await,
                Role::Pull(order) => push_pull::pull(&order).await,
                Role::Req(order) => req_rep::req(&order).await,
                Role::Rep(order) => req_rep::rep(&order).await,
            }
        })
    })
}
