//! One run of one participant: two processes, or one with two threads.

use std::time::{Duration, Instant};

use treewire_bench_roles::{Delivery, FanOut, Line, Order, Role, RoundTrip, Task, Throughput};

use super::process::Process;
use super::transport::{Place, Transport};
use super::{Failure, Participant};

/// Far beyond any calibrated run; a process that is not done by then hangs.
const DEADLINE: Duration = Duration::from_secs(120);

/// Pushes send to one pull, which measures.
pub(crate) fn push_pull(
    participant: &Participant,
    traffic: &Traffic,
) -> Result<Throughput, Failure> {
    let run = Run::new(participant, traffic);
    if traffic.transport == Transport::Inproc {
        let (process, line) = run.in_one_process(Task::PushPull(run.order()))?;
        let Line::Throughput(throughput) = line else {
            return Err(process.failure("expected its throughput"));
        };
        process.finish()?;
        return Ok(throughput);
    }
    let (mut pull, endpoint) = run.listening(Role::Pull(run.order()))?;
    let push = |first| {
        let order = Order {
            endpoint: endpoint.clone(),
            first: u64::from(first),
            ..run.order()
        };
        run.started(&Task::One(Role::Push(order)))
    };
    let pushes: Result<Vec<_>, _> = (0..traffic.connections).map(push).collect();
    let pushes = pushes?;
    let Line::Throughput(throughput) = next_line(&mut pull)? else {
        return Err(pull.failure("expected its throughput"));
    };
    for push in pushes {
        push.finish()?;
    }
    pull.finish()?;
    Ok(throughput)
}

/// One req asks one rep and measures.
pub(crate) fn round_trip(
    participant: &Participant,
    traffic: &Traffic,
) -> Result<RoundTrip, Failure> {
    let run = Run::new(participant, traffic);
    if traffic.transport == Transport::Inproc {
        let (process, line) = run.in_one_process(Task::ReqRep(run.order()))?;
        let Line::RoundTrip(round_trip) = line else {
            return Err(process.failure("expected its round trips"));
        };
        process.finish()?;
        return Ok(round_trip);
    }
    let (rep, endpoint) = run.listening(Role::Rep(run.order()))?;
    let order = Order {
        endpoint,
        ..run.order()
    };
    let mut req = run.started(&Task::One(Role::Req(order)))?;
    let Line::RoundTrip(round_trip) = next_line(&mut req)? else {
        return Err(req.failure("expected its round trips"));
    };
    req.finish()?;
    rep.finish()?;
    Ok(round_trip)
}

/// One publisher sends to many subscribers, all in one process, which measures.
pub(crate) fn fan_out(
    participant: &Participant,
    traffic: &Traffic,
    subscribers: usize,
) -> Result<Throughput, Failure> {
    let run = Run::new(participant, traffic);
    let fan_out = |order| FanOut { order, subscribers };
    let (publisher, endpoint) = run.listening(Role::Pub(fan_out(run.order())))?;
    let order = Order {
        endpoint,
        ..run.order()
    };
    let mut subscriber = run.started(&Task::One(Role::Sub(fan_out(order))))?;
    let Line::Throughput(throughput) = next_line(&mut subscriber)? else {
        return Err(subscriber.failure("expected its throughput"));
    };
    subscriber.finish()?;
    publisher.finish()?;
    Ok(throughput)
}

/// What flows in one run.
#[derive(Clone, Copy)]
pub(crate) struct Traffic {
    pub(crate) transport: Transport,
    pub(crate) size_bytes: usize,
    /// Of all connections together.
    pub(crate) count: u64,
    pub(crate) bound_messages: usize,
    pub(crate) delivery: Delivery,
    /// Pushes to one pull, each a process of its own.
    pub(crate) connections: u32,
    /// Questions under way at any time.
    pub(crate) in_flight: u32,
}

impl Default for Traffic {
    /// Best effort over one TCP connection, one question at a time, and none of either.
    fn default() -> Self {
        Traffic {
            transport: Transport::Tcp,
            size_bytes: 0,
            count: 0,
            bound_messages: 1_000,
            delivery: Delivery::BestEffort,
            connections: 1,
            in_flight: 1,
        }
    }
}

struct Run<'a> {
    participant: &'a Participant,
    traffic: &'a Traffic,
    place: Place,
    deadline: Instant,
}

impl<'a> Run<'a> {
    fn new(participant: &'a Participant, traffic: &'a Traffic) -> Self {
        Run {
            participant,
            traffic,
            place: Place::free(traffic.transport),
            deadline: Instant::now() + DEADLINE,
        }
    }

    /// For the listener; a dialer has the endpoint that the listener tells.
    fn order(&self) -> Order {
        let Traffic {
            transport: _,
            size_bytes,
            count,
            bound_messages,
            delivery,
            connections,
            in_flight,
        } = *self.traffic;
        Order {
            endpoint: self.place.endpoint.clone(),
            size_bytes,
            count,
            bound_messages: self.participant.bound_messages(bound_messages),
            delivery,
            connections,
            first: 0,
            in_flight,
        }
    }

    fn listening(&self, role: Role) -> Result<(Process, String), Failure> {
        let mut process = self.started(&Task::One(role))?;
        match next_line(&mut process)? {
            Line::Listening(endpoint) => Ok((process, endpoint)),
            _ => Err(process.failure("expected to hear where it listens")),
        }
    }

    /// The process, and what it says besides where it listens.
    fn in_one_process(&self, task: Task) -> Result<(Process, Line), Failure> {
        let mut process = self.started(&task)?;
        loop {
            match next_line(&mut process)? {
                Line::Listening(_) => {}
                line => return Ok((process, line)),
            }
        }
    }

    fn started(&self, task: &Task) -> Result<Process, Failure> {
        Process::start(self.participant, &task.to_arguments(), self.deadline)
    }
}

fn next_line(process: &mut Process) -> Result<Line, Failure> {
    let text = process.next_line()?;
    Line::parse(&text).map_err(|error| process.failure(&error))
}
