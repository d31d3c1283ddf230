//! A chat of supervised rooms. A room that crashes comes back empty; its members
//! watch it and enter again, and the other rooms never notice:
//!
//! ```sh
//! cargo run --example chat
//! ```

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use treewire::prelude::*;
use treewire::runtime::Down;
use treewire::{Ref, SupervisorRef};

/// Whoever enters hears what is said.
#[derive(Default)]
struct Room {
    members: Vec<Ref<Member>>,
}

impl Actor for Room {
    type Context = Context<Self>;
}

struct Enter(Ref<Member>);

impl Message for Enter {
    type Result = usize;
}

impl Handler<Enter> for Room {
    type Result = usize;
    fn handle(&mut self, enter: Enter, _: &mut Context<Self>) -> usize {
        self.members.push(enter.0);
        self.members.len()
    }
}

#[derive(Clone)]
struct Say {
    from: &'static str,
    text: &'static str,
}

impl Message for Say {
    type Result = ();
}

impl Handler<Say> for Room {
    type Result = ();
    fn handle(&mut self, said: Say, _: &mut Context<Self>) {
        assert!(said.text != "/crash", "{} crashed the room", said.from);
        for member in &self.members {
            member.do_send(said.clone());
        }
    }
}

/// Sits in a room and tells what it notices.
struct Member {
    name: &'static str,
    room: Ref<Room>,
    told: UnboundedSender<String>,
}

impl Member {
    fn tell(&self, words: String) {
        println!("  {}: {words}", self.name);
        // Nobody listens any more when the example is over.
        let _ = self.told.send(words);
    }

    fn enter(&self, context: &mut Context<Self>) {
        let asked = self.room.send(Enter(context.reference()));
        // It dies with this member, and so does the question.
        context.spawn(
            asked
                .into_actor(self)
                .map(|answer, member, _| match answer {
                    Ok(count) => member.tell(format!("entered, {count} there")),
                    Err(error) => member.tell(format!("cannot enter: {error}")),
                }),
        );
    }
}

impl Actor for Member {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Context<Self>) {
        context.monitor(&self.room);
        self.enter(context);
    }
}

impl Handler<Say> for Member {
    type Result = ();
    fn handle(&mut self, said: Say, _: &mut Context<Self>) {
        self.tell(format!("heard {}: {}", said.from, said.text));
    }
}

impl Handler<Down> for Member {
    type Result = ();
    fn handle(&mut self, down: Down, context: &mut Context<Self>) {
        if down.last {
            return self.tell(format!("{} has closed", down.path));
        }
        self.tell(format!("{} went down", down.path));
        if down.exit.is_abnormal() {
            self.enter(context);
        }
    }
}

struct Chat {
    node: Node,
    rooms: SupervisorRef,
    tell: UnboundedSender<String>,
    told: UnboundedReceiver<String>,
}

impl Chat {
    async fn open(&self, name: &str) -> treewire::Result<Ref<Room>> {
        Ok(self.rooms.spawn(Child::new(name, Room::default)).await?)
    }

    async fn join(&self, name: &'static str, room: &Ref<Room>) -> treewire::Result<()> {
        let (room, told) = (room.clone(), self.tell.clone());
        let member = Child::new(name, move || Member {
            name,
            room: room.clone(),
            told: told.clone(),
        });
        self.node.spawn(member).await?;
        Ok(())
    }

    /// Waits until that was told so often.
    async fn hears(&mut self, words: &str, times: usize) {
        let mut heard = 0;
        while heard < times {
            let Some(told) = self.told.recv().await else {
                return;
            };
            heard += usize::from(told.contains(words));
        }
    }
}

#[treewire::main]
async fn main() -> treewire::Result<()> {
    let node = Node::builder("example").start().await?;
    let rooms = node.spawn(Supervisor::new("rooms")).await?;
    let (tell, told) = unbounded_channel();
    let mut chat = Chat {
        node,
        rooms,
        tell,
        told,
    };

    println!("two rooms open, and people come in");
    let rust = chat.open("rust").await?;
    let cooking = chat.open("cooking").await?;
    chat.join("ann", &rust).await?;
    chat.join("bob", &rust).await?;
    chat.join("cem", &cooking).await?;
    chat.hears("entered", 3).await;
    let say = |from, text| Say { from, text };
    rust.send(say("ann", "hello")).await?;
    chat.hears("heard ann: hello", 2).await;

    println!("bob crashes his room; whoever was in it enters again");
    rust.do_send(say("bob", "/crash"));
    chat.hears("entered", 2).await;
    rust.send(say("ann", "still here?")).await?;
    chat.hears("heard ann: still here?", 2).await;

    let generations: Vec<u64> = chat
        .rooms
        .children()
        .await?
        .iter()
        .map(|room| room.generation)
        .collect();
    assert_eq!(generations, [2, 1], "the other room did not notice");

    println!("a room closes for good");
    chat.rooms.stop_child("cooking").await?;
    chat.hears("rooms/cooking has closed", 1).await;
    chat.node.stop().await?;
    Ok(())
}
