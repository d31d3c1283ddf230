use treewire_bench_report::{Report, Series, Setup, Side};

use super::axes::LogAxis;
use super::chart::{Chart, Curve};
use super::look::Look;
use crate::page::bytes;

/// The order in which percentiles stand.
const PERCENTILES: &[&str] = &["p50", "p90", "p99", "p99.9", "max"];

/// The plots of a report: throughput by payload, throughput by subscribers, latency by percentile.
pub(super) fn charts(report: &Report) -> Vec<Chart> {
    let mut charts = Vec::new();
    for key in keys(report, is_flow) {
        charts.extend(by_size(report, &key));
        charts.extend(by_connections(report, &key));
    }
    for key in keys(report, |series| series.figure == "p99.9") {
        charts.extend(by_percentile(report, &key));
    }
    charts
}

/// Whether it is messages a second, in whatever direction.
fn is_flow(series: &Series) -> bool {
    ["throughput", "deliveries"].contains(&&*series.figure)
}

/// What the curves of a plot have in common.
#[derive(Debug, Clone, PartialEq)]
struct Key {
    case: String,
    setup: Setup,
}

/// Every case and setup, their sizes and connections aside, that has such series.
fn keys(report: &Report, wanted: impl Fn(&Series) -> bool) -> Vec<Key> {
    let mut keys = Vec::new();
    for series in report.series.iter().filter(|series| wanted(series)) {
        let key = Key {
            case: series.case.clone(),
            setup: Setup {
                size_bytes: None,
                connections: None,
                ..series.setup.clone()
            },
        };
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    keys
}

impl Key {
    fn holds(&self, series: &Series) -> bool {
        let setup = Setup {
            size_bytes: None,
            connections: None,
            ..series.setup.clone()
        };
        series.case == self.case && setup == self.setup
    }

    /// `push/pull over tcp, 64 under way`.
    fn title(&self) -> String {
        let mut title = self.case.clone();
        if let Some(transport) = &self.setup.transport {
            title += &format!(" over {transport}");
        }
        if let Some(in_flight) = self.setup.in_flight {
            title += &format!(", {in_flight} under way");
        }
        if let Some(also) = &self.setup.also {
            title += &format!(", {also}");
        }
        title
    }

    fn file(&self, report: &Report, by: &str) -> String {
        let setup = &self.setup;
        let in_flight = setup.in_flight.map(|in_flight| in_flight.to_string());
        let parts = [
            setup.transport.clone(),
            in_flight,
            setup.also.clone(),
            Some(by.to_owned()),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        let name = format!("{}-{}", report.bench, parts.join("-"));
        let plain = |letter: char| match letter {
            'a'..='z' | '0'..='9' | '_' | '-' => letter,
            _ => '-',
        };
        name.chars().map(plain).collect::<String>() + ".svg"
    }
}

/// Megabytes a second: with messages a second, the sizes hide who is faster. Two sizes are no curve.
fn by_size(report: &Report, key: &Key) -> Vec<Chart> {
    let of_key = |series: &&Series| is_flow(series) && key.holds(series);
    let all: Vec<_> = report.series.iter().filter(of_key).collect();
    let connections = distinct(all.iter().filter_map(|series| series.setup.connections));
    let chart = |connections: &u64| {
        let those = all
            .iter()
            .filter(|series| series.setup.connections == Some(*connections));
        let those: Vec<&Series> = those.copied().collect();
        let sizes = distinct(those.iter().filter_map(|series| series.setup.size_bytes));
        let axis = LogAxis::around(sizes.iter().map(|size| *size as f64))?;
        (sizes.len() > 2).then(|| Chart {
            file: key.file(report, &format!("{connections}-by-size")),
            title: format!("{}, {}", key.title(), told_connections(*connections)),
            below: "payload".to_owned(),
            beside: "MB/s of payload".to_owned(),
            places: sizes
                .iter()
                .map(|size| (axis.place(*size as f64), bytes(*size)))
                .collect(),
            curves: curves(report, &those, |series| {
                let size = series.setup.size_bytes? as f64;
                Some((axis.place(size), series.figures.spread.median * size / 1e6))
            }),
        })
    };
    connections.iter().filter_map(chart).collect()
}

/// Where a bench varies the number of connections over more than a few.
fn by_connections(report: &Report, key: &Key) -> Vec<Chart> {
    let of_key = |series: &&Series| is_flow(series) && key.holds(series);
    let all: Vec<_> = report.series.iter().filter(of_key).collect();
    let sizes = distinct(all.iter().filter_map(|series| series.setup.size_bytes));
    let chart = |size: &u64| {
        let those = all
            .iter()
            .filter(|series| series.setup.size_bytes == Some(*size));
        let those: Vec<&Series> = those.copied().collect();
        let connections = distinct(those.iter().filter_map(|series| series.setup.connections));
        let axis = LogAxis::around(connections.iter().map(|count| *count as f64))?;
        let unit = those.first()?.unit.clone();
        (connections.len() > 2).then(|| Chart {
            file: key.file(report, &format!("{size}-by-connections")),
            title: format!("{}, {}", key.title(), bytes(*size)),
            below: "connections".to_owned(),
            beside: unit,
            places: connections
                .iter()
                .map(|count| (axis.place(*count as f64), count.to_string()))
                .collect(),
            curves: curves(report, &those, |series| {
                let place = axis.place(series.setup.connections? as f64);
                Some((place, series.figures.spread.median))
            }),
        })
    };
    sizes.iter().filter_map(chart).collect()
}

fn by_percentile(report: &Report, key: &Key) -> Vec<Chart> {
    let place = |figure: &str| {
        let place = PERCENTILES
            .iter()
            .position(|percentile| *percentile == figure)?;
        Some((place as f64 + 0.5) / PERCENTILES.len() as f64)
    };
    let of_key = |series: &&Series| place(&series.figure).is_some() && key.holds(series);
    let all: Vec<_> = report.series.iter().filter(of_key).collect();
    let sizes = distinct(all.iter().filter_map(|series| series.setup.size_bytes));
    let chart = |size: &u64| {
        let those = all
            .iter()
            .filter(|series| series.setup.size_bytes == Some(*size));
        let those: Vec<&Series> = those.copied().collect();
        let unit = those.first()?.unit.clone();
        Some(Chart {
            file: key.file(report, &format!("{size}-percentiles")),
            title: format!("{}, {}", key.title(), bytes(*size)),
            below: "share of the requests that took no longer".to_owned(),
            beside: unit,
            places: PERCENTILES
                .iter()
                .filter_map(|percentile| Some((place(percentile)?, (*percentile).to_owned())))
                .collect(),
            curves: curves(report, &those, |series| {
                Some((place(&series.figure)?, series.figures.spread.median))
            }),
        })
    };
    sizes.iter().filter_map(chart).collect()
}

/// One curve for each participant of `series`. Its look is the same in every plot of the report.
fn curves(
    report: &Report,
    series: &[&Series],
    point: impl Fn(&Series) -> Option<(f64, f64)>,
) -> Vec<Curve> {
    let mut curves = Vec::new();
    for (name, side, place) in participants(report) {
        let own = series.iter().filter(|series| series.participant == name);
        let mut points: Vec<_> = own.filter_map(|series| point(series)).collect();
        points.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        if !points.is_empty() {
            curves.push(Curve {
                name: name.to_owned(),
                look: Look::of(side, place),
                points,
            });
        }
    }
    curves
}

/// Each participant, and which of its side it is.
fn participants(report: &Report) -> Vec<(&str, Side, usize)> {
    let mut participants: Vec<(&str, Side, usize)> = Vec::new();
    for series in &report.series {
        if !participants
            .iter()
            .any(|(name, ..)| *name == series.participant)
        {
            let before = participants
                .iter()
                .filter(|(_, side, _)| *side == series.side);
            let place = before.count();
            participants.push((&series.participant, series.side, place));
        }
    }
    participants
}

fn told_connections(connections: u64) -> String {
    match connections {
        1 => "one connection".to_owned(),
        many => format!("{many} connections"),
    }
}

fn distinct(values: impl Iterator<Item = u64>) -> Vec<u64> {
    values
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .collect()
}
