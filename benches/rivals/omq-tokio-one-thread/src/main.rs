//! omq-tokio as a tokio program uses it, everything on the one thread that runs the program: like Treewire, and unlike
//! its own default, which adds an I/O thread.

#[path = "../../omq-tokio/src/pub_sub.rs"]
mod pub_sub;
mod push_pull;
mod req_rep;
mod socket;

use omq_tokio::Context;
use roles::Role;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    roles::main(|role| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        tokio::task::LocalSet::new().block_on(&runtime, async {
            match role {
                Role::Push(order) => push_pull::push(&order).await,
                Role::Pull(order) => push_pull::pull(&order).await,
                Role::Req(order) => req_rep::req(&order).await,
                Role::Rep(order) => req_rep::rep(&order).await,
                Role::Pub(fan_out) => pub_sub::publish(&fan_out, Context::current).await,
                Role::Sub(fan_out) => pub_sub::subscribe(fan_out, Context::current).await,
            }
        })
    })
}
