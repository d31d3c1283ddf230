//! The threads of a node on which actors run.
//!
//! An arbiter has a number, which is what placements mean, and behind it a
//! thread that may be given up and replaced: its incarnation. A place whose
//! thread is gone stays empty until a child is to start there.

mod starter;
mod turn;

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::mpsc::{self, UnboundedSender, error::SendError};

use super::NodeError;
use super::control::Control;
use super::ground::{Ground, Post};
use crate::exit::Failure;
pub(super) use starter::{Lost, Start, serve};
pub(crate) use turn::Turn;

pub(super) struct Arbiters {
    control: Control,
    ground: Box<dyn Ground>,
    pool: Vec<Place>,
    dedicated: BTreeMap<usize, Place>,
    /// Never reused, so that a thread that is gone is not taken for one behind a number
    /// that was released and filled again.
    last_incarnation: u64,
}

/// What stands behind a number.
#[derive(Default)]
struct Place {
    /// Of the current thread, or the last one.
    incarnation: u64,
    /// How many threads there were.
    threads: u64,
    /// To the current thread; to let go of it is to give the thread up.
    starts: Option<UnboundedSender<Start>>,
    /// Of that thread: one that was given up has another.
    turn: Arc<Turn>,
}

impl Arbiters {
    /// `count` arbiters, numbered from 0.
    pub(super) fn start(
        count: usize,
        ground: Box<dyn Ground>,
        control: Control,
    ) -> Result<Self, NodeError> {
        let mut arbiters = Arbiters {
            control,
            ground,
            pool: Vec::new(),
            dedicated: BTreeMap::new(),
            last_incarnation: 0,
        };
        arbiters.pool.resize_with(count, Place::default);
        for number in 0..count {
            arbiters.fill(number)?;
        }
        Ok(arbiters)
    }

    /// Has a generation made on an arbiter, on a fresh thread if there is none
    /// behind it. Whatever becomes of that, the child's exit is reported.
    pub(super) fn make(&mut self, number: usize, start: Start) {
        let start = match &self.place(number).starts {
            None => start,
            Some(starts) => match starts.send(start) {
                Ok(()) => return,
                Err(SendError(start)) => start,
            },
        };
        match self.fill(number) {
            Ok(starts) => {
                // If that thread is gone already, the command reports it as it is dropped.
                let _ = starts.send(start);
            }
            Err(error) => start.refuse(Failure::from(error)),
        }
    }

    /// Whose turn it is on the thread behind a number.
    pub(super) fn turn(&mut self, number: usize) -> Arc<Turn> {
        self.place(number).turn.clone()
    }

    /// The life that the thread behind a number polls now; zero if it is none.
    pub(super) fn polled(&self, number: usize) -> u64 {
        let place = self.pool.get(number).or(self.dedicated.get(&number));
        place.map_or(0, |place| place.turn.life())
    }

    /// Gives the thread behind a number up: it ends when what blocks it lets go.
    pub(super) fn give_up(&mut self, number: usize) {
        let place = self.place(number);
        place.starts = None;
        place.turn = Arc::default();
    }

    /// The thread of an incarnation is gone; `false` if it was given up before.
    pub(super) fn lost(&mut self, number: usize, incarnation: u64) -> bool {
        let place = match self.pool.get_mut(number) {
            Some(place) => Some(place),
            None => self.dedicated.get_mut(&number),
        };
        place
            .filter(|place| place.incarnation == incarnation)
            .is_some_and(|place| place.starts.take().is_some())
    }

    /// A dedicated arbiter is not needed any more.
    pub(super) fn release(&mut self, number: usize) {
        self.dedicated.remove(&number);
    }

    fn place(&mut self, number: usize) -> &mut Place {
        match self.pool.get_mut(number) {
            Some(place) => place,
            None => self.dedicated.entry(number).or_default(),
        }
    }

    /// Puts a fresh thread behind a number.
    fn fill(&mut self, number: usize) -> Result<UnboundedSender<Start>, NodeError> {
        self.last_incarnation += 1;
        let incarnation = self.last_incarnation;
        let place = self.place(number);
        place.incarnation = incarnation;
        place.threads += 1;
        let threads = place.threads;
        let (starts, received) = mpsc::unbounded_channel();
        self.ground.serve(Post {
            number,
            name: match threads {
                1 => format!("treewire-{number}"),
                later => format!("treewire-{number}.{later}"),
            },
            starts: received,
            lost: Lost::new(self.control.clone(), number, incarnation),
        })?;
        self.place(number).starts = Some(starts.clone());
        Ok(starts)
    }
}
