//! Policies that are sound because of how they are made, and what can be planted in them.
//!
//! A sound one is a tree: each node splits the values of one input among its branches, so that the leaves leave nothing out and
//! do not overlap. A leaf is a rule. Nothing here asks the checker, or the rules, anything.

use kakou::base::Random;

/// One rule as it will be written.
#[derive(Clone, Debug, Default)]
pub struct Written {
    pub id: String,
    pub then: &'static str,
    pub over: Vec<String>,
    pub classes: Vec<&'static str>,
    pub modes: Vec<&'static str>,
    pub hits: Vec<&'static str>,
    pub all_steps: Option<&'static str>,
    /// Step, and what is written of it.
    pub steps: Vec<(usize, &'static str)>,
    /// Whether a step of the path cannot be settled.
    pub unsettled: bool,
}

/// A policy of one profile.
pub struct Generated {
    pub steps: usize,
    pub rules: Vec<Written>,
}

const CLASSES: [&str; 7] = ["resident", "worker", "visitor", "transit", "observed", "key-person", "unknown"];
const MODES: [&str; 4] = ["normal", "watch", "sealed", "drill"];
const HITS: [&str; 7] = ["none", "unknown", "listed", "seen", "turned-back", "expected", "re-entry"];

/// The states of a step, split up in ways of which each leaves nothing out: what is written, and whether it is settled.
const SPLITS: [&[(&str, bool)]; 4] = [
    &[
        ("is = [\"done\", \"waived\", \"absent\"]", true),
        ("is = [\"open\", \"not-measured\", \"needs-attendant\"]", false),
        ("is = [\"failed\"]", false),
    ],
    &[
        ("is = [\"done\", \"absent\"]", true),
        ("is = [\"waived\"]", true),
        ("is = [\"open\", \"not-measured\", \"needs-attendant\", \"failed\"]", false),
    ],
    &[
        ("is = [\"done\", \"waived\"]", true),
        ("is = [\"absent\", \"open\", \"not-measured\", \"needs-attendant\", \"failed\"]", false),
    ],
    &[
        ("waived_for = [\"no-phone\"]", true),
        ("waived_for = [\"device-fault\"]", true),
        ("is = [\"done\"]", true),
        ("is = [\"absent\", \"open\", \"not-measured\", \"needs-attendant\", \"failed\"]", false),
    ],
];

/// The kinds that a profile asks for, as many as it has steps. Attest is never failed in the engine; it is split only in
/// ways of which each part can be.
const STEPS: [&str; 3] = [
    "kind = \"credential\"\nunverified = \"attendant\"\nroster_miss = \"refuse\"",
    "kind = \"temperature\"",
    "kind = \"attest\"\nwhat = \"mask\"",
];

/// A sound policy.
pub fn sound(random: &mut Random) -> Generated {
    let steps = 2 + below(random, 2);
    let mut rules = Vec::new();
    let inputs: Vec<usize> = (0..3 + steps).collect();
    let depth = 2 + below(random, 2);
    split(random, Written::default(), &inputs, depth, steps, &mut rules);
    for (number, rule) in rules.iter_mut().enumerate() {
        rule.id = format!("r{number}");
    }
    for _ in 0..below(random, 4) {
        put_over(random, &mut rules);
    }
    shuffle(random, &mut rules);
    Generated { steps, rules }
}

/// Splits the cases of `path` by one of `inputs`: 0 is the class, 1 the mode, 2 the lists, then the steps.
fn split(
    random: &mut Random,
    path: Written,
    inputs: &[usize],
    depth: usize,
    steps: usize,
    rules: &mut Vec<Written>,
) {
    if depth == 0 {
        return leaves(random, path, steps, rules);
    }
    let mut rest = inputs.to_vec();
    let input = rest.swap_remove(below(random, rest.len()));
    let branches: Vec<Written> = match input {
        0 => parts(random, &CLASSES).into_iter().map(|classes| Written { classes, ..path.clone() }).collect(),
        1 => parts(random, &MODES).into_iter().map(|modes| Written { modes, ..path.clone() }).collect(),
        2 => parts(random, &HITS).into_iter().map(|hits| Written { hits, ..path.clone() }).collect(),
        step => {
            let step = step - 3;
            // The third step never fails, so a part of its own for that would be a rule that nothing reaches.
            let ways = if step == 2 { &SPLITS[1..] } else { &SPLITS[..] };
            ways[below(random, ways.len())]
                .iter()
                .map(|(written, settled)| {
                    let mut branch = path.clone();
                    branch.steps.push((step, *written));
                    branch.unsettled |= !settled;
                    branch
                })
                .collect()
        }
    };
    for branch in branches {
        split(random, branch, &rest, depth - 1, steps, rules);
    }
}

fn leaves(random: &mut Random, path: Written, steps: usize, rules: &mut Vec<Written>) {
    let mut leaf = |all_steps, may_admit: bool| {
        let mut choices = vec!["wait", "refer"];
        if may_admit {
            choices.extend(["admit", "admit-with-follow-up"]);
        }
        if path.hits.is_empty() {
            choices.extend(["turn-back", "advise", "hold", "hand-off"]);
        }
        let then = choices[below(random, choices.len())];
        rules.push(Written { all_steps, then, ..path.clone() });
    };
    if path.unsettled {
        leaf(None, false);
    } else if path.steps.len() == steps {
        leaf(None, true);
    } else {
        leaf(Some("settled"), true);
        leaf(Some("open"), false);
    }
}

/// Puts a rule for some of another's cases over that one.
fn put_over(random: &mut Random, rules: &mut Vec<Written>) {
    let under = rules[below(random, rules.len())].clone();
    if !under.modes.is_empty() || !under.over.is_empty() {
        return;
    }
    let then = if under.then == "refer" { "wait" } else { "refer" };
    let (id, over) = (format!("over{}", rules.len()), vec![under.id.clone()]);
    let known = |rule: &Written| rule.over.contains(&under.id);
    if !rules.iter().any(known) {
        rules.push(Written { id, then, over, modes: vec!["watch", "drill"], ..under });
    }
}

/// Two or three parts of `all`, none empty.
fn parts(random: &mut Random, all: &[&'static str]) -> Vec<Vec<&'static str>> {
    let count = 2 + below(random, 2);
    let mut shuffled = all.to_vec();
    shuffle(random, &mut shuffled);
    let mut parts = vec![Vec::new(); count];
    for (number, value) in shuffled.into_iter().enumerate() {
        let part = if number < count { number } else { below(random, count) };
        parts[part].push(value);
    }
    parts
}

fn shuffle<T>(random: &mut Random, list: &mut [T]) {
    for last in (1..list.len()).rev() {
        list.swap(last, below(random, last + 1));
    }
}

pub fn below(random: &mut Random, end: usize) -> usize {
    usize::try_from(random.below(end as u64)).unwrap()
}

impl Generated {
    /// The file.
    pub fn text(&self) -> String {
        let mut text =
            "[[profile]]\nid = \"made\"\ntitle_zh = \"门\"\ntitle_en = \"Gate\"\ntakes = \"person\"\n\
                        directions = [\"inbound\"]\nsession_timeout_s = 60\nidle_timeout_s = 20\n"
                .to_owned();
        for step in &STEPS[..self.steps] {
            text += &format!(
                "[[profile.step]]\n{step}\nwaivers = [\"no-phone\", \"device-fault\"]\ntimeout_s = 20\n"
            );
        }
        self.rules.iter().for_each(|rule| text += &rule.text());
        text
    }
}

impl Written {
    fn text(&self) -> String {
        let mut text = format!("[[profile.rule]]\nid = \"{}\"\nthen = \"{}\"\n", self.id, self.then);
        if !matches!(self.then, "wait" | "admit" | "admit-with-follow-up") {
            text += "reasons = [\"declined\"]\n";
        }
        text += &format!("over = {:?}\n[profile.rule.when]\n", self.over);
        text += &format!("classes = {:?}\nmodes = {:?}\nhits = {:?}\n", self.classes, self.modes, self.hits);
        if let Some(all) = self.all_steps {
            text += &format!("all_steps = \"{all}\"\n");
        }
        for (step, written) in &self.steps {
            let kind = STEPS[*step].lines().next().unwrap();
            text += &format!("[[profile.rule.when.step]]\n{kind}\n{written}\n");
        }
        text
    }
}
