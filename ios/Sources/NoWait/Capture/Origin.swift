// How this process came to be.
//
// Owns: whether a person waits for it, as far as it can be known when NoWait starts. Refuses: what a launch is; the engine
// knows.

internal import CNoWaitPlatform

/// The start of this process.
struct Origin: Equatable {
    /// By the uptime clock.
    let startedNs: UInt64
    /// Whether it ran before anybody opened the app, because iOS thought that somebody would.
    let isPrewarmed: Bool
    /// Whether it is there for a customer now, and not for a push, a background task or iOS's own forecast.
    let isForCustomer: Bool

    init(startedNs: UInt64, isPrewarmed: Bool, role: nowait_role) {
        (self.startedNs, self.isPrewarmed) = (startedNs, isPrewarmed)
        // Where the kernel does not say for whom, the engine asks for a screen or a frame in the process's first moments.
        isForCustomer = role == nowait_role_in_front || (role == nowait_role_unknown && !isPrewarmed)
    }

    /// Of this process, as of now.
    static func ofThisProcess() -> Origin {
        let (nowNs, ageNs) = (uptimeNs(), nowait_process_age_ns())
        return Origin(
            startedNs: nowNs > ageNs ? nowNs - ageNs : nowNs,
            isPrewarmed: nowait_is_prewarmed(),
            role: nowait_process_role())
    }
}
