//! What the demonstration comes to, and whether it adds up.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::chaos::Harm;
use super::market::{Numbers, Published, Questions, Totals};
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
    "again",
];

impl Summary<'_> {
    /// A row a flow, then what was killed. Ends with a newline.
    pub(super) fn text(&self) -> String {
        let mut text = table(&[
            HEAD.map(str::to_owned),
            quotes(&self.totals.questions),
            orders(&self.totals.orders),
            ticks(&self.totals.ticks),
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
        let (lost, silent) = (self.totals.ticks.missing(), self.totals.ticks.open());
        if lost > 0 {
            let told = count(lost.saturating_sub(silent));
            line(
                "ticks lost",
                format!("{told} of {} told as missed", count(lost)),
            );
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
        let Totals {
            orders,
            questions,
            ticks,
        } = self.totals;
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
            ("ticks lost and not told as missed", ticks.open(), ""),
            ("ticks that came twice or too late", ticks.doubled(), ""),
            ("ticks that nobody subscribed to", ticks.stray(), ""),
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
        count(orders.again()),
    ]
}

/// Who missed some was told so.
fn ticks(ticks: &Published) -> [String; 7] {
    [
        "ticks".into(),
        count(ticks.sent()),
        count(ticks.received()),
        count(ticks.missing()),
        count(ticks.doubled()),
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
            "              sent  received  lost  doubled  unanswered  again
quotes           2         1     0        -           1      1
orders       1,200     1,200     0        0           -      0
ticks            8         6     2        0           -      -
unanswered   1 timed out
ticks lost   1 of 2 told as missed
killed       3: 1 connection, 2 sockets
panicked     3
restarted    9
"
        );
        assert_eq!(summary.faults(), ["ticks lost and not told as missed: 1"]);
    }

    #[test]
    fn what_does_not_add_up_is_said() {
        let mut totals = totals(3, 0);
        let hand = totals.orders.begin(1);
        for number in [1, 1, 9] {
            totals.orders.receive(number, hand);
        }
        totals.questions.ask(0);
        totals.ticks.receive(1, 4);
        totals.ticks.receive(2, 4);
        totals.ticks.receive(2, 4);
        totals.ticks.tell_missed(0, 1, 4);
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
                "ticks that came twice or too late: 1",
                "ticks that nobody subscribed to: 1",
            ]
        );
    }

    fn totals(sent: u64, received: u64) -> Totals {
        let mut totals = Totals::default();
        (0..sent).for_each(|_| totals.orders.send());
        let hand = totals.orders.begin(1);
        (1..=received).for_each(|number| totals.orders.receive(number, hand));
        // Four go to the first, three to the second, one to the third.
        (0..4).for_each(|_| totals.ticks.publish());
        for number in [1, 2, 3] {
            totals.ticks.receive(0, number);
        }
        for number in [1, 2, 3] {
            totals.ticks.receive(1, number);
        }
        totals.ticks.tell_missed(2, 1, 4);
        let [answered, failed] = [0; 2].map(|trader| totals.questions.ask(trader));
        totals.questions.ask_again();
        totals.questions.answer(answered);
        totals.questions.fail(failed, "timed out");
        totals
    }
}
