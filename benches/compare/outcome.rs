use super::{Failure, Participant, Spread, TREEWIRE};

/// What a participant's runs gave.
pub(crate) struct Outcome<R> {
    pub(crate) participant: Participant,
    /// One result a round, or the first failure.
    pub(crate) runs: Result<Vec<R>, Failure>,
}

impl<R> Outcome<R> {
    /// A figure over the rounds, unless the participant failed.
    pub(crate) fn spread(&self, figure: impl Fn(&R) -> f64) -> Option<Spread> {
        Spread::of(self.runs.as_ref().ok()?.iter().map(figure))
    }

    /// The last run.
    pub(crate) fn last(&self) -> Option<&R> {
        self.runs.as_ref().ok()?.last()
    }
}

/// Treewire's outcome, if it took part.
pub(crate) fn treewire<R>(outcomes: &[Outcome<R>]) -> Option<&Outcome<R>> {
    outcomes
        .iter()
        .find(|outcome| outcome.participant.name == TREEWIRE)
}

/// What went wrong.
pub(crate) fn failures<R>(outcomes: &[Outcome<R>]) -> Vec<Failure> {
    outcomes
        .iter()
        .filter_map(|outcome| outcome.runs.as_ref().err().cloned())
        .collect()
}
