//! The words that names of banking apps are made of: what the deflate window holds before the first byte of a body.
//!
//! Owns: [`DICTIONARY`]. Refuses: words of any one bank.
//! Invariant: not a byte of it ever changes, because every frame since version 3 is read with it. Other words need another
//! version of the format.
//!
//! A batch of fifty events has some twenty names, too few to repeat much among themselves. It is a third smaller in its texts if
//! they may refer to words that both sides know; a name that holds none of them costs what it costs.

/// The dictionary, as `inflateSetDictionary` of zlib takes it: 2,309 bytes of ASCII, each word ended by a NUL as the
/// texts are, the most likely ones last, where a reference is shortest.
pub const DICTIONARY: &str = concat!(
    // Device models.
    "Samsung SM-S928B\0SM-S921B\0SM-A546E\0SM-A156E\0Redmi Note 13\0Xiaomi\0OPPO CPH\0vivo V\0",
    "moto g\0Pixel 9 Pro\0Pixel 8a\0iPad\0iPhone14,\0iPhone15,\0iPhone16,\0iPhone17,\0",
    // Long words of identifiers and routes.
    "onboarding\0verification\0authentication\0authorization\0registration\0activation\0application\0",
    "organization\0subscription\0confirmation\0",
    // What a bank's routes are about.
    "exchange-rates\0exchange_rate\0currencies\0standing-orders\0direct-debits\0beneficiaries\0",
    "recipients\0merchants\0vouchers\0rewards\0insurance\0investments\0portfolio\0mortgages\0",
    "locations\0branches\0",
    // What a bank's screens are about.
    "InternetBanking\0MobileBanking\0Notification\0Beneficiary\0Recipient\0Investment\0Insurance\0",
    "Mortgage\0Currency\0Exchange\0Statement\0Document\0Message\0Support\0Chat\0Branch\0Savings\0",
    "Deposit\0Loan\0Credit\0Debit\0Wallet\0Voucher\0Reward\0Language\0Permission\0Password\0",
    "Passcode\0Security\0Device\0Fingerprint\0FaceId\0Otp\0Onboarding\0Welcome\0Splash\0Tutorial\0",
    "Webview\0Dashboard\0Overview\0Summary\0Settings\0Profile\0Contact\0Favorite\0Search\0Filter\0",
    "History\0Transaction\0Detail\0List\0",
    // What screens and views are called.
    "ViewController\0CollectionView\0TableView\0NavigationController\0BottomSheet\0Dialog\0Activity\0",
    "Fragment\0Screen\0View\0Button\0Item\0Row\0Cell\0Tab\0Icon\0Menu\0Card\0Field\0Toggle\0Switch\0",
    "Checkbox\0",
    // Targets.
    ".Back\0.Close\0.Cancel\0.Next\0.Done\0.Save\0.Delete\0.Add\0.Retry\0.Refresh\0.Continue\0",
    ".Submit\0.Confirm\0.Edit\0.More\0.Share\0.Copy\0.Scan\0.Show\0.Hide\0.Select\0.Search\0.Filter\0",
    ".Pay\0.Amount\0.Login\0",
    // Parts of routes.
    "status\0callback\0health\0features\0feature-flags\0device\0devices\0documents\0notifications\0",
    "messages\0customers\0customer\0users\0user/profile\0me\0settings\0preferences\0consents\0",
    "contacts\0payees\0limits\0fees\0quotes\0balances\0balance\0statements\0transactions/{id}\0",
    "loans\0deposits\0savings\0cards/{id}\0cards\0bills/{id}\0bills\0qr\0otp\0pin\0token\0oauth2\0",
    "auth\0login\0logout\0session\0sessions\0config\0validate\0verify\0check\0confirm\0initiate\0",
    "execute\0submit\0payments/{id}\0payments\0transfers/{id}\0transfers\0",
    "accounts/{id}/transactions\0accounts\0",
    // Beginnings of routes.
    "DELETE /\0PATCH /\0PUT /\0HEAD /\0POST /graphql\0POST /rest/\0GET /rest/\0POST /mobile/v1/\0",
    "GET /mobile/v1/\0POST /api/\0GET /api/\0POST /api/v2/\0GET /api/v2/\0POST /api/v1/\0",
    "GET /api/v1/\0POST /v2/\0GET /v2/\0POST /v1/\0GET /v1/\0",
    // Journeys.
    "bill_payment\0qr_payment\0top_up\0card_\0transfer\0payment\0login\0",
    // The most usual screens.
    "Bills\0Payment\0QrPay\0Transfer\0Confirm\0Receipt\0Success\0Accounts\0Account\0Cards\0Home\0",
    "Login\0",
    // Dimensions.
    "cellular\0wifi\0segment\0retail\0premium\0private\0business\0method\0biometric\0password\0",
    "language\0theme\0",
    // Versions and countries, which stand near the begin of the texts.
    "Android 13\0\014\015\016\017.6\018.3\026.1\0VN\0ID\0TH\0SG\0MY\0PH\0IN\0US\0GB\0DE\01.0.0\0",
    "0.1.0\0",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_what_it_always_was() {
        let mut crc = flate2::Crc::new();
        crc.update(DICTIONARY.as_bytes());
        assert_eq!((DICTIONARY.len(), crc.sum()), (2309, 0x552df90e), "frames of version 3 are read with it");
    }
}
