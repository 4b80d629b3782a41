//! Calibration at two temperatures of a blackbody.

use anyhow::{Result, bail};

use super::Desk;
use super::sensor::Sensor;
use crate::base::CentiCelsius;
use crate::config::board::calibration::identity;
use crate::model::ThermalReading;
use crate::model::calibration::check;
use crate::model::trace::CalibrationPoint;
use crate::thermometry::radiometry;

/// What the calibration rests on.
#[derive(Clone, Copy, Debug)]
pub struct Stated<'s> {
    /// The blackbody's certificate.
    pub certificate: &'s str,
    /// Who calibrates.
    pub by: &'s str,
    /// The day.
    pub date: &'s str,
}

/// Guides through both temperatures. The lines for the board's file are said at the end.
pub fn run(sensor: &mut Sensor<'_>, stated: &Stated<'_>, desk: &mut Desk<'_>) -> Result<bool> {
    desk.say("黑体须充满传感器视场，并已稳定。The blackbody must fill the sensor's field and be steady.")?;
    let supply = radiometry::supply_error(sensor.spot.supply_mv.into());
    // At emissivity 1: what is stated of a blackbody is its radiance temperature.
    let read = |reading: &ThermalReading| {
        CentiCelsius::from_degrees(reading.object.degrees() - supply).unwrap_or(CentiCelsius::ABSOLUTE_ZERO)
    };
    let mut points = Vec::new();
    for (zh, en) in
        [("低温 33 °C 左右", "colder one, about 33 °C"), ("高温 40 °C 左右", "warmer one, about 40 °C")]
    {
        let text = format!("{zh}：证书上的辐射温度 {en}: its radiance temperature in °C?");
        let Some(degrees) = desk.degrees(&text, 0.0, 60.0)? else { bail!("未完成 not finished") };
        let read = sensor.steady(read)?;
        desk.say(&format!(
            "读数 reads {:.2} °C, 相差 off by {:+.2} °C",
            read.degrees(),
            read.degrees() - degrees
        ))?;
        let Some(true_value) = CentiCelsius::from_degrees(degrees) else { bail!("is no temperature") };
        points.push(CalibrationPoint { read, true_value });
    }
    let points: [CalibrationPoint; 2] = [points[0], points[1]];
    if let Err(why) = check(&points) {
        desk.say(&format!("不能用作校准 no calibration: {why}"))?;
        return Ok(false);
    }
    let Stated { certificate, by, date } = stated;
    let id = identity(certificate, by, date, &points);
    desk.say(&format!("校准编号 calibration {}", id.to_hex()))?;
    desk.say("写入设备所在的 [[device]] 表：Put this into the device's table:")?;
    let quoted = |text: &str| serde_json::to_string(text).unwrap_or_default();
    desk.say(&format!(
        "calibration = {{ certificate = {}, by = {}, date = {}, read_low_c = {:.2}, true_low_c = {:.2}, read_high_c = {:.2}, true_high_c = {:.2} }}",
        quoted(certificate),
        quoted(by),
        quoted(date),
        points[0].read.degrees(),
        points[0].true_value.degrees(),
        points[1].read.degrees(),
        points[1].true_value.degrees(),
    ))?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::service::chip::tests::Bench;
    use crate::config::Board;

    #[test]
    fn what_it_prints_is_read_by_a_board_and_puts_the_sensor_right() {
        // A sensor that reads 0.4 °C too much.
        let mut bench = Bench::new();
        bench.off = 0.4;
        let stated = Stated { certificate: "JJF 1107-2003 no. 17", by: "li-na", date: "2026-11-27" };
        let (done, said) = bench.run(&["33.00", "warm", "40.00"], |sensor, desk| run(sensor, &stated, desk));
        assert!(done.unwrap(), "{said}");
        assert!(said.contains("must be 0 to 60 °C"), "{said}");
        let line = said.lines().last().unwrap();
        let board = format!(
            "name = \"b\"\nlanes = [\"a\"]\nsimulated = true\n[gpio]\nbackend = \"simulated\"\n\
             [[device]]\nid = \"barrier\"\nlane = \"a\"\ndriver = \"barrier\"\nline = 17\n\
             [[device]]\nid = \"brow\"\nlane = \"a\"\ndriver = \"mlx90614\"\nbus = \"simulated\"\n{line}\n"
        );
        let board = Board::parse("b.toml", &board).unwrap();
        let calibration = board.devices.iter().find_map(|device| device.driver.spot()).unwrap().calibration;
        let calibration = calibration.unwrap();
        assert!(said.contains(&calibration.id.to_hex()), "{said}");
        let right = crate::thermometry::calibration::apply(&calibration, 36.4).unwrap();
        assert!((right - 36.0).abs() < 0.05, "{right}");
    }

    #[test]
    fn two_temperatures_that_are_one_are_no_calibration() {
        let stated = Stated { certificate: "17", by: "li-na", date: "2026-11-27" };
        let (done, said) = Bench::new().run(&["35.00", "36.00"], |sensor, desk| run(sensor, &stated, desk));
        assert!(!done.unwrap() && said.contains("at least 3 °C warmer"), "{said}");
        let (done, _) = Bench::new().run(&["35.00"], |sensor, desk| run(sensor, &stated, desk));
        assert!(done.is_err(), "whoever goes away has calibrated nothing");
    }
}
