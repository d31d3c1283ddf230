//! What happens when the system refuses a thread: here, for want of address space.
#![cfg(target_os = "linux")]

use std::env;
use std::process::Command;

use actix::prelude::*;
use treewire_runtime::*;

struct Idle;

impl Actor for Idle {
    type Context = treewire_runtime::Context<Self>;
}

/// Far more than the limit below leaves room for.
const THREADS: usize = 1_000;

#[test]
#[ignore = "the process that the other test limits"]
fn the_process() {
    run(async {
        let node = Node::builder("test").start().await.unwrap();
        for number in 0..THREADS {
            let child = Child::new(format!("{number}"), || Idle);
            let child = child.placement(Placement::dedicated());
            if let Err(error) = node.spawn(child).await {
                println!("refused: {error}");
                break;
            }
        }
        node.spawn(Child::new("here", || Idle)).await.unwrap();
        println!("goes on");
        node.stop().await.unwrap();
    });
}

#[test]
fn a_child_whose_thread_is_refused_fails_and_says_so() {
    let this = env::current_exe().unwrap();
    // Large stacks are refused long before the small things that a process needs.
    let process = format!(
        "ulimit -v 1000000; export RUST_MIN_STACK=134217728 MALLOC_ARENA_MAX=1; \
         exec {} --ignored --exact the_process --nocapture",
        this.display()
    );
    let output = Command::new("sh").args(["-c", &process]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{errors}");
    let refusal = said.lines().find(|line| line.starts_with("refused: "));
    let refusal = refusal.unwrap_or_else(|| panic!("{said}\n{errors}"));
    assert!(
        refusal.contains("did not start: failed: cannot start the thread treewire-"),
        "{refusal}"
    );
    assert!(said.contains("goes on"), "{said}");
}
