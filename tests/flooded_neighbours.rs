//! What shares a thread with a flooded socket has its turns.

use std::cell::Cell;
use std::rc::Rc;

use treewire::prelude::*;
use treewire::{World, driven};

const FLOOD: u64 = 20_000;

/// A handle's receipts are all there is to do, and each is ready at once.
#[test]
fn a_loop_of_receipts_lets_other_tasks_on() {
    driven(1, async |world: World| {
        world.keep_order();
        let node = Node::builder("flooded").driven(&world).start();
        let node = node.await.unwrap();
        let bound = Bound::messages(2 * FLOOD);
        let pull = Pull::new("pull").listen("inproc://flood");
        let pull = node.spawn(pull.receive_bound(bound)).await.unwrap();
        let push = Push::new("push").dial("inproc://flood");
        let push = node.spawn(push.send_bound(bound)).await.unwrap();
        for _ in 0..FLOOD {
            push.send("drop").await.unwrap();
        }
        world.settle().await;

        let received = Rc::new(Cell::new(0));
        let count = received.clone();
        let receiving = actix_rt::spawn(async move {
            while count.get() < FLOOD {
                pull.recv().await.unwrap().unwrap();
                count.set(count.get() + 1);
            }
        });
        let (mut seen, mut longest) = (0, 0);
        while !receiving.is_finished() {
            tokio::task::yield_now().await;
            longest = longest.max(received.get() - seen);
            seen = received.get();
        }
        assert_eq!(seen, FLOOD);
        assert!(longest <= FLOOD / 4, "{longest} in a row");
        node.stop().await.unwrap();
    });
}
