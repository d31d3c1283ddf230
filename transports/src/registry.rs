//! Which transports and dialects there are: filled at run time, so that users add their own.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::RwLock;

use crate::dialect::{Dialect, DialectFactory, Settings, lines::Lines, tw::Treewire};
use crate::endpoint::option;
use crate::inproc::Inproc;
#[cfg(unix)]
use crate::ipc::Ipc;
use crate::tcp::Tcp;
use crate::transport::{Acceptor, BoxFuture};
use crate::ws::Ws;
use crate::{Delivery, Endpoint, EndpointError, Link, OptionSpec, Transport, TransportError, Use};

/// The transports and dialects of a node. Clones share one table.
///
/// `inproc` names live in the transport instance, so two registries made by [`standard`](Self::standard) do not see
/// each other's.
#[derive(Clone, Default)]
pub struct Registry(Arc<RwLock<Tables>>);

#[derive(Default)]
struct Tables {
    transports: BTreeMap<&'static str, Arc<dyn Transport>>,
    dialects: BTreeMap<&'static str, Arc<dyn DialectFactory>>,
}

impl Registry {
    /// Without any transport or dialect.
    pub fn empty() -> Self {
        Self::default()
    }

    /// With every transport and dialect of this crate.
    pub fn standard() -> Self {
        let registry = Self::empty();
        registry.register_transport(Inproc::default());
        #[cfg(unix)]
        registry.register_transport(Ipc);
        registry.register_transport(Tcp);
        registry.register_transport(Ws);
        registry.register_dialect(Lines);
        registry.register_dialect(Treewire);
        registry
    }

    /// Adds a transport, instead of any that has its scheme.
    pub fn register_transport(&self, transport: impl Transport + 'static) {
        self.0
            .write()
            .transports
            .insert(transport.scheme(), Arc::new(transport));
    }

    /// Adds a dialect, instead of any that has its name.
    pub fn register_dialect(&self, dialect: impl DialectFactory + 'static) {
        self.0
            .write()
            .dialects
            .insert(dialect.name(), Arc::new(dialect));
    }

    /// Whether the endpoint can be used: its dialect, transport, options and address are known and fit. `extra` are the
    /// options the socket itself takes.
    ///
    /// # Errors
    /// What does not fit, and what is allowed instead.
    pub fn check(
        &self,
        endpoint: &Endpoint,
        wanted: Use,
        extra: &[OptionSpec],
    ) -> Result<(), EndpointError> {
        let dialect = self.dialect(endpoint)?;
        let transport = self.transport(endpoint)?;
        option::check(
            endpoint,
            &[transport.options(), dialect.options(), extra].concat(),
        )?;
        transport.check(endpoint, wanted)
    }

    /// Whether a socket of that type can speak there, and keep what it promises.
    ///
    /// # Errors
    /// The dialect is unknown, has no words for such sockets, or lacks what the promise takes.
    pub fn check_socket(
        &self,
        endpoint: &Endpoint,
        socket: &str,
        delivery: Delivery,
    ) -> Result<(), EndpointError> {
        let factory = self.dialect(endpoint)?;
        let dialect = endpoint.dialect().to_owned();
        let text = endpoint.without_options().to_string();
        if !factory.speaks_for(socket) {
            let socket = socket.to_owned();
            return Err(EndpointError::Socket {
                dialect,
                endpoint: text,
                socket,
            });
        }
        if !factory.delivers(delivery) {
            return Err(EndpointError::Delivery {
                dialect,
                endpoint: text,
                delivery,
            });
        }
        Ok(())
    }

    /// Makes a link to a checked endpoint.
    pub fn dial(&self, endpoint: &Endpoint) -> BoxFuture<'static, Result<Link, TransportError>> {
        match self.usable(endpoint, Use::Dial) {
            Ok(transport) => transport.dial(endpoint.clone()),
            Err(error) => Box::pin(std::future::ready(Err(error.into()))),
        }
    }

    /// Starts to accept links at a checked endpoint.
    pub fn listen(
        &self,
        endpoint: &Endpoint,
    ) -> BoxFuture<'static, Result<Box<dyn Acceptor>, TransportError>> {
        match self.usable(endpoint, Use::Listen) {
            Ok(transport) => transport.listen(endpoint.clone()),
            Err(error) => Box::pin(std::future::ready(Err(error.into()))),
        }
    }

    /// A speaker of the endpoint's dialect for one new link.
    ///
    /// # Errors
    /// The dialect is unknown.
    pub fn speak(
        &self,
        endpoint: &Endpoint,
        settings: Settings,
    ) -> Result<Box<dyn Dialect>, EndpointError> {
        Ok(self.dialect(endpoint)?.speak(endpoint, settings))
    }

    /// Whether the endpoint certainly lies on this machine, so that retrying is cheap. `false` for what is unknown.
    pub fn is_local(&self, endpoint: &Endpoint) -> bool {
        self.transport(endpoint)
            .is_ok_and(|transport| transport.is_local(endpoint))
    }

    /// The options an endpoint of this transport and dialect takes, for help texts.
    ///
    /// # Errors
    /// The dialect or transport is unknown.
    pub fn options(&self, endpoint: &Endpoint) -> Result<Vec<OptionSpec>, EndpointError> {
        Ok([
            self.transport(endpoint)?.options(),
            self.dialect(endpoint)?.options(),
        ]
        .concat())
    }

    /// Every transport by its scheme with the options it takes, for help texts.
    pub fn options_of_transports(&self) -> Vec<(&'static str, &'static [OptionSpec])> {
        let transports = self.0.read().transports.clone();
        let transports = transports.iter();
        transports
            .map(|(scheme, transport)| (*scheme, transport.options()))
            .collect()
    }

    /// Every dialect by its name with the options it adds, for help texts.
    pub fn options_of_dialects(&self) -> Vec<(&'static str, &'static [OptionSpec])> {
        let dialects = self.0.read().dialects.clone();
        let dialects = dialects.iter();
        dialects
            .map(|(name, dialect)| (*name, dialect.options()))
            .collect()
    }

    fn usable(
        &self,
        endpoint: &Endpoint,
        wanted: Use,
    ) -> Result<Arc<dyn Transport>, EndpointError> {
        let transport = self.transport(endpoint)?;
        transport.check(endpoint, wanted)?;
        Ok(transport)
    }

    fn transport(&self, endpoint: &Endpoint) -> Result<Arc<dyn Transport>, EndpointError> {
        let tables = self.0.read();
        tables
            .transports
            .get(endpoint.transport())
            .cloned()
            .ok_or_else(|| EndpointError::UnknownTransport {
                transport: endpoint.transport().to_owned(),
                endpoint: endpoint.without_options().to_string(),
                allowed: names(&tables.transports),
            })
    }

    fn dialect(&self, endpoint: &Endpoint) -> Result<Arc<dyn DialectFactory>, EndpointError> {
        let tables = self.0.read();
        tables
            .dialects
            .get(endpoint.dialect())
            .cloned()
            .ok_or_else(|| EndpointError::UnknownDialect {
                dialect: endpoint.dialect().to_owned(),
                endpoint: endpoint.without_options().to_string(),
                allowed: names(&tables.dialects),
            })
    }
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let tables = self.0.read();
        f.debug_struct("Registry")
            .field("transports", &names(&tables.transports))
            .field("dialects", &names(&tables.dialects))
            .finish()
    }
}

fn names<T>(table: &BTreeMap<&'static str, T>) -> Vec<String> {
    table.keys().map(|&name| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OptionKind;

    const CODEC: OptionSpec = OptionSpec {
        name: "codec",
        value: OptionKind::OneOf(&["json", "postcard"]),
        help: "payload codec",
    };

    fn check(text: &str, wanted: Use) -> Result<(), String> {
        let endpoint: Endpoint = text.parse().unwrap();
        Registry::standard()
            .check(&endpoint, wanted, &[CODEC])
            .map_err(|error| error.to_string())
    }

    #[test]
    fn fitting_endpoints_pass() {
        for text in [
            "tcp://*:0?nodelay=false&codec=json",
            "inproc://a",
            "ws://*:0/path?nodelay=false&origin=*",
            "ipc:///run/x.sock?mode=0660&peer-uid=0,1000",
            "tw+tcp://[::1]:1/service",
        ] {
            assert_eq!(check(text, Use::Listen), Ok(()));
        }
    }

    #[test]
    fn errors_list_what_is_allowed() {
        let refused = |text, error: &str| assert_eq!(check(text, Use::Dial).unwrap_err(), error);
        refused(
            "tpc://x",
            r#"unknown transport "tpc" in "tpc://x": allowed are inproc, ipc, tcp, ws"#,
        );
        refused(
            "zmtp+tcp://x:1",
            r#"unknown dialect "zmtp" in "zmtp+tcp://x:1": allowed are lines, tw"#,
        );
        refused(
            "inproc://x?password=1",
            r#"unknown option "password" in "inproc://x": allowed are codec"#,
        );
        refused(
            "inproc://x?codex=json",
            r#"unknown option "codex" in "inproc://x": the nearest is "codec", allowed are codec"#,
        );
        refused(
            "tcp://x:1?nodelay=yes",
            r#"bad value "yes" for option "nodelay" in "tcp://x:1": allowed is on or off, true or false"#,
        );
        refused(
            "tcp://x:1?codec=xml",
            r#"bad value "xml" for option "codec" in "tcp://x:1": allowed is one of json, postcard"#,
        );
        refused(
            "tcp://x:0",
            r#"bad address "x:0" in "tcp://x:0" to dial: the port 0 is only to listen on, name one to dial"#,
        );
    }

    #[test]
    fn names_of_options_have_hyphens() {
        let registry = Registry::standard();
        let tables = [
            registry.options_of_transports(),
            registry.options_of_dialects(),
        ];
        for option in tables.iter().flatten().flat_map(|(_, options)| *options) {
            assert!(!option.name.contains('_'), "{}", option.name);
        }
        let error = check("tcp://x:1?send_buffer_bytes=65536", Use::Dial).unwrap_err();
        assert!(
            error.contains(r#"the nearest is "send-buffer-bytes""#),
            "{error}"
        );
    }

    #[test]
    fn local_is_what_certainly_lies_on_this_machine() {
        let is_local = |text: &str| Registry::standard().is_local(&text.parse().unwrap());
        assert!(is_local("inproc://a"));
        assert!(is_local("ipc://@a"));
        assert!(is_local("tcp://[::1]:1"));
        assert!(is_local("tcp://localhost:1"));
        assert!(is_local("ws://localhost:1/path"));
        assert!(!is_local("tcp://10.0.0.7:1"));
        assert!(!is_local("unheard-of://a"));
    }
}
