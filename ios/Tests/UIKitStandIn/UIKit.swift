// A stand-in for UIKit (and QuartzCore, which it brings along) on Linux: the few shapes that NoWait uses, with the signatures of
// Apple's documentation, so that what needs them compiles and can be asked what it does at which moment. It proves nothing
// about the real UIKit.
//
// What Apple's has not, because Linux has no Objective-C: `CADisplayLink(handler:)` for a target and a selector; and
// `refresh` and the initializers with which tests make touches.

import Foundation

public typealias CFTimeInterval = Double

public struct Selector: Sendable {}

private func named(_ name: String) -> Notification.Name { Notification.Name(name) }

@MainActor open class UIResponder {
    public init() {}
}

extension UIResponder: Hashable {
    public nonisolated static func == (one: UIResponder, other: UIResponder) -> Bool { one === other }

    public nonisolated func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

@MainActor public final class UIApplication: UIResponder {
    public nonisolated static let didFinishLaunchingNotification = named("UIApplicationDidFinishLaunching")
    public nonisolated static let willEnterForegroundNotification = named("UIApplicationWillEnterForeground")
    public nonisolated static let didBecomeActiveNotification = named("UIApplicationDidBecomeActive")
    public nonisolated static let didEnterBackgroundNotification = named("UIApplicationDidEnterBackground")
    public nonisolated static let didReceiveMemoryWarningNotification = named("UIApplicationDidReceiveMemoryWarning")
}

extension UIApplication {
    public var connectedScenes: Set<UIScene> { UIScene.connected }
}

@MainActor open class UIWindowScene: UIScene {
    public var windows: [UIWindow] = []
}

@MainActor open class UIScene: UIResponder {
    /// For tests.
    public static var connected: Set<UIScene> = []

    public nonisolated static let willEnterForegroundNotification = named("UISceneWillEnterForeground")
}

@MainActor open class UIView: UIResponder {
    public weak var superview: UIView?
    public var accessibilityIdentifier: String?
    public private(set) var gestureRecognizers: [UIGestureRecognizer]? = []

    public func addGestureRecognizer(_ gestureRecognizer: UIGestureRecognizer) {
        gestureRecognizers?.append(gestureRecognizer)
        gestureRecognizer.view = self
    }
}

@MainActor open class UIControl: UIView {
    open var isEnabled = true
}

@MainActor open class UIButton: UIControl {}

@MainActor open class UITableViewCell: UIView {}

@MainActor open class UICollectionViewCell: UIView {}

@MainActor open class UITextField: UIControl {
    public nonisolated static let textDidBeginEditingNotification = named("UITextFieldTextDidBeginEditing")
    public nonisolated static let textDidEndEditingNotification = named("UITextFieldTextDidEndEditing")
    public var isSecureTextEntry = false
}

/// What is asked of a transition between view controllers.
@MainActor public protocol UIViewControllerTransitionCoordinator: AnyObject {
    var initiallyInteractive: Bool { get }
}

/// UIKit calls these; here a test does.
@MainActor open class UIViewController: UIResponder {
    public var transitionCoordinator: (any UIViewControllerTransitionCoordinator)?

    open func viewWillAppear(_ animated: Bool) {}
    open func viewDidAppear(_ animated: Bool) {}
    open func viewWillDisappear(_ animated: Bool) {}
    open func viewDidDisappear(_ animated: Bool) {}
}

@MainActor open class UIWindow: UIView {
    public struct Level: Equatable, Sendable {
        public static let normal = Level()
        public static let alert = Level(rawValue: 2000)
        public var rawValue = 0.0
    }

    public nonisolated static let didBecomeVisibleNotification = named("UIWindowDidBecomeVisible")
    public var windowLevel = Level.normal
}

public struct CGPoint: Sendable {
    public var (x, y): (Double, Double)

    public init(x: Double, y: Double) { (self.x, self.y) = (x, y) }
}

@MainActor public final class UITouch {
    public private(set) var timestamp: TimeInterval
    public private(set) var view: UIView?
    private let point: CGPoint

    public init(timestamp: TimeInterval, x: Double, y: Double, view: UIView?) {
        (self.timestamp, self.view, point) = (timestamp, view, CGPoint(x: x, y: y))
    }

    public func location(in view: UIView?) -> CGPoint { point }
}

extension UITouch: Hashable {
    public nonisolated static func == (one: UITouch, other: UITouch) -> Bool { one === other }

    public nonisolated func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

@MainActor public final class UIEvent {
    public var allTouches: Set<UITouch>?

    public init(_ touches: Set<UITouch>) { allTouches = touches }
}

@MainActor public protocol UIGestureRecognizerDelegate: AnyObject {
    func gestureRecognizer(
        _ gestureRecognizer: UIGestureRecognizer,
        shouldRecognizeSimultaneouslyWith otherGestureRecognizer: UIGestureRecognizer
    ) -> Bool
}

@MainActor open class UIGestureRecognizer {
    public enum State: Sendable {
        case possible, began, changed, ended, cancelled, failed
    }

    public internal(set) weak var view: UIView?
    public weak var delegate: (any UIGestureRecognizerDelegate)?
    public var cancelsTouchesInView = true
    public var delaysTouchesBegan = false
    public var delaysTouchesEnded = true
    open var state = State.possible

    public init(target: Any?, action: Selector?) {}

    open func touchesBegan(_ touches: Set<UITouch>, with event: UIEvent) {}
    open func touchesMoved(_ touches: Set<UITouch>, with event: UIEvent) {}
    open func touchesEnded(_ touches: Set<UITouch>, with event: UIEvent) {}
    open func touchesCancelled(_ touches: Set<UITouch>, with event: UIEvent) {}
}

@MainActor public final class UITapGestureRecognizer: UIGestureRecognizer {}

@MainActor public final class CADisplayLink {
    /// Those that run, for tests.
    public static var running: [CADisplayLink] { made.filter { !$0.isPaused } }
    private static var made: [CADisplayLink] = []

    public private(set) var timestamp: CFTimeInterval = 0
    public private(set) var targetTimestamp: CFTimeInterval = 0
    public var isPaused = false
    private let handler: @MainActor (CADisplayLink) -> Void

    public init(handler: @escaping @MainActor (CADisplayLink) -> Void) { self.handler = handler }

    public func add(to runloop: RunLoop, forMode mode: RunLoop.Mode) { Self.made.append(self) }

    /// The display is refreshed.
    public func refresh(timestamp: CFTimeInterval, targetTimestamp: CFTimeInterval) {
        (self.timestamp, self.targetTimestamp) = (timestamp, targetTimestamp)
        handler(self)
    }
}
