//! How a publisher of NNG, which knows no waiting, waits all the same: it is never further ahead of the slowest
//! subscriber than its queues are long. The process of the subscribers tells it each time that all have a block more.

use nng::{Message, Protocol, Socket};
use roles::{Failure, FanOut};

use crate::socket::{self, BUFFER_MESSAGES_MAX};

/// The publisher's side.
pub(crate) struct Allowance {
    socket: Socket,
    block: u64,
    /// All below may be sent.
    below: u64,
}

impl Allowance {
    pub(crate) fn listen(fan_out: &FanOut, endpoint: &str) -> Result<Self, Failure> {
        let socket = Socket::new(Protocol::Pull0)?;
        socket.listen(&beside(endpoint))?;
        let block = block(fan_out);
        Ok(Allowance {
            socket,
            block,
            below: 2 * block,
        })
    }

    /// Waits until that message may be sent.
    pub(crate) fn wait(&mut self, sequence: u64) -> Result<(), Failure> {
        while sequence >= self.below {
            self.socket.recv()?;
            self.below += self.block;
        }
        Ok(())
    }
}

/// The subscribers' side.
pub(crate) struct Grant {
    socket: Socket,
    block: u64,
    subscribers: usize,
    /// By block, how many subscribers have it.
    have: Vec<usize>,
}

impl Grant {
    pub(crate) fn dial(fan_out: &FanOut) -> Result<Self, Failure> {
        let order = &fan_out.order;
        let socket = socket::queueing(Protocol::Push0, order)?;
        socket.dial(&beside(&order.endpoint))?;
        let block = block(fan_out);
        Ok(Grant {
            socket,
            block,
            subscribers: fan_out.subscribers,
            have: vec![0; (order.count / block) as usize],
        })
    }

    /// A subscriber has so many messages now.
    pub(crate) fn has(&mut self, messages: u64) -> Result<(), String> {
        if !messages.is_multiple_of(self.block) {
            return Ok(());
        }
        let have = &mut self.have[(messages / self.block) as usize - 1];
        *have += 1;
        if *have < self.subscribers {
            return Ok(());
        }
        let told = self.socket.send(Message::new());
        told.map_err(|(_, error)| error.to_string())
    }
}

fn block(fan_out: &FanOut) -> u64 {
    let queue = fan_out.order.bound_messages.min(BUFFER_MESSAGES_MAX);
    (queue as u64 / 2).max(1)
}

/// A socket file named for the port.
fn beside(endpoint: &str) -> String {
    let port = endpoint.rsplit(':').next().unwrap_or_default();
    let folder = std::env::temp_dir();
    format!("ipc://{}/treewire-bench-nng-{port}", folder.display())
}
