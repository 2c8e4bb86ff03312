//! A page to write on: the topics that stand out are filled in, the rest is the provider's own.

use spiegel_model::{Topic, Worksheet, WorksheetTopic};

use crate::Results;
use crate::texts::Words;

pub(super) fn page(results: &Results, topics: &[Topic], words: Words<'_>) -> Option<Worksheet> {
    let spec = results.pipeline.spec.worksheet.as_ref()?;
    let filled = topics.iter().take(spec.topics).map(|topic| WorksheetTopic {
        title: topic.text.trim_end_matches('.').to_owned(),
        question: topic.question.clone(),
        place: Some(topic.place.clone()),
    });
    let own = || WorksheetTopic { title: words.worksheet_own_topic(), question: String::new(), place: None };
    Some(Worksheet {
        title: spec.title.clone(),
        intro: spec.intro.clone(),
        prompts: spec.prompts.clone(),
        topics: filled.chain(std::iter::repeat_with(own)).take(spec.topics).collect(),
        closing: spec.closing.clone(),
    })
}
