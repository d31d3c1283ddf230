use std::time::Duration;

use clap::{Args, ValueEnum};

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Case {
    /// Messages told in bursts, on the actor's own thread.
    TellSame,
    /// Messages told from another thread.
    TellOther,
    /// Questions, one at a time, on the actor's own thread.
    AskSame,
    /// Questions, one at a time, from another thread.
    AskOther,
    /// Questions from another thread, 64 under way at any time.
    AskMany,
    /// Children started one after another.
    Spawn,
    /// Children started without waiting for one before the next.
    SpawnTogether,
    /// The memory of idle children.
    Memory,
    /// Many children started, and then stopped in reverse order.
    Lives,
}

/// What a participant is asked to do.
#[derive(Debug, Clone, Args)]
pub struct Order {
    /// What is measured.
    pub case: Case,
    /// Milliseconds of messages, about, where messages are measured.
    #[arg(long, default_value_t = 1_000)]
    pub milliseconds: u64,
    /// Children, where children are measured.
    #[arg(long, default_value_t = 10_000)]
    pub children: usize,
}

impl Order {
    /// The command line that asks a participant for this.
    pub fn to_arguments(&self) -> Vec<String> {
        let case = self.case.to_possible_value();
        vec![
            case.map_or_else(String::new, |case| case.get_name().to_owned()),
            format!("--milliseconds={}", self.milliseconds),
            format!("--children={}", self.children),
        ]
    }

    pub(crate) fn duration(&self) -> Duration {
        Duration::from_millis(self.milliseconds)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        order: Order,
    }

    #[test]
    fn a_command_line_is_understood_as_it_was_meant() {
        for &case in Case::value_variants() {
            let order = Order {
                case,
                milliseconds: 7,
                children: 5,
            };
            let arguments = ["program".to_owned()]
                .into_iter()
                .chain(order.to_arguments());
            let understood = Program::try_parse_from(arguments).unwrap().order;
            assert_eq!(format!("{understood:?}"), format!("{order:?}"));
        }
    }
}
