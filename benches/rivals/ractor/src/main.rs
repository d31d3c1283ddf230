//! ractor: its actors are tasks of the measuring thread's tokio runtime. Mailboxes have no bound, messages are not
//! serialized, spans do not travel with them. An actor is ready when `pre_start` has run. Nobody supervises it.

use cases::{Failure, Framework};
use ractor::{Actor, ActorProcessingErr, ActorRef, RpcReplyPort};
use tokio::sync::oneshot;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cases::main::<Ractor>()
}

struct Ractor;

impl Framework for Ractor {
    type Address = ActorRef<Order>;

    fn run<T: 'static>(
        work: impl AsyncFnOnce(Self) -> Result<T, Failure> + 'static,
    ) -> Result<T, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(work(Ractor))
    }

    async fn start(&self) -> Result<Self::Address, Failure> {
        let (address, _) = Actor::spawn(None, Adder, ()).await?;
        Ok(address)
    }

    async fn start_together(&self, count: usize) -> Result<Vec<Self::Address>, Failure> {
        let mut addresses = Vec::with_capacity(count);
        let mut starts = Vec::with_capacity(count);
        for _ in 0..count {
            let (address, start) = ractor::ActorRuntime::spawn_instant(None, Adder, ())?;
            addresses.push(address);
            starts.push(start);
        }
        for start in starts {
            start.await??;
        }
        Ok(addresses)
    }

    async fn stop_in_reverse(self, mut addresses: Vec<Self::Address>) -> Result<(), Failure> {
        while let Some(address) = addresses.pop() {
            address.stop_and_wait(None, None).await?;
        }
        Ok(())
    }

    async fn tell(address: &Self::Address, amount: u64) -> Result<(), Failure> {
        Ok(address.cast(Order::Add(amount))?)
    }

    async fn tell_total(
        address: &Self::Address,
        total: oneshot::Sender<u64>,
    ) -> Result<(), Failure> {
        Ok(address.cast(Order::Total(total))?)
    }

    async fn ask(address: &Self::Address, amount: u64) -> Result<u64, Failure> {
        Ok(ractor::call!(address, Order::AddAndTell, amount)?)
    }
}

#[derive(Debug)]
enum Order {
    Add(u64),
    Total(oneshot::Sender<u64>),
    AddAndTell(u64, RpcReplyPort<u64>),
}

struct Adder;

impl Actor for Adder {
    type Msg = Order;
    type State = u64;
    type Arguments = ();

    async fn pre_start(&self, _: ActorRef<Order>, (): ()) -> Result<u64, ActorProcessingErr> {
        Ok(0)
    }

    async fn handle(
        &self,
        _: ActorRef<Order>,
        order: Order,
        total: &mut u64,
    ) -> Result<(), ActorProcessingErr> {
        match order {
            Order::Add(amount) => *total += amount,
            // Whoever waits goes away with the process only.
            Order::Total(sender) => drop(sender.send(*total)),
            Order::AddAndTell(amount, reply) => {
                *total += amount;
                reply.send(*total)?;
            }
        }
        Ok(())
    }
}
