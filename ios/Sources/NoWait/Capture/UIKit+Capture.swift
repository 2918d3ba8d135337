// What UIKit says, handed on to those who know what it means.
//
// Owns: which of UIKit's words are asked for. Refuses: rules; `Lifecycle`, `FrameWatch` and `TouchWatch` have them.
// Invariant: everything happens on the main thread; nothing is swizzled, and no touch is kept from the app.

#if canImport(UIKit)
import Foundation
import UIKit

#if canImport(UIKit.UIGestureRecognizerSubclass)
import UIKit.UIGestureRecognizerSubclass
#endif

/// What is captured by itself in this process, from the start on.
@MainActor final class UIKitCapture {
    static var current: UIKitCapture?

    /// iOS ends an app that does not launch within 20 s.
    private static let launchSeconds = 20.0

    let frames: FrameWatch
    let touches: TouchWatch
    private let link: DisplayLink
    private let lifecycle: Lifecycle?
    private var conditions: SystemConditions?
    private var hears: [any NSObjectProtocol] = []

    /// Begins, in every process once; with the session it ends.
    static func begin(_ parts: NoWait.Capture) {
        if current == nil { current = UIKitCapture(parts, origin: .ofThisProcess()) }
    }

    /// Ends, with the session.
    static func end() {
        current?.stop()
        current = nil
    }

    init(_ parts: NoWait.Capture, origin: Origin) {
        let link = DisplayLink()
        self.link = link
        frames = FrameWatch { link.isRunning = $0 }
        touches = TouchWatch(parts: parts, frames: frames)
        let hangs = parts.contains(.hangs) ? HangWatch() : nil
        lifecycle = parts.contains(.lifecycle) ? Lifecycle(origin: origin, frames: frames, hangs: hangs) : nil
        link.refreshed = { [frames] in frames.refreshed($0) }
        if lifecycle != nil { hearLifecycle() }
        if !parts.isDisjoint(with: [.taps, .frames]) { hearTouches() }
        if parts.contains(.exits) { ExceptionWatch.install() }
        // Nothing is sent in the first moments, which are the launch's.
        if parts.contains(.conditions) { DispatchQueue.main.async { [weak self] in self?.hearConditions() } }
    }

    private func hearConditions() {
        conditions = SystemConditions(ConditionsWatch(tell: NoWait.conditions))
    }

    func stop() {
        hears.forEach(NotificationCenter.default.removeObserver)
        lifecycle?.stop()
        conditions?.stop()
        frames.stop()
    }

    private func hearLifecycle() {
        hear(UIApplication.didFinishLaunchingNotification) { capture, _ in capture.lifecycle?.launched() }
        // Of these, the first one counts: an app with scenes, and one without, hear different ones at a launch.
        for name in [
            UIScene.willEnterForegroundNotification, UIApplication.willEnterForegroundNotification,
            UIApplication.didBecomeActiveNotification,
        ] {
            hear(name) { capture, _ in capture.lifecycle?.enteredForeground() }
        }
        hear(UIApplication.didEnterBackgroundNotification) { capture, _ in capture.lifecycle?.enteredBackground() }
        DispatchQueue.main.asyncAfter(deadline: .now() + Self.launchSeconds) { [weak self] in
            self?.lifecycle?.beganLate()
        }
    }

    private func hearTouches() {
        hear(UIWindow.didBecomeVisibleNotification) { capture, window in
            if let window = window as? UIWindow { capture.watch(window) }
        }
        // Windows that were there before NoWait was started.
        hear(UIApplication.didBecomeActiveNotification) { capture, app in
            for scene in (app as? UIApplication)?.connectedScenes ?? [] {
                for window in (scene as? UIWindowScene)?.windows ?? [] { capture.watch(window) }
            }
        }
        hear(UITextField.textDidBeginEditingNotification) { capture, field in
            capture.touches.isSecret = (field as? UITextField)?.isSecureTextEntry ?? false
        }
        hear(UITextField.textDidEndEditingNotification) { capture, _ in capture.touches.isSecret = false }
    }

    private func watch(_ window: UIWindow) {
        // Keyboards and alerts of the system have windows of their own, at other levels.
        if window.windowLevel == .normal { TouchRecognizer.install(on: window, telling: touches) }
    }

    private func hear(_ name: Notification.Name, _ then: @escaping @MainActor (UIKitCapture, Any?) -> Void) {
        let hears = NotificationCenter.default.addObserver(forName: name, object: nil, queue: nil) { [weak self] note in
            // UIKit speaks on the main thread; what somebody else posts elsewhere is not its word.
            guard isOnMain() else { return }
            nonisolated(unsafe) let object = note.object
            MainActor.assumeIsolated {
                if let self { then(self, object) }
            }
        }
        self.hears.append(hears)
    }
}

/// A display link, at the rate that the display has.
@MainActor private final class DisplayLink {
    var refreshed: (@MainActor (Refresh) -> Void)?
    private var link: CADisplayLink?

    /// Made when it runs first, so that a start makes none.
    var isRunning: Bool {
        get { link.map { !$0.isPaused } ?? false }
        set {
            if link == nil && newValue { link = make() }
            link?.isPaused = !newValue
        }
    }

    private func make() -> CADisplayLink {
        #if canImport(ObjectiveC)
        let link = CADisplayLink(target: self, selector: #selector(refresh))
        #else
        let link = CADisplayLink { [weak self] in self?.refresh($0) }
        #endif
        // Also while content is scrolled.
        link.add(to: .main, forMode: .common)
        return link
    }

    #if canImport(ObjectiveC)
    @objc private func refresh(_ link: CADisplayLink) { tell(link) }
    #else
    private func refresh(_ link: CADisplayLink) { tell(link) }
    #endif

    private func tell(_ link: CADisplayLink) {
        refreshed?(
            Refresh(
                startedNs: Platform.nanoseconds(link.timestamp), dueNs: Platform.nanoseconds(link.targetTimestamp)))
    }
}

/// Sees every touch of a window before the app's handlers do, and never recognizes anything.
@MainActor private final class TouchRecognizer: UIGestureRecognizer, UIGestureRecognizerDelegate {
    private weak var watch: TouchWatch?

    static func install(on window: UIWindow, telling watch: TouchWatch) {
        if window.gestureRecognizers?.contains(where: { $0 is TouchRecognizer }) == true { return }
        let recognizer = TouchRecognizer(target: nil, action: nil)
        recognizer.watch = watch
        recognizer.delegate = recognizer
        recognizer.cancelsTouchesInView = false
        recognizer.delaysTouchesEnded = false
        window.addGestureRecognizer(recognizer)
    }

    override func touchesBegan(_ touches: Set<UITouch>, with event: UIEvent) {
        guard let touch = touches.first else { return }
        let point = touch.location(in: view)
        watch?.began(x: point.x, y: point.y, isOnlyFinger: (event.allTouches?.count ?? 1) == 1)
    }

    override func touchesMoved(_ touches: Set<UITouch>, with event: UIEvent) {
        guard let point = touches.first?.location(in: view) else { return }
        watch?.moved(x: point.x, y: point.y)
    }

    override func touchesEnded(_ touches: Set<UITouch>, with event: UIEvent) {
        guard let touch = touches.first else { return }
        let point = touch.location(in: view)
        let (view, atNs) = (touch.view, Platform.nanoseconds(touch.timestamp))
        watch?.ended(x: point.x, y: point.y, atNs: atNs, isSecret: Excluded.holds(view)) { Self.name(of: view) }
        if (event.allTouches?.count ?? 1) <= touches.count { state = .failed }
    }

    override func touchesCancelled(_ touches: Set<UITouch>, with event: UIEvent) {
        watch?.cancelled(atNs: Platform.nanoseconds(touches.first?.timestamp ?? 0))
        state = .failed
    }

    func gestureRecognizer(
        _ gestureRecognizer: UIGestureRecognizer,
        shouldRecognizeSimultaneouslyWith otherGestureRecognizer: UIGestureRecognizer
    ) -> Bool { true }

    /// What the app's developers call what was tapped: the accessibility identifier of what can be tapped or of what was hit in
    /// it, else its class. Never what it shows. Nil where nothing says that it can be tapped.
    private static func name(of touched: UIView?) -> String? {
        var (view, name) = (touched, String?.none)
        while let here = view {
            if name == nil, let own = here.accessibilityIdentifier, !own.isEmpty { name = own }
            if canBeTapped(here) { return name ?? String(describing: type(of: here)) }
            view = here.superview
        }
        return nil
    }

    private static func canBeTapped(_ view: UIView) -> Bool {
        if let control = view as? UIControl { return control.isEnabled }
        if view is UITableViewCell || view is UICollectionViewCell { return true }
        return view.gestureRecognizers?.contains { $0 is UITapGestureRecognizer } ?? false
    }
}
#endif
