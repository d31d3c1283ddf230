use std::collections::BTreeSet;

use super::*;
use crate::pattern::SocketType;

fn of(socket: &'static str) -> SocketOptions {
    SocketOptions::new(socket, SocketType::PUSH)
}

#[test]
fn defaults_are_shown_as_they_are_written_in_the_rows() {
    for row in all() {
        for socket in row.sockets() {
            let options = of(socket);
            assert_eq!(row.get(&options), row.default_of(socket), "{}", row.name());
            assert_eq!(row.check(&options), Ok(()));
        }
    }
}

#[test]
fn names_are_used_once_and_helps_are_plain_text() {
    let names: BTreeSet<&str> = all().iter().map(OptionRow::name).collect();
    assert_eq!(names.len(), all().len());
    for row in all() {
        let help = row.help();
        assert!(
            help.ends_with('.') && !help.contains(['[', '|', '\n']) && !help.contains("  "),
            "{help}"
        );
    }
}

#[test]
fn values_come_back_as_they_were_set() {
    let mut options = of("Req");
    for (name, value) in [
        ("send-messages-max", "5"),
        ("send-bytes-max", "3MiB"),
        ("overflow", "drop-oldest"),
        ("linger", "1m 30s"),
        ("peers-max", "0"),
        ("reconnect", "off"),
        ("service", "quotes"),
        ("stickiness", "failover"),
        ("deadline", "250ms"),
        ("deadline", "none"),
        ("codec", "cbor"),
    ] {
        options.set(name, value).unwrap();
        let row = options.row(name).unwrap();
        assert_eq!(row.get(&options), value, "{name}");
    }
}

/// Answers are as many as the requests that may be received, so they wait at no bound.
#[test]
fn sockets_that_send_nothing_of_their_own_accord_have_no_bound_of_it() {
    for option in ["send-messages-max", "send-bytes-max", "overflow"] {
        for socket in ["Pull", "Sub", "Rep"] {
            assert!(of(socket).row(option).is_err(), "{socket} {option}");
        }
        for socket in ["Push", "Req", "Pub", "Socket"] {
            assert!(of(socket).row(option).is_ok(), "{socket} {option}");
        }
    }
}

#[test]
fn what_does_not_fit_is_refused_with_what_does() {
    let refused = |name: &str, value: &str, says: &str| {
        let error = of("Push").set(name, value).unwrap_err().to_string();
        assert_eq!(error, says);
    };
    refused(
        "send-messages-max",
        "0",
        r#"bad value "0" for option "send-messages-max": allowed is an integer from 1 to 16777215"#,
    );
    refused(
        "linger",
        "5",
        r#"bad value "5" for option "linger": allowed is a time from 0s to 10years, as in 250ms or 5s"#,
    );
    refused(
        "send-bytes-max",
        "16MB",
        r#"bad value "16MB" for option "send-bytes-max": allowed is bytes from 1B to 512GiB, as in 64KiB or 16MiB"#,
    );
    refused(
        "reconnect",
        "yes",
        r#"bad value "yes" for option "reconnect": allowed is on or off, true or false"#,
    );
    refused(
        "peers-max",
        "many",
        r#"bad value "many" for option "peers-max": allowed is none, or an integer from 0 to 4294967295"#,
    );
    refused(
        "overflow",
        "drop",
        r#"bad value "drop" for option "overflow": allowed is one of wait, refuse, drop-newest, drop-oldest, conflate"#,
    );
    let mistyped = of("Push").set("lingr", "5s").unwrap_err().to_string();
    let says =
        r#"unknown option "lingr": the nearest is "linger", allowed are send-messages-max, "#;
    assert!(mistyped.starts_with(says), "{mistyped}");
    let unknown = of("Push").set("deadline", "5s").unwrap_err().to_string();
    assert!(unknown.starts_with(r#"unknown option "deadline": allowed are send-messages-max, "#));
    assert!(!unknown[20..].contains(" deadline,"), "it is of req alone");
}

#[test]
fn what_a_program_sets_is_checked_as_well() {
    let mut options = of("Push");
    options.dead_after = std::time::Duration::ZERO;
    let error = options.check().unwrap_err().to_string();
    assert!(error.contains("dead-after") && error.contains("from 1ms"));
}

#[test]
fn a_url_says_otherwise_for_its_endpoint_where_that_makes_sense() {
    let endpoint: Endpoint = "tcp://a:1/quotes?dead-after=3s&nodelay=false"
        .parse()
        .unwrap();
    let options = of("Push").at(&endpoint);
    assert_eq!(options.dead_after, std::time::Duration::from_secs(3));
    assert_eq!(options.service, "quotes");
    let (dialed, listened) = (in_urls(Use::Dial), in_urls(Use::Listen));
    let names =
        |specs: &[OptionSpec]| -> BTreeSet<&str> { specs.iter().map(|spec| spec.name).collect() };
    let (dialed, listened) = (names(&dialed), names(&listened));
    assert!(dialed.contains("dead-after") && listened.contains("dead-after"));
    for name in ["reconnect", "reconnect-attempts", "expect-peer"] {
        assert!(dialed.contains(name) && !listened.contains(name), "{name}");
    }
    assert!(!dialed.contains("linger"), "it is of the socket as a whole");
}

#[test]
fn what_others_call_them_are_options_that_there_are() {
    let registry = treewire_transports::Registry::standard();
    let specs = |url: &str| registry.options(&url.parse().unwrap()).unwrap();
    let of_transports = [specs("tcp://a:1"), specs("ipc://a"), specs("ws://a:1")].concat();
    for (theirs, meaning) in foreign_names::TABLES.iter().flat_map(|(_, table)| *table) {
        match meaning {
            foreign_names::Meaning::Option(ours, _) => {
                assert!(all().iter().any(|row| row.name() == *ours), "{theirs}");
            }
            foreign_names::Meaning::Url(ours, _) => {
                assert!(
                    of_transports.iter().any(|spec| spec.name == *ours),
                    "{theirs}"
                );
            }
            foreign_names::Meaning::Otherwise(how) => assert!(!how.is_empty()),
        }
    }
}
