//! Countries by their two letters in certificates, and by their three in travel documents.

/// ISO 3166-1, two letters and three of each; and of ICAO Doc 9303, part 3: the European Union, Kosovo, the United Nations, and Utopia,
/// of which specimens are.
const COUNTRIES: &str = "\
    ADAND AEARE AFAFG AGATG AIAIA ALALB AMARM AOAGO AQATA ARARG ASASM ATAUT AUAUS AWABW AXALA AZAZE BABIH BBBRB BDBGD \
    BEBEL BFBFA BGBGR BHBHR BIBDI BJBEN BLBLM BMBMU BNBRN BOBOL BQBES BRBRA BSBHS BTBTN BVBVT BWBWA BYBLR BZBLZ CACAN \
    CCCCK CDCOD CFCAF CGCOG CHCHE CICIV CKCOK CLCHL CMCMR CNCHN COCOL CRCRI CUCUB CVCPV CWCUW CXCXR CYCYP CZCZE DEDEU \
    DJDJI DKDNK DMDMA DODOM DZDZA ECECU EEEST EGEGY EHESH ERERI ESESP ETETH EUEUE FIFIN FJFJI FKFLK FMFSM FOFRO FRFRA \
    GAGAB GBGBR GDGRD GEGEO GFGUF GGGGY GHGHA GIGIB GLGRL GMGMB GNGIN GPGLP GQGNQ GRGRC GSSGS GTGTM GUGUM GWGNB GYGUY \
    HKHKG HMHMD HNHND HRHRV HTHTI HUHUN IDIDN IEIRL ILISR IMIMN ININD IOIOT IQIRQ IRIRN ISISL ITITA JEJEY JMJAM JOJOR \
    JPJPN KEKEN KGKGZ KHKHM KIKIR KMCOM KNKNA KPPRK KRKOR KSRKS KWKWT KYCYM KZKAZ LALAO LBLBN LCLCA LILIE LKLKA LRLBR \
    LSLSO LTLTU LULUX LVLVA LYLBY MAMAR MCMCO MDMDA MEMNE MFMAF MGMDG MHMHL MKMKD MLMLI MMMMR MNMNG MOMAC MPMNP MQMTQ \
    MRMRT MSMSR MTMLT MUMUS MVMDV MWMWI MXMEX MYMYS MZMOZ NANAM NCNCL NENER NFNFK NGNGA NINIC NLNLD NONOR NPNPL NRNRU \
    NUNIU NZNZL OMOMN PAPAN PEPER PFPYF PGPNG PHPHL PKPAK PLPOL PMSPM PNPCN PRPRI PSPSE PTPRT PWPLW PYPRY QAQAT REREU \
    ROROU RSSRB RURUS RWRWA SASAU SBSLB SCSYC SDSDN SESWE SGSGP SHSHN SISVN SJSJM SKSVK SLSLE SMSMR SNSEN SOSOM SRSUR \
    SSSSD STSTP SVSLV SXSXM SYSYR SZSWZ TCTCA TDTCD TFATF TGTGO THTHA TJTJK TKTKL TLTLS TMTKM TNTUN TOTON TRTUR TTTTO \
    TVTUV TWTWN TZTZA UAUKR UGUGA UMUMI UNUNO USUSA UTUTO UYURY UZUZB VAVAT VCVCT VEVEN VGVGB VIVIR VNVNM VUVUT WFWLF \
    WSWSM XKRKS YEYEM YTMYT ZAZAF ZMZMB ZWZWE";

/// What travel documents write for Germany.
const GERMANY: &str = "D";

/// Whether `state`, as a seal or a travel document calls it, is `country`, as a certificate does.
pub fn is_same(state: &str, country: &str) -> bool {
    let country = country.to_ascii_uppercase();
    let is_it = |pair: &str| {
        let (two, three) = pair.split_at(2);
        two == country && (state == three || (state == GERMANY && two == "DE"))
    };
    state == country && state.len() == 2 || COUNTRIES.split(' ').any(is_it)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_every_country_once_and_nothing_that_is_none() {
        let pairs: Vec<&str> = COUNTRIES.split(' ').collect();
        assert_eq!(pairs.len(), 249 + 5);
        assert!(pairs.is_sorted_by(|one, next| one < next));
        assert!(
            pairs.iter().all(|pair| pair.len() == 5 && pair.bytes().all(|byte| byte.is_ascii_uppercase()))
        );
    }

    #[test]
    fn a_state_is_its_country_and_no_other() {
        for (state, country) in [
            ("CHN", "CN"),
            ("AUS", "au"),
            ("D", "DE"),
            ("DEU", "DE"),
            ("UTO", "UT"),
            ("RKS", "XK"),
            ("FR", "fr"),
        ] {
            assert!(is_same(state, country), "{state} {country}");
        }
        for (state, country) in [
            ("AUS", "AT"),
            ("AUT", "AU"),
            ("D", "DK"),
            ("D", "D"),
            ("", ""),
            ("CHN", ""),
            ("", "CN"),
            ("aus", "AU"),
            ("ZZZ", "ZZ"),
            ("AF AFG", "AF"),
        ] {
            assert!(!is_same(state, country), "{state} {country}");
        }
    }
}
