//! Random trees under random misfortune, beside a naive model of what they ought
//! to do. Driven: the same seed is the same story.
//!
//! `TREEWIRE_SEED=7 cargo test -p treewire-runtime --test random_trees` replays one;
//! `TREEWIRE_STEPS=300000` looks at more of them.

mod model;
mod story;

/// Over all seeds of one run.
const STEPS: usize = 10_000;

#[test]
fn supervision_01_random_trees_obey_a_naive_model() {
    let most = number("TREEWIRE_STEPS").map_or(STEPS, |steps| steps as usize);
    if let Some(seed) = number("TREEWIRE_SEED") {
        story::run(seed, most);
        return;
    }
    let mut steps = 0;
    let mut seeds = 0;
    while steps < most {
        steps += story::run(seeds, most - steps);
        seeds += 1;
    }
    println!("{steps} steps, {seeds} seeds");
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    let number = text.parse();
    Some(number.unwrap_or_else(|_| panic!("{variable} is a number")))
}
