import NoWait
import NoWaitTesting
import Testing

/// As an app would test it.
func payTwice() {
    for _ in 0..<2 { NoWait.action("Pay.Confirm").measure {} }
}

extension OneAtATime {
    /// The example of docs/integrate-ios.md.
    @Suite(.serialized) struct PaymentTests {
        @Test func paymentIsMeasured() {
            let fake = FakeNoWait()
            payTwice()
            #expect(fake.told.filter { $0 == .actionEnded("Pay.Confirm", .done) }.count == 2)
        }
    }
}
