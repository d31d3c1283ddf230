//! What the handle of a supervisor asks of its node.

use std::sync::Arc;

use super::control::{Deed, Input, Where};
use super::{Node, NodeError};
use crate::child::Anchor;
use crate::exit::Exit;
use crate::observe::ChildSnapshot;

impl Node {
    pub(crate) async fn stop_below(
        &self,
        parent: Arc<Anchor>,
        name: &str,
    ) -> Result<Exit, NodeError> {
        self.stop_at(Where::Below(parent, name.to_owned())).await
    }

    pub(crate) async fn start_below(
        &self,
        parent: Arc<Anchor>,
        name: &str,
    ) -> Result<(), NodeError> {
        self.at(Where::Below(parent, name.to_owned()), Deed::Start)
            .await
    }

    pub(crate) async fn renew_below(
        &self,
        parent: Arc<Anchor>,
        name: &str,
    ) -> Result<(), NodeError> {
        self.at(Where::Below(parent, name.to_owned()), Deed::Renew(None))
            .await
    }

    pub(crate) async fn children_of(
        &self,
        parent: Arc<Anchor>,
    ) -> Result<Vec<ChildSnapshot>, NodeError> {
        let children = self.ask(|reply| Input::ChildrenOf(parent, reply)).await?;
        children.ok_or(NodeError::NoSuchSupervisor)
    }

    pub(crate) fn stop_supervisor(&self, anchor: Arc<Anchor>) {
        self.0.control.send(Input::StopSupervisor(anchor));
    }
}
