//! A pass on a telephone: the code of now, and the next one half a minute later, without anybody signing in.

use super::harness::Browser;
use super::hub::{Centre, too_wide};

#[tokio::test(flavor = "multi_thread")]
async fn a_telephone_shows_the_code_of_now_and_then_the_next_one() {
    let centre = Centre::start().await;
    let desk = Browser::sized(1_024, 600).await;
    centre.sign_in(&desk).await;
    desk.open(&centre.url("/passes")).await;
    desk.fill("input[name=site]", "jinhe-garden").await;
    desk.fill("input[name=name]", "王小明").await;
    let week = "document.querySelector('select[name=shown]').value = 'turning';
        document.querySelector('input[name=last]').value = document.querySelector('input[name=first]').value;
        return true";
    desk.script(week).await;
    desk.click("form.filters button").await;
    desk.wait_for(".pass [data-link] svg").await;
    let link = desk.script("return document.querySelector('[data-link]').dataset.link").await;
    let link = link.as_str().unwrap().to_owned();
    assert_eq!(too_wide(&desk, "passes", 1_024).await, None);
    let number = "const of = document.querySelector('.pass code').getBoundingClientRect(); return of.width > of.height";
    assert_eq!(desk.script(number).await, true, "the number to revoke it by is one line");
    if let Some(folder) = std::env::var_os("KAKOU_PICTURES") {
        desk.screenshot(&std::path::Path::new(&folder).join("hub-pass-turning.png")).await;
    }
    desk.close().await;

    let telephone = Browser::sized(360, 740).await;
    telephone.open(&link).await;
    telephone.wait_for(".turn svg path").await;
    let drawn = "return document.querySelector('.turn svg path')?.getAttribute('d') ?? ''";
    let first = telephone.script(drawn).await;
    assert!(first.as_str().unwrap().len() > 5_000, "a symbol has many modules");
    assert_eq!(telephone.text(".turn .label").await, "王*");
    assert_eq!(too_wide(&telephone, "turn", 360).await, None);
    let square = "const of = document.querySelector('.turn .code').getBoundingClientRect();
        return [of.width, of.height, of.bottom <= innerHeight]";
    let square = telephone.script(square).await;
    assert!(square[0].as_f64().unwrap() >= 330.0 && square[2] == true, "as large as the screen: {square}");
    if let Some(folder) = std::env::var_os("KAKOU_PICTURES") {
        telephone.screenshot(&std::path::Path::new(&folder).join("phone-pass.png")).await;
    }
    // Half a minute goes by.
    telephone.script("const now = Date.now.bind(Date); Date.now = () => now() + 30000; return 1").await;
    let changed = format!("document.querySelector('.turn svg path')?.getAttribute('d') !== {first}");
    telephone.wait_until(&changed).await;
    // An address that was cut says so.
    telephone.open(&link[..link.len() - 5]).await;
    telephone.script("location.reload(); return 1").await;
    telephone.wait_for_text(".turn .notice", "链接").await;
    telephone.close().await;
}
