//! `treewire tree` and what it prints of a running command.

use crate::process::{free_port, treewire, until};

#[test]
fn the_tree_of_a_running_command_is_printed() {
    let mut rep = treewire("rep --echo --listen tcp://127.0.0.1:0 --observe http://127.0.0.1:0");
    let observer = rep.says("observer at ");
    let url = rep.endpoint();
    let mut req = treewire(&format!("req --dial {url}"));
    let mut input = req.stdin();
    std::io::Write::write_all(&mut input, b"hello\n").unwrap();

    let mut drawn = String::new();
    until("the tree shows the request", || {
        drawn = treewire(&format!("tree {observer}")).end().expect(0).stdout;
        drawn.contains("in 1 (") && drawn.contains("out 1 (")
    });
    for part in [
        "├─ observer ",
        "└─ rep  ",
        "   └─ listener tcp://127.0.0.1:0 ",
        &format!("endpoint {url}"),
        "      └─ connection 127.0.0.1:",
        "running",
    ] {
        assert!(drawn.contains(part), "{part:?} is not in\n{drawn}");
    }
    let json = treewire(&format!("tree {observer} --json"))
        .end()
        .expect(0)
        .stdout;
    let tree: treewire::NodeSnapshot = serde_json::from_str(&json).unwrap();
    assert_eq!(tree.find("rep").unwrap().messages_in, 1);
    drop(input);
    req.end().expect(0);
}

#[test]
fn a_node_that_is_not_there_is_a_clear_error() {
    let nobody = format!("http://127.0.0.1:{}", free_port());
    let stderr = treewire(&format!("tree {nobody}")).end().expect(1).stderr;
    assert!(
        stderr.contains(&format!("cannot reach {nobody}")),
        "{stderr}"
    );

    let mut pull = treewire("pull --listen tcp://127.0.0.1:0");
    let other = pull.endpoint().replace("tcp:", "http:");
    treewire(&format!("tree {other}")).end().expect(1);
}
