//! The demonstration ends by itself, and its numbers add up.

use crate::process::treewire;

/// The number before a line of the summary.
fn number(output: &str, what: &str) -> u64 {
    let lines = output.lines().map(str::trim_start);
    let number = lines.filter_map(|line| {
        let (number, rest) = line.split_once("  ")?;
        (rest == what).then(|| number.replace(',', ""))
    });
    let number: Vec<String> = number.collect();
    assert_eq!(number.len(), 1, "{what}: {output}");
    number[0].parse().unwrap()
}

#[test]
fn what_was_asked_was_answered_or_failed_for_a_reason() {
    let demo = treewire("demo --duration 2s").end().expect(0);
    let output = demo.stdout;
    assert_eq!(demo.stderr, "");
    let (asked, answered) = (number(&output, "asked"), number(&output, "answered"));
    let failed = number(&output, "failed, each told why");
    assert_eq!(asked, answered + failed);
    // The poison at least, and hardly anything else.
    assert!(
        failed >= 1 && answered > 100 && answered > 10 * failed,
        "{output}"
    );
    assert_eq!(number(&output, "restarted"), 3);
    for part in [
        "The tree before",
        "The tree during",
        "The tree after",
        "! kill trader-1/market/dialer tcp://127.0.0.1:",
        "✓ quotes is back, generation 2",
        "✗ quotes panicked: there is no quote for ENRON (cli/src/demo/quotes.rs:",
        "quotes: killed by the operator; panicked: there is no quote for ENRON",
        "lost in a crash",
    ] {
        assert!(output.contains(part), "{part:?} is not in {output}");
    }
}

#[test]
fn it_can_be_observed_and_interrupted() {
    let mut demo = treewire("demo --duration 1h --observe http://127.0.0.1:0");
    let observer = demo.says("observer at ");
    let tree = treewire(&format!("tree {observer}")).end().expect(0).stdout;
    assert!(tree.starts_with("market "), "{tree}");
    demo.signal("INT");
    demo.end().expect(130);
}
