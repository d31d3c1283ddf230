//! Actors of one thread.

use treewire::prelude::*;

use super::worlds;

/// Messages that are told before the next is a question, as in the bench `actors`.
const BURST: u64 = 64;

pub(crate) fn tell(count: u64) {
    worlds::play(async |node| {
        let adder = node.spawn(Child::new("adder", Adder::default)).await?;
        for _ in 0..count / BURST {
            (1..BURST).for_each(|amount| adder.do_send(Add(amount)));
            adder.send(AddAndTell(1)).await?;
        }
        Ok(())
    });
}

pub(crate) fn ask(count: u64) {
    worlds::play(async |node| ask_one_by_one(node, count).await);
}

/// The same without what the world of [`ask`] does to stand still.
pub(crate) fn ask_on_a_thread(count: u64) {
    worlds::play_on_a_thread(async move |node| ask_one_by_one(node, count).await);
}

async fn ask_one_by_one(node: &Node, count: u64) -> treewire::Result<()> {
    let adder = node.spawn(Child::new("adder", Adder::default)).await?;
    for _ in 0..count {
        adder.send(AddAndTell(1)).await?;
    }
    Ok(())
}

#[derive(Default)]
struct Adder {
    total: u64,
}

impl Actor for Adder {
    type Context = Context<Self>;
}

struct Add(u64);

impl Message for Add {
    type Result = ();
}

impl Handler<Add> for Adder {
    type Result = ();

    fn handle(&mut self, add: Add, _: &mut Context<Self>) {
        self.total += add.0;
    }
}

struct AddAndTell(u64);

impl Message for AddAndTell {
    type Result = u64;
}

impl Handler<AddAndTell> for Adder {
    type Result = u64;

    fn handle(&mut self, add: AddAndTell, _: &mut Context<Self>) -> u64 {
        self.total += add.0;
        self.total
    }
}
