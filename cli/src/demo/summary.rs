//! What the demonstration comes to.

use std::fmt::Write;

use treewire::NodeSnapshot;

use super::tally::Tally;
use crate::tree::count;

/// One line a fact, numbers right-aligned.
pub(super) fn summary(tally: &Tally, tree: &NodeSnapshot) -> String {
    let mut lines = vec![
        (tally.asked(), "asked".to_owned()),
        (tally.answered(), "answered".to_owned()),
        (tally.failed(), "failed, each told why".to_owned()),
    ];
    for (reason, count) in tally.failed_because() {
        lines.push((count, format!("  {reason}")));
    }
    lines.push((
        sent_again(tally, tree),
        "sent again (idempotent)".to_owned(),
    ));
    lines.push((tree.restarts, "restarted".to_owned()));
    let mut text = String::new();
    for (number, what) in lines {
        line(&mut text, &count(number), &what);
    }
    for child in tree.walk().filter(|child| child.restarts > 0) {
        let reasons: Vec<String> = child
            .exits
            .iter()
            .map(|exit| exit.reason.to_string())
            .collect();
        line(
            &mut text,
            "",
            &format!("  {}: {}", child.path, reasons.join("; ")),
        );
    }
    text
}

fn line(text: &mut String, number: &str, what: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(text, "{number:>8}  {what}");
}

/// What left the traders' sockets beyond one message a question.
fn sent_again(tally: &Tally, tree: &NodeSnapshot) -> u64 {
    let sockets = tree.walk().filter(|child| child.kind == "req");
    let sent: u64 = sockets.map(|socket| socket.messages_out).sum();
    let of_reason = |wanted| {
        let failed = tally.failed_because();
        let counts = failed.filter_map(|(reason, count)| (reason == wanted).then_some(count));
        counts.sum::<u64>()
    };
    // One that timed out is followed by its cancellation.
    (sent + of_reason("not sent")).saturating_sub(tally.asked() + of_reason("timed out"))
}
