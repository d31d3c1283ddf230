use std::fmt::Write;

use treewire_bench_report::Report;

use crate::budget::budgets;

/// The design's budgets as rows.
pub(super) fn table(reports: &[Report]) -> String {
    let mut table =
        String::from("| budget | against | goal | measured | |\n| --- | --- | --- | --- | --- |\n");
    for budget in budgets() {
        let (mut against, mut figure, mut verdict) = (
            budget.against.to_owned(),
            "–".to_owned(),
            "not measured".to_owned(),
        );
        if let Some(measured) = (budget.measured)(reports) {
            figure = budget.goal.unit().tell(measured.figure);
            verdict = budget.goal.judge(measured.figure).to_string();
            if let Some(other) = measured.beside {
                against = format!("{against}, {other}");
            }
        }
        // Writing to a string does not fail.
        let _ = writeln!(
            table,
            "| {} | {against} | {} | {figure} | {verdict} |",
            budget.what, budget.goal
        );
    }
    table
}
