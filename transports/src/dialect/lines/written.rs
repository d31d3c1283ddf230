use std::collections::VecDeque;

/// Messages that end this close to each other are counted at once.
const STEP_BYTES: u64 = 4 * 1024;

/// How many messages have left the output.
#[derive(Debug, Default)]
pub(super) struct Written {
    messages: u64,
    /// How many bytes were ever put into the output.
    appended: u64,
    /// What is in it still, in steps.
    steps: VecDeque<Step>,
}

#[derive(Debug)]
struct Step {
    begins: u64,
    ends: u64,
    messages: u64,
}

impl Written {
    /// One message of so many bytes went into the output.
    pub(super) fn append(&mut self, bytes: usize) {
        let begins = self.appended;
        self.appended += bytes as u64;
        let ends = self.appended;
        match self.steps.back_mut() {
            Some(step) if ends - step.begins <= STEP_BYTES => {
                step.ends = ends;
                step.messages += 1;
            }
            _ => self.steps.push_back(Step {
                begins,
                ends,
                messages: 1,
            }),
        }
    }

    /// So many bytes are in the output still.
    pub(super) fn left(&mut self, unwritten: usize) {
        let written = self.appended - unwritten as u64;
        while let Some(step) = self.steps.pop_front_if(|step| step.ends <= written) {
            self.messages += step.messages;
        }
    }

    pub(super) fn messages(&self) -> u64 {
        self.messages
    }
}
