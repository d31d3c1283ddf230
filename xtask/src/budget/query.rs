use treewire_bench_report::{Better, Report, Series, Side};

/// Which series are meant. What is `None` is left open.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Query<'a> {
    pub(crate) bench: &'a str,
    pub(crate) case: Option<&'a str>,
    pub(crate) figure: &'a str,
    pub(crate) transport: Option<&'a str>,
    pub(crate) size_bytes: Option<u64>,
    pub(crate) connections: Option<u64>,
    pub(crate) in_flight: Option<u64>,
}

impl<'a> Query<'a> {
    /// The series it means.
    pub(crate) fn series(self, reports: &'a [Report]) -> impl Iterator<Item = &'a Series> {
        let reports = reports
            .iter()
            .filter(move |report| report.bench == self.bench);
        reports
            .flat_map(|report| &report.series)
            .filter(move |series| {
                let setup = &series.setup;
                series.figure == self.figure
                    && self.case.is_none_or(|case| series.case == case)
                    && self
                        .transport
                        .is_none_or(|transport| setup.transport.as_deref() == Some(transport))
                    && (self.size_bytes.is_none() || setup.size_bytes == self.size_bytes)
                    && (self.connections.is_none() || setup.connections == self.connections)
                    && (self.in_flight.is_none() || setup.in_flight == self.in_flight)
            })
    }

    /// The first series of this participant.
    pub(crate) fn of(self, reports: &'a [Report], participant: &str) -> Option<&'a Series> {
        self.series(reports)
            .find(|series| series.participant == participant)
    }

    /// The one of that side with the best median.
    pub(crate) fn best(self, reports: &'a [Report], side: Side) -> Option<&'a Series> {
        let those = self.series(reports).filter(|series| series.side == side);
        those.reduce(|best, other| if beats(other, best) { other } else { best })
    }
}

fn beats(one: &Series, other: &Series) -> bool {
    let (one_median, other_median) = (one.figures.spread.median, other.figures.spread.median);
    match one.better {
        Better::More => one_median > other_median,
        Better::Less => one_median < other_median,
    }
}
