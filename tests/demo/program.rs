//! The demo as a program: started on free ports, asked where it listens, and ended as a terminal ends it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// Longest time from the interrupt to the end.
const ENDS_WITHIN: Duration = Duration::from_secs(20);

/// `kakou demo` with nobody at the gate but the test. It ends with the test.
pub struct Demo {
    /// Where the kiosk's pages are.
    pub kiosk: String,
    /// The address that signs a browser in at the hub.
    pub hub: String,
    program: Child,
}

impl Demo {
    /// Starts it with its records in `data`.
    pub fn start(data: &Path) -> Self {
        Self::start_with_hub_at(data, "127.0.0.1:0")
    }

    /// The same with its hub at `hub`: off this machine, it speaks TLS.
    pub fn start_with_hub_at(data: &Path, hub: &str) -> Self {
        let mut program = Command::new(env!("CARGO_BIN_EXE_kakou"))
            .args(["demo", "--quiet", "--listen", "127.0.0.1:0", "--hub", hub, "--data"])
            .arg(data)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let out = BufReader::new(program.stdout.take().expect("a pipe was asked for"));
        let mut demo = Self { kiosk: String::new(), hub: String::new(), program };
        let mut lines = out.lines().map_while(Result::ok);
        for line in lines.by_ref() {
            match line.split_whitespace().collect::<Vec<_>>()[..] {
                ["kiosk", address] => address.trim_end_matches('/').clone_into(&mut demo.kiosk),
                ["hub", address] => address.clone_into(&mut demo.hub),
                _ => {}
            }
            if line.starts_with("Ctrl-C") {
                break;
            }
        }
        assert!(!demo.kiosk.is_empty() && !demo.hub.is_empty(), "the demo says where to look");
        // Nobody may block on a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        demo
    }

    /// Interrupts it, as Ctrl-C does, and waits for its end.
    pub async fn interrupt(mut self) -> ExitStatus {
        self.signal();
        let ended = async {
            loop {
                if let Some(status) = self.program.try_wait().expect("the program can be asked") {
                    return status;
                }
                tokio::time::sleep(Duration::from_millis(40)).await;
            }
        };
        tokio::time::timeout(ENDS_WITHIN, ended).await.expect("the demo ends in time")
    }

    fn signal(&self) {
        let pid = i32::try_from(self.program.id()).ok().and_then(Pid::from_raw);
        let _ = pid.map(|pid| kill_process(pid, Signal::INT));
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        if let Ok(None) = self.program.try_wait() {
            let _ = self.program.kill();
            let _ = self.program.wait();
        }
    }
}
