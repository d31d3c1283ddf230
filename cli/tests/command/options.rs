//! Options of sockets on the command line, from the library's table.

use treewire::options::{Place, all};

use crate::process::{free_port, treewire};

#[test]
fn every_option_that_may_be_a_flag_is_one_of_the_commands_that_have_it() {
    for (socket, command) in [
        ("Push", "push"),
        ("Pull", "pull"),
        ("Req", "req"),
        ("Rep", "rep"),
        ("Pub", "pub"),
        ("Sub", "sub"),
    ] {
        let help = treewire(&format!("help {command}")).end().expect(0).stdout;
        for row in all() {
            let is_flag = row.is_of(socket) && row.places().contains(&Place::Flag);
            let flag = format!("--{} <", row.name());
            assert_eq!(help.contains(&flag), is_flag, "{command} {flag}");
        }
    }
}

#[test]
fn a_bad_value_is_refused_with_what_is_allowed() {
    let refused = |arguments: &str, says: &str| {
        let ended = treewire(&format!("push --dial tcp://a:1 {arguments}"));
        let stderr = ended.end().expect(2).stderr;
        assert!(stderr.contains(says), "{stderr}");
    };
    refused("--linger 5", "allowed is a time from 0s to 10years");
    refused("--send-messages-max 0", "allowed is an integer from 1");
    refused("--delivery exactly-once", "best-effort, reliable");
    refused("--deadline 5s", "--dead-after");
}

#[test]
fn the_socket_has_what_the_flags_say() {
    let port = free_port();
    let asked = treewire(&format!(
        "req --dial tcp://127.0.0.1:{port} --data x --deadline 50ms"
    ));
    let stderr = asked.end().expect(1).stderr;
    assert!(stderr.contains("request 1 was not answered"), "{stderr}");

    let input = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(input.path(), vec![b'x'; 2_000]).unwrap();
    let file = input.path().display();
    let push = format!("push --dial tcp://127.0.0.1:{port} --file {file} --message-bytes-max 1KiB");
    let stderr = treewire(&push).end().expect(1).stderr;
    assert!(stderr.contains("more than 1024 bytes"), "{stderr}");
}
