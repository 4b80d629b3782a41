//! What pages of the kiosk and of the hub tell every browser, and what they ask of it before they take a post.
//!
//! A web page elsewhere could make a browser that is signed in here post to us. So a post must come from a page of
//! the same origin by the browser's own word: `Sec-Fetch-Site`, else `Origin` against `Host`. A browser that says
//! neither is refused.

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, header};

/// Headers of every answer. None of them is set where a page has set its own.
const HEADERS: [(HeaderName, &str); 7] = [
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
    (header::CACHE_CONTROL, "no-store"),
];

/// Puts the headers of every answer on this one.
pub fn protect(headers: &mut HeaderMap) {
    for (name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

/// Whether a request may be served: it only reads, or it comes from a page of ours.
pub fn may_ask(method: &Method, headers: &HeaderMap) -> bool {
    method == Method::GET || method == Method::HEAD || is_same_origin(headers)
}

/// The value of a header, where it is text.
pub fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn is_same_origin(headers: &HeaderMap) -> bool {
    match text(headers, HeaderName::from_static("sec-fetch-site")) {
        Some(site) => site == "same-origin",
        None => match (text(headers, header::ORIGIN), text(headers, header::HOST)) {
            (Some(origin), Some(host)) => {
                ["http://", "https://"].iter().any(|scheme| origin.strip_prefix(scheme) == Some(host))
            }
            (Some(_) | None, _) => false,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: (&str, &str) = ("host", "gate-7.example:8080");

    #[test]
    fn whoever_only_reads_may_ask_from_anywhere() {
        assert!(may_ask(&Method::GET, &of(&[])) && may_ask(&Method::HEAD, &of(&[])));
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
            assert!(!may_ask(&method, &of(&[HOST])), "{method}");
        }
    }

    #[test]
    fn a_post_must_come_from_our_own_page() {
        let post = |pairs: &[(&'static str, &'static str)]| may_ask(&Method::POST, &of(pairs));
        assert!(post(&[HOST, ("sec-fetch-site", "same-origin")]));
        for origin in ["http://gate-7.example:8080", "https://gate-7.example:8080"] {
            assert!(post(&[HOST, ("origin", origin)]), "{origin}");
            for site in ["cross-site", "same-site", "none"] {
                assert!(!post(&[HOST, ("origin", origin), ("sec-fetch-site", site)]), "{site}");
            }
        }
        for origin in ["null", "https://evil.example", "https://gate-7.example", "gate-7.example:8080"] {
            assert!(!post(&[HOST, ("origin", origin)]), "{origin}");
        }
        assert!(!post(&[HOST]) && !post(&[("origin", "http://gate-7.example:8080")]));
    }

    #[test]
    fn a_page_keeps_what_it_set_itself() {
        let mut headers = of(&[("cache-control", "max-age=60")]);
        protect(&mut headers);
        assert_eq!(headers[header::CACHE_CONTROL], "max-age=60");
        assert_eq!(headers[header::X_FRAME_OPTIONS], "DENY");
        assert!(headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap().contains("script-src 'self'"));
    }

    fn of(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let header = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        pairs.iter().map(header).collect()
    }
}
