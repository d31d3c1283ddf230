//! What the demonstration comes to, and whether it adds up.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::chaos::Harm;
use super::market::{Numbers, Questions, Totals};
use crate::tree::{count, counted};

/// All there is to say at the end.
pub(super) struct Summary<'a> {
    pub(super) totals: &'a Totals,
    pub(super) harm: &'a BTreeMap<Harm, u64>,
    pub(super) restarts: u64,
}

/// A column that a flow does not have.
const NONE: &str = "-";

const HEAD: [&str; 7] = [
    "",
    "sent",
    "received",
    "lost",
    "doubled",
    "unanswered",
    "asked again",
];

impl Summary<'_> {
    /// A row a flow, then what was killed. Ends with a newline.
    pub(super) fn text(&self) -> String {
        let mut text = table(&[
            HEAD.map(str::to_owned),
            quotes(&self.totals.questions),
            orders(&self.totals.orders),
        ]);
        let mut line = |name: &str, value: String| {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{name:<13}{value}");
        };
        let reasons = self.totals.questions.reasons();
        let reasons: Vec<String> = reasons
            .map(|(reason, number)| format!("{} {reason}", count(number)))
            .collect();
        if !reasons.is_empty() {
            line("unanswered", reasons.join(", "));
        }
        let kills = self.harm.iter().filter(|(harm, _)| **harm != Harm::Panic);
        let killed: u64 = kills.clone().map(|(_, number)| number).sum();
        let kinds: Vec<String> = kills
            .map(|(harm, number)| counted(*number, &harm.to_string()))
            .collect();
        let kinds = match kinds.is_empty() {
            true => String::new(),
            false => format!(": {}", kinds.join(", ")),
        };
        line("killed", format!("{}{kinds}", count(killed)));
        let panics = self.harm.get(&Harm::Panic).copied();
        line("panicked", count(panics.unwrap_or_default()));
        line("restarted", count(self.restarts));
        text
    }

    /// What does not add up.
    pub(super) fn faults(&self) -> Vec<String> {
        let Totals { orders, questions } = self.totals;
        let sent = orders.sent();
        let (missing, received) = (orders.missing(), orders.received());
        let stray = (received + missing).saturating_sub(sent);
        let of_sent = format!(" of {}", count(sent));
        let faults = [
            ("orders lost", missing, of_sent.as_str()),
            ("orders filled twice", orders.doubled(), ""),
            ("orders filled and never sent", stray, ""),
            ("questions without an end", questions.open(), ""),
            ("questions with two ends", questions.too_many(), ""),
        ];
        let faults = faults.iter().filter(|(_, number, _)| *number > 0);
        faults
            .map(|(fault, number, of)| format!("{fault}: {}{of}", count(*number)))
            .collect()
    }
}

fn quotes(questions: &Questions) -> [String; 7] {
    [
        "quotes".into(),
        count(questions.asked()),
        count(questions.answered()),
        count(questions.open()),
        NONE.into(),
        count(questions.unanswered()),
        count(questions.asked_again()),
    ]
}

fn orders(orders: &Numbers) -> [String; 7] {
    [
        "orders".into(),
        count(orders.sent()),
        count(orders.received()),
        count(orders.missing()),
        count(orders.doubled()),
        NONE.into(),
        NONE.into(),
    ]
}

/// Names to the left, numbers to the right.
fn table<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or_default()
    };
    let mut text = String::new();
    for row in rows {
        let mut line = format!("{:<width$}", row[0], width = width(0).max(11));
        for (column, cell) in row.iter().enumerate().skip(1) {
            let _ = write!(line, "  {cell:>width$}", width = width(column));
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_is_a_table_and_what_was_killed() {
        let totals = totals(1_200, 1_200);
        let harm = [(Harm::Connection, 1), (Harm::Socket, 2), (Harm::Panic, 3)].into();
        let summary = Summary {
            totals: &totals,
            harm: &harm,
            restarts: 9,
        };
        assert_eq!(
            summary.text(),
            "              sent  received  lost  doubled  unanswered  asked again
quotes           2         1     0        -           1            1
orders       1,200     1,200     0        0           -            -
unanswered   1 timed out
killed       3: 1 connection, 2 sockets
panicked     3
restarted    9
"
        );
        assert_eq!(summary.faults(), Vec::<String>::new());
    }

    #[test]
    fn what_does_not_add_up_is_said() {
        let mut totals = totals(3, 1);
        totals.orders.receive(1);
        totals.orders.receive(9);
        totals.questions.ask();
        let summary = Summary {
            totals: &totals,
            harm: &BTreeMap::new(),
            restarts: 0,
        };
        assert_eq!(
            summary.faults(),
            [
                "orders lost: 2 of 3",
                "orders filled twice: 1",
                "orders filled and never sent: 1",
                "questions without an end: 1",
            ]
        );
    }

    fn totals(sent: u64, received: u64) -> Totals {
        let mut totals = Totals::default();
        (0..sent).for_each(|_| totals.orders.send());
        (1..=received).for_each(|number| totals.orders.receive(number));
        for _ in 0..2 {
            totals.questions.ask();
        }
        totals.questions.ask_again();
        totals.questions.answer();
        totals.questions.fail("timed out");
        totals
    }
}
