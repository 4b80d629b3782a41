//! The `kakou` command.

fn main() -> std::process::ExitCode {
    kakou::cli::main()
}
