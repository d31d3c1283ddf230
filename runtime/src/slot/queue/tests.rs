//! The queue beside a model that is one list with a line behind it.

use std::collections::VecDeque;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const EXIT: Exit = Exit::Shutdown;

#[derive(Clone, Debug)]
struct Note {
    number: u32,
    expendable: bool,
    admissions: Arc<Mutex<Vec<u32>>>,
}

impl PartialEq for Note {
    fn eq(&self, other: &Note) -> bool {
        self.number == other.number
    }
}

impl Item for Note {
    type Receipt = Note;

    fn receipt(&self) -> Option<Note> {
        Some(self.clone())
    }

    fn is_expendable(&self) -> bool {
        self.expendable
    }
}

impl Receipt for Note {
    fn admitted(&self) {
        self.admissions.lock().push(self.number);
    }
}

/// The naive queue.
#[derive(Default)]
struct Model {
    queued: VecDeque<(u32, bool)>,
    line: VecDeque<(u32, bool)>,
    capacity: usize,
    high_water: usize,
    closed: bool,
    admissions: Vec<u32>,
}

impl Model {
    fn has_room(&self) -> bool {
        self.line.is_empty() && self.queued.len() < self.capacity
    }

    fn append(&mut self, note: (u32, bool)) {
        self.queued.push_back(note);
        self.high_water = self.high_water.max(self.queued.len());
    }

    fn admit(&mut self) {
        while self.queued.len() < self.capacity
            && let Some(note) = self.line.pop_front()
        {
            self.admissions.push(note.0);
            self.append(note);
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Push {
        expendable: bool,
    },
    PushOrWait {
        expendable: bool,
    },
    PushDisplacing,
    Pop,
    /// One of those that were sent, counted from the oldest.
    Withdraw(prop::sample::Index),
    Resize(usize),
    NextLife,
    Discard,
    Close,
    Open,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => any::<bool>().prop_map(|expendable| Step::Push { expendable }),
        6 => any::<bool>().prop_map(|expendable| Step::PushOrWait { expendable }),
        4 => Just(Step::PushDisplacing),
        10 => Just(Step::Pop),
        3 => any::<prop::sample::Index>().prop_map(Step::Withdraw),
        1 => (1..6_usize).prop_map(Step::Resize),
        1 => Just(Step::NextLife),
        1 => Just(Step::Discard),
        1 => Just(Step::Close),
        2 => Just(Step::Open),
    ]
}

proptest! {
    #[test]
    fn it_does_what_the_model_does(capacity in 1..6_usize, steps in vec(step(), 1..200)) {
        let queue = Queue::<Note>::new(capacity, Arc::default());
        let mut model = Model { capacity, ..Model::default() };
        let admissions = Arc::new(Mutex::new(Vec::new()));
        let mut sent = Vec::new();
        let mut life = 1;
        queue.begin(life);
        for (number, step) in (0_u32..).zip(steps) {
            let note = |expendable| Note { number, expendable, admissions: admissions.clone() };
            let numbers = |notes: Vec<Note>| notes.iter().map(|note| note.number).collect::<Vec<_>>();
            match step {
                Step::Push { expendable } => {
                    let expected = match () {
                        () if model.closed => Err(Refused::Closed(note(expendable), EXIT)),
                        () if !model.has_room() => Err(Refused::Full(note(expendable))),
                        () => {
                            model.append((number, expendable));
                            Ok(())
                        }
                    };
                    prop_assert_eq!(queue.push(note(expendable)), expected);
                }
                Step::PushOrWait { expendable } => {
                    let result = queue.push_or_wait(note(expendable));
                    prop_assert_eq!(result.is_err(), model.closed);
                    let Ok((serial, in_line)) = result else { continue };
                    sent.push((serial, number));
                    prop_assert_eq!(in_line, !model.has_room());
                    if in_line {
                        model.line.push_back((number, expendable));
                    } else {
                        model.append((number, expendable));
                    }
                }
                Step::PushDisplacing => {
                    let result = queue.push_displacing(note(true));
                    let oldest = model.queued.iter().position(|&(_, expendable)| expendable);
                    match oldest {
                        _ if model.closed => prop_assert_eq!(result, Err(Refused::Closed(note(true), EXIT))),
                        _ if model.has_room() => {
                            prop_assert_eq!(result, Ok(None));
                            model.append((number, true));
                        }
                        None => prop_assert_eq!(result, Err(Refused::Full(note(true)))),
                        Some(at) => {
                            let displaced = model.queued.remove(at).map(|note| note.0);
                            prop_assert_eq!(result.unwrap().map(|note| note.number), displaced);
                            model.append((number, true));
                        }
                    }
                }
                Step::Pop => {
                    prop_assert_eq!(queue.pop(life + 1), None, "another life takes nothing");
                    let popped = queue.pop(life).map(|note| note.number);
                    prop_assert_eq!(popped, model.queued.pop_front().map(|note| note.0));
                    model.admit();
                }
                Step::Withdraw(_) if sent.is_empty() => {}
                Step::Withdraw(index) => {
                    let (serial, number) = sent.remove(index.index(sent.len()));
                    let before = model.queued.len() + model.line.len();
                    model.queued.retain(|note| note.0 != number);
                    model.line.retain(|note| note.0 != number);
                    let was_there = model.queued.len() + model.line.len() < before;
                    let withdrawn = queue.withdraw(serial).map(|note| note.number);
                    prop_assert_eq!(withdrawn, was_there.then_some(number));
                    model.admit();
                }
                Step::Resize(capacity) => {
                    queue.set_capacity(capacity);
                    model.capacity = capacity;
                    model.admit();
                }
                Step::NextLife => {
                    queue.end(life);
                    prop_assert_eq!(queue.pop(life), None);
                    queue.begin(life);
                    prop_assert!(!queue.is_served(), "a life that is over does not come back");
                    life += 1;
                    queue.begin(life);
                }
                Step::Discard => {
                    let expected: Vec<_> = model.queued.drain(..).map(|note| note.0).collect();
                    prop_assert_eq!(queue.discard(life).map(numbers), Some(expected));
                    queue.admit_if_any();
                    model.admit();
                }
                Step::Close => {
                    let everything = model.queued.drain(..).chain(model.line.drain(..));
                    let expected: Vec<_> = everything.map(|note| note.0).collect();
                    prop_assert_eq!(queue.close(life, &EXIT).map(numbers), Some(expected));
                    model.closed = true;
                }
                Step::Open => {
                    prop_assert_eq!(queue.open(life), model.closed);
                    model.closed = false;
                }
            }
            let expected = Level {
                depth: model.queued.len(),
                high_water: model.high_water,
                capacity: model.capacity,
            };
            prop_assert_eq!(queue.level(), expected);
            prop_assert_eq!(&*admissions.lock(), &model.admissions);
        }
    }
}

#[test]
fn the_bound_is_exact_and_the_order_kept_between_threads() {
    const CAPACITY: usize = 8;
    const EACH: u32 = 5_000;
    let queue = Queue::<Note>::new(CAPACITY, Arc::default());
    queue.begin(1);
    std::thread::scope(|scope| {
        for sender in 0..3 {
            let queue = &queue;
            scope.spawn(move || {
                for number in 0..EACH {
                    let mut note = Note {
                        number: sender * EACH + number,
                        expendable: false,
                        admissions: Arc::default(),
                    };
                    while let Err(refused) = queue.push(note) {
                        let Refused::Full(back) = refused else {
                            panic!("it is open")
                        };
                        note = back;
                        std::thread::yield_now();
                    }
                }
            });
        }
        let mut next = [0, EACH, 2 * EACH];
        for _ in 0..3 * EACH {
            assert!(queue.level().depth <= CAPACITY);
            let number = loop {
                match queue.pop(1) {
                    Some(note) => break note.number,
                    None => std::thread::yield_now(),
                }
            };
            let sender = (number / EACH) as usize;
            assert_eq!(number, next[sender], "one sender's notes stay in order");
            next[sender] += 1;
        }
    });
    assert_eq!(queue.level().depth, 0);
    assert!(queue.level().high_water <= CAPACITY);
}

#[test]
fn what_a_life_has_in_hand_comes_back_even_after_the_next_began() {
    let queue = Queue::<Note>::new(4, Arc::default());
    let note = |number| Note {
        number,
        expendable: false,
        admissions: Arc::default(),
    };
    queue.push(note(1)).unwrap();
    queue.push(note(2)).unwrap();
    queue.begin(4);
    assert_eq!(queue.pop(4), Some(note(1)));
    queue.begin(5);
    assert_eq!(queue.pop(4), None, "it was given up");
    assert_eq!(queue.pop(5), Some(note(2)));
    assert_eq!(queue.end(4), Some(note(1)));
    assert_eq!(queue.end(4), None);
    assert_eq!(queue.end(5), Some(note(2)));
}

#[test]
fn a_close_that_comes_after_the_next_opening_does_nothing() {
    let queue = Queue::<Note>::new(4, Arc::default());
    queue.open(1);
    queue.open(2);
    assert_eq!(queue.close(1, &EXIT), None);
    assert_eq!(queue.closed(), None);
    assert_eq!(queue.close(2, &EXIT), Some(Vec::new()));
    assert_eq!(queue.closed(), Some(EXIT));
}

#[test]
fn what_is_discarded_late_is_not_what_came_for_the_next_life() {
    let queue = Queue::<Note>::new(4, Arc::default());
    let note = Note {
        number: 1,
        expendable: false,
        admissions: Arc::default(),
    };
    queue.open(1);
    queue.open(2);
    queue.push(note.clone()).unwrap();
    assert_eq!(queue.discard(1), None);
    assert_eq!(queue.discard(2), Some(vec![note]));
}

#[test]
fn the_consumer_is_woken_for_the_first_that_it_has_not_seen() {
    struct Count(AtomicUsize);
    impl std::task::Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Relaxed);
        }
    }
    let consumer = Arc::new(TaskWaker::default());
    let count = Arc::new(Count(AtomicUsize::new(0)));
    let queue = Queue::<Note>::new(4, consumer.clone());
    queue.begin(1);
    let note = Note {
        number: 0,
        expendable: false,
        admissions: Arc::default(),
    };
    let mut expected = 0;
    let mut push_two = || {
        consumer.register(1, &count.clone().into());
        let serial = queue.push_or_wait(note.clone()).unwrap().0;
        queue.push(note.clone()).unwrap();
        expected += 1;
        assert_eq!(count.0.load(Relaxed), expected);
        serial
    };
    for _ in 0..3 {
        push_two();
        while queue.pop(1).is_some() {}
    }
    let serial = push_two();
    queue.withdraw(serial);
    queue.withdraw(serial + 1);
    push_two();
    queue.discard(1);
    push_two();
}

#[test]
fn senders_and_the_generation_in_charge_write_to_different_cache_lines() {
    type Senders = Waiting<Note>;
    let lock = size_of::<Mutex<Senders>>() - size_of::<Senders>();
    let waiting = std::mem::offset_of!(Queue<Note>, waiting) + lock;
    let last_of_senders = waiting + std::mem::offset_of!(Senders, armed);
    let first_of_the_generation = std::mem::offset_of!(Queue<Note>, taken_count);
    assert!(first_of_the_generation - last_of_senders >= 64);
}
