#if canImport(UIKit)
import Dispatch
import NoWaitTesting
import Testing
import UIKit

@testable import NoWait

private final class HomeController: NoWait.ScreenController {
    override var screenName: String { "Home" }
}

private final class AccountsController: NoWait.ScreenController {
    override var isReadyWhenShown: Bool { false }
}

private final class ContainerController: NoWait.ScreenController {
    override var screenName: String { "" }
}

@MainActor private final class Swipe: UIViewControllerTransitionCoordinator {
    let initiallyInteractive = true
}

extension OneAtATime {
    /// View controllers against the stand-in for UIKit, which calls what UIKit calls in the order of its documentation.
    @Suite @MainActor struct ScreenControllerTests {
        private static func drawn() async {
            await withCheckedContinuation { continuation in DispatchQueue.main.async { continuation.resume() } }
        }

        private static func appear(_ controller: UIViewController) async {
            controller.viewWillAppear(false)
            await drawn()
            controller.viewDidAppear(false)
        }

        private static func disappear(_ controller: UIViewController) {
            controller.viewWillDisappear(false)
            controller.viewDidDisappear(false)
        }

        @Test func aControllerIsAScreenFromAppearingToDisappearing() async {
            let fake = FakeNoWait()
            let home = HomeController()
            await Self.appear(home)
            Self.disappear(home)
            #expect(
                fake.told == [
                    .screenCreated("Home"), .screenReady("Home"), .screenShown("Home"), .screenLeft("Home"),
                ])
        }

        @Test func aControllerIsReadyWhenItSaysSoAndIsCalledByItsClass() async {
            let fake = FakeNoWait()
            let accounts = AccountsController()
            await Self.appear(accounts)
            #expect(fake.told == [.screenCreated("AccountsController"), .screenShown("AccountsController")])
            accounts.screenIsReady()
            #expect(fake.told.last == .screenReady("AccountsController"))
            // Loaded before it is shown again.
            Self.disappear(accounts)
            accounts.screenIsReady()
            let before = fake.told.count
            await Self.appear(accounts)
            #expect(
                fake.told.dropFirst(before) == [
                    .screenCreated("AccountsController"), .screenReady("AccountsController"),
                    .screenShown("AccountsController"),
                ])
        }

        @Test func aSwipeBackThatIsTakenBackIsNoVisit() async {
            let fake = FakeNoWait()
            let (below, above) = (HomeController(), AccountsController())
            await Self.appear(above)
            let before = fake.told.count
            let swipe = Swipe()
            (below.transitionCoordinator, above.transitionCoordinator) = (swipe, swipe)
            above.viewWillDisappear(true)
            below.viewWillAppear(true)
            await Self.drawn()
            below.viewWillDisappear(true)
            below.viewDidDisappear(true)
            above.viewWillAppear(true)
            above.viewDidAppear(true)
            await Self.drawn()
            #expect(fake.told.count == before, "\(fake.told)")
            // This one is not: the screen below is there when it has appeared.
            above.viewWillDisappear(true)
            below.viewWillAppear(true)
            above.viewDidDisappear(true)
            below.viewDidAppear(true)
            await Self.drawn()
            #expect(
                fake.told.dropFirst(before) == [
                    .screenLeft("AccountsController"), .screenCreated("Home"), .screenReady("Home"),
                    .screenShown("Home"),
                ])
        }

        @Test func aControllerWithoutANameIsNoScreen() async {
            let fake = FakeNoWait()
            let container = ContainerController()
            await Self.appear(container)
            container.screenIsReady()
            Self.disappear(container)
            #expect(fake.told.isEmpty)
        }

        /// A sheet lies over what stays: that appears no second time, and is in front again when the sheet is gone.
        @Test func whatIsUnderASheetIsInFrontAgain() async {
            let events = await Replay.events {
                Fact.foreground(restored: false).tell()
                let (home, sheet) = (HomeController(), AccountsController())
                await Self.appear(home)
                await Self.appear(sheet)
                NoWait.action("In the sheet").begin().end()
                Self.disappear(sheet)
                NoWait.action("Under it").begin().end()
                Self.disappear(home)
            }
            let actions = events.filter { $0.kind == .action }
            #expect(actions.map(\.screen) == ["AccountsController", "Home"])
            #expect(events.filter { $0.kind == .screen && $0.name == "Home" }.map(\.outcome) == [.done])
        }
    }
}
#endif
