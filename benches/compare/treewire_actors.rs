//! Treewire's side of the actors bench: all that it knows of its actors.

use std::cell::Cell;
use std::time::Duration;

use actix::prelude::*;
use futures_util::future::try_join_all;
use tokio::sync::oneshot;
use tokio::task::unconstrained;
use treewire::{Child, Node, Ref};
use treewire_bench_cases::{Failure, Framework};

/// Longer than any number of children takes to stop.
const STOP_BUDGET: Duration = Duration::from_secs(3_600);

/// Children of the root of one node, whose arbiter is the measuring thread. A mailbox holds 1,024 messages; a child is
/// ready when `started` has run and the tree has said so.
pub(crate) struct TreewireActors {
    node: Node,
    last_name: Cell<u64>,
}

impl TreewireActors {
    fn child(&self) -> Child<Adder> {
        let name = self.last_name.get() + 1;
        self.last_name.set(name);
        Child::new(name.to_string(), Adder::default)
    }
}

impl Framework for TreewireActors {
    type Address = Ref<Adder>;

    fn run<T: 'static>(
        work: impl AsyncFnOnce(Self) -> Result<T, Failure> + 'static,
    ) -> Result<T, Failure> {
        treewire::run(async move {
            let node = Node::builder("bench").stop_budget(STOP_BUDGET).start();
            work(TreewireActors {
                node: node.await?,
                last_name: Cell::new(0),
            })
            .await
        })
    }

    async fn start(&self) -> Result<Self::Address, Failure> {
        Ok(self.node.spawn(self.child()).await?)
    }

    async fn start_together(&self, count: usize) -> Result<Vec<Self::Address>, Failure> {
        let starts = (0..count).map(|_| self.node.spawn(self.child()));
        // With tokio's budget a join of thousands is polled from its begin again for every 128 that are ready.
        Ok(unconstrained(try_join_all(starts)).await?)
    }

    async fn stop_in_reverse(self, _: Vec<Self::Address>) -> Result<(), Failure> {
        Ok(self.node.stop().await?)
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
        let asked = address.send(AddAndTell(amount)).await;
        asked.map_err(|error| error.to_string().into())
    }
}

#[derive(Default)]
pub(crate) struct Adder {
    total: u64,
}

impl Actor for Adder {
    type Context = treewire::Context<Self>;
}

struct Add(u64);

impl Message for Add {
    type Result = ();
}

impl Handler<Add> for Adder {
    type Result = ();

    fn handle(&mut self, Add(amount): Add, _: &mut Self::Context) {
        self.total += amount;
    }
}

struct Total(oneshot::Sender<u64>);

impl Message for Total {
    type Result = ();
}

impl Handler<Total> for Adder {
    type Result = ();

    fn handle(&mut self, Total(total): Total, _: &mut Self::Context) {
        // Whoever waits goes away with the process only.
        let _ = total.send(self.total);
    }
}

struct AddAndTell(u64);

impl Message for AddAndTell {
    type Result = u64;
}

impl Handler<AddAndTell> for Adder {
    type Result = u64;

    fn handle(&mut self, AddAndTell(amount): AddAndTell, _: &mut Self::Context) -> u64 {
        self.total += amount;
        self.total
    }
}
