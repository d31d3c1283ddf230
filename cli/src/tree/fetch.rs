use std::time::Duration;

use ureq::Agent;

use crate::arguments::NodeUrl;
use crate::ending::Ending;

/// A node answers from a thread of its own, so one that takes longer is not there.
const PATIENCE: Duration = Duration::from_secs(5);

/// The largest tree that is read, in bytes.
const TREE_BYTES_MAX: u64 = 1 << 30;

/// The JSON of a node's tree.
pub(super) fn tree(url: &NodeUrl) -> Result<String, Ending> {
    let failed = |error: ureq::Error| match error {
        ureq::Error::StatusCode(code) => Ending::Failed(format!(
            "{url} is no node that shows its tree: it answered with HTTP status {code}"
        )),
        error => Ending::Failed(format!(
            "cannot reach {url}: {}: check that a node runs with --observe {url}",
            reason(error)
        )),
    };
    let agent: Agent = Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .build()
        .into();
    let page = url.page("/api/tree");
    let mut answer = agent.get(page).call().map_err(failed)?;
    let body = answer.body_mut().with_config().limit(TREE_BYTES_MAX);
    body.read_to_string().map_err(failed)
}

fn reason(error: ureq::Error) -> String {
    match error {
        ureq::Error::Io(error) => error.to_string(),
        error => error.to_string(),
    }
}
