//! Rules about what is enough, as data: CertLogic rules of the EU's and the WHO's form, which a credential meets or not.
//!
//! Of each rule the newest version counts that is valid at the time. A rule that cannot be evaluated is not met.

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::certlogic::{BadLogic, Logic};
use super::report::Report;
use crate::base::Wall;

/// What a certificate is about, as rules name it and as its content does.
const EVENTS: [(&str, &str); 3] = [("Vaccination", "v"), ("Test", "t"), ("Recovery", "r")];

/// A rule.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its identifier, such as `VR-EU-0001`.
    pub id: String,
    /// What it asks for, in its first language.
    pub description: String,
    version: Vec<u32>,
    /// The key of the content that it is about; none for all.
    about: Option<&'static str>,
    from: Wall,
    to: Wall,
    logic: Logic,
}

/// Why JSON is no rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRule {
    /// A field is missing, or has not the form that it needs.
    #[error("{0} {1}")]
    Field(&'static str, &'static str),
    /// Its logic is none.
    #[error("Logic: {0}")]
    Logic(#[from] BadLogic),
}

impl Rule {
    /// Reads a rule.
    ///
    /// # Errors
    ///
    /// Where a field is missing or wrong, and which.
    pub fn parse(json: &Json) -> Result<Self, BadRule> {
        let text = |field: &'static str| json[field].as_str().ok_or(BadRule::Field(field, "must be a text"));
        if text("Engine")? != "CERTLOGIC" {
            return Err(BadRule::Field("Engine", "must be CERTLOGIC"));
        }
        let version = text("Version")?.split('.').map(|part| part.parse().ok()).collect::<Option<Vec<u32>>>();
        let kind = text("CertificateType")?;
        let about = EVENTS.iter().find(|(name, _)| *name == kind).map(|(_, key)| *key);
        if about.is_none() && kind != "General" {
            let known = "must be General, Vaccination, Test or Recovery";
            return Err(BadRule::Field("CertificateType", known));
        }
        let time = |field: &'static str| -> Result<Wall, BadRule> {
            let moment: Timestamp =
                text(field)?.parse().map_err(|_| BadRule::Field(field, "must be a time"))?;
            Ok(Wall(moment.as_millisecond()))
        };
        Ok(Self {
            id: text("Identifier")?.to_owned(),
            description: json["Description"][0]["desc"].as_str().unwrap_or_default().to_owned(),
            version: version.ok_or(BadRule::Field("Version", "must be numbers with dots between them"))?,
            about,
            from: time("ValidFrom")?,
            to: time("ValidTo")?,
            logic: Logic::parse(&json["Logic"])?,
        })
    }

    fn is_valid(&self, now: Wall) -> bool {
        self.from <= now && now < self.to
    }

    fn is_about(&self, content: &Json) -> bool {
        self.about.is_none_or(|key| content[key].as_array().is_some_and(|events| !events.is_empty()))
    }
}

/// Rules, and the sets of values that they go by.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules {
    rules: Vec<Rule>,
    value_sets: serde_json::Map<String, Json>,
}

impl Rules {
    /// Adds a rule.
    pub fn add(&mut self, rule: Rule) {
        self.rules.push(rule);
    }

    /// Adds a set of values by its name.
    pub fn add_values(&mut self, name: String, values: Vec<String>) {
        self.value_sets.insert(name, Json::from(values));
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The rules that what `report` is about does not meet at `now`, by their identifiers.
    pub fn broken(&self, report: &Report, now: Wall) -> Vec<&Rule> {
        let content = report.content.clone().unwrap_or_default();
        let written = |wall: Wall| Timestamp::from_millisecond(wall.0).map(|moment| moment.to_string()).ok();
        let data = json!({
            "payload": content,
            "external": {
                "validationClock": written(now),
                "valueSets": self.value_sets,
                "issuerCountryCode": report.issuer,
                "iat": report.not_before.and_then(written),
                "exp": report.expires.and_then(written),
            },
        });
        let broken = self.newest(now).into_iter();
        broken.filter(|rule| rule.is_about(&data["payload"]) && !rule.logic.holds(&data)).collect()
    }

    /// Of each rule the newest version that is valid at `now`, by their identifiers.
    fn newest(&self, now: Wall) -> Vec<&Rule> {
        let mut valid: Vec<&Rule> = self.rules.iter().filter(|rule| rule.is_valid(now)).collect();
        valid.sort_by(|one, other| one.id.cmp(&other.id).then(other.version.cmp(&one.version)));
        valid.dedup_by(|next, first| next.id == first.id);
        valid
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CredentialKind;

    const NOW: Wall = Wall(1_625_000_000_000);

    fn rule(id: &str, version: &str, kind: &str, days: std::ops::Range<i64>, logic: &Json) -> Json {
        let at = |days: i64| Timestamp::from_millisecond(NOW.0 + days * 86_400_000).unwrap().to_string();
        json!({
            "Identifier": id, "Version": version, "Engine": "CERTLOGIC", "CertificateType": kind, "Logic": logic,
            "ValidFrom": at(days.start), "ValidTo": at(days.end), "Description": [{"lang": "en", "desc": "asks"}],
        })
    }

    fn broken(rules: &[Json], content: Json) -> Vec<String> {
        let mut all = Rules::default();
        rules.iter().for_each(|json| all.add(Rule::parse(json).unwrap()));
        all.add_values("good".to_owned(), vec!["a".to_owned()]);
        let report = Report {
            content: Some(content),
            issuer: Some("XX".to_owned()),
            ..Report::unverified(CredentialKind::HealthCertificate)
        };
        all.broken(&report, NOW).into_iter().map(|rule| rule.id.clone()).collect()
    }

    #[test]
    fn rules_that_are_valid_and_about_the_certificate_are_asked() {
        let no = json!(false);
        let rules = [
            rule("G", "1.0.0", "General", -1..1, &no),
            rule("V", "1.0.0", "Vaccination", -1..1, &no),
            rule("T", "1.0.0", "Test", -1..1, &no),
            rule("OLD", "1.0.0", "General", -2..-1, &no),
            rule("NEW", "1.0.0", "General", 1..2, &no),
        ];
        assert_eq!(broken(&rules, json!({"v": [{}]})), ["G", "V"]);
        assert_eq!(broken(&rules, json!({"v": [], "t": null})), ["G"]);
    }

    #[test]
    fn of_each_rule_the_newest_version_that_is_valid_counts() {
        let (yes, no) = (json!(true), json!(false));
        let rules = [
            rule("A", "1.9.0", "General", -9..9, &no),
            rule("A", "1.10.0", "General", -9..9, &yes),
            rule("A", "2.0.0", "General", 1..9, &no),
            rule("B", "1.0.0", "General", -9..9, &no),
        ];
        assert_eq!(broken(&rules, json!({})), ["B"]);
    }

    #[test]
    fn rules_see_the_clock_the_values_and_the_issuer_and_an_error_is_not_met() {
        let var = |path: &str| json!({"var": path});
        let clock = json!({"===": [var("external.validationClock"), "2021-06-29T20:53:20Z"]});
        let values = json!({"in": [var("payload.x"), var("external.valueSets.good")]});
        let issuer = json!({"===": [var("external.issuerCountryCode"), "XX"]});
        let error = json!({"in": ["a", "a"]});
        let rules = [clock, values, issuer, error].map(|logic| (logic.to_string(), logic));
        let rules: Vec<Json> =
            rules.iter().map(|(id, logic)| rule(id, "1.0.0", "General", -1..1, logic)).collect();
        assert_eq!(broken(&rules, json!({"x": "a"})), [r#"{"in":["a","a"]}"#]);
        assert_eq!(broken(&rules, json!({"x": "b"})).len(), 2);
    }

    #[test]
    fn what_is_no_rule_says_which_field() {
        let good = rule("A", "1.0.0", "General", -1..1, &json!(true));
        assert!(Rule::parse(&good).is_ok());
        for (field, value, expected) in [
            ("Engine", json!("CQL"), "Engine must be CERTLOGIC"),
            ("Version", json!("1.x"), "Version must be numbers with dots between them"),
            (
                "CertificateType",
                json!("Pass"),
                "CertificateType must be General, Vaccination, Test or Recovery",
            ),
            ("ValidTo", json!("tomorrow"), "ValidTo must be a time"),
            ("Identifier", json!(null), "Identifier must be a text"),
            ("Logic", json!({"or": []}), "Logic: or: is no operation"),
        ] {
            let mut bad = good.clone();
            bad[field] = value;
            assert_eq!(Rule::parse(&bad).unwrap_err().to_string(), expected);
        }
    }
}
