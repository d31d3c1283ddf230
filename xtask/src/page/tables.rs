use std::fmt::{self, Display, Write};

use treewire_bench_report::{Report, Series, Setup, Side};

use super::{amount, bytes};

/// What was done over one transport: its figures side by side, a row for each participant under each setup.
pub(super) struct Table<'a> {
    title: String,
    /// What varies from row to row.
    varied: Vec<&'static Dimension>,
    figures: Vec<(&'a str, &'a str)>,
    rows: Vec<Row<'a>>,
}

struct Row<'a> {
    setup: &'a Setup,
    participant: &'a str,
    /// In the order of the table's figures.
    series: Vec<Option<&'a Series>>,
    /// What it is measured by: Treewire's first figure.
    ours: Option<&'a Series>,
}

/// A part of a setup that may be a column.
struct Dimension {
    heading: &'static str,
    of: fn(&Setup) -> Option<String>,
}

const DIMENSIONS: &[Dimension] = &[
    Dimension {
        heading: "connections",
        of: |setup| Some(setup.connections?.to_string()),
    },
    Dimension {
        heading: "under way",
        of: |setup| Some(setup.in_flight?.to_string()),
    },
    Dimension {
        heading: "payload",
        of: |setup| setup.size_bytes.map(bytes),
    },
    Dimension {
        heading: "with",
        of: |setup| setup.also.clone(),
    },
];

/// The tables of a report, in the order of its series.
pub(super) fn tables(report: &Report) -> Vec<Table<'_>> {
    let mut keys: Vec<(&str, Option<&str>)> = Vec::new();
    for series in &report.series {
        let key = key(series);
        if !keys.contains(&key) {
            keys.push(key);
        }
    }
    let table = |wanted: &(&str, Option<&str>)| {
        let series: Vec<_> = report
            .series
            .iter()
            .filter(|series| key(series) == *wanted)
            .collect();
        Table::of(&series)
    };
    keys.iter().map(table).collect()
}

fn key(series: &Series) -> (&str, Option<&str>) {
    (&series.case, series.setup.transport.as_deref())
}

impl<'a> Table<'a> {
    /// `series` have their case and their transport in common.
    fn of(series: &[&'a Series]) -> Self {
        let mut figures: Vec<(&str, &str)> = Vec::new();
        let mut rows: Vec<Row<'_>> = Vec::new();
        for one in series {
            let figure = (&*one.figure, &*one.unit);
            if !figures.contains(&figure) {
                figures.push(figure);
            }
            let is_its =
                |row: &&mut Row<'_>| row.participant == one.participant && *row.setup == one.setup;
            if rows.iter_mut().find(is_its).is_none() {
                rows.push(Row {
                    setup: &one.setup,
                    participant: &one.participant,
                    series: Vec::new(),
                    ours: None,
                });
            }
        }
        for row in &mut rows {
            let alike = || series.iter().copied().filter(|one| one.setup == *row.setup);
            let of = |(figure, unit): &(&str, &str)| {
                alike().find(|one| {
                    one.participant == row.participant && one.figure == *figure && one.unit == *unit
                })
            };
            row.series = figures.iter().map(of).collect();
            let first = figures.first().map(|(figure, _)| *figure);
            row.ours = alike().find(|one| one.side == Side::Ours && Some(&*one.figure) == first);
        }
        let varies = |dimension: &&'static Dimension| {
            let values: Vec<_> = rows.iter().map(|row| (dimension.of)(row.setup)).collect();
            values.iter().any(|value| *value != values[0])
        };
        Table {
            title: title(series),
            varied: DIMENSIONS.iter().filter(varies).collect(),
            figures,
            rows,
        }
    }
}

/// The case, and what all series have in common.
fn title(series: &[&Series]) -> String {
    let Some(first) = series.first() else {
        return String::new();
    };
    let transport = |transport| format!("over {transport}");
    let mut parts = vec![first.case.clone()];
    parts.extend(first.setup.transport.as_deref().map(transport));
    for dimension in DIMENSIONS {
        let value = (dimension.of)(&first.setup);
        let is_common = series.iter().all(|one| (dimension.of)(&one.setup) == value);
        if let (true, Some(value)) = (is_common, value) {
            parts.push(match dimension.heading {
                "with" | "payload" => value,
                heading => format!("{heading}: {value}"),
            });
        }
    }
    parts.retain(|part| !part.is_empty());
    parts.join(", ")
}

impl Display for Table<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut headings: Vec<String> = Vec::new();
        headings.extend(
            self.varied
                .iter()
                .map(|dimension| dimension.heading.to_owned()),
        );
        headings.push(String::new());
        for (place, (figure, unit)) in self.figures.iter().enumerate() {
            let figure = if figure.split(' ').next() == Some(unit) {
                (*figure).to_owned()
            } else {
                format!("{figure}, {unit}")
            };
            match place {
                0 => headings.extend([
                    figure,
                    "(least to greatest)".to_owned(),
                    "treewire / it".to_owned(),
                ]),
                _ => headings.push(figure),
            }
        }
        writeln!(formatter, "**{}**\n", self.title)?;
        writeln!(formatter, "| {} |", headings.join(" | "))?;
        let names = self.varied.len() + 1;
        let rule = (0..headings.len()).map(|column| if column < names { "---" } else { "---:" });
        writeln!(formatter, "| {} |", rule.collect::<Vec<_>>().join(" | "))?;
        for row in &self.rows {
            row.write(&self.varied, formatter)?;
        }
        Ok(())
    }
}

impl Row<'_> {
    fn write(&self, varied: &[&Dimension], to: &mut impl Write) -> fmt::Result {
        let mut cells: Vec<String> = Vec::new();
        cells.extend(
            varied
                .iter()
                .map(|dimension| (dimension.of)(self.setup).unwrap_or_default()),
        );
        cells.push(self.participant.to_owned());
        for (place, series) in self.series.iter().enumerate() {
            let spread = series.map(|series| series.figures.spread);
            cells.push(spread.map_or_else(|| "–".to_owned(), |spread| amount(spread.median)));
            if place == 0 {
                cells.push(spread.map_or_else(String::new, |spread| {
                    format!("({} to {})", amount(spread.min), amount(spread.max))
                }));
                cells.push(self.ratio());
            }
        }
        writeln!(to, "| {} |", cells.join(" | "))
    }

    /// Of the first figure; of Treewire's own row there is none.
    fn ratio(&self) -> String {
        match (self.ours, self.series.first()) {
            (Some(ours), Some(Some(it))) if ours.participant != it.participant => {
                format!(
                    "{:.2}",
                    ours.figures.spread.median / it.figures.spread.median
                )
            }
            _ => String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use treewire_bench_report::{Better, Figures, Machine};

    use super::*;

    fn series(participant: &str, side: Side, size_bytes: u64, figure: &str, median: f64) -> Series {
        Series {
            participant: participant.to_owned(),
            side,
            case: "push/pull".to_owned(),
            setup: Setup {
                transport: Some("tcp".to_owned()),
                connections: Some(1),
                size_bytes: Some(size_bytes),
                ..Setup::default()
            },
            figure: figure.to_owned(),
            unit: "messages/s".to_owned(),
            better: Better::More,
            figures: Figures::of([median, median / 2.0, median * 2.0]).unwrap(),
        }
    }

    #[test]
    fn rows_are_participants_and_what_all_have_in_common_is_in_the_title() {
        let report = Report {
            bench: String::new(),
            question: String::new(),
            machine: Machine::default(),
            date: String::new(),
            command: String::new(),
            settings: Vec::new(),
            series: vec![
                series("treewire", Side::Ours, 16, "throughput", 6e6),
                series("libzmq", Side::Peer, 16, "throughput", 4e6),
                series("libzmq", Side::Peer, 1024, "throughput", 2e6),
                series("libzmq", Side::Peer, 1024, "peak", 3e6),
            ],
            failures: Vec::new(),
        };
        let tables = tables(&report);
        assert_eq!(tables.len(), 1);
        let text = tables[0].to_string();
        let expected = "\
**push/pull, over tcp, connections: 1**

| payload |  | throughput, messages/s | (least to greatest) | treewire / it | peak, messages/s |
| --- | --- | ---: | ---: | ---: | ---: |
| 16 B | treewire | 6.00 M | (3.00 M to 12.0 M) |  | – |
| 16 B | libzmq | 4.00 M | (2.00 M to 8.00 M) | 1.50 | – |
| 1 KiB | libzmq | 2.00 M | (1.00 M to 4.00 M) |  | 3.00 M |
";
        assert_eq!(text, expected);
    }
}
