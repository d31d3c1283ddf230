use nng::{Message, Protocol};
use roles::{Arrivals, Failure, Line, Order, stamp};

use crate::chain::{Chain, Step};
use crate::socket;

pub(crate) fn push(order: &Order) -> Result<(), Failure> {
    let (socket, peers) = socket::connected(Protocol::Push0, order)?;
    let mut payload = vec![0; order.size_bytes];
    for sequence in order.sequences() {
        stamp::write(&mut payload, sequence);
        let message = Message::from(payload.as_slice());
        socket.send(message).map_err(|(_, error)| error)?;
    }
    peers.go(1);
    Ok(())
}

pub(crate) fn pull(order: &Order) -> Result<(), Failure> {
    let (socket, _) = socket::listening(Protocol::Pull0, order)?;
    let mut arrivals = Arrivals::new(order);
    let report = Chain::start(&socket, Step::Receive, move |message| {
        arrivals.record(&message.unwrap_or_default())?;
        Ok(match arrivals.incomplete() {
            true => Step::Receive,
            false => Step::Done(Some(Line::Throughput(arrivals.finish()?))),
        })
    })?
    .end()?;
    report.iter().for_each(Line::print);
    Ok(())
}
