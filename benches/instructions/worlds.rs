//! Nodes whose every step is the same each time: one thread, a clock that stands still while anything can run, no chance.

use treewire::{Node, World, driven};

/// Plays in a world with one node.
pub(crate) fn play(scene: impl AsyncFnOnce(&Node) -> treewire::Result<()> + Send) {
    driven(1, async |world: World| {
        world.keep_order();
        let node = Node::builder("bench").driven(&world).start();
        let node = node.await.expect("it starts");
        scene(&node).await.expect("nothing goes wrong");
        node.stop().await.expect("it stops");
    });
}

/// Plays on one thread in real time: how much comes in one go depends on how fast the machine is.
pub(crate) fn play_on_a_thread(scene: impl AsyncFnOnce(&Node) -> treewire::Result<()> + 'static) {
    let played = treewire::run(async move {
        let node = Node::builder("bench").start().await?;
        scene(&node).await?;
        node.stop().await?;
        treewire::Result::<()>::Ok(())
    });
    played.expect("nothing goes wrong");
}
