//! What a count says beside the accepted one.

use std::fmt::{self, Display};

use super::case::Case;

pub(crate) struct Verdict<'a> {
    case: &'a Case,
    accepted: Option<f64>,
    /// Ascending.
    runs: Vec<f64>,
}

impl<'a> Verdict<'a> {
    /// `runs` are at least one.
    pub(crate) fn of(case: &'a Case, accepted: Option<f64>, runs: &[f64]) -> Self {
        let mut runs = runs.to_vec();
        runs.sort_by(f64::total_cmp);
        Verdict {
            case,
            accepted,
            runs,
        }
    }

    pub(crate) fn name(&self) -> &'static str {
        self.case.name
    }

    /// The middle one of the runs.
    pub(crate) fn counted(&self) -> f64 {
        self.runs[self.runs.len() / 2]
    }

    /// Whether the accepted count is true no more: it grew or fell beyond the margin, or there is none.
    pub(crate) fn is_news(&self) -> bool {
        self.change_percent()
            .is_none_or(|change| change.abs() > self.case.margin_percent)
    }

    pub(crate) fn explain(&self) -> String {
        let (name, counted, margin) = (self.name(), self.counted(), self.case.margin_percent);
        match (self.accepted, self.change_percent()) {
            (Some(accepted), Some(change)) if change > 0.0 => format!(
                "grew: {name} takes {counted:.1} instructions, {change:.1} % more than the {accepted:.1} accepted (margin {margin} %)"
            ),
            (Some(accepted), Some(change)) => format!(
                "fell: {name} takes {counted:.1} instructions, {:.1} % fewer than the {accepted:.1} accepted (margin {margin} %): good, write it down",
                -change
            ),
            _ => format!("new: {name} takes {counted:.1} instructions"),
        }
    }

    fn change_percent(&self) -> Option<f64> {
        let accepted = self.accepted?;
        Some((self.counted() / accepted - 1.0) * 100.0)
    }

    fn spread_percent(&self) -> f64 {
        let (least, most) = (self.runs[0], self.runs[self.runs.len() - 1]);
        (most / least - 1.0) * 100.0
    }
}

impl Display for Verdict<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or_dash = |figure: Option<String>| figure.unwrap_or_else(|| "–".to_owned());
        let accepted = or_dash(self.accepted.map(|count| format!("{count:.1}")));
        let change = or_dash(
            self.change_percent()
                .map(|change| format!("{change:+.1} %")),
        );
        let spread =
            or_dash((self.runs.len() > 1).then(|| format!("{:.2} %", self.spread_percent())));
        let (name, counted, about) = (self.case.name, self.counted(), self.case.about);
        write!(
            f,
            "{name:<28} {accepted:>12} {counted:>12.1} {change:>8} {spread:>8}   {about}"
        )
    }
}
