//! What a screening found, or why it found nothing.

use super::Words;
use crate::base::NoReading;
use crate::model::trace::SurroundingsFrom;
use crate::model::{BodySite, NotMeasured, Zone};

/// Where a value lies.
pub fn zone(zone: Zone) -> Words {
    match zone {
        Zone::Below => ("低于阈值", "below threshold"),
        Zone::Recheck => ("需复测", "measure again"),
        Zone::Refer => ("达到阈值", "at threshold"),
    }
}

/// Why there is no zone.
pub fn not_measured(why: NotMeasured) -> Words {
    match why {
        NotMeasured::NoReading(why) => no_reading(why),
        NotMeasured::SensorNotReady => ("传感器未就绪", "sensor not ready"),
        NotMeasured::NobodyThere => ("没有人靠近", "nobody came close"),
        NotMeasured::TooCold => ("皮肤太凉", "skin too cold"),
        NotMeasured::Unsteady => ("读数不稳", "readings unsteady"),
        NotMeasured::NotSkin => ("对准的不是皮肤", "not skin"),
        NotMeasured::Several => ("画面里有几个人", "several people in view"),
        NotMeasured::TooClose => ("离得太近", "too close"),
        NotMeasured::Acclimatising => ("刚从冷处进来", "in from the cold"),
        NotMeasured::Implausible => ("低得不可信", "too low to be true"),
        NotMeasured::Surroundings => ("环境太冷、太热或不明", "surroundings too cold, too hot or unknown"),
        NotMeasured::Reference => ("与基准不符", "off its reference"),
        NotMeasured::Supply => ("供电不正常", "supply is off"),
        NotMeasured::Covered => ("额头被遮住", "forehead covered"),
        NotMeasured::Drift => ("传感器读数偏低", "sensor reads too low"),
    }
}

/// Why a device gave nothing.
fn no_reading(why: NoReading) -> Words {
    match why {
        NoReading::Absent => ("传感器没有应答", "sensor does not answer"),
        NoReading::Timeout => ("传感器没有及时应答", "sensor did not answer in time"),
        NoReading::Bus => ("传输失败", "transfer failed"),
        NoReading::Checksum => ("校验不符", "checksum does not match"),
        NoReading::Flagged => ("传感器标明数值无效", "sensor flags its value"),
        NoReading::Stale => ("数值过旧", "value too old"),
        NoReading::WrongPart => ("设备与配置不符", "not the device that is configured"),
        NoReading::Starting => ("传感器正在启动", "sensor is starting"),
        NoReading::MemoryBusy => ("传感器存储忙", "sensor's memory is busy"),
        NoReading::MemoryDead => ("传感器存储损坏", "sensor's memory is damaged"),
        NoReading::PowerDip => ("供电瞬断", "supply failed for a moment"),
        NoReading::OffReference => ("与基准不符", "off its reference"),
    }
}

/// Where on the body.
pub fn site(site: BodySite) -> Words {
    match site {
        BodySite::ForeheadCentre => ("额头中部", "forehead centre"),
        BodySite::ForeheadMax => ("额头最热处", "forehead maximum"),
        BodySite::Canthus => ("内眦", "inner corner of the eye"),
        BodySite::FaceMax => ("面部最热处", "face maximum"),
        BodySite::Neck => ("颈侧", "neck"),
        BodySite::Wrist => ("手腕内侧", "wrist"),
        BodySite::Temple => ("太阳穴", "temple"),
    }
}

/// Where the temperature of the surroundings is from.
pub fn surroundings(from: SurroundingsFrom) -> Words {
    match from {
        SurroundingsFrom::Die => ("传感器自身", "sensor's own"),
        SurroundingsFrom::Thermometer => ("气温计", "air thermometer"),
        SurroundingsFrom::File => ("配置", "written in a file"),
    }
}
