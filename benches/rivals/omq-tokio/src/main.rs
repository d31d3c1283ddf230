//! omq-tokio in its fastest configurations: for throughput blocking sockets, an I/O thread beside them, and messages
//! handed over many at a time; for round trips its exclusive sockets, whose caller does the I/O itself.

mod push_pull;
mod req_rep;

use roles::Role;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    roles::main(|role| match role {
        Role::Push(order) => push_pull::push(&order),
        Role::Pull(order) => push_pull::pull(&order),
        Role::Req(order) => on_one_thread(req_rep::req(&order)),
        Role::Rep(order) => on_one_thread(req_rep::rep(&order)),
    })
}

fn on_one_thread(
    role: impl Future<Output = Result<(), roles::Failure>>,
) -> Result<(), roles::Failure> {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build()?.block_on(role)
}
