//! Tokio's streams with nothing above them: one thread, one call a message, no framing; with several requests under way, one
//! call for all that can go.

mod connection;
mod pub_sub;
mod push_pull;
mod req_rep;

use roles::Role;

fn main() -> std::process::ExitCode {
    roles::main(|role| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()?;
        tokio::task::LocalSet::new().block_on(&runtime, async {
            match role {
                Role::Push(order) => push_pull::push(&order).await,
                Role::Pull(order) => push_pull::pull(&order).await,
                Role::Req(order) => req_rep::req(&order).await,
                Role::Rep(order) => req_rep::rep(&order).await,
                Role::Pub(fan_out) => pub_sub::publish(&fan_out).await,
                Role::Sub(fan_out) => pub_sub::subscribe(fan_out).await,
            }
        })
    })
}
