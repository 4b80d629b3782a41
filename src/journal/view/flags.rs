//! How SQLite is built and opened: what the view's promises rest on.

use rusqlite::Connection;

use super::tests::filled;

#[test]
fn sqlite_is_built_with_the_flags_of_this_repository() {
    let config: toml::Table = include_str!("../../../.cargo/config.toml").parse().unwrap();
    let flags = config["env"]["LIBSQLITE3_FLAGS"].as_str().unwrap();
    let flags: Vec<_> = flags.split(' ').collect();
    assert!(
        flags.contains(&"-DHAVE_FDATASYNC=1") && flags.contains(&"-DSQLITE_MAX_MMAP_SIZE=0"),
        "{flags:?}"
    );
    // SQLite names the second one: where it is in force the first is, as both come to the compiler in one word.
    let connection = Connection::open_in_memory().unwrap();
    let mut statement = connection.prepare("PRAGMA compile_options").unwrap();
    let options = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let options: Vec<_> = options.map(Result::unwrap).collect();
    assert!(options.iter().any(|option| option == "MAX_MMAP_SIZE=0"), "{options:?}");
}

#[test]
fn commits_go_to_a_write_ahead_log_and_do_not_wait_for_the_card() {
    let dir = tempfile::tempdir().unwrap();
    let view = filled(dir.path());
    let mode: String = view.connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
    let synchronous: i64 = view.connection.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
    assert_eq!((mode.as_str(), synchronous), ("wal", 1), "1 is NORMAL");
}
