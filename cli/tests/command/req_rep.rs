//! Requests and their replies.

use crate::process::treewire;

#[test]
fn an_echo_prints_hello() {
    let mut rep = treewire("rep --echo --listen tcp://127.0.0.1:0 --count 1");
    let url = rep.endpoint();
    let req = treewire(&format!("req --data hello --dial {url}"));
    assert_eq!(req.end().expect(0).stdout, "hello\n");
    assert_eq!(rep.end().expect(0).stdout, "hello\n");
}

#[test]
fn replies_come_in_the_order_of_the_input() {
    let mut reps: Vec<_> = (0..2)
        .map(|_| treewire("rep --echo --listen tcp://127.0.0.1:0"))
        .collect();
    let dials: Vec<String> = reps
        .iter_mut()
        .map(|rep| format!("--dial {}", rep.endpoint()))
        .collect();
    let questions: String = (0..5_000)
        .map(|number| format!("question {number}\n"))
        .collect();
    let req = treewire(&format!("req {}", dials.join(" ")));
    let answers = req.input(questions.as_bytes()).end().expect(0).stdout;
    assert!(answers == questions);
}

#[test]
fn a_fixed_reply_answers_so_many() {
    let mut rep = treewire("rep --reply pong --listen tcp://127.0.0.1:0 --count 2");
    let url = rep.endpoint();
    let req = treewire(&format!("req --dial {url} --data a --data b"));
    assert_eq!(req.end().expect(0).stdout, "pong\npong\n");
    assert_eq!(rep.end().expect(0).stdout, "a\nb\n");
}
