//! A real browser for tests: headless Chromium, driven through chromedriver on a free port.
//!
//! Missing programs are a failed test, never a skipped one: `tests/prepare` installs them.

use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use fantoccini::actions::{
    InputSource, KeyAction, KeyActions, MOUSE_BUTTON_LEFT, MouseActions, PointerAction,
};
use fantoccini::elements::Element;
use fantoccini::wd::PrintConfiguration;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Longest wait for something to appear on a page.
const DEADLINE: Duration = Duration::from_secs(15);

/// Time between two looks at a page.
const POLL: Duration = Duration::from_millis(40);

/// A browser with one window.
pub struct Browser {
    /// The window, for what this harness does not offer.
    pub client: Client,
    driver: Driver,
}

/// Chromedriver and the profile of the browser that it starts. Both programs end with the test, whatever its
/// outcome: the driver leaves its browser running when it is told to end.
struct Driver {
    program: Child,
    profile: TempDir,
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
        for browser in running_with(self.profile.path()) {
            let _ = rustix::process::kill_process(browser, rustix::process::Signal::KILL);
        }
    }
}

/// Programs that were started with this profile, which is this test's own.
fn running_with(profile: &Path) -> Vec<rustix::process::Pid> {
    let argument = format!("--user-data-dir={}", profile.display());
    let Ok(programs) = std::fs::read_dir("/proc") else { return vec![] };
    let pids = programs.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok());
    let ours = pids.filter(|pid| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0).any(|word| word == argument.as_bytes())
    });
    ours.filter_map(rustix::process::Pid::from_raw).collect()
}

impl Browser {
    /// Starts a browser with its own empty profile and a window of 1024 × 600, the size of a kiosk's panel.
    pub async fn start() -> Self {
        Self::sized(1_024, 600).await
    }

    /// The same with a window of another size.
    pub async fn sized(width: u32, height: u32) -> Self {
        let profile = tempfile::tempdir().expect("a directory for the browser's profile");
        let path = profile.path().display().to_string();
        let (driver, port) = start_driver(profile);
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
            "--hide-scrollbars",
        ];
        let mut arguments: Vec<String> = arguments.map(str::to_owned).to_vec();
        arguments.push(format!("--window-size={width},{height}"));
        arguments.push(format!("--user-data-dir={path}"));
        let screen = json!({ "width": width, "height": height, "pixelRatio": 1.0, "touch": false });
        let options = json!({ "args": arguments, "mobileEmulation": { "deviceMetrics": screen } });
        let capabilities =
            [("goog:chromeOptions".to_owned(), options)].into_iter().collect::<serde_json::Map<_, _>>();
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .expect("chromium starts");
        Self { client, driver }
    }

    /// Opens a page. A browser that runs out of connections fails here, not a minute later.
    pub async fn open(&self, url: &str) {
        let opened = tokio::time::timeout(DEADLINE, self.client.goto(url)).await;
        opened.expect("the page opens in time").expect("the page opens");
    }

    /// The element `css`, once it is on the page.
    pub async fn wait_for(&self, css: &str) -> Element {
        let found = async || self.client.find(Locator::Css(css)).await.ok();
        self.poll(css, found).await
    }

    /// Waits until the visible text of `css` contains `text`.
    pub async fn wait_for_text(&self, css: &str, text: &str) {
        let found = async || self.text(css).await.contains(text).then_some(());
        self.poll(&format!("{text:?} in {css}"), found).await;
    }

    /// Waits until `css` is no longer on the page.
    pub async fn wait_until_gone(&self, css: &str) {
        let gone = async || self.client.find_all(Locator::Css(css)).await.ok()?.is_empty().then_some(());
        self.poll(&format!("{css} to go"), gone).await;
    }

    /// Waits until the address of the page ends with `end`.
    pub async fn wait_for_address(&self, end: &str) {
        let there = async || self.client.current_url().await.ok()?.as_str().ends_with(end).then_some(());
        self.poll(&format!("address {end}"), there).await;
    }

    /// Waits until the script `condition` gives true.
    pub async fn wait_until(&self, condition: &str) {
        let script = format!("return Boolean({condition})");
        let met = async || (self.client.execute(&script, vec![]).await.ok()? == true).then_some(());
        self.poll(condition, met).await;
    }

    async fn poll<T>(&self, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
        let polled = async {
            loop {
                if let Some(found) = look().await {
                    return found;
                }
                tokio::time::sleep(POLL).await;
            }
        };
        match tokio::time::timeout(DEADLINE, polled).await {
            Ok(found) => found,
            Err(_) => {
                let page = self.text("body").await;
                panic!("waited in vain for {what}; the page says:\n{page}")
            }
        }
    }

    /// The visible text of `css`; empty while there is no such element. One that was drawn anew between finding and reading is
    /// looked for again.
    pub async fn text(&self, css: &str) -> String {
        let read = async {
            loop {
                let Ok(element) = self.client.find(Locator::Css(css)).await else { return String::new() };
                match element.text().await {
                    Err(error) if error.is_stale_element_reference() => {}
                    text => return text.unwrap_or_default(),
                }
            }
        };
        tokio::time::timeout(DEADLINE, read).await.expect("the page comes to rest in time")
    }

    /// Clicks `css`, once it is there. A page that was drawn anew between finding and clicking was not clicked: again.
    pub async fn click(&self, css: &str) {
        loop {
            let element = self.wait_for(css).await;
            let clicked = tokio::time::timeout(DEADLINE, element.click()).await;
            match clicked.expect("what the click leads to opens in time") {
                Err(error) if error.is_stale_element_reference() => {}
                clicked => return clicked.expect("the element can be clicked"),
            }
        }
    }

    /// Presses the pointer on `css` for as long as told.
    pub async fn hold(&self, css: &str, time: Duration) {
        let element = self.wait_for(css).await;
        let press = MouseActions::new("mouse".to_owned())
            .then(PointerAction::MoveToElement { element, duration: None, x: 0.0, y: 0.0 })
            .then(PointerAction::Down { button: MOUSE_BUTTON_LEFT })
            .then(PointerAction::Pause { duration: time })
            .then(PointerAction::Up { button: MOUSE_BUTTON_LEFT });
        self.client.perform_actions(press).await.expect("the pointer moves");
    }

    /// Types into `css`, once it is there. A page that was drawn anew between finding and typing got nothing: again.
    pub async fn fill(&self, css: &str, text: &str) {
        loop {
            match self.wait_for(css).await.send_keys(text).await {
                Err(error) if error.is_stale_element_reference() => {}
                typed => return typed.expect("text can be typed"),
            }
        }
    }

    /// Types `text` into whatever has the focus.
    pub async fn keys(&self, text: &str) {
        let strokes = text.chars().flat_map(|value| [KeyAction::Down { value }, KeyAction::Up { value }]);
        let keyboard = strokes.fold(KeyActions::new("keyboard".to_owned()), |keys, stroke| keys.then(stroke));
        self.client.perform_actions(keyboard).await.expect("keys can be pressed");
    }

    /// Presses the keys of a pad, one after the other.
    pub async fn press(&self, keys: &str) {
        for key in keys.chars() {
            self.click(&format!("div.keys:not([hidden]) button[value=\"{key}\"]")).await;
        }
    }

    /// The result of a script.
    pub async fn script(&self, script: &str) -> Value {
        self.client.execute(script, vec![]).await.expect("the script runs")
    }

    /// Writes what the window shows to a PNG file.
    pub async fn screenshot(&self, path: &Path) {
        let png = self.client.screenshot().await.expect("a picture can be taken");
        std::fs::write(path, png).expect("the picture can be written");
    }

    /// The page as it comes out of a printer on A4: a PDF.
    pub async fn paper(&self) -> Vec<u8> {
        self.client.print(PrintConfiguration::default()).await.expect("the page can be printed")
    }

    /// Ends the browser.
    pub async fn close(self) {
        let Self { client, driver } = self;
        let _ = client.close().await;
        drop(driver);
    }
}

/// Starts chromedriver on a port of its own choice, and reads which. One that ends at once has lost its port to another: again.
fn start_driver(profile: TempDir) -> (Driver, u16) {
    let mut driver = Driver { program: started(), profile };
    let (mut lines, mut port) = port_of(&mut driver.program);
    for _ in 0..2 {
        if port.is_none() {
            let _ = driver.program.wait();
            driver.program = started();
            (lines, port) = port_of(&mut driver.program);
        }
    }
    let port = port.expect("chromedriver says its port");
    // Nobody may block on a full pipe.
    std::thread::spawn(move || lines.for_each(drop));
    (driver, port)
}

fn started() -> Child {
    let mut program = Command::new("chromedriver");
    let program = program.arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    program.expect("chromedriver can be started (tests/prepare installs it)")
}

/// What a driver says from now on, and the port that it has said.
fn port_of(program: &mut Child) -> (Lines<BufReader<ChildStdout>>, Option<u16>) {
    let mut lines = BufReader::new(program.stdout.take().expect("a pipe was asked for")).lines();
    let port = lines
        .by_ref()
        .map_while(Result::ok)
        .find_map(|line| line.strip_suffix('.')?.rsplit_once("successfully on port ")?.1.parse().ok());
    (lines, port)
}
