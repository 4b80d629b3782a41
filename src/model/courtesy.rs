//! What is never said before other people: nothing that a queue sees or hears names somebody's health.

/// Parts of words that would tell a queue something about somebody's health.
const NEVER: [&str; 22] = [
    "发热",
    "发烧",
    "高温",
    "偏高",
    "异常",
    "正常",
    "阳性",
    "阴性",
    "疑似",
    "隔离",
    "感染",
    "确诊",
    "病",
    "fever",
    "elevated",
    "normal",
    "positive",
    " infect",
    " ill",
    "sick",
    "quarantine",
    "isolat",
];

/// Whether `text` names something of health.
pub fn names_health(text: &str) -> bool {
    let text = format!(" {}", text.to_lowercase());
    NEVER.iter().any(|never| text.contains(never))
}

#[cfg(test)]
mod tests {
    use super::names_health;

    #[test]
    fn words_of_health_are_found_wherever_they_stand() {
        for text in ["您发热了", "Fever", "You are ill", "please isolate", "体温正常"] {
            assert!(names_health(text), "{text}");
        }
        for text in ["请测体温", "Please fill in the form", "Hill Street", "请稍等"] {
            assert!(!names_health(text), "{text}");
        }
    }
}
