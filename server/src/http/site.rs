//! The built site: the pages' WASM, JavaScript and style sheet, and the assets of `public/`.
//!
//! The WASM comes in chunks: one for the start, and a few that several pages share, which are loaded
//! when they are needed.
//!
//! While developing, the files are read from where cargo-leptos puts them. With the feature `embed`
//! they are inside the executable, compressed beforehand. File names carry no hash, so browsers
//! must ask whether a file they know is still current (`no-cache`), and mostly hear that it is.

use std::{env, path::Path};

use axum::{
    Router,
    http::{HeaderValue, header},
};
use leptos::{
    WasmSplitManifest,
    config::{Env, LeptosOptions},
};
use tower_http::set_header::SetResponseHeaderLayer;

#[cfg(feature = "embed")]
use embedded::files;
#[cfg(feature = "embed")]
pub(crate) use embedded::split_manifest;

/// Where the rendered pages say their WASM, JavaScript and style sheet are.
///
/// While developing, cargo-leptos tells the folder of the files and the port of its live reload in
/// `LEPTOS_` variables; without them the workspace's own values hold.
pub(crate) fn options() -> LeptosOptions {
    let options = LeptosOptions::builder().output_name("colloquy");
    if cfg!(feature = "embed") {
        return options.env(Env::PROD).build();
    }
    let site_root = env::var("LEPTOS_SITE_ROOT").unwrap_or_else(|_| "target/site".to_owned());
    let reload_port = env::var("LEPTOS_RELOAD_PORT").ok().and_then(|port| port.parse().ok());
    options.site_root(site_root).reload_port(reload_port.unwrap_or(3001)).build()
}

/// Where else pages connect to while `cargo leptos watch` runs: to what tells them to reload.
pub(crate) fn live_reload(options: &LeptosOptions) -> String {
    match env::var_os("LEPTOS_WATCH") {
        Some(_) => format!(" ws://*:{}", options.reload_port),
        None => String::new(),
    }
}

/// Whether the files are where pages look for them: without them pages have no style and never wake.
pub(crate) fn is_built(options: &LeptosOptions) -> bool {
    cfg!(feature = "embed") || Path::new(&*options.site_root).join("pkg/colloquy.js").exists()
}

/// Answers with the site's files, and leaves everything else to `not_found`. It is the fallback of
/// the whole router: `router.fallback_service(site::service(&options, not_found))`.
pub(crate) fn service(options: &LeptosOptions, not_found: Router) -> Router {
    files(options, not_found).layer(SetResponseHeaderLayer::if_not_present(
        header::CACHE_CONTROL,
        HeaderValue::from_static("no-cache"),
    ))
}

/// Which chunks of the WASM each page needs. Given to rendering as a context, it makes a page tell
/// the browser to load its chunks at once. None: leptos looks for it in the site's folder itself.
#[cfg(not(feature = "embed"))]
pub(crate) fn split_manifest(_: &LeptosOptions) -> Option<WasmSplitManifest> {
    None
}

#[cfg(not(feature = "embed"))]
fn files(options: &LeptosOptions, not_found: Router) -> Router {
    let folder = tower_http::services::ServeDir::new(&*options.site_root)
        .append_index_html_on_directories(false)
        .precompressed_br()
        .precompressed_gzip()
        .call_fallback_on_method_not_allowed(true)
        .fallback(not_found);
    Router::new().fallback_service(folder)
}

#[cfg(feature = "embed")]
mod embedded {
    use axum::{
        body::Body,
        extract::Request,
        http::{HeaderMap, Method, StatusCode},
        middleware::{self, Next},
        response::{IntoResponse, Response},
    };
    use leptos::prelude::ArcStoredValue;
    use rust_embed::{EmbeddedFile, RustEmbed};

    use super::*;
    use crate::http::conditions;

    /// What `cargo xtask build` left in the site's folder: each file, and beside it the same file
    /// compressed, as `.br` and as `.gz`.
    #[derive(RustEmbed)]
    #[folder = "../target/site"]
    struct Site;

    /// Which pages need which chunks, as cargo-leptos writes it into the folder of the WASM.
    const SPLIT_MANIFEST: &str = "__wasm_split_manifest.json";

    /// What loads the chunks, beside it.
    const SPLIT_SCRIPT: &str = "__wasm_split.______________________.js";

    /// Which chunks of the WASM each page needs, from the site inside the executable. Given to
    /// rendering as a context, it makes a page tell the browser to load its chunks at once. None:
    /// the site was built without splitting.
    pub(crate) fn split_manifest(options: &LeptosOptions) -> Option<WasmSplitManifest> {
        let folder = &options.site_pkg_dir;
        let file = Site::get(&format!("{folder}/{SPLIT_MANIFEST}"))?;
        match serde_json::from_slice(&file.data) {
            Ok(chunks) => {
                let manifest = (format!("/{folder}"), chunks, SPLIT_SCRIPT.to_owned());
                Some(WasmSplitManifest(ArcStoredValue::new(manifest)))
            }
            Err(error) => {
                tracing::warn!(%error, "Pages load their chunks late: the manifest is unreadable.");
                None
            }
        }
    }

    pub(super) fn files(_: &LeptosOptions, not_found: Router) -> Router {
        not_found.layer(middleware::from_fn(file_or_next))
    }

    async fn file_or_next(request: Request, next: Next) -> Response {
        let path = request.uri().path().trim_start_matches('/');
        match Site::get(path) {
            Some(plain) if matches!(*request.method(), Method::GET | Method::HEAD) => {
                answer(path, plain, request.headers())
            }
            _ => next.run(request).await,
        }
    }

    /// The first variant that the client takes, or 304 when it is the one that it has.
    fn answer(path: &str, plain: EmbeddedFile, headers: &HeaderMap) -> Response {
        let content_type = plain.metadata.mimetype().to_owned();
        let compressed = [("br", "br"), ("gzip", "gz")]
            .into_iter()
            .filter(|(coding, _)| accepts(headers, coding))
            .find_map(|(coding, suffix)| Some((coding, Site::get(&format!("{path}.{suffix}"))?)));
        let (coding, file) = match compressed {
            Some((coding, file)) => (Some([(header::CONTENT_ENCODING, coding)]), file),
            None => (None, plain),
        };
        let tag = tag(&file);
        let validators =
            [(header::ETAG, tag.clone()), (header::VARY, "accept-encoding".to_owned())];
        if conditions::names(headers.get_all(header::IF_NONE_MATCH), &tag) {
            return (StatusCode::NOT_MODIFIED, validators).into_response();
        }
        let content_type = [(header::CONTENT_TYPE, content_type)];
        (validators, coding, content_type, Body::from(file.data)).into_response()
    }

    /// The entity tag of one variant: they differ in content.
    fn tag(file: &EmbeddedFile) -> String {
        let digits = file.metadata.sha256_hash().map(|byte| format!("{byte:02x}"));
        format!("\"{}\"", digits.concat())
    }

    /// Whether the client takes that coding: it lists it, and not with the weight zero.
    fn accepts(headers: &HeaderMap, coding: &str) -> bool {
        let lists = headers.get_all(header::ACCEPT_ENCODING).into_iter();
        lists.filter_map(|list| list.to_str().ok()).flat_map(|list| list.split(',')).any(|item| {
            let (item, weight) = item.split_once(';').unwrap_or((item, ""));
            let weight = weight.trim().strip_prefix("q=").map(str::parse::<f32>);
            item.trim() == coding && weight != Some(Ok(0.0))
        })
    }

    #[cfg(test)]
    mod tests {
        use axum::http::HeaderName;
        use leptos::prelude::GetValue;
        use tower::ServiceExt;

        use super::*;

        /// The style sheet is in every build of the site, compressed in release builds.
        const FILE: &str = "/pkg/colloquy.css";

        async fn get(path: &str, name: HeaderName, value: &str) -> Response {
            let not_found = Router::new().fallback(|| async { StatusCode::NOT_FOUND });
            let request = Request::get(path).header(name, value).body(Body::empty());
            service(&options(), not_found).oneshot(request.unwrap()).await.unwrap()
        }

        #[tokio::test]
        async fn a_file_has_its_type_and_a_tag_that_answers_304() {
            let first = get(FILE, header::ACCEPT_ENCODING, "identity").await;
            assert_eq!(first.status(), StatusCode::OK);
            assert_eq!(first.headers()[header::CONTENT_TYPE], "text/css");
            assert_eq!(first.headers()[header::CACHE_CONTROL], "no-cache");
            let tag = first.headers()[header::ETAG].to_str().unwrap();
            let second = get(FILE, header::IF_NONE_MATCH, &format!("\"other\", W/{tag}")).await;
            assert_eq!(second.status(), StatusCode::NOT_MODIFIED);
            assert_eq!(second.headers()[header::ETAG], tag);
        }

        #[tokio::test]
        async fn every_chunk_and_script_has_its_type_and_its_compressed_form() {
            let mut checked = 0;
            for path in Site::iter() {
                let expected = match path.rsplit_once('.') {
                    Some((_, "wasm")) => "application/wasm",
                    Some((_, "js")) => "text/javascript",
                    Some((_, "json")) => "application/json",
                    _ => continue,
                };
                for (coding, suffix) in [("br", "br"), ("gzip", "gz")] {
                    let answer = get(&format!("/{path}"), header::ACCEPT_ENCODING, coding).await;
                    assert_eq!(answer.status(), StatusCode::OK, "{path}");
                    assert_eq!(answer.headers()[header::CONTENT_TYPE], expected, "{path}");
                    let compressed = Site::get(&format!("{path}.{suffix}")).is_some();
                    let coded = answer.headers().get(header::CONTENT_ENCODING);
                    assert_eq!(coded.is_some_and(|one| one == coding), compressed, "{path}");
                }
                checked += 1;
            }
            assert!(checked >= 2, "there are WASM and JavaScript in every build of the site");
        }

        #[tokio::test]
        async fn the_manifest_names_chunks_that_are_there() {
            // Whatever builds the site here splits its WASM.
            let manifest = split_manifest(&options()).expect("the site is built with --split");
            let (folder, chunks, script) = manifest.0.get_value();
            let chunks = chunks.into_values().flatten().map(|chunk| format!("{chunk}.wasm"));
            let chunks = Vec::from_iter(chunks);
            assert!(!chunks.is_empty(), "no page has a chunk");
            for file in chunks.into_iter().chain([script]) {
                let path = format!("{folder}/{file}");
                let answer = get(&path, header::ACCEPT_ENCODING, "br").await;
                assert_eq!(answer.status(), StatusCode::OK, "{path}");
            }
        }

        #[tokio::test]
        async fn anything_else_is_left_to_the_pages() {
            for path in ["/", "/pkg", "/pkg/", "/pkg/nothing.css", "/../Cargo.toml"] {
                let answer = get(path, header::ACCEPT_ENCODING, "br").await;
                assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
            }
        }

        #[test]
        fn a_listed_item_counts_unless_its_weight_is_zero() {
            let takes_brotli = |value: &'static str| {
                let headers = HeaderMap::from_iter([(
                    header::ACCEPT_ENCODING,
                    HeaderValue::from_static(value),
                )]);
                accepts(&headers, "br")
            };
            assert!(takes_brotli("gzip, deflate, br, zstd"));
            assert!(takes_brotli("gzip;q=1.0, br; q=0.5"));
            assert!(!takes_brotli("gzip, br;q=0"));
            assert!(!takes_brotli("gzip, brotli"));
        }
    }
}
