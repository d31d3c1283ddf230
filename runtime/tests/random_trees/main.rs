//! Random trees under random misfortune, beside a naive model of what they ought
//! to do. Driven: the same seed is the same story.
//!
//! `TREEWIRE_SEED=7 cargo test -p treewire-runtime --test random_trees` replays one.

mod model;
mod story;

/// Over all seeds of one run.
const STEPS: usize = 10_000;

#[test]
fn supervision_01_random_trees_obey_a_naive_model() {
    if let Ok(seed) = std::env::var("TREEWIRE_SEED") {
        let seed = seed.parse().expect("TREEWIRE_SEED is a number");
        story::run(seed, STEPS);
        return;
    }
    let mut steps = 0;
    for seed in 0.. {
        if steps >= STEPS {
            break;
        }
        steps += story::run(seed, STEPS - steps);
    }
}
