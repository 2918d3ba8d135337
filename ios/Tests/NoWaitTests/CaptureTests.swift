#if canImport(UIKit)
import CNoWaitPlatform
import Foundation
import Network
import NoWaitTesting
import SwiftUI
import Testing
import UIKit

@testable import NoWait

private let ms: UInt64 = 1_000_000

/// A thread that does not answer.
private func block(seconds: Double) { Thread.sleep(forTimeInterval: seconds) }

extension OneAtATime {
    /// What UIKit says, against the stand-in for it, up to the engine's events.
    @Suite @MainActor struct CaptureTests {
        /// An app of which everything is captured, from the start of its process on.
        private static func app(
            _ parts: NoWait.Capture = .all, agedNs: UInt64 = 400 * ms, isPrewarmed: Bool = false,
            isForCustomer: Bool = true,
            _ live: @MainActor (UIKitCapture) async -> Void
        ) async -> [EngineEvent] {
            await Replay.events {
                let origin = Origin(
                    startedNs: uptimeNs() - agedNs, isPrewarmed: isPrewarmed,
                    role: isForCustomer ? nowait_role_in_front : nowait_role_other)
                let capture = UIKitCapture(parts, origin: origin)
                UIKitCapture.current = capture
                defer { UIKitCapture.end() }
                await live(capture)
            }
        }

        private static func post(_ name: Notification.Name, _ object: Any? = nil) {
            NotificationCenter.default.post(name: name, object: object)
        }

        private static func launch() {
            post(UIApplication.didFinishLaunchingNotification)
            post(UIScene.willEnterForegroundNotification)
            post(UIApplication.didBecomeActiveNotification)
        }

        private static func comeBack(_ app: UIApplication? = nil) {
            post(UIApplication.willEnterForegroundNotification)
            post(UIScene.willEnterForegroundNotification)
            post(UIApplication.didBecomeActiveNotification, app)
        }

        private static func leave() { post(UIApplication.didEnterBackgroundNotification) }

        /// The display is refreshed twice: what was drawn is presented. Nothing happens while no link runs.
        private static func draw() {
            for _ in 0..<2 {
                let now = Double(uptimeNs()) / 1e9
                CADisplayLink.running.forEach { $0.refresh(timestamp: now, targetTimestamp: now + 1.0 / 60) }
            }
        }

        /// After everything that waits on the main queue now.
        private static func nextTurn() async {
            await withCheckedContinuation { continuation in
                DispatchQueue.main.async { continuation.resume() }
            }
        }

        private static func launches(_ events: [EngineEvent]) -> [EngineEvent] { events.filter { $0.kind == .launch } }

        @Test func aColdLaunchEndsWithItsFirstFrame() async {
            let events = await Self.app { _ in
                Self.launch()
                #expect(CADisplayLink.running.count == 1)
                Self.draw()
                #expect(CADisplayLink.running.isEmpty, "the link rests once the frame is there")
            }
            let launches = Self.launches(events)
            #expect(launches.map(\.name) == ["cold"] && launches.map(\.outcome) == [.done])
            #expect(launches[0].durationNs > 400 * ms && launches[0].durationNs < 5_000 * ms)
        }

        /// It never ended on iOS: nobody told frames, so that each was a minute long, or interrupted.
        @Test func aHotLaunchEndsWithItsFirstFrame() async {
            let events = await Self.app { _ in
                Self.launch()
                Self.draw()
                Self.leave()
                Self.comeBack()
                Self.draw()
                Self.leave()
            }
            let launches = Self.launches(events)
            #expect(launches.map(\.name) == ["cold", "hot"] && launches.map(\.outcome) == [.done, .done])
            #expect(launches[1].durationNs < 5_000 * ms)
        }

        @Test func aViewIsShownWithTheFrameThatShowsIt() async {
            let events = await Self.app { _ in
                Self.launch()
                Self.draw()
                let home = Seen().trackScreen("Home").moments
                home.appear.forEach { $0() }
                for task in home.tasks { await task() }
                await Self.nextTurn()
                // It is ready, and nobody has seen it.
                Self.draw()
            }
            let home = events.filter { $0.kind == .screen }
            #expect(home.map(\.name) == ["Home"] && home.map(\.outcome) == [.done])
            #expect(home.first?.durationNs ?? 0 > 0)
        }

        @Test func withoutTheLifecycleNoLaunchIsBegun() async {
            let events = await Self.app([.taps, .frames, .hangs, .conditions]) { _ in
                Self.launch()
                Self.leave()
                Self.comeBack()
                Self.draw()
                Self.leave()
                Replay.tick(atNs: uptimeNs() + 70_000 * ms)
            }
            #expect(events.isEmpty, "\(events)")
        }

        /// It counted as in front, and its requests as waits.
        @Test func whatABackgroundFetchDoesIsNobodysWait() async {
            let events = await Self.app(isForCustomer: false) { _ in
                Self.post(UIApplication.didFinishLaunchingNotification)
                #expect(Replay.presence == "background")
                NoWait.route("GET /balance").begin().end(status: 200)
                Self.draw()
            }
            #expect(events.isEmpty, "\(events)")
        }

        @Test func whoOpensAWokenAppWaitsFromThereOn() async {
            for isPrewarmed in [false, true] {
                let events = await Self.app(
                    agedNs: 3_600_000 * ms, isPrewarmed: isPrewarmed, isForCustomer: isPrewarmed
                ) {
                    _ in
                    Self.launch()
                    Self.draw()
                }
                let launches = Self.launches(events)
                #expect(launches.map(\.name) == ["warm"] && launches.map(\.outcome) == [.done])
                #expect(launches[0].durationNs < 5_000 * ms)
            }
        }

        @Test func aStartAfterTheLaunchTellsNone() async {
            let events = await Self.app { _ in
                // The customer agreed on the third screen.
                Self.draw()
                Self.leave()
                Self.comeBack()
                Self.draw()
            }
            #expect(Self.launches(events).allSatisfy { $0.name != "cold" }, "\(events)")
        }

        private static func window(_ view: UIView) -> UIWindow {
            let window = UIWindow()
            view.superview = window
            post(UIWindow.didBecomeVisibleNotification, window)
            return window
        }

        /// A finger goes down and up again, elsewhere by so many points.
        private static func touch(_ view: UIView, in window: UIWindow, movedBy points: Double = 0) {
            let recognizers = window.gestureRecognizers ?? []
            let at = { Double(uptimeNs()) / 1e9 }
            let down: Set = [UITouch(timestamp: at(), x: 10, y: 10, view: view)]
            recognizers.forEach { $0.touchesBegan(down, with: UIEvent(down)) }
            let up: Set = [UITouch(timestamp: at(), x: 10 + points, y: 10, view: view)]
            if points > 0 { recognizers.forEach { $0.touchesMoved(up, with: UIEvent(up)) } }
            recognizers.forEach { $0.touchesEnded(up, with: UIEvent(up)) }
        }

        private static func named(_ name: String?, _ view: UIView) -> UIView {
            view.accessibilityIdentifier = name
            return view
        }

        /// What an app in front makes of it, without the launch.
        private static func inFront(_ live: @MainActor (UIKitCapture) async -> Void) async -> [EngineEvent] {
            await app { capture in
                launch()
                draw()
                await live(capture)
            }.filter { $0.kind != .launch && $0.kind != .frames && $0.kind != .frameTimes }
        }

        @Test func aTapLastsToTheFirstFrameAfterItsHandler() async {
            let events = await Self.inFront { _ in
                let pay = Self.named("pay_button", UIButton())
                let window = Self.window(pay)
                Self.touch(pay, in: window)
                #expect(CADisplayLink.running.isEmpty, "the handler has not run yet")
                await Self.nextTurn()
                Self.draw()
                Replay.tick(atNs: uptimeNs() + 1_100 * ms)
            }
            #expect(events.map(\.kind) == [.tap, .settled] && events.map(\.outcome) == [.done, .done])
            #expect(events.map(\.name) == ["pay_button", "pay_button"])
            #expect(events.allSatisfy { $0.durationNs > 0 && $0.durationNs < 2_000 * ms })
        }

        @Test func aWindowThatWasThereBeforeTheStartIsWatchedFromTheNextReturnOn() async {
            let (pay, window, scene) = (Self.named("pay_button", UIButton()), UIWindow(), UIWindowScene())
            pay.superview = window
            scene.windows = [window]
            UIScene.connected = [scene]
            defer { UIScene.connected = [] }
            let events = await Self.inFront { _ in
                Self.leave()
                Self.comeBack(UIApplication())
                Self.touch(pay, in: window)
                await Self.nextTurn()
                Self.draw()
            }
            #expect(events.filter { $0.kind == .tap }.map(\.name) == ["pay_button"], "\(events)")
        }

        @Test func aTapThatNoFrameAnswersIsNoResponse() async {
            let events = await Self.inFront { _ in
                let pay = UIButton()
                let window = Self.window(pay)
                Self.touch(pay, in: window)
                await Self.nextTurn()
                Replay.tick(atNs: uptimeNs() + 3_100 * ms)
            }
            let taps = events.filter { $0.kind == .tap }
            #expect(taps.map(\.outcome) == [.noResponse] && taps.map(\.name) == ["UIButton"])
        }

        @Test func whatCannotBeTappedAndWhatMovesIsNoTap() async {
            let events = await Self.inFront { _ in
                let (nothing, label, off) = (UIView(), Self.named("title", UIView()), UIButton())
                off.isEnabled = false
                for view in [nothing, label, off] {
                    let window = Self.window(view)
                    Self.touch(view, in: window)
                }
                let button = UIButton()
                let window = Self.window(button)
                Self.touch(button, in: window, movedBy: 40)
                await Self.nextTurn()
                Replay.tick(atNs: uptimeNs() + 5_000 * ms)
            }
            #expect(events.isEmpty, "\(events)")
        }

        @Test func whatIsTappedWhileASecretIsTypedHasNoName() async {
            let events = await Self.inFront { capture in
                let key = Self.named("login", UIButton())
                let window = Self.window(key)
                Self.touch(key, in: window)
                await Self.nextTurn()
                Self.draw()
                let field = UITextField()
                field.isSecureTextEntry = true
                Self.post(UITextField.textDidBeginEditingNotification, field)
                Self.touch(Self.named("show_password", key), in: window)
                await Self.nextTurn()
                Self.draw()
                Self.post(UITextField.textDidEndEditingNotification, field)
            }
            #expect(events.filter { $0.kind == .tap }.map(\.name) == ["login", ""])
        }

        @Test func whatIsTappedInAnExcludedViewHasNoName() async {
            let events = await Self.inFront { _ in
                let (key, login) = (Self.named("key_four", UIButton()), Self.named("login", UIButton()))
                let keypad = UIView()
                let field = UITextField()
                field.isSecureTextEntry = true
                let window = Self.window(login)
                (key.superview, keypad.superview, field.superview) = (keypad, window, window)
                NoWait.exclude(keypad)
                for touched in [key, login, Self.named("pin", field)] {
                    Self.touch(touched, in: window)
                    await Self.nextTurn()
                    Self.draw()
                }
            }
            #expect(events.filter { $0.kind == .tap }.map(\.name) == ["", "login", ""])
        }

        /// What SwiftUI names there is what the app said, and the app said that nothing is to be told.
        @Test func aNameThatComesLaterIsOfTheExcludedViewToo() async {
            let events = await Self.inFront { _ in
                let (hosting, four) = (UIView(), Seen().trackTap("Four").moments)
                let window = Self.window(hosting)
                NoWait.exclude(hosting)
                Self.touch(hosting, in: window)
                four.tap.forEach { $0() }
                await Self.nextTurn()
                Self.draw()
            }
            #expect(events.map(\.kind) == [.tap] && events.map(\.name) == [""])
        }

        @Test func anotherViewAtThePlaceOfOneThatIsGoneIsNotExcluded() {
            for _ in 0..<64 { NoWait.exclude(UIView()) }
            #expect((0..<64).map { _ in UIView() }.allSatisfy { !Excluded.holds($0) })
        }

        @Test func aTapInSwiftUIHasTheNameThatTheAppGives() async {
            let events = await Self.inFront { _ in
                let (hosting, transfer) = (UIView(), Seen().trackTap("Home.Transfer").moments)
                let window = Self.window(hosting)
                Self.touch(hosting, in: window)
                transfer.tap.forEach { $0() }
                await Self.nextTurn()
                Self.draw()
            }
            #expect(events.map(\.kind) == [.tap] && events.map(\.name) == ["Home.Transfer"])
        }

        /// The app's crash reporter was there before, and stands behind us and in front of us.
        @Test func anExceptionIsNotedByItsNameAndHandedOnOnce() {
            nonisolated(unsafe) var handedOn = 0
            nonisolated(unsafe) var watch: ExceptionWatch?
            watch = ExceptionWatch { exception in
                handedOn += 1
                watch?.heard(exception)
            }
            nonisolated(unsafe) var told: [Fact] = []
            #expect(Listener.shared.listen { told.append($0) })
            watch?.heard(NSException(name: .init(rawValue: "NSRangeException"), reason: "of 4929123412341234"))
            #expect(Listener.shared.listen(nil))
            #expect(told == [.crashed(name: nameID("NSRangeException"))] && handedOn == 1)
        }

        @Test func theWatchStandsInTheChainUnlessItIsLeftOut() async {
            NSSetUncaughtExceptionHandler(nil)
            _ = await Self.app([.taps]) { _ in #expect(NSGetUncaughtExceptionHandler() == nil) }
            _ = await Self.app { _ in #expect(NSGetUncaughtExceptionHandler() != nil) }
        }

        /// 60, 80 and 120 Hz: what is due, the display says.
        @Test(arguments: [60.0, 80, 120]) func aFrameIsSlowByTheDisplaysOwnDeadline(rate: Double) async {
            let period = 1 / rate
            let events = await Self.app { capture in
                Self.launch()
                Self.draw()
                capture.frames.moves(true)
                var at = Double(uptimeNs()) / 1e9 - 2
                // Ten frames in time, with the jitter of a clock; one that misses its refresh by one; one frozen.
                for step in Array(repeating: period * 1.01, count: 10) + [period * 2, 0.8] {
                    CADisplayLink.running.forEach { $0.refresh(timestamp: at, targetTimestamp: at + period) }
                    at += step
                }
                CADisplayLink.running.forEach { $0.refresh(timestamp: at, targetTimestamp: at + period) }
                capture.frames.moves(false)
                Self.leave()
            }
            let frames = events.filter { $0.kind == .frames }
            let last = try? #require(frames.last)
            // The launch's own frame, and twelve.
            #expect(last.map { ($0.a & 0xffff_ffff, $0.a >> 32) == (13, 2) } ?? false, "\(frames)")
            #expect(last.map { $0.b & 0xffff_ffff } == 1)
        }

        /// Really on the clock: the main queue is blocked, and the watch has a thread of its own.
        @Test func aMainThreadThatDoesNotAnswerHangs() async {
            let events = await Self.inFront { _ in
                await Self.nextTurn()
                block(seconds: 0.6)
                await Self.nextTurn()
                await Self.nextTurn()
                Self.leave()
                // Nobody asks in the background.
                block(seconds: 0.6)
            }
            let hangs = events.filter { $0.kind == .hang }
            #expect(hangs.count == 1 && hangs.first?.outcome == .done, "\(events)")
            #expect(hangs.first.map { $0.durationNs > 350 * ms && $0.durationNs < 2_000 * ms } ?? false, "\(hangs)")
        }
    }

    @Suite @MainActor struct ConditionsTests {
        private static func settle() async {
            // The monitor's queue, and then the main one.
            for _ in 0..<3 {
                await withCheckedContinuation { continuation in
                    DispatchQueue.global(qos: .background).asyncAfter(deadline: .now() + 0.02) { continuation.resume() }
                }
            }
        }

        @Test func whatTheSystemSaysIsToldOnceAChange() async {
            var told: [NoWait.Conditions] = []
            let system = SystemConditions(ConditionsWatch { told.append($0) })
            defer {
                system.stop()
                ProcessInfo.stood = (false, .nominal)
            }
            for path in [
                NWPath(.satisfied, .wifi), NWPath(.satisfied, .wifi),
                NWPath(.satisfied, .cellular, isExpensive: true, isConstrained: true), NWPath(.unsatisfied),
            ] {
                NWPathMonitor.started?.update(path)
                await Self.settle()
            }
            ProcessInfo.stood.isLowPower = true
            NotificationCenter.default.post(name: .NSProcessInfoPowerStateDidChange, object: nil)
            await Self.settle()
            #expect(told.map(\.network) == [.unknown, .wifi, .cellular, .offline, .offline])
            #expect(told.map(\.isExpensive) == [false, false, true, false, false])
            #expect(told.map(\.isLowData) == [false, false, true, false, false])
            #expect(told.map(\.isLowPower) == [false, false, false, false, true])
        }

        @Test func heatAndLackOfMemoryAreBreadcrumbs() async {
            let fake = FakeNoWait()
            let system = SystemConditions(ConditionsWatch { _ in })
            defer {
                system.stop()
                ProcessInfo.stood = (false, .nominal)
            }
            ProcessInfo.stood.heat = .serious
            for name in [
                ProcessInfo.thermalStateDidChangeNotification, ProcessInfo.thermalStateDidChangeNotification,
                UIApplication.didReceiveMemoryWarningNotification, UIApplication.didReceiveMemoryWarningNotification,
            ] {
                NotificationCenter.default.post(name: name, object: nil)
            }
            await Self.settle()
            #expect(
                fake.told == [.breadcrumb("device.thermal", number: 2), .breadcrumb("device.memory", number: 0)])
        }
    }

    @Suite struct HangWatchTests {
        @Test func aDebuggerIsNoHang() {
            let events = Replay.events {
                let watch = HangWatch(isDebugged: { true })
                watch.start()
                block(seconds: 0.9)
                watch.stop()
            }
            #expect(events.isEmpty)
        }
    }

    @Suite struct OriginTests {
        @Test func thisProcessBeganAWhileAgo() {
            let age = nowait_process_age_ns()
            #expect(age > 0 && age < 3_600_000 * ms && !nowait_is_debugged())
            #expect(Origin.ofThisProcess().startedNs <= uptimeNs() && !Origin.ofThisProcess().isPrewarmed)
            setenv("ActivePrewarm", "1", 1)
            defer { unsetenv("ActivePrewarm") }
            #expect(Origin.ofThisProcess().isPrewarmed)
        }

        @Test func theKernelSaysForWhom() {
            let isForCustomer = {
                Origin(startedNs: 0, isPrewarmed: $0, role: $1).isForCustomer
            }
            #expect(isForCustomer(false, nowait_role_in_front) && isForCustomer(false, nowait_role_unknown))
            #expect(isForCustomer(true, nowait_role_in_front) && !isForCustomer(true, nowait_role_unknown))
            #expect(!isForCustomer(false, nowait_role_other) && !isForCustomer(true, nowait_role_other))
        }
    }
}
#endif
