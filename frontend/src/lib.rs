//! The browser's entry point: hydrates the app, nothing else.

use colloquy_app::App;
use wasm_bindgen::prelude::wasm_bindgen;

/// Makes the page that the server rendered live.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_lazy(App);
}
