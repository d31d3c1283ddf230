//! How many children are placed on each arbiter of the node.

/// Dedicated arbiters are numbered past the node's own and are not counted.
pub(super) struct Load(Vec<usize>);

impl Load {
    pub(super) fn new(arbiters: usize) -> Self {
        Load(vec![0; arbiters])
    }

    pub(super) fn enter(&mut self, arbiter: usize) {
        if let Some(placed) = self.0.get_mut(arbiter) {
            *placed += 1;
        }
    }

    pub(super) fn leave(&mut self, arbiter: usize) {
        if let Some(placed) = self.0.get_mut(arbiter) {
            *placed -= 1;
        }
    }

    /// The arbiter with the fewest children; the lowest number of several.
    pub(super) fn least(&self) -> usize {
        let arbiters = 0..self.0.len();
        arbiters.min_by_key(|&number| self.0[number]).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_loaded_is_the_lowest_of_several() {
        let mut load = Load::new(3);
        assert_eq!(load.least(), 0);
        load.enter(0);
        load.enter(1);
        load.enter(7);
        assert_eq!(load.least(), 2);
        load.enter(2);
        load.enter(2);
        load.leave(1);
        assert_eq!(load.least(), 1);
    }
}
