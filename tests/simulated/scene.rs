//! Two nodes, the network between them, and what befalls them.

use std::future::Future;
use std::ops::{Range, RangeInclusive};
use std::sync::{Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use treewire::{Chance, Conditions, Node, SimNetwork, World, seeds};

/// Whatever is to come at all comes within this time of the world.
const PATIENCE: Duration = Duration::from_secs(3_600);

pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) network: SimNetwork,
    pub(crate) client: Node,
    pub(crate) server: Node,
}

impl Scene {
    pub(crate) async fn new(world: &World) -> Self {
        let network = SimNetwork::new(world.seed());
        let client = node(world, &network, "client").await;
        let server = node(world, &network, "server").await;
        Scene {
            world: world.clone(),
            network,
            client,
            server,
        }
    }

    /// Links that are slow, and break now and then.
    pub(crate) fn worsen(&self) {
        let mut chance = self.world.chance("conditions");
        let longest = Duration::from_millis(1 + chance.below(60));
        let mut conditions = Conditions::default().delay(Duration::ZERO..=longest);
        if chance.once_in(2) {
            conditions = conditions.cut_after(50..=20_000);
        }
        if chance.once_in(4) {
            conditions = conditions.bandwidth(20_000 + chance.below(1_000_000));
        }
        self.network.set(conditions);
    }

    /// Links of datagrams that are slow and lose, double and reorder some of them.
    pub(crate) fn worsen_datagrams(&self) {
        let mut chance = self.world.chance("conditions");
        let longest = Duration::from_millis(1 + chance.below(60));
        let mut share = |percent_max: u64| chance.below(percent_max + 1) as f64 / 100.0;
        let mut conditions = Conditions::default()
            .delay(Duration::ZERO..=longest)
            .loss(share(30))
            .doubling(share(20))
            .reordering(share(30));
        if chance.once_in(4) {
            conditions = conditions.bandwidth(20_000 + chance.below(1_000_000));
        }
        self.network.set(conditions);
    }

    /// Each kind of trouble at least once and some again, in an order that chance has;
    /// then none.
    pub(crate) async fn trouble(&self) {
        let mut chance = self.world.chance("trouble");
        let mut troubles = Trouble::ALL.to_vec();
        for _ in 0..4 {
            troubles.extend(chance.pick(&Trouble::ALL));
        }
        while !troubles.is_empty() {
            let next = chance.below(troubles.len() as u64) as usize;
            self.pause(&mut chance, 0..=1_000).await;
            match troubles.swap_remove(next) {
                Trouble::Cut => _ = self.network.cut("client", "server"),
                Trouble::Partition => self.part(&mut chance).await,
                Trouble::Kill(kinds) => within_reason(self.kill(kinds, &mut chance)).await,
            }
        }
        self.network.set(Conditions::default());
    }

    /// For longer than heartbeats and handshakes wait, or not.
    async fn part(&self, chance: &mut Chance) {
        match chance.below(3) {
            0 => self.network.part("client", "server"),
            1 => self.network.part_one_way("client", "server"),
            _ => self.network.part_one_way("server", "client"),
        }
        self.pause(chance, 0..=30_000).await;
        self.network.heal_all();
    }

    /// Kills a child of these kinds on either node, as soon as there is one.
    async fn kill(&self, kinds: &[&str], chance: &mut Chance) {
        loop {
            let mut found = Vec::new();
            for node in [&self.client, &self.server] {
                let tree = node.snapshot().await.unwrap();
                let fitting = tree.walk().filter(|child| kinds.contains(&&*child.kind));
                found.extend(fitting.map(|child| (node, child.path.clone())));
            }
            // It may have ended meanwhile.
            if let Some((node, path)) = chance.pick(&found)
                && node.kill(path).await.is_ok()
            {
                return;
            }
            self.pause(chance, 1..=100).await;
        }
    }

    /// What all children of both nodes say under that name, in all.
    pub(crate) async fn figure(&self, name: &str) -> u64 {
        let mut sum = 0;
        for node in [&self.client, &self.server] {
            let tree = node.snapshot().await.unwrap();
            let details = tree.walk().filter_map(|child| child.details.get(name));
            sum += details
                .map(|text| text.parse::<u64>().unwrap())
                .sum::<u64>();
        }
        sum
    }

    pub(crate) async fn pause(&self, chance: &mut Chance, millis: RangeInclusive<u64>) {
        let time = millis.start() + chance.below(millis.end() - millis.start() + 1);
        self.world.clock().sleep(Duration::from_millis(time)).await;
    }

    pub(crate) async fn stop(self) {
        within_reason(self.client.stop()).await.unwrap();
        within_reason(self.server.stop()).await.unwrap();
        // What was under way to who has gone.
        self.world.pass(Duration::from_secs(1)).await;
        assert_eq!(self.network.links(), 0, "links are left");
    }
}

/// What may befall two nodes.
#[derive(Clone, Copy)]
enum Trouble {
    Cut,
    Partition,
    /// Of a child of one of these kinds.
    Kill(&'static [&'static str]),
}

impl Trouble {
    const ALL: [Trouble; 6] = [
        Trouble::Cut,
        Trouble::Partition,
        Trouble::Kill(&["connection"]),
        Trouble::Kill(&["dialer"]),
        Trouble::Kill(&["listener"]),
        Trouble::Kill(&["push", "pull", "req", "rep", "pub", "sub", "talk"]),
    ];
}

pub(crate) async fn node(world: &World, network: &SimNetwork, name: &str) -> Node {
    let node = Node::builder(name).driven(world);
    let node = node.provide(network.registry(name)).start();
    node.await.unwrap()
}

/// Makes a world of each seed, two at a time, and gathers what they come to.
pub(crate) fn worlds<T: Send>(usual: Range<u64>, world: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let (left, results) = (Mutex::new(seeds(usual)), Mutex::default());
    let work = || {
        loop {
            let Some(seed) = left.lock().unwrap().next() else {
                return;
            };
            let result = world(seed);
            let mut results: MutexGuard<'_, Vec<T>> = results.lock().unwrap();
            results.push(result);
        }
    };
    thread::scope(|scope| {
        scope.spawn(work);
        scope.spawn(work);
    });
    results.into_inner().unwrap()
}

/// Fails a test that hangs, with its place.
#[track_caller]
pub(crate) fn within_reason<T>(what: impl Future<Output = T>) -> impl Future<Output = T> {
    let place = std::panic::Location::caller();
    async move {
        let done = tokio::time::timeout(PATIENCE, what).await;
        done.unwrap_or_else(|_| panic!("this hangs: {place}"))
    }
}
