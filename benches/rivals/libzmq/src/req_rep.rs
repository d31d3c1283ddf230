use std::time::Instant;

use roles::{Failure, Line, Order, Trips, stamp};
use zmq::{DEALER, Message, REP, REQ, ROUTER, SNDMORE};

use crate::socket;

pub(crate) fn req(order: &Order) -> Result<(), Failure> {
    if order.in_flight > 1 {
        return dealer(order);
    }
    let socket = socket::connected(REQ, order)?;
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
    if order.in_flight > 1 {
        return router(order);
    }
    let socket = socket::listening(REP, order)?;
    let mut message = Message::new();
    for sequence in 0..order.count {
        socket.recv(&mut message, 0)?;
        stamp::check(&message, order.size_bytes, sequence)?;
        socket.send(&*message, 0)?;
    }
    Ok(())
}

/// A REQ has one question under way; a DEALER has as many as it likes, and one ROUTER answers them in order.
fn dealer(order: &Order) -> Result<(), Failure> {
    let socket = socket::connected(DEALER, order)?;
    let mut trips = Trips::new(order);
    let mut payload = vec![0; order.size_bytes];
    let mut reply = Message::new();
    let window = u64::from(order.in_flight);
    let mut asked = vec![Instant::now(); window as usize];
    let mut ask = |sequence: u64, asked: &mut [Instant]| {
        stamp::write(&mut payload, sequence);
        asked[(sequence % window) as usize] = Instant::now();
        socket.send(payload.as_slice(), 0)
    };
    for sequence in 0..window.min(order.count) {
        ask(sequence, &mut asked)?;
    }
    for sequence in 0..order.count {
        socket.recv(&mut reply, 0)?;
        trips.record(asked[(sequence % window) as usize]);
        stamp::check(&reply, order.size_bytes, sequence)?;
        if sequence + window < order.count {
            ask(sequence + window, &mut asked)?;
        }
    }
    Line::RoundTrip(trips.finish()).print();
    Ok(())
}

fn router(order: &Order) -> Result<(), Failure> {
    let socket = socket::listening(ROUTER, order)?;
    let (mut who, mut message) = (Message::new(), Message::new());
    for sequence in 0..order.count {
        socket.recv(&mut who, 0)?;
        socket.recv(&mut message, 0)?;
        stamp::check(&message, order.size_bytes, sequence)?;
        socket.send(&*who, SNDMORE)?;
        socket.send(&*message, 0)?;
    }
    Ok(())
}
