//! What the data path may cost, by the design, and what it does cost, by the reports. Pure.

mod query;
mod rows;

pub(crate) use query::Query;
use treewire_bench_report::Report;

pub(crate) use rows::budgets;

/// One row of the design's table.
pub(crate) struct Budget {
    /// What is measured.
    pub(crate) what: String,
    /// By what it is measured.
    pub(crate) against: &'static str,
    pub(crate) goal: Goal,
    /// Treewire's figure, or how many times it is that of whom it is measured by. `None`: nobody has measured it.
    pub(crate) measured: Measure,
}

/// How a figure follows from the reports.
pub(crate) type Measure = Box<dyn Fn(&[Report]) -> Option<Measured>>;

/// A figure to be judged.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Measured {
    pub(crate) figure: f64,
    /// Who the other one was, where the goal leaves it open.
    pub(crate) beside: Option<String>,
}

/// What a figure is to be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Goal {
    AtLeast(f64, Unit),
    AtMost(f64, Unit),
}

/// What a figure counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Unit {
    /// Times that of another.
    Times,
    Bytes,
    Nanoseconds,
    Count,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Verdict {
    Met,
    /// By this share of the goal.
    MissedBy(f64),
}

impl Goal {
    pub(crate) fn judge(self, figure: f64) -> Verdict {
        let missed = match self {
            Goal::AtLeast(goal, _) => 1.0 - figure / goal,
            Goal::AtMost(goal, _) => figure / goal - 1.0,
        };
        if missed > 0.0 {
            Verdict::MissedBy(missed)
        } else {
            Verdict::Met
        }
    }

    pub(crate) fn unit(self) -> Unit {
        match self {
            Goal::AtLeast(_, unit) | Goal::AtMost(_, unit) => unit,
        }
    }
}

impl std::fmt::Display for Goal {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Goal::AtLeast(goal, unit) => write!(formatter, "≥ {}", unit.tell(*goal)),
            Goal::AtMost(goal, unit) => write!(formatter, "≤ {}", unit.tell(*goal)),
        }
    }
}

impl Unit {
    pub(crate) fn tell(self, figure: f64) -> String {
        match self {
            // Two digits after the point decide nothing that the spread does not.
            Unit::Times => format!("{}×", trimmed(format!("{figure:.2}"))),
            Unit::Bytes => format!("{figure:.0} B"),
            Unit::Nanoseconds => format!("{figure:.0} ns"),
            Unit::Count => format!("{figure:.0}"),
        }
    }
}

fn trimmed(figure: String) -> String {
    figure
        .trim_end_matches('0')
        .trim_end_matches('.')
        .to_owned()
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Verdict::Met => formatter.write_str("met"),
            // Rounded up: what is missed is not missed by 0 %.
            Verdict::MissedBy(share) => {
                write!(formatter, "missed by {:.0} %", (share * 100.0).ceil())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_met_or_missed_by_a_share_of_it() {
        let at_least = Goal::AtLeast(2.0, Unit::Times);
        assert_eq!(at_least.judge(2.0), Verdict::Met);
        assert_eq!(at_least.judge(1.5), Verdict::MissedBy(0.25));
        let at_most = Goal::AtMost(8192.0, Unit::Bytes);
        assert_eq!(at_most.judge(8000.0), Verdict::Met);
        assert_eq!(at_most.judge(12288.0), Verdict::MissedBy(0.5));
    }

    #[test]
    fn goals_and_verdicts_are_told_in_few_digits() {
        assert_eq!(Goal::AtLeast(2.0, Unit::Times).to_string(), "≥ 2×");
        assert_eq!(Goal::AtMost(1.15, Unit::Times).to_string(), "≤ 1.15×");
        assert_eq!(Verdict::MissedBy(0.001).to_string(), "missed by 1 %");
    }
}
