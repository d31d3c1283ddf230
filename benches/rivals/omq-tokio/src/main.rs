//! omq-tokio in its fastest configurations: for throughput blocking sockets, an I/O thread beside them, and messages
//! handed over many at a time; for round trips its exclusive sockets, whose caller does the I/O itself.

mod pub_sub;
mod push_pull;
mod req_rep;

use omq_tokio::Context;
use roles::Role;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    roles::main(|role| match role {
        Role::Push(order) => push_pull::push(&order),
        Role::Pull(order) => push_pull::pull(&order),
        Role::Req(order) => on_one_thread(req_rep::req(&order)),
        Role::Rep(order) => on_one_thread(req_rep::rep(&order)),
        Role::Pub(fan_out) => on_one_thread(pub_sub::publish(&fan_out, Context::new)),
        Role::Sub(fan_out) => on_one_thread(pub_sub::subscribe(fan_out, Context::new)),
    })
}

fn on_one_thread(
    role: impl Future<Output = Result<(), roles::Failure>>,
) -> Result<(), roles::Failure> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build()?;
    tokio::task::LocalSet::new().block_on(&runtime, role)
}
