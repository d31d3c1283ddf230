//! Of what a slow receiver cannot follow only the newest comes.

use treewire::prelude::*;

use crate::support::*;

over_every_transport! {
    zeromq_09_conflate_keeps_the_last
}

const SENT: u64 = 100;

async fn zeromq_09_conflate_keeps_the_last(listen: &str) {
    for first_has_left in [false, true] {
        let node = node().await;
        let pull = Pull::new("pull").listen(listen).receive_messages_max(1);
        let pull = node.spawn(pull).await.unwrap();
        let push = Push::new("push")
            .dial(address(&pull))
            .overflow(Overflow::Conflate)
            .send_messages_max(1);
        let push = node.spawn(push).await.unwrap();
        in_time(push.ready(1)).await;
        for number in 0..SENT {
            in_time(push.send(number.to_string())).await.unwrap();
            if first_has_left && number == 0 {
                until_tree(&node, "it arrived", |tree| messages_in(tree, "pull") == 1).await;
            }
            // Whatever may leave has the time to.
            node.snapshot().await.unwrap();
        }

        // The receiver wakes up.
        let mut came: Vec<u64> = Vec::new();
        while came.last() != Some(&(SENT - 1)) {
            let message = in_time(pull.recv()).await.unwrap().expect("it is open");
            let text = str::from_utf8(message.payload()).unwrap();
            came.push(text.parse().unwrap());
        }
        match first_has_left {
            true => assert_eq!(came, [0, SENT - 1]),
            false => assert!(came.len() <= 2, "{came:?}"),
        }
        let dropped = SENT - came.len() as u64;
        assert_eq!(push.lost(), dropped, "{came:?}");
        let tree = node.snapshot().await.unwrap();
        assert_eq!(drops(&tree, "push", "conflated"), dropped, "{came:?}");
        assert_eq!(in_time(push.close(WATCHDOG)).await, Closed::Flushed);
        assert!(pull.try_recv().unwrap().is_none());
        stop(node).await;
    }
}
