use super::{Failure, Outcome, Participant};

/// Prepares each participant and then runs all of them in each round, so that a noisy minute hits them alike. Each round
/// begins with another one. Who fails is left out from then on.
pub(crate) fn interleave<P, R>(
    participants: &[Participant],
    rounds: u16,
    mut prepare: impl FnMut(&Participant) -> Result<P, Failure>,
    mut run: impl FnMut(&Participant, &P) -> Result<R, Failure>,
) -> Vec<Outcome<R>> {
    let plans: Vec<_> = participants.iter().map(&mut prepare).collect();
    let mut outcomes: Vec<Outcome<R>> = participants
        .iter()
        .zip(&plans)
        .map(|(participant, plan)| Outcome {
            participant: participant.clone(),
            runs: plan.as_ref().map(|_| Vec::new()).map_err(Failure::clone),
        })
        .collect();
    for round in 0..usize::from(rounds) {
        for turn in 0..participants.len() {
            let index = (round + turn) % participants.len();
            let (Ok(plan), Ok(runs)) = (&plans[index], &mut outcomes[index].runs) else {
                continue;
            };
            match run(&participants[index], plan) {
                Ok(result) => runs.push(result),
                Err(failure) => outcomes[index].runs = Err(failure),
            }
        }
    }
    outcomes
}
