use super::{Failure, Participant, Spread, TREEWIRE};

/// What the runs of one subject gave: of a participant, say.
pub(crate) struct Outcome<S, R> {
    pub(crate) subject: S,
    /// One result a round, or the first failure.
    pub(crate) runs: Result<Vec<R>, Failure>,
}

impl<S, R> Outcome<S, R> {
    /// A figure over the rounds, unless a run failed.
    pub(crate) fn spread(&self, figure: impl Fn(&R) -> f64) -> Option<Spread> {
        Spread::of(self.runs.as_ref().ok()?.iter().map(figure))
    }

    /// The last run.
    pub(crate) fn last(&self) -> Option<&R> {
        self.runs.as_ref().ok()?.last()
    }
}

/// Treewire's outcome, if it took part.
pub(crate) fn treewire<R>(
    outcomes: &[Outcome<Participant, R>],
) -> Option<&Outcome<Participant, R>> {
    of(outcomes, TREEWIRE)
}

/// The outcome of the participant with that name, if it took part.
pub(crate) fn of<'a, R>(
    outcomes: &'a [Outcome<Participant, R>],
    name: &str,
) -> Option<&'a Outcome<Participant, R>> {
    outcomes.iter().find(|outcome| outcome.subject.name == name)
}

/// What went wrong.
pub(crate) fn failures<S, R>(outcomes: &[Outcome<S, R>]) -> Vec<Failure> {
    outcomes
        .iter()
        .filter_map(|outcome| outcome.runs.as_ref().err().cloned())
        .collect()
}
