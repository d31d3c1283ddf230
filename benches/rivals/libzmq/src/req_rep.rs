use std::time::Instant;

use roles::{Failure, Line, Order, Trips, stamp};
use zmq::{Context, Message, REP, REQ};

use crate::socket;

pub(crate) fn req(order: &Order) -> Result<(), Failure> {
    let context = Context::new();
    let socket = socket::connected(&context, REQ, order)?;
    let mut trips = Trips::new(order);
    let mut payload = vec![0; order.size_bytes];
    let mut reply = Message::new();
    for sequence in 0..order.count {
        stamp::write(&mut payload, sequence);
        let asked = Instant::now();
        socket.send(payload.as_slice(), 0)?;
        socket.recv(&mut reply, 0)?;
        trips.record(asked);
        stamp::check(&reply, order.size_bytes, sequence)?;
    }
    Line::RoundTrip(trips.finish()).print();
    Ok(())
}

pub(crate) fn rep(order: &Order) -> Result<(), Failure> {
    let context = Context::new();
    let socket = socket::listening(&context, REP, order)?;
    let mut message = Message::new();
    for sequence in 0..order.count {
        socket.recv(&mut message, 0)?;
        stamp::check(&message, order.size_bytes, sequence)?;
        socket.send(&*message, 0)?;
    }
    Ok(())
}
