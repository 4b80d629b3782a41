//! Rules about what is enough, as data: CertLogic rules of the EU's and the WHO's form, which a credential meets or not.
//!
//! Of each rule the newest version counts that is valid at the time. A rule that cannot be evaluated is not met.

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::certlogic::{BadLogic, Logic};
use super::report::Report;
use crate::base::Wall;
use crate::model::{Admissible, Authenticity, CredentialKind, Currency};

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

/// What rules say of a credential.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement<'r> {
    /// Whether it is enough.
    pub admissible: Admissible,
    /// The rules that it does not meet, by their identifiers.
    pub broken: Vec<&'r Rule>,
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

    /// Whether what `report` is about is enough at `now`, and which rules it does not meet.
    ///
    /// Where there are rules and none is about it, nobody has said that it is enough: these rules know the content of `HC1:`
    /// certificates alone.
    pub fn judge(&self, report: &Report, now: Wall) -> Judgement<'_> {
        let broken = match (self.rules.is_empty(), &report.content) {
            (true, _) | (false, None) => vec![],
            (false, Some(content)) => match self.asked(report, content, now) {
                Some(broken) => broken,
                None => return Judgement { admissible: Admissible::Unknown, broken: vec![] },
            },
        };
        let admissible = match (report.authentic, report.current) {
            (Authenticity::Unverified | Authenticity::UnknownIssuer, _)
            | (Authenticity::Genuine, Currency::ClockUntrusted | Currency::Unknown | Currency::ListsTooOld) => {
                Admissible::Unknown
            }
            (Authenticity::Genuine, Currency::Current) if report.fault.is_none() && broken.is_empty() => {
                Admissible::Yes
            }
            (Authenticity::Genuine | Authenticity::Forged | Authenticity::Revoked, _) => Admissible::No,
        };
        Judgement { admissible, broken }
    }

    /// The rules that `content` does not meet; none where no rule is about it.
    fn asked(&self, report: &Report, content: &Json, now: Wall) -> Option<Vec<&Rule>> {
        if report.kind != CredentialKind::HealthCertificate {
            return None;
        }
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
        let asked: Vec<&Rule> = self.newest(now).into_iter().filter(|rule| rule.is_about(content)).collect();
        let broken = asked.iter().copied().filter(|rule| !rule.logic.holds(&data)).collect();
        (!asked.is_empty()).then_some(broken)
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
    use crate::credential::report::Fault;

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
        all.judge(&report(content), NOW).broken.into_iter().map(|rule| rule.id.clone()).collect()
    }

    fn report(content: Json) -> Report {
        Report {
            authentic: Authenticity::Genuine,
            current: Currency::Current,
            content: Some(content),
            issuer: Some("XX".to_owned()),
            ..Report::unverified(CredentialKind::HealthCertificate)
        }
    }

    #[test]
    fn what_no_rule_is_about_is_not_enough_for_that() {
        let judged = |rules: &[Json], report: &Report| {
            let mut all = Rules::default();
            rules.iter().for_each(|json| all.add(Rule::parse(json).unwrap()));
            all.judge(report, NOW).admissible
        };
        let tests = [rule("T", "1.0.0", "Test", -1..1, &json!(true))];
        let general = [rule("G", "1.0.0", "General", -1..1, &json!(true))];
        let (test, vaccination) = (report(json!({"t": [{}]})), report(json!({"v": [{}]})));
        assert_eq!(judged(&tests, &test), Admissible::Yes);
        assert_eq!(judged(&tests, &vaccination), Admissible::Unknown);
        assert_eq!(
            judged(&[rule("T", "1.0.0", "Test", 1..2, &json!(true))], &test),
            Admissible::Unknown,
            "not yet"
        );
        assert_eq!(judged(&[], &vaccination), Admissible::Yes, "where nobody asks for more");
        let pass = Report { kind: CredentialKind::NzCovidPass, ..report(json!({})) };
        assert_eq!((judged(&general, &pass), judged(&[], &pass)), (Admissible::Unknown, Admissible::Yes));
    }

    #[test]
    fn rules_make_nothing_enough_that_is_not_genuine_and_current() {
        let judged = |change: &dyn Fn(&mut Report)| {
            let mut report = report(json!({"v": [{}]}));
            change(&mut report);
            let mut rules = Rules::default();
            rules.add(Rule::parse(&rule("G", "1.0.0", "General", -1..1, &json!(true))).unwrap());
            rules.judge(&report, NOW).admissible
        };
        assert_eq!(judged(&|_| ()), Admissible::Yes);
        assert_eq!(judged(&|report| report.authentic = Authenticity::Forged), Admissible::No);
        assert_eq!(judged(&|report| report.authentic = Authenticity::UnknownIssuer), Admissible::Unknown);
        assert_eq!(judged(&|report| report.authentic = Authenticity::Unverified), Admissible::Unknown);
        assert_eq!(judged(&|report| report.current = Currency::Expired), Admissible::No);
        assert_eq!(judged(&|report| report.current = Currency::ClockUntrusted), Admissible::Unknown);
        assert_eq!(judged(&|report| report.current = Currency::Unknown), Admissible::Unknown);
        assert_eq!(judged(&|report| report.fault = Some(Fault::Several)), Admissible::No);
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
