use std::thread;

use tokio::runtime::Builder;

use super::*;

/// Runs `asker` on a thread of its own, in a runtime that is its alone.
fn on_another_thread<T: Send>(asker: impl FnOnce() -> T + Send) -> T {
    let asker = || {
        let runtime = Builder::new_current_thread().build().unwrap();
        runtime.block_on(async { asker() })
    };
    thread::scope(|threads| threads.spawn(asker).join().unwrap())
}

/// How many questions it takes until one is watched, at most `questions`.
fn until_watched(vigil: &Vigil, questions: usize) -> Option<(usize, Asking)> {
    (0..questions).find_map(|count| {
        let mut asking = Asking::default();
        vigil.begin_asking(&mut asking).then_some((count, asking))
    })
}

#[test]
fn who_asks_from_another_thread_again_and_again_stays_awake_at_last_and_so_does_the_actor() {
    let vigil = Vigil::default();
    vigil.settle();
    let mut serving = Serving::default();
    assert!(!vigil.begin_serving(&mut serving), "nobody waits");
    on_another_thread(|| {
        let (count, mut asking) = until_watched(&vigil, 100).unwrap();
        assert!(count > 10, "it began with question {count}");
        vigil.end_asking(&mut asking);
        let again = until_watched(&vigil, 1);
        assert!(again.is_some(), "the next one, too");
    });
    assert!(vigil.begin_serving(&mut serving));
}

#[test]
fn nobody_stays_awake_on_the_actors_own_thread_nor_before_it_has_one() {
    let vigil = Vigil::default();
    assert!(on_another_thread(|| until_watched(&vigil, 100)).is_none());
    let runtime = Builder::new_current_thread().build().unwrap();
    vigil.settle();
    assert!(
        runtime
            .block_on(async { until_watched(&vigil, 100) })
            .is_none()
    );
}

#[test]
fn nobody_stays_awake_where_another_thread_would_take_over() {
    let vigil = Vigil::default();
    vigil.settle();
    thread::scope(|threads| {
        let without_runtime = threads.spawn(|| until_watched(&vigil, 100).is_none());
        assert!(without_runtime.join().unwrap());
    });
}

#[test]
fn whoever_has_two_questions_under_way_sleeps() {
    let vigil = Vigil::default();
    vigil.settle();
    on_another_thread(|| {
        let (_, mut first) = until_watched(&vigil, 100).unwrap();
        let mut second = Asking::default();
        assert!(!vigil.begin_asking(&mut second));
        assert!(
            !vigil.go_on_asking(&mut first),
            "the first one gives up, too"
        );
        drop((first, second));
        assert!(until_watched(&vigil, 100).is_some(), "both are counted out");
    });
}

#[test]
fn an_answer_among_many_says_nothing_for_staying_awake() {
    let vigil = Vigil::default();
    vigil.settle();
    on_another_thread(|| {
        let (_, mut first) = until_watched(&vigil, 100).unwrap();
        let mut second = Asking::default();
        vigil.begin_asking(&mut second);
        vigil.end_asking(&mut first);
        vigil.end_asking(&mut second);
        assert!(until_watched(&vigil, 1).is_none());
    });
    assert!(!vigil.begin_serving(&mut Serving::default()));
}

#[test]
fn an_actor_goes_to_sleep_when_nothing_comes() {
    let vigil = Vigil::default();
    vigil.settle();
    on_another_thread(|| drop(until_watched(&vigil, 100)));
    let mut serving = Serving::default();
    assert!(vigil.begin_serving(&mut serving));
    while vigil.go_on_serving(&mut serving) {}
    assert!(!vigil.begin_serving(&mut serving), "that was in vain");
    let next = on_another_thread(|| until_watched(&vigil, 1));
    assert!(next.is_none(), "and so is the next question");
}
