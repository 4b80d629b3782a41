//! Asking a person at a terminal for a secret.

use std::io::{self, BufRead, IsTerminal, Write};

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

/// Most bytes of a line that are read.
const LINE_BYTES_MAX: u64 = 1_024;

/// Reads one line of standard input. At a terminal it asks with `prompt` first and does not show what is typed.
///
/// # Errors
///
/// When standard input is closed, or its line is no text.
pub fn ask_hidden(prompt: &str) -> io::Result<String> {
    let input = io::stdin();
    if !input.is_terminal() {
        return line(input.lock());
    }
    let shown = tcgetattr(&input)?;
    let mut hidden = shown.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    let mut error = io::stderr().lock();
    write!(error, "{prompt}")?;
    error.flush()?;
    tcsetattr(&input, OptionalActions::Flush, &hidden)?;
    let typed = line(input.lock());
    tcsetattr(&input, OptionalActions::Flush, &shown)?;
    writeln!(error)?;
    typed
}

fn line(input: impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    input.take(LINE_BYTES_MAX).read_line(&mut line)?;
    if line.is_empty() {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "nothing was given"));
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn one_line_is_read_without_its_end_and_never_an_endless_one() {
        assert_eq!(line(&b"1234\r\n5678\n"[..]).unwrap(), "1234");
        assert_eq!(line(&b"1234"[..]).unwrap(), "1234");
        assert!(line(&b""[..]).is_err());
        assert_eq!(line(&[b'1'; 1_000_000][..]).unwrap().len(), 1_024);
    }
}
