//! Settings: where they come from, and what is said of those that cannot be.

use std::{fs, io::Read};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustix::process::Signal;
use tempfile::TempDir;

use crate::support::process::{Process, colloquy, printed, stderr};

#[test]
fn flags_go_before_the_environment_and_that_before_the_file() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    fs::write(here.join("colloquy.toml"), "listen = \"127.0.0.1:0\"\ndata_dir = \"file\"").unwrap();
    fs::write(here.join("other.toml"), "listen = \"localhost:0\"\ndata_dir = \"other\"").unwrap();
    drop(Process::start(&mut colloquy(here)));
    assert!(here.join("file").is_dir());
    drop(Process::start(colloquy(here).args(["--config", "other.toml"])));
    assert!(here.join("other").is_dir());
    drop(Process::start(colloquy(here).env("COLLOQUY_DATA_DIR", "variable")));
    assert!(here.join("variable").is_dir());
    let mut all = colloquy(here);
    drop(Process::start(all.env("COLLOQUY_DATA_DIR", "unused").args(["serve", "--data-dir=flag"])));
    assert!(here.join("flag").is_dir());
    assert!(!here.join("unused").exists());
}

#[test]
fn settings_stand_anywhere() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    drop(Process::start(colloquy(here).args(["--data-dir=d", "serve", "--listen=127.0.0.1:0"])));
    assert!(here.join("d").is_dir());
    printed(here, &["--data-dir=d", "backup", "before.db"]);
    printed(here, &["backup", "after.db", "--data-dir", "d"]);
    for arguments in [
        ["--data-dir=d", "user", "list"],
        ["user", "--data-dir=d", "list"],
        ["user", "list", "--data-dir=d"],
    ] {
        printed(here, &arguments);
    }
    let help = printed(here, &["user", "add", "--help"]);
    assert!(help.contains("--data-dir") && help.contains("colloquy serve --help"), "{help}");
    assert!(!help.contains("--queue-bytes"), "{help}");
    assert!(printed(here, &["serve", "--help"]).contains("--queue-bytes"));
}

/// It is not looked at, wherever the flag stands.
#[test]
fn what_a_flag_overrides_may_be_wrong() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    let wrong = [("listen = 3000", None), ("", Some(("COLLOQUY_LISTEN", "x")))];
    for (file, variable) in wrong {
        fs::write(here.join("colloquy.toml"), file).unwrap();
        for arguments in [
            &["--listen=127.0.0.1:0"][..],
            &["--listen=127.0.0.1:0", "serve"],
            &["serve", "--listen", "127.0.0.1:0"],
        ] {
            drop(Process::start(colloquy(here).args(arguments).envs(variable)));
        }
    }
}

#[test]
fn what_is_unknown_or_unacceptable_is_named_with_where_it_comes_from() {
    struct Case {
        arguments: &'static [&'static str],
        variable: Option<(&'static str, &'static str)>,
        file: &'static str,
        told: &'static [&'static str],
    }
    const NONE: Case = Case { arguments: &[], variable: None, file: "", told: &[] };
    let cases = [
        Case { arguments: &["serve", "--lisen=x"], told: &["--lisen"], ..NONE },
        Case { arguments: &["--queue-bytes=many"], told: &["--queue-bytes", "many"], ..NONE },
        Case {
            arguments: &["--listen=0.0.0.0"],
            told: &["--listen", "0.0.0.0", "an address and a port"],
            ..NONE
        },
        Case {
            arguments: &["serve"],
            variable: Some(("COLLOQUY_RETENTION_DAYS", "-1")),
            told: &["-1", "environment variable COLLOQUY_RETENTION_DAYS"],
            ..NONE
        },
        Case {
            variable: Some(("COLLOQUY_LISTEN", "192.0.2.1")),
            told: &["192.0.2.1", "environment variable COLLOQUY_LISTEN"],
            ..NONE
        },
        Case {
            variable: Some(("LEPTOS_SITE_ADDR", "nowhere")),
            told: &["nowhere", "environment variable LEPTOS_SITE_ADDR"],
            ..NONE
        },
        Case {
            file: "heartbeat_seconds = 0",
            told: &["`heartbeat_seconds` in colloquy.toml"],
            ..NONE
        },
        Case {
            file: "allowed_origins = ['http://a.example', 'a.example']",
            told: &["'a.example'", "`allowed_origins` in colloquy.toml"],
            ..NONE
        },
        Case { file: "lisen = 'x'", told: &["`lisen` in colloquy.toml"], ..NONE },
        Case { file: "listen = ['x']", told: &["`listen` in colloquy.toml"], ..NONE },
        Case { file: "[serve]\nlisten = 'x'", told: &["`serve` in colloquy.toml"], ..NONE },
        Case { file: "listen = ", told: &["colloquy.toml", "line 1"], ..NONE },
        Case { arguments: &["--config=missing.toml"], told: &["missing.toml"], ..NONE },
        Case { arguments: &["--config=."], told: &["settings file .", "directory"], ..NONE },
        Case {
            arguments: &["--public-url=ftp://hub.example.org"],
            told: &["--public-url", "https://"],
            ..NONE
        },
        Case { arguments: &["token", "create", "--name=t"], told: &["--agent", "--user"], ..NONE },
        Case { arguments: &["demo", "--data-dir=x"], told: &["the demo", "--data-dir"], ..NONE },
        Case { arguments: &["--auth=auto", "demo"], told: &["the demo", "--auth"], ..NONE },
        Case {
            arguments: &["user", "list"],
            file: "listen = 3000",
            told: &["'3000'", "`listen` in colloquy.toml"],
            ..NONE
        },
        Case {
            variable: Some(("COLLOQUY_LISTEN", "")),
            file: "listen = 'x'",
            told: &["`listen` in colloquy.toml"],
            ..NONE
        },
    ];
    for case in cases {
        let folder = TempDir::new().unwrap();
        if !case.file.is_empty() {
            fs::write(folder.path().join("colloquy.toml"), case.file).unwrap();
        }
        let output =
            colloquy(folder.path()).args(case.arguments).envs(case.variable).output().unwrap();
        let error = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{error}");
        for told in case.told {
            assert!(error.contains(told), "no {told:?} in {error}");
        }
        assert!(!folder.path().join("data").exists());
    }
}

#[test]
fn warns_of_a_variable_that_sets_nothing() {
    let folder = TempDir::new().unwrap();
    let mut command = colloquy(folder.path());
    command.args(["--listen=127.0.0.1:0"]).env("COLLOQUY_LISTN", "x").env("COLLOQUY_URL", "x");
    let mut server = Process::start(&mut command);
    server.signal(Signal::TERM);
    server.wait();
    let mut log = String::new();
    server.process.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(log.contains("COLLOQUY_LISTN"), "{log}");
    assert!(!log.contains("COLLOQUY_URL"), "{log}");
    let first: serde_json::Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
    assert_eq!(first["level"], "WARN", "without a terminal, logs are JSON");
}

#[test]
fn an_empty_variable_sets_nothing() {
    let folder = TempDir::new().unwrap();
    let help = colloquy(folder.path()).args(["serve", "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let variables: Vec<&str> = help
        .split("[env: ")
        .skip(1)
        .map(|rest| rest.split_once('=').unwrap().0)
        .chain(["LEPTOS_SITE_ADDR", "RUST_LOG"])
        .collect();
    assert!(variables.contains(&"COLLOQUY_CONFIG"), "{help}");
    let mut command = colloquy(folder.path());
    command.args(["serve", "--listen=127.0.0.1:0"]);
    let server = Process::start(command.envs(variables.iter().map(|name| (name, ""))));
    assert!(folder.path().join("data").is_dir());
    drop(server);
}

#[test]
fn a_certificate_and_its_key_go_together_wherever_they_are_set() {
    let folder = TempDir::new().unwrap();
    let here = folder.path();
    let refused = |file: &str, flags: &[&str]| {
        fs::write(here.join("colloquy.toml"), file).unwrap();
        let output = colloquy(here).arg("serve").args(flags).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        assert!(!here.join("data").exists());
        stderr(&output)
    };
    for (file, flags, missing) in [
        ("tls_cert = 'cert.pem'", &[][..], "tls_key is not set"),
        ("tls_key = 'key.pem'", &[], "tls_cert is not set"),
        ("", &["--tls-cert=cert.pem"], "tls_key is not set"),
    ] {
        let error = refused(file, flags);
        assert!(error.contains("tls_cert and tls_key"), "{error}");
        assert!(error.contains(missing), "{error}");
    }

    // Both are there; what is wrong with a file is told with the setting that names it.
    let error = refused("tls_key = 'key.pem'", &["--tls-cert=cert.pem"]);
    assert!(error.contains("cert.pem (--tls-cert) cannot be read"), "{error}");
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    fs::write(here.join("cert.pem"), cert.pem()).unwrap();
    fs::write(here.join("key.pem"), signing_key.serialize_pem()).unwrap();
    let locked =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n";
    fs::write(here.join("locked.pem"), locked).unwrap();
    for (cert, key, told) in [
        ("key.pem", "key.pem", "key.pem (--tls-cert) holds no certificate"),
        ("cert.pem", "cert.pem", "cert.pem (--tls-key) holds no key"),
        ("cert.pem", "locked.pem", "locked.pem (--tls-key) is encrypted"),
    ] {
        let error = refused(&format!("tls_cert = '{cert}'\ntls_key = '{key}'"), &[]);
        assert!(error.contains(told), "{error}");
    }
}
