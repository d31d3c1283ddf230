use super::{Failure, Outcome, progress};

/// Prepares each subject and then runs all of them in each round, so that a noisy minute hits them alike. Each round
/// begins with another one. Who fails is left out from then on.
pub(crate) fn interleave<S: Clone, P, R>(
    subjects: &[S],
    rounds: u16,
    mut prepare: impl FnMut(&S) -> Result<P, Failure>,
    mut run: impl FnMut(&S, &P) -> Result<R, Failure>,
) -> Vec<Outcome<S, R>> {
    let rounds = usize::from(rounds);
    progress::round(0, rounds);
    let plans: Vec<_> = subjects.iter().map(&mut prepare).collect();
    let mut outcomes: Vec<Outcome<S, R>> = subjects
        .iter()
        .zip(&plans)
        .map(|(subject, plan)| Outcome {
            subject: subject.clone(),
            runs: plan.as_ref().map(|_| Vec::new()).map_err(Failure::clone),
        })
        .collect();
    for round in 0..rounds {
        progress::round(round + 1, rounds);
        for turn in 0..subjects.len() {
            let index = (round + turn) % subjects.len();
            let (Ok(plan), Ok(runs)) = (&plans[index], &mut outcomes[index].runs) else {
                continue;
            };
            match run(&subjects[index], plan) {
                Ok(result) => runs.push(result),
                Err(failure) => outcomes[index].runs = Err(failure),
            }
        }
    }
    progress::table_done();
    outcomes
}
