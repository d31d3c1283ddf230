//! When all that is dialed is given up and nobody can come, nothing is waited for.

use crate::process::{Ended, free_port, treewire};

const COMMANDS: [&str; 6] = [
    "push --data x",
    "pull",
    "req --data x",
    "rep --echo",
    "pub --data x --wait-for 1",
    "sub",
];

fn end(command: &str, rest: &str) -> Ended {
    treewire(&format!("{command} {rest}")).end()
}

#[test]
fn a_command_ends_when_all_it_dials_is_given_up() {
    for command in COMMANDS {
        let nobody = format!("tcp://127.0.0.1:{}", free_port());
        let other = format!("tcp://127.0.0.1:{}", free_port());
        for given_up in [
            format!("--dial {nobody} --reconnect-attempts 2"),
            format!("--dial {nobody} --dial {other} --reconnect-stop refused"),
            format!("--dial {nobody} --reconnect off"),
            format!("--dial {nobody}?reconnect=off"),
        ] {
            let ended = end(command, &given_up).expect(1);
            let said = &ended.stderr;
            assert!(
                said.contains("nobody is dialed any more")
                    && said.contains(&nobody)
                    && said.contains("refused the connection")
                    && said.contains(&other) == given_up.contains(&other),
                "{command} {given_up}: {said}"
            );
        }
    }
}

#[test]
fn a_command_waits_while_somebody_can_come() {
    let nobody = format!("tcp://127.0.0.1:{}", free_port());
    let other = format!("tcp://127.0.0.1:{}", free_port());
    for command in COMMANDS {
        for waits in [
            format!("--dial {nobody} --reconnect off --listen tcp://127.0.0.1:0"),
            format!("--dial {nobody}?reconnect=off --dial {other}"),
        ] {
            end(command, &format!("{waits} --timeout 300ms")).expect(3);
        }
    }
}

#[test]
fn what_came_before_the_only_peer_went_is_printed() {
    let lines: String = (0..5_000).map(|line| format!("{line}\n")).collect();
    let mut push = treewire("push --listen tcp://127.0.0.1:0");
    let url = push.endpoint();
    let pull = treewire(&format!("pull --reconnect off --dial {url}"));
    push.input(lines.as_bytes()).end().expect(0);
    let ended = pull.end().expect(1);
    assert_eq!(ended.stdout, lines);
    assert!(ended.stderr.contains("the peer closed"), "{}", ended.stderr);
}

#[test]
fn a_peer_that_goes_when_it_has_confirmed_all_is_no_failure() {
    let mut pull = treewire("pull --count 1 --listen tcp://127.0.0.1:0");
    let url = pull.endpoint();
    end("push --data x", &format!("--reconnect off --dial {url}")).expect(0);
    pull.end().expect(0);
}
