//! What a TOML file does not know, with the nearest name that it does.

/// Largest share of a name that may differ before it is no longer near.
const NEAR: f64 = 0.4;

/// The message of an error in a TOML file, with its line, and for an unknown key or word the nearest that is known.
#[must_use]
pub fn toml_message(error: &toml::de::Error) -> String {
    let text = error.to_string();
    let text = text.trim_end();
    match nearest_of(error.message()) {
        Some(name) => format!("{text}; did you mean `{name}`?"),
        None => text.to_owned(),
    }
}

/// The nearest name in a message of serde: ``unknown field `a`, expected one of `b`, `c` ``.
fn nearest_of(message: &str) -> Option<&str> {
    let rest = message.strip_prefix("unknown field `").or_else(|| message.strip_prefix("unknown variant `"))?;
    let (wrong, known) = rest.split_once('`')?;
    nearest(wrong, known.split('`').skip(1).step_by(2))
}

/// The known name that is nearest to what was written. None when none is near.
#[must_use]
pub fn nearest<'a>(wrong: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = wrong.to_lowercase();
    let distance = |name: &str| {
        let length = wrong.chars().count().max(name.chars().count()).max(1);
        strsim::osa_distance(&wrong, &name.to_lowercase()) as f64 / length as f64
    };
    known.into_iter().map(|name| (distance(name), name)).filter(|(far, _)| *far <= NEAR).min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_told_and_a_far_one_is_not() {
        let error = toml::from_str::<crate::Minimums>("schown = 10\n").unwrap_err();
        let message = toml_message(&error);
        assert!(message.contains("line 1") && message.ends_with("; did you mean `shown`?"), "{message}");
        assert_eq!(nearest("kolom", ["shown", "labelled"]), None);
        assert_eq!(nearest("Pooled_yaers", ["pooled_years", "client_years"]), Some("pooled_years"));
        let kind = toml::from_str::<crate::Adjuster>("column = \"a\"\ntitle = \"b\"\nkind = \"categorie\"\n").unwrap_err();
        assert!(toml_message(&kind).ends_with("; did you mean `category`?"), "{}", toml_message(&kind));
    }
}
