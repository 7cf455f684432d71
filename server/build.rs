//! The server takes in whole folders at compile time. The macros that do so notice a changed file,
//! but not a new one.

fn main() {
    println!("cargo::rerun-if-changed=../migrations");
    if std::env::var_os("CARGO_FEATURE_EMBED").is_some() {
        println!("cargo::rerun-if-changed=../target/site");
    }
}
