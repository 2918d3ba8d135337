// One time that a view is there, as an instance of a screen.
//
// Owns: what is told of it, in the order created, shown, left; ready perhaps before, which the engine keeps for it, perhaps never.
// Refuses: when that is (SwiftUI's modifier and UIKit's view controller know) and names.

import Dispatch

struct Appearance: Sendable {
    let id = nextID()

    /// The view appears, and is shown with the frame that is drawn next: SwiftUI and UIKit say that before they draw it.
    @MainActor func begin(_ screen: NoWait.Screen) {
        // For an app that says by the name when this view is ready.
        screen.visit.enter(id)
        Fact.screenCreated(id: id, name: screen.name).tell()
        whenDrawn { Fact.screenShown(id: id, name: screen.name).tell(atNs: $0) }
    }

    func ready(_ screen: NoWait.Screen) { Fact.screenReady(id: id, name: screen.name).tell() }

    func end(_ screen: NoWait.Screen) { Fact.screenLeft(id: id, name: screen.name).tell() }
}

/// Does `then` when what the app shows now is on the display: at the end of the next frame, or, where nobody tells frames, in
/// the next turn of the main queue.
@MainActor private func whenDrawn(_ then: @escaping @MainActor (_ atNs: UInt64) -> Void) {
    #if canImport(UIKit)
    if let frames = UIKitCapture.current?.frames { return frames.wantFrame(then) }
    #endif
    DispatchQueue.main.async { then(uptimeNs()) }
}
