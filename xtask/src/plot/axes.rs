/// A logarithmic axis and where it is labelled.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LogAxis {
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) ticks: Vec<f64>,
}

impl LogAxis {
    /// An axis around `values`, labelled at 1, 2 and 5 of each power of ten, or less often where that is too much.
    pub(super) fn around(values: impl Iterator<Item = f64>) -> Option<Self> {
        let (least, greatest) =
            values
                .filter(|value| *value > 0.0)
                .fold(None, |ends: Option<(f64, f64)>, value| {
                    let (least, greatest) = ends.unwrap_or((value, value));
                    Some((least.min(value), greatest.max(value)))
                })?;
        let (from, to) = (least / 1.3, greatest * 1.3);
        let decades = (to / from).log10();
        let steps: &[f64] = if decades > 3.0 {
            &[1.0]
        } else {
            &[1.0, 2.0, 5.0]
        };
        let powers = from.log10().floor() as i32..=to.log10().ceil() as i32;
        let ticks = powers.flat_map(|power| steps.iter().map(move |step| step * 10f64.powi(power)));
        let ticks = ticks.filter(|tick| (from..=to).contains(tick)).collect();
        Some(LogAxis { from, to, ticks })
    }

    /// Where a value lies, from 0 to 1.
    pub(super) fn place(&self, value: f64) -> f64 {
        (value / self.from).ln() / (self.to / self.from).ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_holds_its_values_and_is_labelled_within() {
        let axis = LogAxis::around([10.0, 40.0, 1000.0].into_iter()).unwrap();
        assert_eq!(axis.ticks, [10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0]);
        assert!(axis.place(10.0) > 0.0 && axis.place(1000.0) < 1.0);
        assert_eq!(LogAxis::around([].into_iter()), None);
    }
}
