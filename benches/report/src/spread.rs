use serde::{Deserialize, Serialize};

/// The middle and the ends of one figure over the rounds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Of an even number of figures, the mean of the two in the middle.
    pub median: f64,
    /// The least.
    pub min: f64,
    /// The greatest.
    pub max: f64,
}

impl Spread {
    /// `None` of no figures.
    pub fn of(figures: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut figures: Vec<f64> = figures.into_iter().collect();
        figures.sort_by(f64::total_cmp);
        let (min, max) = (*figures.first()?, *figures.last()?);
        let half = figures.len() / 2;
        let median = if figures.len() % 2 == 1 {
            figures[half]
        } else {
            (figures[half - 1] + figures[half]) / 2.0
        };
        Some(Spread { median, min, max })
    }
}

/// One figure in every round, and its [`Spread`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Of the rounds.
    #[serde(flatten)]
    pub spread: Spread,
    /// One value a round, in their order; at least one.
    pub rounds: Vec<f64>,
}

impl Figures {
    /// `None` of no figures. Keeps five significant digits, which is more than any clock here deserves.
    pub fn of(rounds: impl IntoIterator<Item = f64>) -> Option<Self> {
        let rounds: Vec<f64> = rounds.into_iter().map(rounded).collect();
        let spread = Spread::of(rounds.iter().copied())?;
        Some(Figures { spread, rounds })
    }
}

fn rounded(figure: f64) -> f64 {
    format!("{figure:.4e}").parse().unwrap_or(figure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between_the_two_in_the_middle() {
        let figures = Figures::of([4.0, 1.0, 2.0, 30.0]).unwrap();
        let spread = figures.spread;
        assert_eq!((spread.median, spread.min, spread.max), (3.0, 1.0, 30.0));
        assert_eq!(Figures::of([]), None);
    }

    #[test]
    fn figures_keep_five_digits() {
        let figures = Figures::of([1_234_567.8, 0.000_123_456_7]).unwrap();
        assert_eq!(figures.rounds, [1_234_600.0, 0.000_123_46]);
    }
}
