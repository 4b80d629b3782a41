//! When the file is read, and what keeps it from being used.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::*;

fn file(name: &str, secret_file: &str) -> String {
    format!(
        "[[adapter]]\nname = \"{name}\"\nbegins = [\"https://code.example/\"]\nurl = \"http://127.0.0.1:9/\"\n\
         [adapter.send]\ncode = \"{{code}}\"\n[adapter.sign]\nfield = \"sign\"\nhow = \"hmac-sha256\"\n\
         secret_file = \"{secret_file}\"\n[adapter.answer]\naccepted = {{ at = \"/c\", is = [0] }}\n\
         result = {{ at = \"/r\", positive = [1], negative = [2] }}\n"
    )
}

fn names(issuers: &Issuers) -> Vec<String> {
    let loaded = issuers.loaded.lock().unwrap();
    loaded.issuers.iter().map(|ready| ready.adapter.name.to_string()).collect()
}

#[test]
fn the_file_is_read_again_when_it_or_what_it_names_was_changed_and_not_at_every_question() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str, mode| {
        let path = folder.path().join("new");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        fs::rename(path, folder.path().join(name)).unwrap();
    };
    let issuers = Issuers::within(folder.path());
    let mut now = Instant::now();
    issuers.look(now);
    assert_eq!(names(&issuers), [""; 0], "there is no file");

    put("a.secret", "shh\n", 0o640);
    put(ONLINE_FILE, &file("a", "a.secret"), 0o644);
    issuers.look(now);
    assert!(names(&issuers).is_empty() && issuers.current(now).is_some(), "it was looked at just now");
    now += LOOK_EVERY;
    assert!(issuers.current(now).is_none(), "somebody has to look");
    issuers.look(now);
    assert_eq!(names(&issuers), ["a"]);
    {
        let loaded = issuers.loaded.lock().unwrap();
        assert_eq!(&loaded.issuers[0].signer.as_ref().unwrap().secret[..], b"shh");
    }

    put(ONLINE_FILE, "nonsense", 0o644);
    now += LOOK_EVERY;
    issuers.look(now);
    assert_eq!(names(&issuers), [""; 0], "nobody knows whom to ask");
    put(ONLINE_FILE, &file("b", "a.secret"), 0o644);
    now += LOOK_EVERY;
    issuers.look(now);
    assert_eq!(names(&issuers), ["b"]);

    put("a.secret", "shh\n", 0o644);
    now += LOOK_EVERY;
    issuers.look(now);
    assert_eq!(names(&issuers), [""; 0], "everybody on this machine knows it");
    fs::set_permissions(folder.path().join("a.secret"), fs::Permissions::from_mode(0o600)).unwrap();
    now += LOOK_EVERY;
    issuers.look(now);
    assert_eq!(names(&issuers), ["b"], "mended without touching online.toml");
}

#[test]
fn what_cannot_be_used_is_named_with_its_key_and_all_at_once() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("ca.pem"), "no certificate").unwrap();
    fs::write(folder.path().join("empty"), "\n").unwrap();
    fs::set_permissions(folder.path().join("empty"), fs::Permissions::from_mode(0o600)).unwrap();
    let other = file("b", "empty").replace("code.example", "other.example");
    let text = format!("{}{}", file("a", "none"), other).replace("url =", "ca_file = \"ca.pem\"\nurl =");
    let said = ready(folder.path(), OnlineFile::parse(ONLINE_FILE, &text).unwrap()).err().unwrap();
    for says in [
        "online.toml: adapter[a].sign.secret_file: ",
        "online.toml: adapter[b].sign.secret_file: ",
        "empty is empty",
        "online.toml: adapter[a].ca_file: ",
        "online.toml: adapter[b].ca_file: ",
        "holds no usable certificate",
    ] {
        assert!(said.contains(says), "{says}\n{said}");
    }
}
