use std::fmt::{self, Display};

use super::rivals::STOCK_ACTIX;
use super::{Outcome, Participant, TREEWIRE, amount, of, treewire};

/// What a figure of Treewire's is to be; less is better.
#[derive(Clone, Copy)]
pub(crate) enum Goal {
    /// At most this, in words, too.
    AtMost(f64, &'static str),
    /// At most this many times stock actix's.
    TimesStockActix(f64),
    /// Less than that of every participant but stock actix.
    LessThanOthers,
}

impl Goal {
    /// Whether the medians of `figure` meet it, and by what they are judged. `None` if somebody it needs gave no figure.
    pub(crate) fn judge<R>(
        self,
        outcomes: &[Outcome<Participant, R>],
        figure: impl Fn(&R) -> f64,
    ) -> Option<Verdict> {
        let median = |outcome: &Outcome<Participant, R>| Some(outcome.spread(&figure)?.median);
        let ours = treewire(outcomes).and_then(median)?;
        let (figure, limit) = match self {
            Goal::AtMost(limit, _) => (ours, limit),
            Goal::TimesStockActix(limit) => {
                (ours / of(outcomes, STOCK_ACTIX).and_then(median)?, limit)
            }
            Goal::LessThanOthers => {
                let others = outcomes
                    .iter()
                    .filter(|outcome| ![TREEWIRE, STOCK_ACTIX].contains(&outcome.subject.name));
                let best = others.filter_map(median).reduce(f64::min)?;
                return Some(Verdict {
                    figure: ours / best,
                    met: ours < best,
                });
            }
        };
        Some(Verdict {
            figure,
            met: figure <= limit,
        })
    }

    /// A judged figure as the goal's own text says it.
    pub(crate) fn tell(self, figure: f64) -> String {
        match self {
            Goal::AtMost(..) => amount(figure),
            Goal::TimesStockActix(_) | Goal::LessThanOthers => format!("{figure:.2} ×"),
        }
    }
}

impl Display for Goal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Goal::AtMost(_, words) => write!(formatter, "at most {words}"),
            Goal::TimesStockActix(limit) => write!(formatter, "at most {limit} × stock actix"),
            Goal::LessThanOthers => formatter.write_str("less than the best of the others"),
        }
    }
}

/// How a goal was judged.
pub(crate) struct Verdict {
    /// Treewire's own figure, or how many times that of whom it is measured by.
    pub(crate) figure: f64,
    pub(crate) met: bool,
}
