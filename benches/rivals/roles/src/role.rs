use clap::{Args, Subcommand, ValueEnum};

/// One side of a run.
#[derive(Debug, Clone, Subcommand)]
pub enum Role {
    /// Connect and send every message.
    Push(Order),
    /// Listen, receive every message, report the throughput.
    Pull(Order),
    /// Connect, ask one question after the other, report the round trips.
    Req(Order),
    /// Listen and answer each question with itself.
    Rep(Order),
}

impl Role {
    /// The command line that asks a participant for this role.
    pub fn to_arguments(&self) -> Vec<String> {
        let (verb, order) = match self {
            Role::Push(order) => ("push", order),
            Role::Pull(order) => ("pull", order),
            Role::Req(order) => ("req", order),
            Role::Rep(order) => ("rep", order),
        };
        let Order {
            endpoint,
            size_bytes,
            count,
            bound_messages,
            delivery,
        } = order;
        let numbers = [
            format!("{size_bytes}"),
            format!("{count}"),
            format!("--bound={bound_messages}"),
            format!("--delivery={}", delivery.name()),
        ];
        [verb.to_owned(), endpoint.clone()]
            .into_iter()
            .chain(numbers)
            .collect()
    }
}

/// What a role is asked to do.
#[derive(Debug, Clone, Args)]
pub struct Order {
    /// Where to connect to or to listen, as `tcp://host:port`; a listener may be given port 0.
    pub endpoint: String,
    /// Bytes in one payload.
    pub size_bytes: usize,
    /// Messages in the run, or round trips.
    pub count: u64,
    /// Messages each side may queue.
    #[arg(long = "bound", default_value_t = 100_000)]
    pub bound_messages: usize,
    /// What the two promise each other; rivals have nothing to choose.
    #[arg(long, value_enum, default_value_t = Delivery::BestEffort)]
    pub delivery: Delivery,
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
        role: Role,
    }

    #[test]
    fn a_command_line_is_understood_as_it_was_meant() {
        let endpoint = "tcp://127.0.0.1:0".to_owned();
        let order = Order {
            endpoint,
            size_bytes: 16,
            count: 5,
            bound_messages: 7,
            delivery: Delivery::Reliable,
        };
        for role in [Role::Push, Role::Pull, Role::Req, Role::Rep].map(|role| role(order.clone())) {
            let arguments = ["program".to_owned()]
                .into_iter()
                .chain(role.to_arguments());
            let understood = Program::try_parse_from(arguments).unwrap().role;
            assert_eq!(format!("{understood:?}"), format!("{role:?}"));
        }
    }
}
