// A view controller as a screen.
//
// Owns: which of UIKit's moments are which facts. Refuses: what an appearance tells (`Appearance`), and other controllers: nothing is
// swizzled.
// Invariant: each appearance is an instance of its own, begun and ended once; a swipe back that the customer took back is none.

#if canImport(UIKit)
import UIKit

extension NoWait {
    /// A view controller that is measured as a screen: from what brought the customer here to its first frame, and to the moment
    /// at which it shows what they came for. Inherit from it, in place of `UIViewController`:
    ///
    /// ```swift
    /// final class AccountsController: NoWait.ScreenController {
    ///     override var screenName: String { "Accounts" }
    ///     override var isReadyWhenShown: Bool { false }
    ///     func loaded(_ accounts: [Account]) { /* … */ screenIsReady() }
    /// }
    /// ```
    ///
    /// Overrides of the appearance methods call `super`. A controller that holds others, such as a tab bar's, is no screen: its children are.
    @MainActor open class ScreenController: UIViewController {
        /// What the screen is called: the same for everybody; no id, no amount. The name of the class unless overridden; empty, it is no
        /// screen. Asked once for each appearance.
        open var screenName: String { String(describing: type(of: self)) }

        /// Whether the screen is ready with its first frame. Overridden with false, ``screenIsReady()`` says when it is.
        open var isReadyWhenShown: Bool { true }

        private var now: (appearance: Appearance, screen: Screen)?
        private var isReadyEarly = false

        /// The screen shows what the customer came for; before it appears, it counts from then on. Without this, where
        /// ``isReadyWhenShown`` is false, the screen is timed out after 30 s.
        public final func screenIsReady() {
            if let now { now.appearance.ready(now.screen) } else { isReadyEarly = true }
        }

        /// The screen begins, unless a finger pulls it in, which may never come.
        open override func viewWillAppear(_ animated: Bool) {
            super.viewWillAppear(animated)
            if transitionCoordinator?.initiallyInteractive != true { appear() }
        }

        /// The screen begins, if it did not before.
        open override func viewDidAppear(_ animated: Bool) {
            super.viewDidAppear(animated)
            appear()
        }

        /// The screen is left.
        open override func viewDidDisappear(_ animated: Bool) {
            super.viewDidDisappear(animated)
            if let now { now.appearance.end(now.screen) }
            (now, isReadyEarly) = (nil, false)
        }

        /// Once, until it disappeared: a swipe back that the customer takes back lets the screen in front appear again.
        private func appear() {
            guard now == nil else { return }
            let name = screenName
            guard !name.isEmpty else { return }
            let (appearance, screen) = (Appearance(), NoWait.screen(name))
            now = (appearance, screen)
            appearance.begin(screen)
            if isReadyWhenShown || isReadyEarly { appearance.ready(screen) }
        }
    }
}
#endif
