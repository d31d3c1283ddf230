//! What is to happen once the core's lock is free: who is woken and what is dropped is the
//! user's affair.

use std::mem::take;
use std::sync::Arc;

use tokio::sync::oneshot;
use treewire_transports::Content;

use super::{Core, FateNews, Inbox, Queued, Told};
use crate::handle::{SocketDeadLetter, SocketEvent};
use crate::pattern::Answer;

#[derive(Default)]
pub(crate) struct Leftovers {
    answers: Answers,
    rest: Option<Box<Rest>>,
}

/// To those whose requests are done. The first takes no memory of its own: most often
/// there is one at a time, and nothing else.
#[derive(Default)]
struct Answers {
    first: Option<Answered>,
    more: Vec<Answered>,
}

type Answered = (oneshot::Sender<Answer>, Answer);

#[derive(Default)]
struct Rest {
    /// To those who listen to events.
    events: Told<SocketEvent>,
    /// To those who read dead letters.
    letters: Told<SocketDeadLetter>,
    /// To those who track their messages.
    fates: FateNews,
    /// What need not be kept any more.
    done: Vec<Queued>,
    contents: Vec<Content>,
}

impl Leftovers {
    pub(crate) fn finish(self) {
        let Answers { first, more } = self.answers;
        for (asker, answer) in first.into_iter().chain(more) {
            // The asker may have given up this moment.
            drop(asker.send(answer));
        }
        if let Some(rest) = self.rest {
            rest.finish();
        }
    }
}

impl Rest {
    fn finish(self) {
        self.fates.tell();
        self.events.finish();
        self.letters.finish();
        drop((self.done, self.contents));
    }
}

impl Core {
    /// Whether there is anything to [take](Self::take_leftovers): most often there is not.
    #[inline]
    pub(crate) fn has_leftovers(&self) -> bool {
        self.leftovers.answers.first.is_some() || self.leftovers.rest.is_some()
    }

    /// What is left since it was taken last.
    pub(crate) fn take_leftovers(&mut self) -> Leftovers {
        take(&mut self.leftovers)
    }

    fn leftovers(&mut self) -> &mut Rest {
        self.leftovers.rest.get_or_insert_default()
    }

    /// What came of a request, to be said to its asker.
    pub(super) fn settle(&mut self, asker: oneshot::Sender<Answer>, answer: Answer) {
        let answers = &mut self.leftovers.answers;
        match answers.first {
            None => answers.first = Some((asker, answer)),
            Some(_) => answers.more.push((asker, answer)),
        }
    }

    pub(super) fn tell(&mut self, event: SocketEvent) {
        let leftovers = self.leftovers.rest.get_or_insert_default();
        self.listeners.tell(event, &mut leftovers.events);
    }

    pub(super) fn tell_fates(&mut self, news: FateNews) {
        if !news.is_empty() {
            self.leftovers().fates.append(news);
        }
    }

    pub(super) fn is_done_with(&mut self, queued: impl IntoIterator<Item = Queued>) {
        let mut queued = queued.into_iter().peekable();
        if queued.peek().is_some() {
            self.leftovers().done.extend(queued);
        }
    }

    pub(super) fn is_done_with_contents(&mut self, contents: impl IntoIterator<Item = Content>) {
        let mut contents = contents.into_iter().peekable();
        if contents.peek().is_some() {
            self.leftovers().contents.extend(contents);
        }
    }

    /// Requests were closed.
    pub(super) fn is_done_with_requests(&mut self) {
        let spent = self.requests.take_spent();
        self.is_done_with_contents(spent);
    }

    /// Somebody wants what is given up from now on.
    pub(crate) fn read_dead_letters(&mut self) -> Arc<Inbox<SocketDeadLetter>> {
        self.readers.add()
    }

    /// A message was given up, and is counted already.
    pub(super) fn bury(&mut self, cause: &'static str, content: Content) {
        let letter = SocketDeadLetter { cause, content };
        let leftovers = self.leftovers.rest.get_or_insert_default();
        self.readers.tell(letter, &mut leftovers.letters);
    }

    /// The same of one that was to be sent.
    pub(super) fn bury_queued(&mut self, cause: &'static str, mut queued: Queued) {
        if let Some(tracker) = queued.tracker.take() {
            tracker.given_up(cause, &mut self.leftovers().fates);
        }
        if self.readers.any() && queued.is_message() {
            let content = take(&mut queued.envelope.content);
            self.bury(cause, content);
        }
        self.leftovers().done.push(queued);
    }

    /// Nothing more is given up.
    pub(super) fn end_dead_letters(&mut self) {
        let leftovers = self.leftovers.rest.get_or_insert_default();
        self.readers.end(&mut leftovers.letters);
    }
}
