use std::time::Instant;

use nng::{Message, Protocol};
use roles::{Failure, Line, Order, Trips, stamp};

use crate::chain::{Chain, Step};
use crate::socket;

pub(crate) fn req(order: &Order) -> Result<(), Failure> {
    let (socket, _) = socket::connected(Protocol::Req0, order)?;
    let Order {
        size_bytes, count, ..
    } = *order;
    let mut trips = Trips::new(order);
    let mut payload = stamp::payload(size_bytes, 0);
    let first = Step::Send(Message::from(payload.as_slice()));
    let mut sequence = 0;
    let mut asked = Instant::now();
    let report = Chain::start(&socket, first, move |message| {
        let Some(reply) = message else {
            return Ok(Step::Receive);
        };
        trips.record(asked);
        stamp::check(&reply, size_bytes, sequence)?;
        sequence += 1;
        if sequence == count {
            return Ok(Step::Done(Some(Line::RoundTrip(trips.finish()))));
        }
        stamp::write(&mut payload, sequence);
        asked = Instant::now();
        Ok(Step::Send(Message::from(payload.as_slice())))
    })?
    .end()?;
    report.iter().for_each(Line::print);
    Ok(())
}

pub(crate) fn rep(order: &Order) -> Result<(), Failure> {
    let (socket, peers) = socket::listening(Protocol::Rep0, order)?;
    let Order {
        size_bytes, count, ..
    } = *order;
    let mut answered = 0;
    Chain::start(&socket, Step::Receive, move |message| match message {
        Some(request) => {
            stamp::check(&request, size_bytes, answered)?;
            answered += 1;
            Ok(Step::Send(request))
        }
        None if answered == count => Ok(Step::Done(None)),
        None => Ok(Step::Receive),
    })?
    .end()?;
    peers.go(1);
    Ok(())
}
