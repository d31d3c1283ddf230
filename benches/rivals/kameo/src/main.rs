//! kameo: its actors are tasks of the measuring thread's tokio runtime. A mailbox holds 1,024 messages, and whoever tells
//! waits for room; spans are off. An actor is ready when `on_start` has run. Nobody supervises it.

use cases::{Failure, Framework};
use kameo::Actor;
use kameo::actor::{ActorRef, Spawn};
use kameo::mailbox;
use kameo::message::{Context, Message};
use tokio::sync::oneshot;

/// As Treewire's.
const MAILBOX_MESSAGES: usize = 1_024;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cases::main::<Kameo>()
}

struct Kameo;

impl Framework for Kameo {
    type Address = ActorRef<Adder>;

    fn run<T: 'static>(
        work: impl AsyncFnOnce(Self) -> Result<T, Failure> + 'static,
    ) -> Result<T, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(work(Kameo))
    }

    async fn start(&self) -> Result<Self::Address, Failure> {
        let address = Adder::begin();
        address.wait_for_startup().await;
        Ok(address)
    }

    async fn start_together(&self, count: usize) -> Result<Vec<Self::Address>, Failure> {
        let addresses: Vec<_> = (0..count).map(|_| Adder::begin()).collect();
        for address in &addresses {
            address.wait_for_startup().await;
        }
        Ok(addresses)
    }

    async fn stop_in_reverse(self, mut addresses: Vec<Self::Address>) -> Result<(), Failure> {
        while let Some(address) = addresses.pop() {
            address.stop_gracefully().await?;
            address.wait_for_shutdown().await;
        }
        Ok(())
    }

    async fn tell(address: &Self::Address, amount: u64) -> Result<(), Failure> {
        Ok(address.tell(Add(amount)).send().await?)
    }

    async fn tell_total(
        address: &Self::Address,
        total: oneshot::Sender<u64>,
    ) -> Result<(), Failure> {
        Ok(address.tell(Total(total)).send().await?)
    }

    async fn ask(address: &Self::Address, amount: u64) -> Result<u64, Failure> {
        Ok(address.ask(AddAndTell(amount)).send().await?)
    }
}

#[derive(Actor, Default)]
struct Adder {
    total: u64,
}

impl Adder {
    fn begin() -> ActorRef<Self> {
        Adder::spawn_with_mailbox(Adder::default(), mailbox::bounded(MAILBOX_MESSAGES))
    }
}

struct Add(u64);

impl Message<Add> for Adder {
    type Reply = ();

    async fn handle(&mut self, Add(amount): Add, _: &mut Context<Self, ()>) {
        self.total += amount;
    }
}

struct Total(oneshot::Sender<u64>);

impl Message<Total> for Adder {
    type Reply = ();

    async fn handle(&mut self, Total(total): Total, _: &mut Context<Self, ()>) {
        // Whoever waits goes away with the process only.
        let _ = total.send(self.total);
    }
}

struct AddAndTell(u64);

impl Message<AddAndTell> for Adder {
    type Reply = u64;

    async fn handle(&mut self, AddAndTell(amount): AddAndTell, _: &mut Context<Self, u64>) -> u64 {
        self.total += amount;
        self.total
    }
}
