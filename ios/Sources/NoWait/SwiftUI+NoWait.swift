// A SwiftUI view as a screen.
//
// Owns: which of SwiftUI's moments are which facts. Refuses: names; the app gives them.
// Invariant: each appearance of a view is an instance of its own, told as created, shown and left in this order; ready
// perhaps before, which the engine keeps for it, perhaps never.

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

/// Does `then` when what the app shows now is on the display: at the end of the next frame, or, where nobody tells frames, in
/// the next turn of the main queue.
@MainActor private func whenDrawn(_ then: @escaping @MainActor (_ atNs: UInt64) -> Void) {
    #if canImport(UIKit)
    if let frames = UIKitCapture.current?.frames { return frames.wantFrame(then) }
    #endif
    DispatchQueue.main.async { then(uptimeNs()) }
}

struct ScreenTracking: ViewModifier {
    let screen: NoWait.Screen
    let ready: Bool
    /// Of this appearance of this view, or of the next one.
    @State private var id = nextID()

    init(screen: NoWait.Screen, ready: Bool) {
        self.screen = screen
        self.ready = ready
    }

    func body(content: Content) -> some View {
        content
            .onAppear {
                let (id, name) = (id, screen.name)
                // For an app that says by the name when this view is ready.
                screen.visit.enter(id)
                Fact.screenCreated(id: id, name: name).tell()
                // SwiftUI says that a view appears before it draws it.
                whenDrawn { Fact.screenShown(id: id, name: name).tell(atNs: $0) }
            }
            .task(id: ready) { @MainActor in
                if ready { Fact.screenReady(id: id, name: screen.name).tell() }
            }
            .onDisappear {
                Fact.screenLeft(id: id, name: screen.name).tell()
                id = nextID()
            }
    }
}
#endif
