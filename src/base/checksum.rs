//! Checksums of the wires we speak: SMBus PEC and the CRC-16 of reader modules.

/// Computes the SMBus packet error code of `bytes`.
///
/// CRC-8 with polynomial x⁸ + x² + x + 1 and initial value 0, over every byte of the transfer including the
/// address bytes. Source: System Management Bus Specification 3.2, §6.4.
///
/// ```
/// // MLX90614 datasheet rev 13, figure 8: read of register 0x07 at address 0x5A.
/// assert_eq!(kakou::base::checksum::smbus_pec(&[0xB4, 0x07, 0xB5, 0xD2, 0x3A]), 0x30);
/// ```
pub fn smbus_pec(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ byte, |crc, _| if crc & 0x80 == 0 { crc << 1 } else { (crc << 1) ^ 0x07 })
    })
}

/// Computes the CRC-16 that reader modules put behind their frames.
///
/// CRC-16/XMODEM: polynomial x¹⁶ + x¹² + x⁵ + 1, initial value 0, most significant bit first.
///
/// ```
/// // Grow GM65 manual: the frame that saves settings, after its head 7E 00.
/// assert_eq!(kakou::base::checksum::crc16_xmodem(&[0x09, 0x01, 0x00, 0x00, 0x00]), 0xDEC8);
/// ```
pub fn crc16_xmodem(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::{crc16_xmodem, smbus_pec};

    #[test]
    fn agrees_with_the_frames_that_makers_of_reader_modules_publish() {
        // Source: Grow GM65 and GM812 manuals: save, factory settings, read the baud rate, set it to 9600, "done", 3E read.
        let published: [(&[u8], u16); 6] = [
            (&[0x09, 0x01, 0x00, 0x00, 0x00], 0xDEC8),
            (&[0x09, 0x01, 0x00, 0x00, 0x02], 0xFE8A),
            (&[0x07, 0x01, 0x00, 0x2A, 0x02], 0xD80F),
            (&[0x08, 0x02, 0x00, 0x2A, 0x39, 0x01], 0xA7EA),
            (&[0x00, 0x01, 0x00], 0x3331),
            (&[0x00, 0x01, 0x3E], 0xE4AC),
        ];
        for (bytes, crc) in published {
            assert_eq!(crc16_xmodem(bytes), crc, "{bytes:02x?}");
        }
        // The check value of the catalogue of CRC algorithms.
        assert_eq!(crc16_xmodem(b"123456789"), 0x31C3);
    }

    #[test]
    fn agrees_with_the_makers_published_transfers() {
        // Source: MLX90614 datasheet rev 13 and application note 390119061402.
        let published: [(&[u8], u8); 5] = [
            (&[0xB4, 0x07, 0xB5, 0xD2, 0x3A], 0x30),
            (&[0xB4, 0x22, 0x07, 0xC8], 0x48),
            (&[0xB4, 0xFF], 0xE8),
            (&[0x00, 0x2E, 0x00, 0x00], 0x6F),
            (&[0x00, 0x2E, 0x5A, 0x00], 0xE1),
        ];
        for (bytes, pec) in published {
            assert_eq!(smbus_pec(bytes), pec, "{bytes:02x?}");
        }
    }

    #[test]
    fn notices_every_single_flipped_bit() {
        let good = [0xB4, 0x07, 0xB5, 0xD2, 0x3A];
        for bit in 0..good.len() * 8 {
            let mut bad = good;
            bad[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(smbus_pec(&bad), 0x30, "bit {bit}");
        }
    }
}
