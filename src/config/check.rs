//! `[check]`: how much each rule weighs.

use indexmap::IndexMap;
use toml::Spanned;

use super::checks::Checks;
use crate::domain::Severity;

impl Checks<'_> {
    pub(super) fn check(&mut self, raw: IndexMap<String, Spanned<String>>) -> Vec<(String, Option<Severity>)> {
        let mut levels = Vec::new();
        for (code, level) in raw {
            let severity = match level.get_ref().as_str() {
                "off" => None,
                "info" => Some(Severity::Info),
                "warning" => Some(Severity::Warning),
                "error" => Some(Severity::Error),
                other => {
                    let message = format!("a rule can't be `{other}`");
                    self.fault(&level, message, "write off, info, warning or error");
                    continue;
                }
            };
            levels.push((code, severity));
        }
        levels
    }
}
