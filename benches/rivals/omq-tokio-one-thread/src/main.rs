//! omq-tokio as a tokio program uses it, everything on the one thread that runs the program: like Treewire, and unlike
//! its own default, which adds an I/O thread.

mod push_pull;
mod req_rep;
mod socket;

use roles::Role;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    roles::main(|role| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
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
