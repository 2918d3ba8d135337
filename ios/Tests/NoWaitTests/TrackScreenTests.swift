#if canImport(SwiftUI)
import Dispatch
import NoWaitTesting
import SwiftUI
import Testing

@testable import NoWait

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

        @Test func eachAppearanceOfEachViewIsAnInstanceOfItsOwn() async {
            let ids = IDs()
            #expect(Listener.shared.listen { ids.add($0) })
            let (first, second) = (Seen().trackScreen("Cards").moments, Seen().trackScreen("Cards").moments)
            // SwiftUI runs the task before the view appears.
            for task in first.tasks { await task() }
            first.appear.forEach { $0() }
            second.appear.forEach { $0() }
            await Self.nextTurn()
            first.disappear.forEach { $0() }
            first.appear.forEach { $0() }
            await Self.nextTurn()
            #expect(Listener.shared.listen(nil))
            let (one, two) = (ids.created[0], ids.created[1])
            #expect(ids.ready == [one] && ids.left == [one])
            #expect(ids.created.count == 3 && Set(ids.created).count == 3)
            #expect(ids.shown == ids.created && two != 0)
        }

        /// The screen that the engine takes for the one in front.
        private static func inFront(_ events: [EngineEvent]) -> String? { events.last { $0.kind == .action }?.screen }

        @Test func whatIsReadyBeforeItAppearsIsDoneWhenItIsShown() async {
            let events = await Replay.events {
                Fact.foreground(restored: false).tell()
                let view = Seen().trackScreen("Accounts").moments
                for task in view.tasks { await task() }
                view.appear.forEach { $0() }
                await Self.nextTurn()
                NoWait.action("Look").measure {}
            }
            #expect(events.map(\.kind) == [.screen, .action] && events.map(\.outcome) == [.done, .done])
            #expect(Self.inFront(events) == "Accounts")
        }

        @Test func theNewScreenIsInFrontAlthoughTheOldOneLeavesLater() async {
            let events = await Replay.events {
                Fact.foreground(restored: false).tell()
                let (home, transfer) = (Seen().trackScreen("Home").moments, Seen().trackScreen("Transfer").moments)
                for view in [home, transfer] {
                    view.appear.forEach { $0() }
                    for task in view.tasks { await task() }
                    await Self.nextTurn()
                }
                home.disappear.forEach { $0() }
                NoWait.action("Look").measure {}
            }
            #expect(events.filter { $0.kind == .screen }.map(\.name) == ["Home", "Transfer"])
            #expect(events.allSatisfy { $0.outcome == .done } && Self.inFront(events) == "Transfer")
        }

        /// SwiftUI lets tabs appear for a moment while it takes them away.
        @Test func aTabThatAppearsAgainAtLogoutIsNotInFront() async {
            let events = await Replay.events {
                Fact.foreground(restored: false).tell()
                let (tab, login) = (Seen().trackScreen("Cards").moments, Seen().trackScreen("Login").moments)
                tab.appear.forEach { $0() }
                for task in tab.tasks { await task() }
                await Self.nextTurn()
                tab.disappear.forEach { $0() }
                tab.appear.forEach { $0() }
                login.appear.forEach { $0() }
                for task in login.tasks { await task() }
                tab.disappear.forEach { $0() }
                await Self.nextTurn()
                NoWait.action("Look").measure {}
            }
            let done = events.filter { $0.kind == .screen && $0.outcome == .done }
            #expect(done.map(\.name) == ["Cards", "Login"] && Self.inFront(events) == "Login", "\(events)")
        }

        /// After everything that waits on the main queue now.
        private static func nextTurn() async {
            await withCheckedContinuation { continuation in
                DispatchQueue.main.async { continuation.resume() }
            }
        }
    }
}

/// The ids of screens, by what was told of them; told on the main thread alone.
private final class IDs: @unchecked Sendable {
    private(set) var created: [UInt64] = []
    private(set) var shown: [UInt64] = []
    private(set) var ready: [UInt64] = []
    private(set) var left: [UInt64] = []

    func add(_ fact: Fact) {
        switch fact {
        case .screenCreated(let id, _): created.append(id)
        case .screenShown(let id, _): shown.append(id)
        case .screenReady(let id, _): ready.append(id)
        case .screenLeft(let id, _): left.append(id)
        default: break
        }
    }
}
#endif
