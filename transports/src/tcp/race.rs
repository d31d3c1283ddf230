//! Happy eyeballs: many addresses, one connection.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

/// How long an attempt is alone before the next one starts beside it (RFC 8305 §5).
const STAGGER: Duration = Duration::from_millis(250);

/// The first attempt that succeeds, the others are dropped; or the last error. Attempts start in the given order, each
/// when the one before it failed or had [`STAGGER`] to itself. `None` without any address.
pub(super) async fn race<T, E, F>(
    addresses: Vec<SocketAddr>,
    attempt: impl Fn(SocketAddr) -> F,
) -> Option<Result<T, E>>
where
    F: Future<Output = Result<T, E>>,
{
    let mut waiting = addresses.into_iter().peekable();
    let mut running = FuturesUnordered::new();
    loop {
        if let Some(address) = waiting.next() {
            running.push(attempt(address));
        }
        let failed = tokio::select! {
            biased;
            result = running.next() => match result? {
                Ok(winner) => return Some(Ok(winner)),
                Err(error) => error,
            },
            () = tokio::time::sleep(STAGGER), if waiting.peek().is_some() => continue,
        };
        if running.is_empty() && waiting.peek().is_none() {
            return Some(Err(failed));
        }
    }
}

/// Alternates between the families, beginning with IPv6 (RFC 8305 §4), else in the resolver's order.
pub(super) fn order(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let count = addresses.len();
    let (six, four): (Vec<_>, Vec<_>) = addresses.into_iter().partition(SocketAddr::is_ipv6);
    let (mut six, mut four) = (six.into_iter(), four.into_iter());
    let mut ordered = Vec::with_capacity(count);
    while ordered.len() < count {
        ordered.extend(six.next());
        ordered.extend(four.next());
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::pending;

    fn addresses(texts: &[&str]) -> Vec<SocketAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn families_alternate() {
        let given = addresses(&["1.1.1.1:1", "1.1.1.2:1", "1.1.1.3:1", "[::1]:1", "[::2]:1"]);
        let expected = addresses(&["[::1]:1", "1.1.1.1:1", "[::2]:1", "1.1.1.2:1", "1.1.1.3:1"]);
        assert_eq!(order(given), expected);
    }

    #[tokio::test(start_paused = true)]
    async fn an_address_that_does_not_answer_costs_a_quarter_of_a_second() {
        let started = tokio::time::Instant::now();
        let given = addresses(&["[::1]:1", "1.1.1.1:1"]);
        let winner = race(given, |address| async move {
            if address.is_ipv6() {
                pending().await
            } else {
                Ok::<_, ()>(address)
            }
        });
        assert_eq!(winner.await, Some(Ok("1.1.1.1:1".parse().unwrap())));
        assert_eq!(started.elapsed(), STAGGER);
    }

    #[tokio::test(start_paused = true)]
    async fn a_failure_starts_the_next_attempt_at_once() {
        let started = tokio::time::Instant::now();
        let given = addresses(&["[::1]:1", "[::2]:1", "1.1.1.1:1"]);
        let error = race(given, |address| async move { Err::<(), _>(address) });
        assert_eq!(error.await, Some(Err("1.1.1.1:1".parse().unwrap())));
        assert_eq!(started.elapsed(), Duration::ZERO);
    }
}
