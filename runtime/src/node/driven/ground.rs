//! A node as tasks of the world's one thread.

use std::future::Future;
use std::sync::Arc;

use super::schedule::{Schedule, Scheduled};
use crate::node::NodeError;
use crate::node::arbiters::serve;
use crate::node::ground::{Ground, Post, RunControl};
use crate::node::reaper::Reaping;

pub(super) struct Tasks(pub(super) Arc<Schedule>);

impl Tasks {
    pub(super) fn run_control(schedule: Arc<Schedule>) -> RunControl {
        Box::new(move |work| {
            Tasks(schedule).spawn(work);
            Ok(())
        })
    }

    fn spawn(&self, work: impl Future<Output = ()> + 'static) {
        actix_rt::spawn(Scheduled::new(work, self.0.clone()));
    }
}

impl Ground for Tasks {
    fn serve(&self, post: Post) -> Result<(), NodeError> {
        self.spawn(async move {
            let _lost = post.lost;
            serve(post.starts).await;
        });
        Ok(())
    }

    fn reap(&self, reaping: Reaping) -> Result<(), NodeError> {
        self.spawn(reaping.run());
        Ok(())
    }
}
