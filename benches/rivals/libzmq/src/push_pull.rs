use roles::{Arrivals, Failure, Line, Order, stamp};
use zmq::{Message, PULL, PUSH};

use crate::socket;

/// From here on libzmq is given the allocation instead of copying from a warm buffer. Both were equally fast
/// with mimalloc at every size when this was chosen.
const GIVE_FROM_BYTES: usize = 8 * 1024;

pub(crate) fn push(order: &Order) -> Result<(), Failure> {
    let socket = socket::connected(PUSH, order)?;
    let gone = socket::Gone::of(&socket, order)?;
    if order.size_bytes >= GIVE_FROM_BYTES {
        for sequence in order.sequences() {
            socket.send(stamp::payload(order.size_bytes, sequence), 0)?;
        }
    } else {
        let mut payload = vec![0; order.size_bytes];
        for sequence in order.sequences() {
            stamp::write(&mut payload, sequence);
            socket.send(payload.as_slice(), 0)?;
        }
    }
    gone.wait()?;
    Ok(())
}

pub(crate) fn pull(order: &Order) -> Result<(), Failure> {
    let socket = socket::listening(PULL, order)?;
    let mut arrivals = Arrivals::new(order);
    let mut message = Message::new();
    while arrivals.incomplete() {
        socket.recv(&mut message, 0)?;
        arrivals.record(&message)?;
    }
    Line::Throughput(arrivals.finish()?).print();
    Ok(())
}
