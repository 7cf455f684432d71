//! The settings file.

use std::{
    collections::BTreeMap,
    fmt::Display,
    fs,
    path::{Path, PathBuf},
};

use clap::{Args, Command, error::ErrorKind};
use colloquy_server::settings::Settings;
use config::{File, FileFormat, Source, Value, ValueKind};

/// The values of a settings file, as a flag would give them.
#[derive(Debug)]
pub(crate) struct SettingsFile {
    path: PathBuf,
    values: BTreeMap<String, Vec<String>>,
}

impl SettingsFile {
    /// Reads the file of that name; without a name, `colloquy.toml` when it is there.
    ///
    /// # Errors
    /// As `command` reports them: when it cannot be read, or holds an unknown key.
    pub(crate) fn read(
        name: Option<&Path>,
        command: &mut Command,
    ) -> Result<Option<Self>, clap::Error> {
        let path = name.unwrap_or(Path::new("colloquy.toml"));
        if name.is_none() && !path.exists() {
            return Ok(None);
        }
        Self::parse(path)
            .map(Some)
            .map_err(|message| command.error(ErrorKind::InvalidValue, message))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The values of a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Vec<String>> {
        self.values.get(key)
    }

    fn parse(path: &Path) -> Result<Self, String> {
        let settings = Settings::augment_args(Command::new("settings"));
        let wrong = |error: &dyn Display| format!("the settings file {}: {error}", path.display());
        let contents = fs::read_to_string(path).map_err(|error| wrong(&error))?;
        let entries =
            File::from_str(&contents, FileFormat::Toml).collect().map_err(|error| wrong(&error))?;
        let mut values = BTreeMap::new();
        for (key, value) in entries {
            let Some(setting) = settings.get_arguments().find(|one| one.get_id() == &key) else {
                let known: Vec<_> =
                    settings.get_arguments().map(|one| one.get_id().as_str()).collect();
                let known = known.join(", ");
                return Err(format!(
                    "unknown key `{key}` in {}; known are {known}",
                    path.display()
                ));
            };
            let is_list = setting.get_value_delimiter().is_some();
            let (read, expected) = match is_list {
                true => (list(value), "an array of texts"),
                false => (text(value).map(|one| vec![one]), "a text or a number"),
            };
            let wrong = || format!("the key `{key}` in {} must be {expected}", path.display());
            values.insert(key.clone(), read.ok_or_else(wrong)?);
        }
        Ok(Self { path: path.to_owned(), values })
    }
}

fn list(value: Value) -> Option<Vec<String>> {
    value.into_array().ok()?.into_iter().map(text).collect()
}

fn text(value: Value) -> Option<String> {
    match value.kind {
        ValueKind::Nil | ValueKind::Table(_) | ValueKind::Array(_) => None,
        _ => value.into_string().ok(),
    }
}
