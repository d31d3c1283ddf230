use std::env;
use std::ops::Range;

/// The variable that names the one seed to run.
pub(super) const VARIABLE: &str = "TREEWIRE_SEED";

/// The seeds of which a test makes worlds: `usual`, or the one that the environment
/// variable `TREEWIRE_SEED` names, so that one that failed is replayed by
/// `TREEWIRE_SEED=17 cargo test that_test`.
///
/// # Panics
/// When the variable is set to something that is no number.
pub fn seeds(usual: Range<u64>) -> Range<u64> {
    let Ok(wanted) = env::var(VARIABLE) else {
        return usual;
    };
    let seed = wanted
        .parse()
        .unwrap_or_else(|_| panic!("{VARIABLE} is to be one seed, a number, not {wanted:?}"));
    seed..seed + 1
}
