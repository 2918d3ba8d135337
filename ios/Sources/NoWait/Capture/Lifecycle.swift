// Whether the app is in front, and how it came there.
//
// Owns: which of the system's words are which facts, each told once. Refuses: what a launch is, and how long it took; the
// engine knows, by the frames.
// Invariant: a launch is never begun without asking for the frame that ends it; a process that nobody waits for is in the
// background before anything else is told of it.

@MainActor final class Lifecycle {
    private let frames: FrameWatch
    private let hangs: HangWatch?
    private let origin: Origin
    private var isOriginTold = false
    private var isInFront = false
    private var wasInFront = false

    init(origin: Origin, frames: FrameWatch, hangs: HangWatch?) {
        (self.origin, self.frames, self.hangs) = (origin, frames, hangs)
        if !origin.isForCustomer { tellOrigin(visible: false) }
    }

    private func tellOrigin(visible: Bool) {
        guard !isOriginTold else { return }
        isOriginTold = true
        Fact.processStarted(visible: visible).tell(atNs: origin.startedNs)
    }

    /// The app has launched; no scene is there yet.
    func launched() {
        // Nobody waited since the start of a process that iOS made before it was asked to.
        tellOrigin(visible: !origin.isPrewarmed)
    }

    /// NoWait was started after the app had launched: what the customer waited for then was not seen. The engine begins no
    /// launch for a process of which it knows nothing.
    func beganLate() {
        guard !isOriginTold, !isInFront else { return }
        isOriginTold = true
        enterForeground(restored: true)
    }

    /// Some of the app is about to be seen, or is active already; the first word counts.
    func enteredForeground() {
        guard !isInFront else { return }
        enterForeground(restored: wasInFront)
        frames.wantFrame()
    }

    private func enterForeground(restored: Bool) {
        (isInFront, wasInFront) = (true, true)
        Fact.foreground(restored: restored).tell()
        hangs?.start()
    }

    func stop() { hangs?.stop() }

    /// Nothing of it is seen any more.
    func enteredBackground() {
        guard isInFront else { return }
        isInFront = false
        hangs?.stop()
        frames.stop()
        Fact.background.tell()
    }
}
