//! On which threads children run, and on which cores the threads.

use std::thread;

use actix::prelude::*;
use treewire_runtime::*;

struct Worker;

impl Actor for Worker {
    type Context = treewire_runtime::Context<Self>;
}

struct Where;
impl Message for Where {
    type Result = String;
}
impl Handler<Where> for Worker {
    type Result = String;
    fn handle(&mut self, _: Where, _: &mut Self::Context) -> String {
        thread::current().name().unwrap_or_default().to_owned()
    }
}

#[tokio::test]
async fn spread_takes_the_arbiter_with_the_fewest_children() {
    let node = Node::builder("test").arbiters(3).start().await.unwrap();
    let pinned = Child::new("pinned", || Worker).placement(Placement::pin(1));
    node.spawn(pinned).await.unwrap();
    let mut threads = Vec::new();
    for number in 0..5 {
        let child =
            Child::new(format!("worker {number}"), || Worker).placement(Placement::spread());
        let worker = node.spawn(child).await.unwrap();
        threads.push(worker.send(Where).await.unwrap());
    }
    let expected = [0, 2, 0, 1, 2].map(|number| format!("treewire-{number}"));
    assert_eq!(threads, expected);
    node.stop().await.unwrap();
}

#[cfg(target_os = "linux")]
mod cores {
    use std::fs;

    use super::*;

    fn allowed(status: &str) -> String {
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
        line.expect("the kernel tells it").trim().to_owned()
    }

    fn allowed_here() -> String {
        allowed(&fs::read_to_string("/proc/thread-self/status").unwrap())
    }

    struct Cores;
    impl Message for Cores {
        type Result = String;
    }
    impl Handler<Cores> for Worker {
        type Result = String;
        fn handle(&mut self, _: Cores, _: &mut Self::Context) -> String {
            allowed_here()
        }
    }

    #[test]
    fn arbiter_threads_keep_to_their_cores_and_no_other_thread_does() {
        run(async {
            let before = allowed_here();
            let several = before.contains(['-', ',']);
            let builder = Node::builder("test").arbiters(3).pin_to_cores(true);
            let node = builder.start().await.unwrap();
            let mut cores = Vec::new();
            for number in 0..3 {
                let child = Child::new(format!("{number}"), || Worker);
                let child = child.placement(Placement::pin(number));
                let worker = node.spawn(child).await.unwrap();
                cores.push(worker.send(Cores).await.unwrap());
            }
            assert_eq!(cores[0], before, "the caller's thread is left alone");
            for core in &cores[1..] {
                assert!(core.parse::<usize>().is_ok(), "one core: {core}");
            }
            assert_eq!(several, cores[1] != cores[2], "{cores:?}");
            let mut others = 0;
            for task in fs::read_dir("/proc/self/task").unwrap() {
                let path = task.unwrap().path();
                let read = |file| fs::read_to_string(path.join(file));
                // Threads of other tests come and go.
                let (Ok(name), Ok(status)) = (read("comm"), read("status")) else {
                    continue;
                };
                if ["treewire-contro", "treewire-reaper", "treewire-drops"].contains(&name.trim()) {
                    assert_eq!(allowed(&status), before, "{name}");
                    others += 1;
                }
            }
            assert!(
                others >= 3,
                "the control thread and the reaper's were found"
            );
            node.stop().await.unwrap();
        });
    }
}
