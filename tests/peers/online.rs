//! Questions about codes over TLS: each kiosk asks in its own name.

use std::time::Duration;

use kakou::base::Pii;
use kakou::model::Unanswered;
use kakou::platform::http::Error;

use crate::place::Centre;

#[tokio::test(flavor = "multi_thread")]
async fn a_kiosk_asks_about_codes_in_its_own_name_only() {
    let centre = Centre::start().await;
    let (east, west) = (centre.enrol("east-1", 1).await, centre.enrol("west-1", 2).await);
    let code = Pii::new("https://code.example/1".to_owned());
    let within = Duration::from_secs(60);
    let own = centre.fixed(&east).ask_issuer(&east.name, &code, within).await.unwrap();
    assert_eq!(own, Err(Unanswered::NoAdapter), "it is let in, and there is nobody to ask");
    for client in [centre.stranger(), centre.fixed(&west)] {
        match client.ask_issuer(&east.name, &code, within).await {
            Err(Error::Refused(problem)) => assert_eq!(problem.at, "certificate", "{problem}"),
            other => panic!("{other:?}"),
        }
    }
}
