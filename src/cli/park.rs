//! `kakou park`: drives every output of a board to its safe level, also after a crash (`ExecStopPost=`).

use std::fmt::Display;
use std::io::{self, Write};

use crate::config::Board;
use crate::config::board::Backend;
use crate::platform::assemble::{dimmed, outputs};
use crate::platform::gpio::Lines;
use crate::platform::pwm;

/// Parks every output, each whether or not the others could be; one line each. Returns whether all were parked.
pub fn park(board: &Board, out: &mut impl Write) -> io::Result<bool> {
    let outputs = outputs(board);
    if outputs.is_empty() && dimmed(board).next().is_none() {
        writeln!(out, "{}: no outputs", board.name)?;
        return Ok(true);
    }
    if board.gpio.backend == Backend::Simulated {
        writeln!(out, "{}: all outputs are simulated", board.name)?;
        return Ok(true);
    }
    let mut all = true;
    for (device, wiring) in dimmed(board) {
        // Taking a channel makes it act for none of the time, which it does until somebody sets it otherwise.
        match pwm::open(device, wiring) {
            Ok(_) => writeln!(out, "{device}: pwmchip{} channel {} parked", wiring.chip, wiring.channel)?,
            Err(error) => all &= fail(out, error)?,
        }
    }
    let Some((first, _)) = outputs.first() else { return Ok(all) };
    let lines = match Lines::open(first, &board.gpio) {
        Ok(lines) => lines,
        Err(error) => return fail(out, error),
    };
    // Held until all are parked: a line that is let go may float.
    let mut held = Vec::new();
    for (device, output) in outputs {
        // Taking a line drives it to its safe level.
        match lines.output(device, &output) {
            Ok(pin) => {
                held.push(pin);
                writeln!(out, "{device}: line {} parked", output.line)?;
            }
            Err(error) => all &= fail(out, error)?,
        }
    }
    Ok(all)
}

fn fail(out: &mut impl Write, error: impl Display) -> io::Result<bool> {
    writeln!(out, "{error}").map(|()| false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_board_whose_chip_is_missing_fails_with_the_reason_and_a_simulated_one_has_nothing_to_park() {
        let text = "name = \"x\"\nlanes = [\"a\"]\n[gpio]\nchip = \"pinctrl-none\"\n\
                    [[device]]\nid = \"b\"\nlane = \"a\"\ndriver = \"barrier\"\nline = 17\n";
        let (parked, said) = run_on(text);
        assert!(!parked && said.starts_with("device b: pinctrl-none: no GPIO chip has this label"), "{said}");
        let simulated = text.replace("chip = \"pinctrl-none\"", "backend = \"simulated\"");
        let (parked, said) = run_on(&format!("simulated = true\n{simulated}"));
        assert!(parked && said.contains("simulated"), "{said}");
    }

    fn run_on(text: &str) -> (bool, String) {
        let board = Board::parse("b.toml", text).unwrap();
        let mut out = Vec::new();
        let parked = park(&board, &mut out).unwrap();
        (parked, String::from_utf8(out).unwrap())
    }
}
