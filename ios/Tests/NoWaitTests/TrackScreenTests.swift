#if canImport(SwiftUI)
import Dispatch
import NoWait
import NoWaitTesting
import SwiftUI
import Testing

extension OneAtATime {
    /// The modifier against the stand-in for SwiftUI: which moment is which signal.
    @Suite @MainActor struct TrackScreenTests {
        @Test func aViewIsAScreenFromAppearingToDisappearing() async {
            let fake = FakeNoWait()
            let view = Seen().trackScreen("Home")
            view.moments.appear.forEach { $0() }
            #expect(fake.told == [.screenCreated("Home")], "not shown before it is drawn")
            await Self.nextTurn()
            for task in view.moments.tasks { await task() }
            view.moments.disappear.forEach { $0() }
            #expect(
                fake.told == [
                    .screenCreated("Home"), .screenShown("Home"), .screenReady("Home"), .screenLeft("Home"),
                ])
        }

        @Test func aViewIsReadyWhenItSaysSo() async {
            let fake = FakeNoWait()
            for task in Seen().trackScreen("Accounts", ready: false).moments.tasks { await task() }
            #expect(fake.told.isEmpty)
            for task in Seen().trackScreen("Accounts", ready: true).moments.tasks { await task() }
            #expect(fake.told == [.screenReady("Accounts")])
        }

        /// After everything that waits on the main queue now.
        private static func nextTurn() async {
            await withCheckedContinuation { continuation in
                DispatchQueue.main.async { continuation.resume() }
            }
        }
    }
}
#endif
