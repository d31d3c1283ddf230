use nng::{Message, Protocol};
use roles::{Arrivals, Failure, Line, Order, stamp};

use crate::chain::{self, Step};
use crate::socket;

pub(crate) fn push(order: &Order) -> Result<(), Failure> {
    let (socket, gone) = socket::connected(Protocol::Push0, order)?;
    let mut payload = vec![0; order.size_bytes];
    for sequence in order.sequences() {
        stamp::write(&mut payload, sequence);
        let message = Message::from(payload.as_slice());
        socket.send(message).map_err(|(_, error)| error)?;
    }
    gone.wait();
    Ok(())
}

pub(crate) fn pull(order: &Order) -> Result<(), Failure> {
    let (socket, _) = socket::listening(Protocol::Pull0, order)?;
    let mut arrivals = Arrivals::new(order);
    let report = chain::run(&socket, Step::Receive, move |message| {
        arrivals.record(&message.unwrap_or_default())?;
        Ok(match arrivals.incomplete() {
            true => Step::Receive,
            false => Step::Done(Some(Line::Throughput(arrivals.finish()?))),
        })
    })?;
    report.iter().for_each(Line::print);
    Ok(())
}
