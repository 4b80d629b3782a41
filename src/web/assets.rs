//! The style sheet and the scripts, built into the program.

use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Name, media type and content of each file.
const FILES: [(&str, &str, &str); 2] = [
    ("kakou.css", "text/css; charset=utf-8", include_str!("assets/kakou.css")),
    ("kakou.mjs", "text/javascript; charset=utf-8", include_str!("assets/kakou.mjs")),
];

/// The address of the file `name`, which changes with its content so that browsers may keep it.
pub fn address(name: &str) -> String {
    let content = FILES.iter().find(|file| file.0 == name).map_or("", |file| file.2);
    format!("/assets/{name}?v={:08x}", crc32c::crc32c(content.as_bytes()))
}

/// `GET /assets/{name}`
pub async fn file(Path(name): Path<String>) -> Response {
    match FILES.iter().find(|file| file.0 == name) {
        Some((_, media, content)) => {
            let keep = "public, max-age=31536000, immutable";
            ([(header::CONTENT_TYPE, *media), (header::CACHE_CONTROL, keep)], *content).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
