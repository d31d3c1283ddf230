//! Two nodes, the network between them, and what befalls them.

use std::future::Future;
use std::ops::RangeInclusive;
use std::time::Duration;

use treewire::{Chance, Conditions, Node, SimNetwork, World};

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

    /// So many troubles, one after the other, then none.
    pub(crate) async fn trouble(&self, times: u64) {
        let mut chance = self.world.chance("trouble");
        for _ in 0..times {
            self.pause(&mut chance, 0..=2_000).await;
            match chance.below(5) {
                0 => _ = self.network.cut("client", "server"),
                1 => {
                    match chance.below(3) {
                        0 => self.network.part("client", "server"),
                        1 => self.network.part_one_way("client", "server"),
                        _ => self.network.part_one_way("server", "client"),
                    }
                    // Longer than heartbeats and handshakes wait, or not.
                    self.pause(&mut chance, 0..=30_000).await;
                    self.network.heal_all();
                }
                _ => self.kill(&mut chance).await,
            }
        }
        self.network.set(Conditions::default());
    }

    /// Kills any child of either node.
    async fn kill(&self, chance: &mut Chance) {
        let node = if chance.once_in(2) {
            &self.client
        } else {
            &self.server
        };
        let tree = within_reason(node.snapshot()).await.unwrap();
        let paths: Vec<_> = tree.walk().map(|child| child.path.clone()).collect();
        if let Some(path) = chance.pick(&paths) {
            // It may have ended meanwhile.
            within_reason(node.kill(path)).await.ok();
        }
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

async fn node(world: &World, network: &SimNetwork, name: &str) -> Node {
    let node = Node::builder(name).driven(world);
    let node = node.provide(network.registry(name)).start();
    node.await.unwrap()
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
