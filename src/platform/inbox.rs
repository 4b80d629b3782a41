//! The task that asks the hub for commands and sees to it that they are carried out.
//!
//! [`run`] does what [`Inbox`] asks for, one thing after the other, in a task of its own: a question that the hub lets
//! wait for a minute holds up nothing else. What only the daemon can do is behind [`Hands`].

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::files;
use super::http::HubClient;
use crate::base::{CommandId, KioskId, Random};
use crate::model::{Draft, Outcome};
use crate::sync::command;
use crate::sync::inbox::{Action, Deed, Event, Identity, InForce, Inbox, LENGTH_MAX, Memory, Now, recall};
use crate::sync::source::Logs;

/// How long the hub is asked to wait for a command.
const WAIT: Duration = Duration::from_secs(55);
/// How long records that cannot be read are left alone.
const READ_AGAIN: Duration = Duration::from_secs(5);

/// What the daemon does for commands.
pub trait Hands {
    /// Appends a record; true once it is durable, false when it never will be.
    fn record(&mut self, draft: Box<Draft>) -> impl Future<Output = bool> + Send;

    /// Does something.
    fn act(&mut self, deed: Deed) -> impl Future<Output = Outcome> + Send;

    /// Brings about what is in force from now on.
    fn bring_about(&mut self, in_force: &InForce);

    /// What time it is.
    fn now(&self) -> Now;
}

/// What [`run`] works with.
pub struct Post<L, H> {
    /// Who is asked, and by whom.
    pub identity: Identity,
    /// What was kept, as [`kept`] read it.
    pub memory: Option<Memory>,
    /// The commands that the last records are about: taken, and over.
    pub recorded: (Option<CommandId>, Option<CommandId>),
    /// Where it is kept.
    pub file: PathBuf,
    /// Reads the journal, where nothing was kept; may block.
    pub logs: L,
    /// Talks to the hub.
    pub client: HubClient,
    /// Spreads the retries of many kiosks.
    pub random: Random,
    /// Does what is to be done.
    pub hands: H,
}

/// What the file at `path` keeps; `None` where there is none, or it is damaged.
pub fn kept(path: &Path) -> Option<Memory> {
    match files::read_if_there(path, LENGTH_MAX) {
        Ok(None) => None,
        Ok(Some(bytes)) => {
            let memory = Memory::decode(&bytes);
            if memory.is_none() {
                tracing::warn!(file = %path.display(), "what was kept of commands is damaged");
            }
            memory
        }
        Err(error) => {
            tracing::warn!(file = %path.display(), %error, "what was kept of commands cannot be read");
            None
        }
    }
}

/// Asks for commands and has them carried out, for ever.
pub async fn run<L: Logs + 'static, H: Hands>(post: Post<L, H>) {
    let Post { identity, memory, recorded, file, logs, client, random, mut hands } = post;
    let kiosk = identity.kiosk.clone();
    let memory = match memory {
        Some(memory) => memory,
        None => {
            let memory = told_by_records(logs, &identity).await;
            // If not now, then with the next command; until then the records are read at each start.
            keep(file.clone(), memory.encode()).await;
            memory
        }
    };
    let mut inbox = Inbox::new(identity, memory, recorded, random);
    hands.bring_about(inbox.in_force());
    loop {
        let now = hands.now();
        let event = match inbox.next(&now) {
            Action::WaitUntil(until) => {
                tokio::time::sleep(until.since(now.mono)).await;
                continue;
            }
            Action::Poll { after } => ask(&client, &kiosk, after).await,
            Action::Keep(bytes) => keep(file.clone(), bytes).await,
            Action::Record(draft) => match hands.record(draft).await {
                true => Event::Recorded,
                false => Event::NotRecorded,
            },
            Action::Do(deed) => Event::Did(hands.act(deed).await),
        };
        let kept = event == Event::Kept;
        inbox.on(&hands.now(), event);
        if kept {
            hands.bring_about(inbox.in_force());
        }
    }
}

async fn ask(client: &HubClient, kiosk: &KioskId, after: u64) -> Event {
    match client.command_after(kiosk, after, WAIT).await {
        Ok(Some(signed)) if signed.len() <= command::LENGTH_MAX => Event::Command(signed),
        Ok(Some(_)) => Event::Lost,
        Ok(None) => Event::Quiet,
        // The link to the hub says in the log when the hub is lost; one that knows no commands is none to complain of.
        Err(error) => {
            tracing::debug!(%error, "hub gives no command");
            Event::Lost
        }
    }
}

async fn keep(file: PathBuf, bytes: Vec<u8>) -> Event {
    let written = tokio::task::spawn_blocking(move || files::write_atomically(&file, &bytes)).await;
    match written {
        Ok(Ok(())) => Event::Kept,
        Ok(Err(error)) => {
            tracing::error!(%error, "a command cannot be kept, and is not begun");
            Event::NotKept
        }
        Err(_) => Event::NotKept,
    }
}

/// Without a memory nothing is taken before the records have been read: what they tell of is not done again.
async fn told_by_records<L: Logs + 'static>(mut logs: L, identity: &Identity) -> Memory {
    let series = identity.series();
    loop {
        let read = tokio::task::spawn_blocking(move || (recall(&mut logs, series), logs)).await;
        // A reader that panicked takes its logs with it: no command is ever taken then.
        let Ok((memory, again)) = read else { return std::future::pending().await };
        match memory {
            Ok(memory) => return memory,
            Err(error) => tracing::warn!(%error, "records cannot be read for commands"),
        }
        logs = again;
        tokio::time::sleep(READ_AGAIN).await;
    }
}
