use treewire_bench_report::{Report, Series, Side, Spread};

use super::{Budget, Goal, Measured, Query, Unit};

const TREEWIRE: &str = "treewire";
/// Payload, and how many times the best peer's throughput is the goal.
const PUSH_PULL: &[(u64, &str, f64)] = &[
    (16, "16 B", 2.0),
    (1024, "1 KiB", 1.3),
    (8 * 1024, "8 KiB", 1.3),
    (64 * 1024, "64 KiB", 1.5),
];
const BEST_PEER: &str = "the best peer";

/// The design's table, in its order.
pub(crate) fn budgets() -> Vec<Budget> {
    let mut rows = Vec::new();
    for transport in ["tcp", "ipc"] {
        for &(size_bytes, size, goal) in PUSH_PULL {
            let what = format!("push/pull over {transport}, {size}");
            let query = push_pull(transport, size_bytes);
            rows.push(row(
                what,
                BEST_PEER,
                Goal::AtLeast(goal, Unit::Times),
                move |reports| beside_best(query, reports, Side::Peer),
            ));
        }
    }
    for transport in ["tcp", "ipc"] {
        for &(size_bytes, size, _) in PUSH_PULL
            .iter()
            .filter(|(size_bytes, ..)| *size_bytes >= 8 * 1024)
        {
            let what = format!("push/pull over {transport}, {size}");
            let query = push_pull(transport, size_bytes);
            rows.push(row(
                what,
                "bare sockets",
                Goal::AtLeast(0.8, Unit::Times),
                move |reports| beside(query, reports, "bare sockets"),
            ));
        }
    }
    let round_trip = Query {
        bench: "round_trip",
        figure: "p50",
        transport: Some("tcp"),
        size_bytes: Some(16),
        in_flight: Some(1),
        ..Query::default()
    };
    let what = || "round trip, req/rep over tcp, 16 B".to_owned();
    rows.push(row(
        what(),
        "bare tokio",
        Goal::AtMost(1.15, Unit::Times),
        move |reports| beside(round_trip, reports, "bare tokio"),
    ));
    rows.push(row(
        what(),
        BEST_PEER,
        Goal::AtMost(0.7, Unit::Times),
        move |reports| beside_best(round_trip, reports, Side::Peer),
    ));
    let fan_out = Query {
        bench: "fan_out",
        figure: "deliveries",
        connections: Some(1_000),
        size_bytes: Some(16),
        ..Query::default()
    };
    let what = "fan-out, 1 pub to 1,000 subs, 16 B".to_owned();
    rows.push(row(
        what,
        BEST_PEER,
        Goal::AtLeast(1.5, Unit::Times),
        move |reports| beside_best(fan_out, reports, Side::Peer),
    ));
    for (size_bytes, size) in [(16, "16 B"), (1024, "1 KiB")] {
        let what = format!("reliable delivery, push/pull over tcp, {size}");
        let query = Query {
            bench: "delivery",
            figure: "throughput",
            size_bytes: Some(size_bytes),
            ..Query::default()
        };
        rows.push(row(
            what,
            "our own best effort",
            Goal::AtLeast(0.8, Unit::Times),
            move |reports| reliable(query, reports),
        ));
    }
    rows.extend(memory());
    rows.push(row(
        "embedded fabric, 16 B".to_owned(),
        "nats-server with the same client",
        Goal::AtLeast(1.0, Unit::Times),
        |_| None,
    ));
    rows
}

fn memory() -> [Budget; 5] {
    let actors = |case, figure| Query {
        bench: "actors",
        case: Some(case),
        figure,
        ..Query::default()
    };
    let idle = Query {
        bench: "idle",
        // The one beside which nothing else is kept.
        case: Some("connection, best-effort, pull listens"),
        figure: "memory of one more",
        ..Query::default()
    };
    [
        absolute(
            "memory of an idle connection",
            Goal::AtMost(8192.0, Unit::Bytes),
            move |reports| own(idle, reports),
        ),
        absolute(
            "idle connections on one thread",
            Goal::AtLeast(19_000.0, Unit::Count),
            move |reports| {
                let connections = idle.of(reports, TREEWIRE)?.setup.connections;
                connections.map(|connections| connections as f64)
            },
        ),
        absolute(
            "memory of a child in the tree",
            Goal::AtMost(2048.0, Unit::Bytes),
            move |reports| own(actors("memory", "bytes each"), reports),
        ),
        absolute(
            "start of a child, of 10,000 together",
            Goal::AtMost(3_000.0, Unit::Nanoseconds),
            move |reports| own(actors("spawn-together", "ns each"), reports),
        ),
        absolute(
            "children alive at once",
            Goal::AtLeast(1_000_000.0, Unit::Count),
            move |reports| {
                let lives = actors("lives", "ns a start").of(reports, TREEWIRE)?;
                lives.setup.also.as_ref()?.split(' ').next()?.parse().ok()
            },
        ),
    ]
}

/// A figure of Treewire's that is measured by nobody else's.
fn absolute(what: &str, goal: Goal, figure: impl Fn(&[Report]) -> Option<f64> + 'static) -> Budget {
    row(what.to_owned(), "–", goal, move |reports| {
        Some(Measured {
            figure: figure(reports)?,
            beside: None,
        })
    })
}

fn own(query: Query<'_>, reports: &[Report]) -> Option<f64> {
    Some(median(query.of(reports, TREEWIRE)?))
}

fn push_pull(transport: &'static str, size_bytes: u64) -> Query<'static> {
    Query {
        bench: "push_pull",
        figure: "throughput",
        transport: Some(transport),
        size_bytes: Some(size_bytes),
        connections: Some(1),
        ..Query::default()
    }
}

fn row(
    what: String,
    against: &'static str,
    goal: Goal,
    measured: impl Fn(&[Report]) -> Option<Measured> + 'static,
) -> Budget {
    Budget {
        what,
        against,
        goal,
        measured: Box::new(measured),
    }
}

fn beside(query: Query<'_>, reports: &[Report], other: &str) -> Option<Measured> {
    let (ours, other) = (query.of(reports, TREEWIRE)?, query.of(reports, other)?);
    Some(Measured {
        figure: median(ours) / median(other),
        beside: None,
    })
}

fn beside_best(query: Query<'_>, reports: &[Report], side: Side) -> Option<Measured> {
    let (ours, best) = (query.of(reports, TREEWIRE)?, query.best(reports, side)?);
    Some(Measured {
        figure: median(ours) / median(best),
        beside: Some(best.participant.clone()),
    })
}

/// The median of the rounds' own ratios: what disturbs a round disturbs both.
fn reliable(query: Query<'_>, reports: &[Report]) -> Option<Measured> {
    let best_effort = query.of(reports, TREEWIRE)?;
    let reliable = query.of(reports, "treewire, reliable")?;
    let rounds = reliable
        .figures
        .rounds
        .iter()
        .zip(&best_effort.figures.rounds);
    let ratios = Spread::of(rounds.map(|(reliable, best_effort)| reliable / best_effort))?;
    Some(Measured {
        figure: ratios.median,
        beside: None,
    })
}

fn median(series: &Series) -> f64 {
    series.figures.spread.median
}

#[cfg(test)]
mod tests {
    use treewire_bench_report::{Better, Figures, Machine, Setup};

    use super::*;

    fn series(
        participant: &str,
        side: Side,
        figure: &str,
        setup: &Setup,
        rounds: &[f64],
    ) -> Series {
        let better = if figure == "throughput" {
            Better::More
        } else {
            Better::Less
        };
        Series {
            participant: participant.to_owned(),
            side,
            case: String::new(),
            setup: setup.clone(),
            figure: figure.to_owned(),
            unit: String::new(),
            better,
            figures: Figures::of(rounds.iter().copied()).unwrap(),
        }
    }

    fn report(bench: &str, series: Vec<Series>) -> Report {
        Report {
            bench: bench.to_owned(),
            question: String::new(),
            machine: Machine::default(),
            date: String::new(),
            command: String::new(),
            settings: Vec::new(),
            series,
            failures: Vec::new(),
        }
    }

    /// What the first budget of that name and against whom came to.
    fn measured(what: &str, against: &str, reports: &[Report]) -> Option<Measured> {
        let budgets = budgets();
        let budget = budgets
            .iter()
            .find(|budget| budget.what == what && budget.against == against);
        (budget.unwrap().measured)(reports)
    }

    #[test]
    fn throughput_is_divided_by_that_of_the_best_peer_and_not_of_bare_sockets() {
        let setup = Setup {
            transport: Some("tcp".to_owned()),
            connections: Some(1),
            size_bytes: Some(8192),
            ..Setup::default()
        };
        let of =
            |participant, side, median| series(participant, side, "throughput", &setup, &[median]);
        let other_size = Setup {
            size_bytes: Some(16),
            ..setup.clone()
        };
        let reports = [report(
            "push_pull",
            vec![
                of("slow", Side::Peer, 2.0),
                of("fast", Side::Peer, 4.0),
                of("bare sockets", Side::Bare, 8.0),
                of("treewire", Side::Ours, 6.0),
                series("fast", Side::Peer, "throughput", &other_size, &[99.0]),
            ],
        )];
        let beside_peer = measured("push/pull over tcp, 8 KiB", BEST_PEER, &reports).unwrap();
        assert_eq!(beside_peer.figure, 1.5);
        assert_eq!(beside_peer.beside.as_deref(), Some("fast"));
        let beside_bare = measured("push/pull over tcp, 8 KiB", "bare sockets", &reports).unwrap();
        assert_eq!(beside_bare.figure, 0.75);
        assert_eq!(
            measured("push/pull over ipc, 8 KiB", BEST_PEER, &reports),
            None
        );
    }

    #[test]
    fn of_latencies_the_least_is_the_best() {
        let setup = Setup {
            transport: Some("tcp".to_owned()),
            in_flight: Some(1),
            size_bytes: Some(16),
            ..Setup::default()
        };
        let of = |participant, side, median| series(participant, side, "p50", &setup, &[median]);
        let reports = [report(
            "round_trip",
            vec![
                of("slow", Side::Peer, 40.0),
                of("fast", Side::Peer, 20.0),
                of("treewire", Side::Ours, 15.0),
            ],
        )];
        let measured = measured("round trip, req/rep over tcp, 16 B", BEST_PEER, &reports).unwrap();
        assert_eq!(measured.figure, 0.75);
    }

    #[test]
    fn reliable_delivery_is_judged_by_each_round_by_itself() {
        let setup = Setup {
            size_bytes: Some(16),
            ..Setup::default()
        };
        let reports = [report(
            "delivery",
            vec![
                series(
                    "treewire",
                    Side::Ours,
                    "throughput",
                    &setup,
                    &[10.0, 2.0, 20.0],
                ),
                series(
                    "treewire, reliable",
                    Side::Ours,
                    "throughput",
                    &setup,
                    &[9.0, 1.0, 16.0],
                ),
            ],
        )];
        let what = "reliable delivery, push/pull over tcp, 16 B";
        let measured = measured(what, "our own best effort", &reports).unwrap();
        assert_eq!(measured.figure, 0.8);
    }

    #[test]
    fn children_are_counted_by_the_run_that_had_them() {
        let setup = Setup {
            also: Some("1000000 children".to_owned()),
            ..Setup::default()
        };
        let mut lives = series("treewire", Side::Ours, "ns a start", &setup, &[1.0]);
        "lives".clone_into(&mut lives.case);
        let reports = [report("actors", vec![lives])];
        let measured = measured("children alive at once", "–", &reports).unwrap();
        assert_eq!(measured.figure, 1_000_000.0);
    }

    #[test]
    fn without_reports_nothing_is_measured() {
        assert!(
            budgets()
                .iter()
                .all(|budget| (budget.measured)(&[]).is_none())
        );
    }
}
