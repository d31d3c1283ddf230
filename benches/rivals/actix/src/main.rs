//! Stock actix: its own `Context`, started without Treewire. The system runs on the measuring thread. A mailbox takes
//! what `do_send` gives it, without bound. An actor is ready when `started` has run, which it says itself.

use actix::prelude::*;
use cases::{Failure, Framework};
use tokio::sync::oneshot;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    cases::main::<Actix>()
}

struct Actix;

impl Framework for Actix {
    type Address = Addr<Adder>;

    fn run<T: 'static>(
        work: impl AsyncFnOnce(Self) -> Result<T, Failure> + 'static,
    ) -> Result<T, Failure> {
        System::new().block_on(work(Actix))
    }

    async fn start(&self) -> Result<Self::Address, Failure> {
        let (address, started) = Adder::begin();
        started.await?;
        Ok(address)
    }

    async fn start_together(&self, count: usize) -> Result<Vec<Self::Address>, Failure> {
        let begun: Vec<_> = (0..count).map(|_| Adder::begin()).collect();
        let mut addresses = Vec::with_capacity(count);
        for (address, started) in begun {
            started.await?;
            addresses.push(address);
        }
        Ok(addresses)
    }

    async fn stop_in_reverse(self, mut addresses: Vec<Self::Address>) -> Result<(), Failure> {
        while let Some(address) = addresses.pop() {
            let (sender, gone) = oneshot::channel();
            address.do_send(Stop(sender));
            // It says nothing: the sender is dropped with the actor.
            let _ = gone.await;
        }
        Ok(())
    }

    async fn tell(address: &Self::Address, amount: u64) -> Result<(), Failure> {
        address.do_send(Add(amount));
        Ok(())
    }

    async fn tell_total(
        address: &Self::Address,
        total: oneshot::Sender<u64>,
    ) -> Result<(), Failure> {
        address.do_send(Total(total));
        Ok(())
    }

    async fn ask(address: &Self::Address, amount: u64) -> Result<u64, Failure> {
        Ok(address.send(AddAndTell(amount)).await?)
    }
}

struct Adder {
    total: u64,
    /// Waits for the start, and later for the end.
    watcher: Option<oneshot::Sender<()>>,
}

impl Adder {
    fn begin() -> (Addr<Self>, oneshot::Receiver<()>) {
        let (sender, started) = oneshot::channel();
        let adder = Adder {
            total: 0,
            watcher: Some(sender),
        };
        (adder.start(), started)
    }
}

impl Actor for Adder {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Self::Context) {
        if let Some(watcher) = self.watcher.take() {
            // Whoever waits goes away with the process only.
            let _ = watcher.send(());
        }
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Add(u64);

impl Handler<Add> for Adder {
    type Result = ();

    fn handle(&mut self, Add(amount): Add, _: &mut Self::Context) {
        self.total += amount;
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Total(oneshot::Sender<u64>);

impl Handler<Total> for Adder {
    type Result = ();

    fn handle(&mut self, Total(total): Total, _: &mut Self::Context) {
        // Whoever waits goes away with the process only.
        let _ = total.send(self.total);
    }
}

#[derive(Message)]
#[rtype(result = "u64")]
struct AddAndTell(u64);

impl Handler<AddAndTell> for Adder {
    type Result = u64;

    fn handle(&mut self, AddAndTell(amount): AddAndTell, _: &mut Self::Context) -> u64 {
        self.total += amount;
        self.total
    }
}

#[derive(Message)]
#[rtype(result = "()")]
struct Stop(oneshot::Sender<()>);

impl Handler<Stop> for Adder {
    type Result = ();

    fn handle(&mut self, Stop(watcher): Stop, context: &mut Self::Context) {
        self.watcher = Some(watcher);
        context.stop();
    }
}
