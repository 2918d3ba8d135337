// A SwiftUI view as a screen.
//
// Owns: which of SwiftUI's moments are which facts. Refuses: what an appearance tells (`Appearance`), and names; the app gives them.
// Invariant: each appearance of a view is an instance of its own.

#if canImport(SwiftUI)
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

    /// Names what the customer taps here. UIKit does not see which of SwiftUI's views was hit, so that no tap on one is
    /// captured without a name.
    ///
    /// - Parameter name: The same for everybody, such as `Home.Transfer`. Keys of a keypad have one name in common.
    public func trackTap(_ name: String) -> some View {
        #if canImport(UIKit)
        simultaneousGesture(
            TapGesture().onEnded { onMain { UIKitCapture.current?.touches.named(name, nowNs: uptimeNs()) } })
        #else
        self
        #endif
    }
}

struct ScreenTracking: ViewModifier {
    let screen: NoWait.Screen
    let ready: Bool
    /// That of this view which is, or the next one.
    @State private var appearance = Appearance()

    init(screen: NoWait.Screen, ready: Bool) {
        self.screen = screen
        self.ready = ready
    }

    func body(content: Content) -> some View {
        content
            .onAppear { appearance.begin(screen) }
            .task(id: ready) { @MainActor in
                if ready { appearance.ready(screen) }
            }
            .onDisappear {
                appearance.end(screen)
                appearance = Appearance()
            }
    }
}
#endif
