//! A network in memory whose delays, faults and partitions replay from a seed; for tests.

mod conditions;
mod dial;
mod end;
mod kind;
mod links;
mod listen;
mod path;
mod state;
mod weather;

use std::fmt;
use std::sync::Arc;
use std::task::Waker;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio::time::Instant;

pub use self::conditions::Conditions;
use self::kind::Kind;
use self::listen::SimAcceptor;
use self::state::State;
use crate::{
    Acceptor, BoxFuture, Endpoint, EndpointError, Link, OptionSpec, Registry, Transport,
    TransportError, Use,
};

/// A network of named hosts, over which `sim://name` endpoints reach each other; for tests. Clones are the same network.
///
/// A host is whoever has the [`registry`](Self::registry) or the [`transport`](Self::transport) of that name. Any of them
/// may listen at a name that nobody has, and dial it. Links are byte streams unless both endpoints say otherwise:
/// `sim://name?links=messages` or `?links=datagrams`. A direction holds 256 KiB and 256 packets.
///
/// Its time is tokio's. Under a clock that is paused, as that of a driven world is, and with one seed, everything that it
/// does replays. It begins without any fault; [`set`](Self::set) what it is to be like.
///
/// ```
/// use std::time::Duration;
/// use treewire_transports::{Conditions, SimNetwork};
///
/// let network = SimNetwork::new(17);
/// let slow = Duration::from_millis(1)..=Duration::from_millis(40);
/// network.set(Conditions::default().delay(slow).cut_after(100..=10_000));
/// let (client, server) = (network.registry("client"), network.registry("server"));
/// network.part("client", "server");
/// network.heal("client", "server");
/// # drop((client, server));
/// ```
#[derive(Clone)]
pub struct SimNetwork(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    healed: Notify,
}

impl SimNetwork {
    /// A network whose chance follows from `seed`.
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Shared {
            state: Mutex::new(State::new(seed)),
            healed: Notify::new(),
        }))
    }

    /// Every transport and dialect of this crate and `sim`, as seen from `host`.
    pub fn registry(&self, host: impl Into<String>) -> Registry {
        let registry = Registry::standard();
        registry.register_transport(self.transport(host));
        registry
    }

    /// The transport `sim` as seen from `host`.
    pub fn transport(&self, host: impl Into<String>) -> Sim {
        Sim {
            network: self.clone(),
            host: host.into(),
        }
    }

    /// What it is like from now on. Where a link is cut was drawn when it was made.
    pub fn set(&self, conditions: Conditions) {
        self.with(|state| state.weather.conditions = conditions);
    }

    /// Parts two hosts: their links are silent, what is under way waits, but for datagrams, which are lost. To dial fails
    /// or waits for the end of the partition.
    pub fn part(&self, one: &str, other: &str) {
        self.part_one_way(one, other);
        self.part_one_way(other, one);
    }

    /// As [`part`](Self::part), but what `to` sends does reach `from`. They cannot dial each other.
    pub fn part_one_way(&self, from: &str, to: &str) {
        let now = Instant::now();
        self.with(|state| state.part(from, to, true, now));
    }

    /// Ends whatever partition is between two hosts.
    pub fn heal(&self, one: &str, other: &str) {
        let now = Instant::now();
        self.with(|state| {
            state.part(one, other, false, now);
            state.part(other, one, false, now);
        });
        self.0.healed.notify_waiters();
    }

    /// Ends all partitions.
    pub fn heal_all(&self) {
        for (from, to) in self.with(|state| state.parted()) {
            self.heal(&from, &to);
        }
    }

    /// Cuts all links between two hosts, but for datagrams, and says how many: of what is under way a random part is
    /// lost, from one byte on, and then either side finds the end.
    pub fn cut(&self, one: &str, other: &str) -> usize {
        let now = Instant::now();
        self.with(|state| {
            let links = state
                .links
                .iter()
                .filter(|(_, pair)| pair.kind != Kind::Datagrams && pair.is_between(one, other));
            let links: Vec<_> = links.map(|(&link, _)| link).collect();
            for &link in &links {
                state.cut(link, now);
            }
            links.len()
        })
    }

    /// How many links it has, those that only one side still holds included.
    pub fn links(&self) -> usize {
        self.with(|state| state.links.len())
    }

    /// The end of the next partition.
    fn healed(&self) -> Notified<'_> {
        self.0.healed.notified()
    }

    /// Nobody is woken and nothing dropped under the lock: either may come straight back.
    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.0.state.lock();
        let result = act(&mut state);
        let awake = std::mem::take(&mut state.awake);
        let debris = std::mem::take(&mut state.debris);
        drop(state);
        drop(debris);
        awake.into_iter().for_each(Waker::wake);
        result
    }
}

impl fmt::Debug for SimNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimNetwork")
            .field("links", &self.links())
            .finish()
    }
}

/// The transport `sim://name[?links=stream|messages|datagrams]`, as one host of a [`SimNetwork`] sees it.
#[derive(Clone, Debug)]
pub struct Sim {
    network: SimNetwork,
    host: String,
}

impl Transport for Sim {
    fn scheme(&self) -> &'static str {
        "sim"
    }

    fn options(&self) -> &'static [OptionSpec] {
        &[kind::OPTION]
    }

    fn check(&self, _endpoint: &Endpoint, _wanted: Use) -> Result<(), EndpointError> {
        // Any address is a name.
        Ok(())
    }

    fn is_local(&self, _endpoint: &Endpoint) -> bool {
        // Hosts are to each other as if they were far away.
        false
    }

    fn dial(&self, endpoint: Endpoint) -> BoxFuture<'static, Result<Link, TransportError>> {
        let address = (Kind::of(&endpoint), endpoint.address().to_owned());
        let (network, host) = (self.network.clone(), self.host.clone());
        Box::pin(dial::dial(network, address, host, endpoint))
    }

    fn listen(
        &self,
        endpoint: Endpoint,
    ) -> BoxFuture<'static, Result<Box<dyn Acceptor>, TransportError>> {
        let address = (Kind::of(&endpoint), endpoint.address().to_owned());
        let acceptor = SimAcceptor::new(self.network.clone(), address, &self.host, endpoint);
        Box::pin(std::future::ready(
            acceptor.map(|acceptor| Box::new(acceptor) as Box<dyn Acceptor>),
        ))
    }
}
