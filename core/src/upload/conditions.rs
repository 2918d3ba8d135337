//! Whether the device's network, battery and place allow an exchange now.
//!
//! The host tells the conditions when they change. NoWait sends some kilobytes a session, and a customer should never
//! notice it, neither on a bill nor on the battery:
//!
//! | condition | by default | why |
//! |---|---|---|
//! | offline | never tried, a flush included | it can only fail, and waking the radio costs battery |
//! | roaming | held until a flush | a kilobyte may cost money abroad; if the spool fills, its least valuable events go |
//! | data saver, battery saver | held until a flush, or until the spool is half full; then what is over half goes | the customer asked all apps to wait; some never switch it off again, and would be missing in every report |
//! | metered alone | sent | most customers are on a metered network all day, and a session is smaller than one picture |
//! | background | one run of exchanges a trip | on the way there a session is complete; after that the app is not to be seen at work |
//!
//! Owns: these rules. Refuses: asking the system, which is the host's part, and waiting after failures (`policy`, `retry`).
//! Invariant: what is held is only late, except that roaming never makes an exception for a full spool.

use crate::limits::HELD_SPOOL_BYTES;
use nowait_wire::Network;

/// What the host knows of the device. Default: nothing, and then nothing is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conditions {
    /// The network in use; events carry it. [`Network::Offline`] if the system says that there is none.
    pub network: Network,
    /// Whether the system calls this network metered or expensive.
    pub metered: bool,
    /// Whether a data saver is on that covers this network (Android: Data Saver while the network is metered; iOS: Low
    /// Data Mode).
    pub data_saver: bool,
    /// Whether a battery saver is on (iOS: Low Power Mode).
    pub battery_saver: bool,
    /// Whether the network is a foreign one.
    pub roaming: bool,
}

impl Default for Conditions {
    fn default() -> Conditions {
        Conditions::from_bits(0)
    }
}

const NETWORK_BITS: u8 = 0x0F;
const METERED: u8 = 1 << 4;
const DATA_SAVER: u8 = 1 << 5;
const BATTERY_SAVER: u8 = 1 << 6;
const ROAMING: u8 = 1 << 7;

impl Conditions {
    /// All of it in one byte, for an atomic.
    pub(crate) fn to_bits(self) -> u8 {
        let flag = |is_set, bit| if is_set { bit } else { 0 };
        (self.network as u8 & NETWORK_BITS)
            | flag(self.metered, METERED)
            | flag(self.data_saver, DATA_SAVER)
            | flag(self.battery_saver, BATTERY_SAVER)
            | flag(self.roaming, ROAMING)
    }

    /// What [`to_bits`](Conditions::to_bits) made; a network that is not known here is unknown.
    pub(crate) fn from_bits(bits: u8) -> Conditions {
        Conditions {
            network: Network::from_u8(bits & NETWORK_BITS).unwrap_or(Network::Unknown),
            metered: bits & METERED != 0,
            data_saver: bits & DATA_SAVER != 0,
            battery_saver: bits & BATTERY_SAVER != 0,
            roaming: bits & ROAMING != 0,
        }
    }
}

/// Under which conditions batches are held on the device. The default is what a bank would choose; see the fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// On a metered network, until a flush or until the spool is half full (2 MiB). Default: `false`, most customers are
    /// on one all day and a session has some kilobytes.
    pub metered: bool,
    /// With a data saver, until a flush or until the spool is half full. Default: `true`, the customer asked for it.
    pub data_saver: bool,
    /// With a battery saver, until a flush or until the spool is half full. Default: `true`, the customer asked for it.
    pub battery_saver: bool,
    /// While roaming, until a flush, also if the spool is full. Default: `true`, it may cost the customer money.
    pub roaming: bool,
}

impl Default for Hold {
    fn default() -> Hold {
        Hold { metered: false, data_saver: true, battery_saver: true, roaming: true }
    }
}

/// Where the app is, as far as sending goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// In front, or starting.
    InFront,
    /// In the background. `is_run_over`: since it went there, the spool was empty once or an exchange failed.
    Background { is_run_over: bool },
}

/// Whether an exchange may begin. `spool_bytes`: what the spool holds; `is_flush`: whether the app asked for it in so many
/// words, which is stronger than any wish to wait.
pub(crate) fn may_send(
    conditions: Conditions,
    place: Place,
    spool_bytes: u64,
    is_flush: bool,
    hold: Hold,
) -> bool {
    if conditions.network == Network::Offline {
        return false;
    }
    if is_flush {
        return true;
    }
    if place == (Place::Background { is_run_over: true }) || (conditions.roaming && hold.roaming) {
        return false;
    }
    let is_held = (conditions.metered && hold.metered)
        || (conditions.data_saver && hold.data_saver)
        || (conditions.battery_saver && hold.battery_saver);
    !is_held || spool_bytes >= HELD_SPOOL_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    const IN_FRONT: Place = Place::InFront;
    const TRIP: Place = Place::Background { is_run_over: false };
    const TRIP_OVER: Place = Place::Background { is_run_over: true };
    const FULL: u64 = HELD_SPOOL_BYTES;

    fn on(network: Network) -> Conditions {
        Conditions { network, ..Conditions::default() }
    }

    #[test]
    fn the_table() {
        let cellular = on(Network::Cellular);
        let metered = Conditions { metered: true, ..cellular };
        let data_saver = Conditions { data_saver: true, ..metered };
        let battery_saver = Conditions { battery_saver: true, ..on(Network::Wifi) };
        let roaming = Conditions { roaming: true, ..metered };
        let everything = Conditions { data_saver: true, battery_saver: true, ..roaming };
        let bank = Hold::default();
        let careful = Hold { metered: true, ..bank };
        let careless = Hold { metered: false, data_saver: false, battery_saver: false, roaming: false };
        // Conditions and the bank's choice; then: small spool, half full spool, in the background at first and later.
        for (what, conditions, hold, expected) in [
            ("nothing is known", Conditions::default(), bank, [true, true, true, false]),
            ("Wi-Fi", on(Network::Wifi), bank, [true, true, true, false]),
            ("a cable", on(Network::Wired), careful, [true, true, true, false]),
            ("metered", metered, bank, [true, true, true, false]),
            ("metered", metered, careful, [false, true, false, false]),
            ("data saver", data_saver, bank, [false, true, false, false]),
            ("data saver", data_saver, careless, [true, true, true, false]),
            ("battery saver", battery_saver, bank, [false, true, false, false]),
            ("battery saver", battery_saver, careless, [true, true, true, false]),
            ("roaming", roaming, bank, [false, false, false, false]),
            ("roaming", roaming, careless, [true, true, true, false]),
            ("everything", everything, bank, [false, false, false, false]),
            ("everything", everything, careless, [true, true, true, false]),
        ] {
            let found = [(IN_FRONT, FULL - 1), (IN_FRONT, FULL), (TRIP, 0), (TRIP_OVER, 0)]
                .map(|(place, bytes)| may_send(conditions, place, bytes, false, hold));
            assert_eq!(found, expected, "{what} {hold:?}");
            for place in [IN_FRONT, TRIP, TRIP_OVER] {
                assert!(may_send(conditions, place, 0, true, hold), "a flush: {what} {hold:?}");
            }
        }
    }

    #[test]
    fn offline_is_never_tried() {
        for bits in 0..=0x0F_u8 {
            let offline = Conditions { network: Network::Offline, ..Conditions::from_bits(bits << 4) };
            for (place, is_flush) in [(IN_FRONT, true), (TRIP, true), (IN_FRONT, false)] {
                assert!(!may_send(offline, place, u64::MAX, is_flush, Hold::default()), "{offline:?}");
            }
        }
    }

    #[test]
    fn one_byte_carries_all_conditions() {
        let networks = [Network::Unknown, Network::Offline, Network::Wifi, Network::Cellular, Network::Wired];
        for network in networks {
            for flags in 0..=0x0F_u8 {
                let conditions = Conditions { network, ..Conditions::from_bits(flags << 4) };
                assert_eq!(Conditions::from_bits(conditions.to_bits()), conditions);
                assert_eq!(conditions.to_bits() >> 4, flags);
            }
        }
        assert_eq!(Conditions::from_bits(0x0F).network, Network::Unknown, "of a later version");
    }
}
