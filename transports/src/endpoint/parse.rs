//! Text to [`Endpoint`].

use std::str::FromStr;

use super::{Endpoint, EndpointError, SERVICE_IN_PATH, SERVICE_OPTION, percent};

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let (scheme, rest) = text
            .split_once("://")
            .ok_or_else(|| EndpointError::NoTransport {
                text: presentable(text),
            })?;
        let (place, query) = match rest.split_once('?') {
            Some((place, query)) => (place, Some(query)),
            None => (rest, None),
        };
        // A password with a question mark in it looks like an option without a value.
        let in_query = |query: &str| {
            query
                .split('&')
                .any(|pair| pair.contains('@') && !pair.contains('='))
        };
        if has_user(place) || query.is_some_and(in_query) {
            return Err(EndpointError::Secret {
                endpoint: presentable(text),
            });
        }
        let shown = || format!("{scheme}://{place}");
        if let Some(found) = place.chars().find(|c| c.is_whitespace() || c.is_control()) {
            return Err(EndpointError::Character {
                found,
                endpoint: shown().escape_debug().to_string(),
            });
        }
        let (dialect, transport) = match scheme.split_once('+') {
            Some((dialect, transport)) => (Some(name(dialect, "dialect", &shown)?), transport),
            None => (None, scheme),
        };
        let transport = name(transport, "transport", &shown)?;
        let (address, service) = place_and_service(&transport, place, &shown)?;
        if address.is_empty() {
            return Err(EndpointError::NoAddress { endpoint: shown() });
        }
        let options = match query {
            Some(query) => options(query, &shown)?,
            None => Vec::new(),
        };
        if service.is_some() && options.iter().any(|(name, _)| name == SERVICE_OPTION) {
            return Err(EndpointError::RepeatedOption {
                name: SERVICE_OPTION.to_owned(),
                endpoint: shown(),
            });
        }
        Ok(Self {
            dialect,
            transport,
            address: address.to_owned(),
            service,
            options,
        })
    }
}

impl TryFrom<&str> for Endpoint {
    type Error = EndpointError;

    fn try_from(text: &str) -> Result<Self, EndpointError> {
        text.parse()
    }
}

/// A dialect, transport or option name: lower-case letters, digits, `-`, `_` and `.`, a letter first.
fn name(
    text: &str,
    role: &'static str,
    shown: &dyn Fn() -> String,
) -> Result<String, EndpointError> {
    let follows =
        |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
    if text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(follows) {
        return Ok(text.to_owned());
    }
    Err(EndpointError::Name {
        role,
        found: text.to_owned(),
        endpoint: shown(),
    })
}

fn place_and_service<'a>(
    transport: &str,
    place: &'a str,
    shown: &dyn Fn() -> String,
) -> Result<(&'a str, Option<String>), EndpointError> {
    let (address, path) = match place.split_once('/') {
        Some((address, path)) if SERVICE_IN_PATH.contains(&transport) => (address, path),
        _ => return Ok((place, None)),
    };
    let service = percent::decode(path).map_err(|found| EndpointError::Percent {
        found,
        name: SERVICE_OPTION.to_owned(),
        endpoint: shown(),
    })?;
    Ok((address, (!service.is_empty()).then_some(service)))
}

fn options(
    query: &str,
    shown: &dyn Fn() -> String,
) -> Result<Vec<(String, String)>, EndpointError> {
    let mut options: Vec<(String, String)> = Vec::new();
    for pair in query.split('&') {
        let Some((option, value)) = pair.split_once('=') else {
            return Err(EndpointError::NoValue {
                name: pair.to_owned(),
                endpoint: shown(),
            });
        };
        let option = name(option, "option", shown)?;
        if options.iter().any(|(known, _)| *known == option) {
            return Err(EndpointError::RepeatedOption {
                name: option,
                endpoint: shown(),
            });
        }
        match percent::decode(value) {
            Ok(value) => options.push((option, value)),
            Err(found) => {
                return Err(EndpointError::Percent {
                    found,
                    name: option,
                    endpoint: shown(),
                });
            }
        }
    }
    Ok(options)
}

/// `user@host` or `user:password@host`, also when the password holds a slash. An abstract socket's leading `@` is none,
/// nor is one in a file's path.
fn has_user(place: &str) -> bool {
    let Some(before) = place.rfind('@').map(|at| &place[..at]) else {
        return false;
    };
    let is_path = before.starts_with(['/', '.', '@']);
    !before.is_empty() && (!before.contains('/') || (before.contains(':') && !is_path))
}

/// The text with anything that could be a user, a password or an option value left out.
fn presentable(text: &str) -> String {
    let text = text.split('?').next().unwrap_or(text);
    let start = text.find("://").map_or(0, |at| at + 3);
    match text.rfind('@') {
        Some(at) if at > start => format!("{}…{}", &text[..start], &text[at..]),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn parse_and_display_are_inverse(
            dialect in proptest::option::of("[a-z][a-z0-9._-]{0,6}"),
            transport in "[a-z][a-z0-9._-]{0,6}|tcp|tls|quic",
            address in "[!-.0->A-~é]{1,12}",
            service in proptest::option::of("\\PC{1,12}"),
            options in proptest::collection::btree_map("[a-z][a-z0-9_-]{0,6}", "\\PC{0,12}", 0..4),
        ) {
            let service = service.filter(|_| SERVICE_IN_PATH.contains(&&transport[..]) && !options.contains_key("service"));
            let address = address.replace('@', "");
            prop_assume!(!address.is_empty());
            let options = options.into_iter().collect();
            let endpoint = Endpoint { dialect, transport, address, service, options };
            prop_assert_eq!(endpoint.to_string().parse(), Ok(endpoint));
        }

        #[test]
        fn any_text_is_refused_or_comes_back(text in "([a-z+]{0,8}://)?\\PC{0,40}") {
            if let Ok(endpoint) = text.parse::<Endpoint>() {
                prop_assert_eq!(endpoint.to_string().parse(), Ok(endpoint));
            }
        }
    }

    fn parse(text: &str) -> Endpoint {
        text.parse()
            .unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn the_parts_of_an_endpoint() {
        let endpoint = parse("zmtp+tcp://[::1]:5555/orders%2Feu?codec=json&note=a%26b%20c");
        assert_eq!(endpoint.dialect(), "zmtp");
        assert_eq!(endpoint.transport(), "tcp");
        assert_eq!(endpoint.address(), "[::1]:5555");
        assert_eq!(endpoint.service(), Some("orders/eu"));
        assert_eq!(endpoint.option("note"), Some("a&b c"));
        assert_eq!(endpoint.options().len(), 2);
    }

    #[test]
    fn the_dialect_is_native_by_default() {
        assert_eq!(parse("tcp://*:0").dialect(), "tw");
        assert_ne!(parse("tcp://*:0"), parse("tw+tcp://*:0"));
    }

    #[test]
    fn only_transports_with_ports_have_the_service_in_the_path() {
        let check = |text, address, service| {
            let endpoint = parse(text);
            assert_eq!((endpoint.address(), endpoint.service()), (address, service));
        };
        check("tcp://h:1/orders", "h:1", Some("orders"));
        check("tcp://h:1/", "h:1", None);
        check("tcp://h:1?service=orders", "h:1", Some("orders"));
        check("ipc:///run/orders", "/run/orders", None);
        check("ipc://@orders?service=a", "@orders", Some("a"));
        check("ws://h:80/path", "h:80/path", None);
    }

    #[test]
    fn display_gives_the_text_back() {
        for text in [
            "tcp://*:0",
            "tw+tcp://[::1]:1/a%20b?x=1&y=%26%3D%C3%A9",
            "inproc://a.b",
            "ipc:///run/x?mode=600",
        ] {
            assert_eq!(parse(text).to_string(), text);
        }
    }

    #[test]
    fn errors_name_the_part_and_what_is_allowed() {
        let check = |text: &str, error: &str| {
            assert_eq!(text.parse::<Endpoint>().unwrap_err().to_string(), error)
        };
        check(
            "localhost:1",
            r#"no transport in "localhost:1": write transport://address, tcp://localhost:1 for instance"#,
        );
        check(
            "://x",
            r#"transport "" in "://x" is not a name: allowed are a-z, 0-9, '-', '_' and '.', a letter first"#,
        );
        check(
            "Tcp://x",
            r#"transport "Tcp" in "Tcp://x" is not a name: allowed are a-z, 0-9, '-', '_' and '.', a letter first"#,
        );
        check(
            "a b+tcp://x",
            r#"dialect "a b" in "a b+tcp://x" is not a name: allowed are a-z, 0-9, '-', '_' and '.', a letter first"#,
        );
        check(
            "tcp://",
            r#"no address in "tcp://": write transport://address"#,
        );
        check(
            "tcp://a b",
            r#"the address in "tcp://a b" holds ' ': white space and control characters are not allowed"#,
        );
        check(
            "tcp://h:1?nodelay",
            r#"option "nodelay" in "tcp://h:1" has no value: write nodelay=…"#,
        );
        check(
            "tcp://h:1?a=1&a=2",
            r#"option "a" in "tcp://h:1" is given twice: give it once"#,
        );
        check(
            "tcp://h:1/a?service=b",
            r#"option "service" in "tcp://h:1/a" is given twice: give it once"#,
        );
        check(
            "tcp://h:1?a=%zz",
            r#""%zz" in option "a" in "tcp://h:1" is no percent-encoded UTF-8: write %25 for a percent sign"#,
        );
        check(
            "tcp://h:1?a=%ff",
            r#""%ff" in option "a" in "tcp://h:1" is no percent-encoded UTF-8: write %25 for a percent sign"#,
        );
    }

    #[test]
    fn a_secret_is_refused_and_not_repeated() {
        for text in [
            "tcp://joe:hunter2@h:1/s",
            "tcp://hunter2@h:1?password=hunter2",
            "tcp://joe:hunter2@x@h:1/s",
            "tcp://joe:hunt/hunter2@h:1",
            "tcp://joe:x?hunter2@h:1",
        ] {
            let error = text.parse::<Endpoint>().unwrap_err();
            assert!(matches!(error, EndpointError::Secret { .. }), "{error}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
        let error = "joe:hunter2@h?password=hunter2"
            .parse::<Endpoint>()
            .unwrap_err()
            .to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }
}
