//! Who may ask: only names that are ours, and posts only from our own pages.
//!
//! A web page elsewhere could make a browser on this machine post to the kiosk, or point a name of its own at the
//! kiosk's address (DNS rebinding). So a request must name a host that is ours, and what [`browser`] asks of a post.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::shared::Shared;
use crate::browser;

/// Refuses what does not come from us and sets the security headers of the answer.
pub async fn check(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let mut response = match refusal(request.method(), request.headers(), &shared.handle.hosts) {
        None => next.run(request).await,
        Some((status, why)) => {
            tracing::warn!(%status, why, "request refused");
            (status, why).into_response()
        }
    };
    browser::protect(response.headers_mut());
    response
}

/// Why a request is refused, if it is.
fn refusal(method: &Method, headers: &HeaderMap, hosts: &[String]) -> Option<(StatusCode, &'static str)> {
    if !browser::text(headers, header::HOST).is_some_and(|host| is_ours(host, hosts)) {
        return Some((StatusCode::MISDIRECTED_REQUEST, "this kiosk does not answer under that name"));
    }
    let own = browser::may_ask(method, headers);
    (!own).then_some((StatusCode::FORBIDDEN, "posts are taken from this kiosk's own pages only"))
}

/// Whether `host` (with or without port) is loopback or one of `hosts`.
fn is_ours(host: &str, hosts: &[String]) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        || hosts.iter().any(|ours| ours.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    #[test]
    fn only_our_own_names_are_answered() {
        for ours in ["localhost", "127.0.0.1:8080", "[::1]:8080", "LOCALHOST:1", "gate-7.example:8080"] {
            assert_eq!(refuse(&Method::GET, &[("host", ours)]), None, "{ours}");
        }
        for foreign in ["evil.example", "127.0.0.1.evil.example", "192.168.1.9:8080", "localhost.evil:80", ""]
        {
            let status = refuse(&Method::GET, &[("host", foreign)]);
            assert_eq!(status, Some(StatusCode::MISDIRECTED_REQUEST), "{foreign}");
        }
        assert_eq!(refuse(&Method::GET, &[]), Some(StatusCode::MISDIRECTED_REQUEST));
    }

    #[test]
    fn a_post_must_name_us_and_come_from_our_own_page() {
        let (host, post) = (("host", "127.0.0.1:8080"), Method::POST);
        assert_eq!(refuse(&post, &[host, ("sec-fetch-site", "same-origin")]), None);
        assert_eq!(refuse(&post, &[host, ("sec-fetch-site", "cross-site")]), Some(StatusCode::FORBIDDEN));
        let elsewhere = ("host", "evil.example");
        let named = refuse(&post, &[elsewhere, ("sec-fetch-site", "same-origin")]);
        assert_eq!(named, Some(StatusCode::MISDIRECTED_REQUEST), "by a name that was pointed at us");
    }

    fn refuse(method: &Method, headers: &[(&'static str, &'static str)]) -> Option<StatusCode> {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        refusal(method, &headers, &["gate-7.example".to_owned()]).map(|(status, _)| status)
    }
}
