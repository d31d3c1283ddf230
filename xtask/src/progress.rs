use std::time::Duration;

use crate::plan::Step;

/// How far all benches are.
pub(crate) struct Progress {
    weights: Vec<f64>,
    at: usize,
    /// Of the bench at hand, from 0 to 1.
    share: f64,
    /// What it does now.
    told: String,
}

impl Progress {
    pub(crate) fn new(steps: &[Step]) -> Self {
        Progress {
            weights: steps.iter().map(|step| step.weight).collect(),
            at: 0,
            share: 0.0,
            told: String::new(),
        }
    }

    /// The bench with this place begins.
    pub(crate) fn begin(&mut self, at: usize) {
        self.at = at;
        self.share = 0.0;
        "building".clone_into(&mut self.told);
    }

    /// Takes `table 2 of 5, round 1 of 3`; tells whether the text was of that kind.
    pub(crate) fn hear(&mut self, text: &str) -> bool {
        let numbers: Vec<f64> = text
            .split([' ', ','])
            .filter_map(|word| word.parse().ok())
            .collect();
        let &[table, tables, round, rounds] = &numbers[..] else {
            return false;
        };
        // Warming up takes about a round; the round at hand is not done.
        self.share = ((table - 1.0 + round / (rounds + 1.0)) / tables).clamp(0.0, 1.0);
        let round = match round {
            0.0 => "warming up".to_owned(),
            round => format!("round {round} of {rounds}"),
        };
        self.told = format!("table {table} of {tables}, {round}");
        true
    }

    /// One line. `elapsed`: since the first bench began.
    pub(crate) fn line(&self, bench: &str, elapsed: Duration) -> String {
        let left = match self.left(elapsed) {
            Some(left) => format!("about {} left", told(left)),
            None => "time left not known yet".to_owned(),
        };
        let (at, all) = (self.at + 1, self.weights.len());
        format!("[{at}/{all}] {bench}: {}; {left}", self.told)
    }

    /// As much as it took so far for its share of the whole; too little tells nothing.
    fn left(&self, elapsed: Duration) -> Option<Duration> {
        let all: f64 = self.weights.iter().sum();
        let before: f64 = self.weights[..self.at].iter().sum();
        let done = (before + self.share * self.weights[self.at]) / all;
        (done > 0.01).then(|| elapsed.mul_f64((1.0 - done) / done))
    }
}

fn told(left: Duration) -> String {
    let seconds = left.as_secs();
    match seconds {
        0..90 => format!("{} s", seconds.max(1)),
        _ => format!("{} min", (seconds + 30) / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress() -> Progress {
        let step = |weight| Step {
            bench: "one".to_owned(),
            arguments: Vec::new(),
            weight,
        };
        Progress::new(&[step(1.0), step(3.0)])
    }

    #[test]
    fn the_time_left_follows_from_the_time_taken() {
        let mut progress = progress();
        progress.begin(0);
        assert_eq!(progress.left(Duration::from_secs(1)), None);
        progress.begin(1);
        assert_eq!(
            progress.line("two", Duration::from_secs(60)),
            "[2/2] two: building; about 3 min left"
        );
    }

    #[test]
    fn rounds_and_tables_are_heard() {
        let mut progress = progress();
        progress.begin(0);
        assert!(!progress.hear("something else"));
        assert!(progress.hear("table 2 of 4, round 0 of 3"));
        assert_eq!(progress.share, 0.25);
        assert!(progress.told.ends_with("warming up"));
        assert!(progress.hear("table 2 of 4, round 2 of 3"));
        assert_eq!(progress.share, 0.375);
    }
}
