//! rzmq in its best configuration without io_uring, which was no faster: tokio's threads, as its documentation has it,
//! for throughput and one thread for round trips, larger batches than its own, and no throttle.

mod push_pull;
mod req_rep;
mod socket;

use roles::{Failure, Role};
use rzmq::Context;
use tokio::runtime::Builder;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    roles::main(|role| {
        let mut runtime = match role {
            Role::Push(_) | Role::Pull(_) => Builder::new_multi_thread(),
            Role::Req(_) | Role::Rep(_) => Builder::new_current_thread(),
            Role::Pub(_) | Role::Sub(_) => {
                return Err("its publishers do not say who subscribed".into());
            }
        };
        runtime.enable_all().build()?.block_on(play(role))
    })
}

async fn play(role: Role) -> Result<(), Failure> {
    let context = Context::new()?;
    match role {
        Role::Push(order) => push_pull::push(&context, &order).await?,
        Role::Pull(order) => push_pull::pull(&context, &order).await?,
        Role::Req(order) => req_rep::req(&context, &order).await?,
        Role::Rep(order) => req_rep::rep(&context, &order).await?,
        Role::Pub(_) | Role::Sub(_) => {}
    }
    // Waits until all is sent.
    context.term().await?;
    Ok(())
}
