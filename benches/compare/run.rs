//! One run of one participant: two processes over TCP loopback.

use std::time::{Duration, Instant};

use treewire_bench_roles::{Delivery, Line, Order, Role, RoundTrip, Throughput};

use super::process::Process;
use super::{Failure, Participant};

/// The kernel picks the port.
const ANYWHERE: &str = "tcp://127.0.0.1:0";
/// Far beyond any calibrated run; a process that is not done by then hangs.
const DEADLINE: Duration = Duration::from_secs(120);

/// One push sends to one pull, which measures.
pub(crate) fn push_pull(participant: &Participant, order: &Traffic) -> Result<Throughput, Failure> {
    let deadline = Instant::now() + DEADLINE;
    let (mut pull, endpoint) = listening(
        participant,
        Role::Pull(order.at(ANYWHERE, participant)),
        deadline,
    )?;
    let push = started(
        participant,
        &Role::Push(order.at(&endpoint, participant)),
        deadline,
    )?;
    let Line::Throughput(throughput) = next_line(&mut pull)? else {
        return Err(pull.failure("expected its throughput"));
    };
    push.finish()?;
    pull.finish()?;
    Ok(throughput)
}

/// One req asks one rep, one question at a time, and measures.
pub(crate) fn round_trip(participant: &Participant, order: &Traffic) -> Result<RoundTrip, Failure> {
    let deadline = Instant::now() + DEADLINE;
    let (rep, endpoint) = listening(
        participant,
        Role::Rep(order.at(ANYWHERE, participant)),
        deadline,
    )?;
    let mut req = started(
        participant,
        &Role::Req(order.at(&endpoint, participant)),
        deadline,
    )?;
    let Line::RoundTrip(round_trip) = next_line(&mut req)? else {
        return Err(req.failure("expected its round trips"));
    };
    req.finish()?;
    rep.finish()?;
    Ok(round_trip)
}

/// What flows in one run.
#[derive(Clone, Copy)]
pub(crate) struct Traffic {
    pub(crate) size_bytes: usize,
    pub(crate) count: u64,
    pub(crate) bound_messages: usize,
    pub(crate) delivery: Delivery,
}

impl Traffic {
    fn at(&self, endpoint: &str, participant: &Participant) -> Order {
        let Traffic {
            size_bytes,
            count,
            bound_messages,
            delivery,
        } = *self;
        Order {
            endpoint: endpoint.to_owned(),
            size_bytes,
            count,
            bound_messages: participant.bound_messages(bound_messages),
            delivery,
        }
    }
}

fn listening(
    participant: &Participant,
    role: Role,
    deadline: Instant,
) -> Result<(Process, String), Failure> {
    let mut process = started(participant, &role, deadline)?;
    match next_line(&mut process)? {
        Line::Listening(endpoint) => Ok((process, endpoint)),
        _ => Err(process.failure("expected to hear where it listens")),
    }
}

fn started(participant: &Participant, role: &Role, deadline: Instant) -> Result<Process, Failure> {
    Process::start(participant, &role.to_arguments(), deadline)
}

fn next_line(process: &mut Process) -> Result<Line, Failure> {
    let text = process.next_line()?;
    Line::parse(&text).map_err(|error| process.failure(&error))
}
