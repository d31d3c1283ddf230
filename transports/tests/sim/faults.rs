//! Cuts, partitions and delays, under a clock that is paused.

use std::time::Duration;

use tokio::time::{Instant, timeout};
use treewire_transports::{Acceptor, Conditions, Endpoint, SimNetwork, TransportError};

use super::conformance::{Wire, accept};

const KINDS: [&str; 2] = ["sim://place", "sim://place?links=messages"];

/// Longer than anything takes that comes at all.
const LONG: Duration = Duration::from_secs(3_600);

fn millis(count: u64) -> Duration {
    Duration::from_millis(count)
}

/// Two hosts, one of which listens.
struct World {
    network: SimNetwork,
    place: Endpoint,
    acceptor: Box<dyn Acceptor>,
}

impl World {
    async fn new(seed: u64, place: &str, conditions: Conditions) -> Self {
        let network = SimNetwork::new(seed);
        network.set(conditions);
        let place: Endpoint = place.parse().unwrap();
        let acceptor = network.registry("server").listen(&place).await.unwrap();
        World {
            network,
            place,
            acceptor,
        }
    }

    async fn dial(&self) -> Result<Wire, TransportError> {
        let registry = self.network.registry("client");
        registry.dial(&self.place).await.map(Wire::new)
    }

    async fn pair(&mut self) -> (Wire, Wire) {
        let registry = self.network.registry("client");
        let dialing = registry.dial(&self.place);
        let (dialed, accepted) = tokio::join!(dialing, accept(self.acceptor.as_mut()));
        (Wire::new(dialed.unwrap()), Wire::new(accepted.unwrap()))
    }
}

/// All that comes before the link ends, however it does.
async fn receive_all(wire: &mut Wire) -> Vec<u8> {
    let mut received = Vec::new();
    while let Ok(bytes) = wire.receive(1).await {
        received.extend(bytes);
    }
    received
}

/// Sends single numbers until the link is known to be over.
async fn send_numbers(wire: &mut Wire) {
    for number in 0_u8.. {
        if wire.send(&[number]).await.is_err() {
            return;
        }
        tokio::time::sleep(millis(1)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_takes_its_time_and_keeps_its_order() {
    for place in KINDS {
        let slow = Conditions::default().delay(millis(5)..=millis(50));
        let mut world = World::new(1, place, slow).await;
        let begun = Instant::now();
        let (mut dialed, mut accepted) = world.pair().await;
        assert!(begun.elapsed() >= millis(10), "there and back");
        let sent: Vec<u8> = (0..200).collect();
        let begun = Instant::now();
        for number in &sent {
            dialed.send(&[*number]).await.unwrap();
        }
        assert_eq!(begun.elapsed(), Duration::ZERO);
        let received = accepted.receive(sent.len()).await.unwrap();
        assert_eq!(received[..], sent[..], "{place}");
        assert!((millis(5)..=millis(51)).contains(&begun.elapsed()));
    }
}

#[tokio::test(start_paused = true)]
async fn bandwidth_is_bounded() {
    let narrow = Conditions::default().bandwidth(10_000);
    let mut world = World::new(1, KINDS[0], narrow).await;
    let (mut dialed, mut accepted) = world.pair().await;
    let begun = Instant::now();
    let send = dialed.send(&[0; 50_000]);
    let (sent, received) = tokio::join!(send, accepted.receive(50_000));
    sent.unwrap();
    received.unwrap();
    assert!((millis(5_000)..=millis(5_002)).contains(&begun.elapsed()));
}

#[tokio::test(start_paused = true)]
async fn a_cut_link_loses_a_suffix_and_both_ends_learn_of_it() {
    for place in KINDS {
        let mut survived = Vec::new();
        for seed in 0..50 {
            let slow = Conditions::default().delay(millis(10)..=millis(20));
            let mut world = World::new(seed, place, slow).await;
            let (mut dialed, mut accepted) = world.pair().await;
            let cut = async {
                tokio::time::sleep(millis(30)).await;
                assert_eq!(world.network.cut("server", "client"), 1);
            };
            let (sent, received, ()) =
                tokio::join!(send_numbers(&mut dialed), receive_all(&mut accepted), cut);
            let () = sent;
            let expected: Vec<u8> = (0..received.len() as u8).collect();
            assert_eq!(received, expected, "a prefix of what was sent");
            assert!(dialed.receive(1).await.is_err());
            assert!(accepted.send(b"x").await.is_err());
            survived.push(received.len());
        }
        survived.sort_unstable();
        survived.dedup();
        assert!(survived.len() > 5, "seeds differ: {survived:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_link_is_cut_at_a_random_byte() {
    let brittle = Conditions::default().cut_after(10..=60);
    let mut positions = Vec::new();
    for seed in 0..50 {
        let mut world = World::new(seed, KINDS[0], brittle.clone()).await;
        let (mut dialed, mut accepted) = world.pair().await;
        let sent: Vec<u8> = (0..100).collect();
        dialed.send(&sent).await.ok();
        let received = receive_all(&mut accepted).await;
        assert_eq!(received[..], sent[..received.len()]);
        positions.push(received.len());
    }
    positions.sort_unstable();
    positions.dedup();
    assert!(
        positions
            .iter()
            .all(|position| (10..=60).contains(position))
    );
    assert!(positions.len() > 20, "seeds differ: {positions:?}");
}

#[tokio::test(start_paused = true)]
async fn a_partition_silences_links_and_its_end_lets_everything_through() {
    for place in KINDS {
        let slow = Conditions::default().delay(millis(5)..=millis(50));
        let mut world = World::new(1, place, slow).await;
        let (mut dialed, mut accepted) = world.pair().await;
        dialed.send(b"under way").await.unwrap();
        world.network.part("client", "server");
        dialed.send(b", then held up").await.unwrap();
        accepted.send(b"answer").await.unwrap();
        assert!(timeout(LONG, accepted.receive(1)).await.is_err());
        assert!(timeout(LONG, dialed.receive(1)).await.is_err());
        // Nor do they hear that the other has gone.
        dialed.close().await.unwrap();
        assert!(timeout(LONG, accepted.is_at_end()).await.is_err());
        world.network.heal("server", "client");
        assert_eq!(
            accepted.receive(23).await.unwrap(),
            "under way, then held up"
        );
        assert!(accepted.is_at_end().await.unwrap());
        assert_eq!(dialed.receive(6).await.unwrap(), "answer");
    }
}

#[tokio::test(start_paused = true)]
async fn a_partition_may_be_of_one_direction() {
    let mut world = World::new(1, KINDS[0], Conditions::default()).await;
    let (mut dialed, mut accepted) = world.pair().await;
    world.network.part_one_way("client", "server");
    dialed.send(b"silence").await.unwrap();
    accepted.send(b"answer").await.unwrap();
    assert_eq!(dialed.receive(6).await.unwrap(), "answer");
    assert!(timeout(LONG, accepted.receive(1)).await.is_err());
    assert!(!matches!(timeout(LONG, world.dial()).await, Ok(Ok(_))));
    world.network.heal_all();
    assert_eq!(accepted.receive(7).await.unwrap(), "silence");
}

#[tokio::test(start_paused = true)]
async fn dialing_into_a_partition_fails_or_waits_for_its_end() {
    let (mut failed, mut waited) = (0, 0);
    for seed in 0..20 {
        let slow = Conditions::default().delay(millis(1)..=millis(5));
        let world = World::new(seed, KINDS[0], slow).await;
        world.network.part("client", "server");
        let mut dialing = Box::pin(world.dial());
        match timeout(LONG, &mut dialing).await {
            Ok(result) => {
                let error = result.err().expect("nothing gets through");
                assert!(
                    matches!(error, TransportError::Unreachable { .. }),
                    "{error:?}"
                );
                failed += 1;
            }
            Err(_) => {
                world.network.heal("client", "server");
                dialing.await.expect("the partition is over");
                waited += 1;
            }
        }
    }
    assert!(failed > 0 && waited > 0, "{failed} failed, {waited} waited");
}

#[tokio::test(start_paused = true)]
async fn others_are_not_touched() {
    let mut world = World::new(1, KINDS[0], Conditions::default()).await;
    let (mut dialed, mut accepted) = world.pair().await;
    world.network.part("client", "elsewhere");
    assert_eq!(world.network.cut("elsewhere", "server"), 0);
    dialed.send(b"hello").await.unwrap();
    assert_eq!(accepted.receive(5).await.unwrap(), "hello");
}

#[tokio::test(start_paused = true)]
async fn a_link_is_forgotten_with_its_ends() {
    let mut world = World::new(1, KINDS[0], Conditions::default()).await;
    let (dialed, accepted) = world.pair().await;
    assert_eq!(world.network.links(), 1);
    drop(dialed);
    drop(accepted);
    assert_eq!(world.network.links(), 0);
    // One that nobody accepted ends with its acceptor.
    let mut dialed = world.dial().await.unwrap();
    drop(world.acceptor);
    assert!(dialed.is_at_end().await.unwrap());
}
