//! Who may ask: only names that are ours, and posts only from our own pages.
//!
//! A web page elsewhere could make a browser on this machine post to the kiosk, or point a name of its own at the
//! kiosk's address (DNS rebinding). So a request must name a host that is ours, and a post must come from a page
//! of the same origin by the browser's own word (`Sec-Fetch-Site`, else `Origin`).

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::shared::Shared;

/// Headers of every answer.
const HEADERS: [(HeaderName, &str); 6] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
         form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // Not `no-referrer`: that would blank the `Origin` header of our own forms.
    (header::REFERRER_POLICY, "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
];

/// Refuses what does not come from us and sets the security headers of the answer.
pub async fn check(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let mut response = match refusal(request.method(), request.headers(), &shared.handle.hosts) {
        None => next.run(request).await,
        Some((status, why)) => {
            tracing::warn!(%status, why, "request refused");
            (status, why).into_response()
        }
    };
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Why a request is refused, if it is.
fn refusal(method: &Method, headers: &HeaderMap, hosts: &[String]) -> Option<(StatusCode, &'static str)> {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let Some(host) = text(header::HOST).filter(|host| is_ours(host, hosts)) else {
        return Some((StatusCode::MISDIRECTED_REQUEST, "this kiosk does not answer under that name"));
    };
    if method == Method::GET || method == Method::HEAD {
        return None;
    }
    let same_origin = match text(HeaderName::from_static("sec-fetch-site")) {
        Some(site) => site == "same-origin",
        None => text(header::ORIGIN).is_some_and(|origin| {
            ["http://", "https://"].iter().any(|scheme| origin.strip_prefix(scheme) == Some(host))
        }),
    };
    (!same_origin).then_some((StatusCode::FORBIDDEN, "posts are taken from this kiosk's own pages only"))
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

    const POST: Method = Method::POST;

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
    fn a_post_must_come_from_our_own_page() {
        let host = ("host", "127.0.0.1:8080");
        assert_eq!(refuse(&POST, &[host, ("sec-fetch-site", "same-origin")]), None);
        assert_eq!(refuse(&POST, &[host, ("origin", "http://127.0.0.1:8080")]), None);
        for site in ["cross-site", "same-site", "none"] {
            let mine = ("origin", "http://127.0.0.1:8080");
            assert_eq!(refuse(&POST, &[host, mine, ("sec-fetch-site", site)]), Some(StatusCode::FORBIDDEN));
        }
        for origin in ["http://127.0.0.1:9090", "null", "http://evil.example", "127.0.0.1:8080"] {
            assert_eq!(refuse(&POST, &[host, ("origin", origin)]), Some(StatusCode::FORBIDDEN), "{origin}");
        }
        assert_eq!(refuse(&POST, &[host]), Some(StatusCode::FORBIDDEN));
    }

    fn refuse(method: &Method, headers: &[(&'static str, &'static str)]) -> Option<StatusCode> {
        let headers = headers
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        refusal(method, &headers, &["gate-7.example".to_owned()]).map(|(status, _)| status)
    }
}
