//! One run: processes that hold so many, and what they take.

use std::time::{Duration, Instant};

use treewire_bench_cases::Report;
use treewire_bench_roles::{Delivery, Line};

use crate::compare::{Failure, Participant, Process};
use crate::order::{Connections, Order};
use crate::unit::Unit;

/// Far beyond any run; a process that is not done by then hangs.
const DEADLINE: Duration = Duration::from_secs(600);

/// What two processes take that are connected to each other.
pub(crate) struct Resident {
    pub(crate) listening_bytes: u64,
    pub(crate) dialing_bytes: u64,
}

/// `count` connections between two processes. All of them are there in the end, and have had a message.
pub(crate) fn connected(
    treewire: &Participant,
    unit: Unit,
    delivery: Delivery,
    count: usize,
) -> Result<Resident, Failure> {
    let deadline = Instant::now() + DEADLINE;
    let connections = Connections {
        unit,
        delivery,
        count,
    };
    let start = |order: Order| Process::start(treewire, &order.to_arguments(), deadline);
    let mut listener = start(Order::Listen(connections.clone()))?;
    let port = port(&mut listener)?;
    let mut dialer = start(Order::Dial { connections, port })?;
    let dialing_bytes = report(&mut dialer, count)?.bytes;
    let listening_bytes = report(&mut listener, count)?.bytes;
    for process in [&mut listener, &mut dialer] {
        process.tell()?;
    }
    for process in [&mut listener, &mut dialer] {
        report(process, count)?;
    }
    Ok(Resident {
        listening_bytes,
        dialing_bytes,
    })
}

/// What a process takes that has `count` of a unit.
pub(crate) fn alone(treewire: &Participant, unit: Unit, count: usize) -> Result<u64, Failure> {
    let order = Order::Alone { unit, count };
    let mut process = Process::start(treewire, &order.to_arguments(), Instant::now() + DEADLINE)?;
    Ok(report(&mut process, count)?.bytes)
}

fn port(listener: &mut Process) -> Result<u16, Failure> {
    let line = listener.next_line()?;
    let endpoint = match Line::parse(&line) {
        Ok(Line::Listening(endpoint)) => endpoint,
        Ok(_) => return Err(listener.failure("expected where it listens")),
        Err(error) => return Err(listener.failure(&error)),
    };
    let port = endpoint
        .rsplit_once(':')
        .and_then(|(_, port)| port.parse().ok());
    port.ok_or_else(|| listener.failure(&format!("{endpoint} has no port")))
}

/// What it tells of all of them.
fn report(process: &mut Process, count: usize) -> Result<Report, Failure> {
    let line = process.next_line()?;
    let report = Report::parse(&line).map_err(|error| process.failure(&error))?;
    match report.count == count as u64 {
        true => Ok(report),
        false => Err(process.failure(&format!("{} of {count} are there", report.count))),
    }
}
