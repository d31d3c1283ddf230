//! Sockets with the settings every role shares.

use std::ffi::c_int;
use std::sync::LazyLock;

use roles::{Failure, Line, Order};
use zmq::{Context, PAIR, Socket, SocketEvent, SocketType};

/// One for the whole process, as `inproc` asks for.
static CONTEXT: LazyLock<Context> = LazyLock::new(Context::new);

/// A connected socket. Dropping it leaves the rest to the I/O thread, and [`flush`] waits for that.
pub(crate) fn connected(kind: SocketType, order: &Order) -> Result<Socket, Failure> {
    let socket = bounded(kind, order)?;
    socket.connect(&order.endpoint)?;
    Ok(socket)
}

/// That the peer of a socket over `ipc` went. Whoever sends last waits for it: a libzmq that has just stopped reading, since its
/// queue is full, gives up what the connection still holds when the other end is closed.
pub(crate) struct Gone(Option<Socket>);

impl Gone {
    pub(crate) fn of(socket: &Socket, order: &Order) -> Result<Self, Failure> {
        if order.ipc_path().is_none() {
            return Ok(Gone(None));
        }
        const EVENTS: &str = "inproc://gone";
        socket.monitor(EVENTS, SocketEvent::DISCONNECTED as i32)?;
        let events = CONTEXT.socket(PAIR)?;
        events.connect(EVENTS)?;
        Ok(Gone(Some(events)))
    }

    pub(crate) fn wait(self) -> Result<(), Failure> {
        if let Some(events) = self.0 {
            events.recv_multipart(0)?;
        }
        Ok(())
    }
}

/// A listening socket that has said where.
pub(crate) fn listening(kind: SocketType, order: &Order) -> Result<Socket, Failure> {
    let socket = bounded(kind, order)?;
    listen(&socket, order)?;
    Ok(socket)
}

/// Lets a socket listen and say where.
pub(crate) fn listen(socket: &Socket, order: &Order) -> Result<(), Failure> {
    socket.bind(&order.endpoint)?;
    let endpoint = socket
        .get_last_endpoint()?
        .map_err(|_| "libzmq gave an endpoint that is no text")?;
    Line::Listening(endpoint).print();
    Ok(())
}

/// Waits until all that closed sockets held is sent: libzmq's linger is endless by default.
pub(crate) fn flush() -> Result<(), Failure> {
    // A static is not dropped, which would wait as well.
    Ok(CONTEXT.clone().destroy()?)
}

/// Lets a publisher wait for subscribers that have no room, instead of dropping what they miss.
pub(crate) fn wait_for_room(socket: &mut Socket) -> Result<(), Failure> {
    let on: c_int = 1;
    // The `zmq` crate does not know this option.
    #[allow(
        unsafe_code,
        reason = "a call of libzmq, with a socket that lives and an integer of the size it is said to have"
    )]
    let answer = unsafe {
        zmq_sys::zmq_setsockopt(
            socket.as_mut_ptr(),
            zmq_sys::ZMQ_XPUB_NODROP as c_int,
            (&raw const on).cast(),
            size_of::<c_int>(),
        )
    };
    match answer {
        0 => Ok(()),
        _ => Err("libzmq does not know ZMQ_XPUB_NODROP".into()),
    }
}

/// A socket with the bound of the run.
pub(crate) fn bounded(kind: SocketType, order: &Order) -> Result<Socket, Failure> {
    let bound = i32::try_from(order.bound_messages)?;
    let socket = CONTEXT.socket(kind)?;
    socket.set_sndhwm(bound)?;
    socket.set_rcvhwm(bound)?;
    Ok(socket)
}
