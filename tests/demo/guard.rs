//! What the guard does on the attendant's pages, press by press.

use std::path::PathBuf;
use std::time::Duration;

use fantoccini::Locator;

use super::harness::Browser;

/// Long enough a press to confirm a refusal.
const HOLD: Duration = Duration::from_millis(1_300);

/// 李娜 at a browser of the kiosk.
pub struct Guard {
    /// The browser.
    pub desk: Browser,
}

impl Guard {
    /// Signs in at `kiosk`.
    pub async fn sign_in(kiosk: &str) -> Self {
        let desk = Browser::start().await;
        desk.open(&format!("{kiosk}/attendant")).await;
        desk.wait_for_text("main", "李娜").await;
        desk.click("a[href$='/li-na']").await;
        desk.wait_for("form.pad").await;
        desk.press("2468").await;
        desk.click("button.enter").await;
        desk.wait_for_text("#bar", "李娜").await;
        Self { desk }
    }

    /// Presses `css`. The page renews itself while somebody reaches for it: then once more.
    pub async fn tap(&self, css: &str) {
        for _ in 0..20 {
            self.desk.wait_for(css).await;
            let Ok(element) = self.desk.client.find(Locator::Css(css)).await else { continue };
            if element.click().await.is_ok() {
                return;
            }
        }
        self.desk.click(css).await;
    }

    /// Presses the key of place `key` as soon as it says `said`.
    pub async fn tap_when(&self, key: &str, said: &str) {
        self.desk.wait_for_text(key, said).await;
        self.tap(key).await;
    }

    /// Opens the pad behind F3 and types `text`.
    pub async fn type_on_pad(&self, said: &str, text: &str) {
        self.tap_when("#f3", said).await;
        self.desk.wait_for("form.pad").await;
        self.desk.press(text).await;
        self.desk.click("div.keys:not([hidden]) .enter").await;
        self.desk.wait_for("#card").await;
    }

    /// Sets the temperature aside: the thermometer sees nobody.
    pub async fn waive_temperature(&self) {
        self.tap_when("#f4", "其他办法").await;
        self.tap("a[href$='/waive/temperature']").await;
        self.tap("form:has(input[value=device-fault]) button").await;
        self.desk.wait_for("#card").await;
    }

    /// Who somebody is, no temperature, a mask.
    pub async fn check_person(&self, id_number: &str) {
        self.type_on_pad("身份证号", id_number).await;
        self.desk.wait_for_text("#f3", "测温").await;
        self.waive_temperature().await;
        self.tap_when("#f3", "口罩").await;
    }

    /// Neither a subject's line nor an occupant's name is cut off.
    pub async fn reads_everything(&self) {
        let cut =
            "return [...document.querySelectorAll('.card .subject, .card .subject b, .occupants .name')]
            .filter((line) => line.scrollWidth > line.clientWidth).map((line) => line.innerText).join()";
        assert_eq!(self.desk.script(cut).await, "", "cut off");
    }

    /// Fills in the registration.
    pub async fn register(&self, fields: &[(&str, &str)]) {
        self.desk.wait_for("main.register").await;
        for (name, text) in fields {
            self.desk.fill(&format!("input[name={name}]"), text).await;
        }
        self.tap("button.enter").await;
        self.desk.wait_for("#card").await;
    }

    /// Turns away whoever is at the lane.
    pub async fn turn_back(&self) {
        self.desk.wait_for_text("#f6", "劝返").await;
        self.desk.hold("#f6", HOLD).await;
    }
}

/// Keeps a picture of `browser` where `KAKOU_PICTURES` says, if it says.
pub async fn picture(browser: &Browser, name: &str) {
    if let Some(folder) = std::env::var_os("KAKOU_PICTURES").map(PathBuf::from) {
        browser.screenshot(&folder.join(format!("e2e-{name}.png"))).await;
    }
}
