use clap::{Args, Subcommand, ValueEnum};

use crate::fan_out::FanOut;

/// What one process is asked to do.
#[derive(Debug, Clone, Subcommand)]
pub enum Task {
    /// One side of a run.
    #[command(flatten)]
    One(Role),
    /// A push and a pull, each on a thread of its own.
    PushPull(Order),
    /// A req and a rep, each on a thread of its own.
    ReqRep(Order),
}

/// One side of a run.
#[derive(Debug, Clone, Subcommand)]
pub enum Role {
    /// Connect and send every message that is this one's.
    Push(Order),
    /// Listen, receive every message, report the throughput.
    Pull(Order),
    /// Connect, ask, report the round trips.
    Req(Order),
    /// Listen and answer each question with itself.
    Rep(Order),
    /// Listen, wait for all subscribers, send each of them every message.
    Pub(FanOut),
    /// Connect once for each subscriber, receive every message with each, report the throughput of all.
    Sub(FanOut),
}

impl Task {
    /// The command line that asks a participant for this.
    pub fn to_arguments(&self) -> Vec<String> {
        let (verb, order, subscribers) = match self {
            Task::One(Role::Push(order)) => ("push", order, None),
            Task::One(Role::Pull(order)) => ("pull", order, None),
            Task::One(Role::Req(order)) => ("req", order, None),
            Task::One(Role::Rep(order)) => ("rep", order, None),
            Task::One(Role::Pub(FanOut { order, subscribers })) => {
                ("pub", order, Some(subscribers))
            }
            Task::One(Role::Sub(FanOut { order, subscribers })) => {
                ("sub", order, Some(subscribers))
            }
            Task::PushPull(order) => ("push-pull", order, None),
            Task::ReqRep(order) => ("req-rep", order, None),
        };
        let Order {
            endpoint,
            size_bytes,
            count,
            bound_messages,
            delivery,
            connections,
            first,
            in_flight,
        } = order;
        let numbers = [
            format!("{size_bytes}"),
            format!("{count}"),
            format!("--bound={bound_messages}"),
            format!("--delivery={}", delivery.name()),
            format!("--connections={connections}"),
            format!("--first={first}"),
            format!("--in-flight={in_flight}"),
        ];
        [verb.to_owned(), endpoint.clone()]
            .into_iter()
            .chain(numbers)
            .chain(subscribers.map(|subscribers| format!("--subscribers={subscribers}")))
            .collect()
    }
}

/// What a role is asked to do.
#[derive(Debug, Clone, Args)]
pub struct Order {
    /// Where to connect to or to listen: `tcp://host:port`, `ipc://path` or `inproc://name`; a listener may be given port 0.
    pub endpoint: String,
    /// Bytes in one payload.
    pub size_bytes: usize,
    /// Messages in the run, those of all connections together, or round trips.
    pub count: u64,
    /// Messages each side may queue.
    #[arg(long = "bound", default_value_t = 100_000)]
    pub bound_messages: usize,
    /// What the two promise each other; rivals have nothing to choose.
    #[arg(long, value_enum, default_value_t = Delivery::BestEffort)]
    pub delivery: Delivery,
    /// Pushes that send to the pull.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub connections: u32,
    /// The first sequence number that this push sends; the next one is `connections` higher.
    #[arg(long, default_value_t = 0)]
    pub first: u64,
    /// Questions that a req has under way at any time.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub in_flight: u32,
}

/// A promise about messages.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Delivery {
    /// None but what the connection gives.
    #[default]
    BestEffort,
    /// None is lost, none comes twice.
    Reliable,
}

impl Delivery {
    /// As the command line has it.
    pub fn name(self) -> &'static str {
        match self {
            Delivery::BestEffort => "best-effort",
            Delivery::Reliable => "reliable",
        }
    }
}

impl Order {
    /// The sequence numbers of the messages that this push sends, in their order.
    pub fn sequences(&self) -> impl Iterator<Item = u64> + use<> {
        (self.first..self.count).step_by(self.connections as usize)
    }

    /// The path of an `ipc` endpoint, for participants that know no URLs.
    pub fn ipc_path(&self) -> Option<&str> {
        self.endpoint.strip_prefix("ipc://")
    }

    /// The `host:port` of a TCP endpoint, for participants that know no URLs.
    ///
    /// # Errors
    /// The endpoint is not `tcp://…`.
    pub fn tcp_address(&self) -> Result<&str, String> {
        let address = self.endpoint.strip_prefix("tcp://");
        address.ok_or_else(|| format!("{}: expected tcp://host:port", self.endpoint))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(subcommand)]
        task: Task,
    }

    fn order() -> Order {
        Order {
            endpoint: "tcp://127.0.0.1:0".to_owned(),
            size_bytes: 16,
            count: 5,
            bound_messages: 7,
            delivery: Delivery::Reliable,
            connections: 2,
            first: 1,
            in_flight: 64,
        }
    }

    #[test]
    fn a_command_line_is_understood_as_it_was_meant() {
        let roles = [Role::Push, Role::Pull, Role::Req, Role::Rep];
        let one = roles.map(|role| Task::One(role(order())));
        let both = [Task::PushPull(order()), Task::ReqRep(order())];
        let fans = [Role::Pub, Role::Sub].map(|role| {
            Task::One(role(FanOut {
                order: order(),
                subscribers: 3,
            }))
        });
        for task in one.into_iter().chain(fans).chain(both) {
            let arguments = ["program".to_owned()]
                .into_iter()
                .chain(task.to_arguments());
            let understood = Program::try_parse_from(arguments).unwrap().task;
            assert_eq!(format!("{understood:?}"), format!("{task:?}"));
        }
    }

    #[test]
    fn pushes_share_the_messages_of_a_run() {
        let first = Order {
            first: 0,
            ..order()
        };
        assert_eq!(first.sequences().collect::<Vec<_>>(), [0, 2, 4]);
        assert_eq!(order().sequences().collect::<Vec<_>>(), [1, 3]);
    }
}
