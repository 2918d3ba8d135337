// A SwiftUI view as a screen.
//
// Owns: which of SwiftUI's moments are which signals. Refuses: names; the app gives them.
// Invariant: a view that appears is told as created, shown, ready and left in this order, ready perhaps never.

#if canImport(SwiftUI)
import Dispatch
import SwiftUI

extension View {
    /// Measures this view as a screen: from what brought the customer here to its first frame, and to the moment at
    /// which it shows what they came for.
    ///
    /// - Parameters:
    ///   - name: The same for everybody; no id, no amount.
    ///   - ready: Whether it shows what the customer came for, for example `!accounts.isEmpty`. Left out, it is ready
    ///     with its first frame.
    public func trackScreen(_ name: String, ready: Bool = true) -> some View {
        modifier(ScreenTracking(screen: NoWait.screen(name), ready: ready))
    }
}

struct ScreenTracking: ViewModifier {
    let screen: NoWait.Screen
    let ready: Bool

    func body(content: Content) -> some View {
        content
            .onAppear {
                screen.created()
                // SwiftUI says that a view appears before it draws it; this turn of the main queue comes after.
                DispatchQueue.main.async { screen.shown() }
            }
            .task(id: ready) {
                if ready { screen.ready() }
            }
            .onDisappear { screen.left() }
    }
}
#endif
