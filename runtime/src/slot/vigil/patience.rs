use std::time::Duration;

/// For which questions it is worth staying awake, as experience says.
///
/// While it is, each is watched briefly. Once one was in vain a few are let pass, and
/// twice as many each time; then one is watched for as long as a thread takes to wake
/// up, so that both sides are awake at once, and the next one tells whether they stay so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Patience {
    /// How many questions are let pass when one is watched in vain.
    pause: u16,
    /// How many are still to be let pass.
    left: u16,
    /// One was watched since the last one in vain.
    watched: bool,
    /// And found.
    warm: bool,
}

impl Patience {
    /// Who is awake answers well within it.
    pub(super) const BRIEF: Duration = Duration::from_micros(10);
    /// Within it most threads wake up, even on a machine that is dear to wake.
    const LONG: Duration = Duration::from_micros(100);

    /// So many are sent before one is watched.
    const FIRST: u16 = 16;
    const PAUSE_MIN: u16 = 4;
    const PAUSE_MAX: u16 = 1_024;

    /// A question is sent: for how long it is watched, if it is.
    pub(super) fn ask(&mut self) -> Option<Duration> {
        if self.left > 0 {
            self.left -= 1;
            return None;
        }
        self.watched = true;
        Some(if self.warm { Self::BRIEF } else { Self::LONG })
    }

    /// Whether somebody may be awake who asks.
    pub(super) fn is_watched(self) -> bool {
        self.watched
    }

    /// It was answered in time.
    pub(super) fn found(&mut self) {
        // The first one says only that the other side woke up.
        if self.warm {
            self.pause /= 4;
        }
        self.warm = true;
    }

    /// It was watched in vain, or the next one was.
    pub(super) fn missed(&mut self) {
        self.pause = (self.pause * 2).clamp(Self::PAUSE_MIN, Self::PAUSE_MAX);
        self.left = self.pause;
        (self.watched, self.warm) = (false, false);
    }

    pub(super) fn from_bits(bits: u64) -> Self {
        Patience {
            pause: bits as u16,
            left: (bits >> 16) as u16,
            watched: bits >> 32 & 1 != 0,
            warm: bits >> 33 != 0,
        }
    }

    pub(super) fn to_bits(self) -> u64 {
        let counts = u64::from(self.pause) | u64::from(self.left) << 16;
        counts | u64::from(self.watched) << 32 | u64::from(self.warm) << 33
    }
}

/// Whoever asks seldom never stays awake.
impl Default for Patience {
    fn default() -> Self {
        Patience {
            pause: 0,
            left: Self::FIRST,
            watched: false,
            warm: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of so many questions are watched, all of them in vain.
    fn watched_in_vain(patience: &mut Patience, questions: u32) -> u32 {
        let mut watched = 0;
        for _ in 0..questions {
            if patience.ask().is_some() {
                watched += 1;
                patience.missed();
            }
        }
        watched
    }

    #[test]
    fn few_are_watched_where_all_are_in_vain() {
        let mut patience = Patience::default();
        assert_eq!(watched_in_vain(&mut patience, 16), 0);
        assert!(watched_in_vain(&mut patience, 100_000) < 110);
    }

    #[test]
    fn all_are_watched_briefly_where_none_is_in_vain() {
        let mut patience = Patience::default();
        watched_in_vain(&mut patience, 10_000);
        while patience.ask() != Some(Patience::LONG) {}
        patience.found();
        for _ in 0..100 {
            assert_eq!(patience.ask(), Some(Patience::BRIEF));
            patience.found();
        }
        patience.missed();
        for _ in 0..Patience::PAUSE_MIN {
            assert_eq!(patience.ask(), None, "one in vain means a few");
        }
        assert_eq!(patience.ask(), Some(Patience::LONG));
    }

    #[test]
    fn to_wake_up_in_time_is_not_to_stay_awake() {
        let mut patience = Patience::default();
        let mut watched = 0;
        for _ in 0..100_000 {
            match patience.ask() {
                Some(Patience::LONG) => patience.found(),
                Some(_) => patience.missed(),
                None => continue,
            }
            watched += 1;
        }
        assert!(watched < 220, "{watched}");
    }

    #[test]
    fn it_is_the_same_in_one_word() {
        let mut patience = Patience::default();
        for step in 0..5_000 {
            assert_eq!(Patience::from_bits(patience.to_bits()), patience);
            match patience.ask() {
                Some(_) if step % 3 == 0 => patience.missed(),
                Some(_) => patience.found(),
                None => {}
            }
        }
    }
}
