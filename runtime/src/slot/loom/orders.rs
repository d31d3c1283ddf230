use super::super::{Order, Orders};
use crate::model::{check, thread};
use crate::sync::Arc;
use crate::tree::Signal;

#[test]
fn a_late_order_for_a_life_that_was_given_up_does_not_reach_its_successor() {
    check(|| {
        let orders = Arc::new(Orders::default());
        orders.begin(1);
        let late = {
            let orders = orders.clone();
            thread::spawn(move || {
                orders.give(1, Signal::Kill);
                orders.end(1);
            })
        };
        let tree = {
            let orders = orders.clone();
            thread::spawn(move || {
                orders.end(1);
                orders.begin(2);
            })
        };
        // What the old generation asks, in the middle of its poll.
        let seen = [orders.for_life(1), orders.for_life(1)];
        assert!(
            seen != [Order::Kill, Order::Run],
            "a life that was given up is in charge again"
        );
        late.join().unwrap();
        tree.join().unwrap();
        assert_eq!(orders.for_life(1), Order::Kill);
        assert_eq!(orders.for_life(2), Order::Run);
        assert_eq!(orders.lasting_life(), Some(2));
    });
}

#[test]
fn the_gravest_of_two_orders_stands() {
    check(|| {
        let orders = Arc::new(Orders::default());
        orders.begin(1);
        let kill = {
            let orders = orders.clone();
            thread::spawn(move || orders.give(1, Signal::Kill))
        };
        orders.give(1, Signal::Stop);
        assert_ne!(orders.for_life(1), Order::Run);
        kill.join().unwrap();
        assert_eq!(orders.for_life(1), Order::Kill);
    });
}
