//! The browser's entry point: hydrates the app, nothing else.

use colloquy_app::App;
use wasm_bindgen::prelude::wasm_bindgen;

/// Makes the page that the server rendered live.
#[wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_lazy(App);
}

/// Room for the tool that splits the WASM: it moves each part's constant data to where that part
/// has it, aligned, and leaves all of it in the main part when it does not fit where it was. This is
/// not used by anything, so it goes, and makes the room.
#[used]
static ROOM: [u8; 8 * 1024] = [1; 8 * 1024];
