// How network and power are, told when it changes.
//
// Owns: what was told last. Refuses: what follows from it, which the engine knows; asking the system (`SystemConditions`).
// Invariant: heat and lack of memory are breadcrumbs and no conditions: they decide nothing that waits, and come and go within
// a batch. A lack of memory that goes on leaves the trail to the app.

@MainActor final class ConditionsWatch {
    /// With `ProcessInfo.ThermalState`.
    private static let heat = "device.thermal"
    private static let memory = "device.memory"
    private static let memoryAgainNs: UInt64 = 60_000_000_000

    private let tell: (NoWait.Conditions) -> Void
    private var now = NoWait.Conditions()
    private var told: NoWait.Conditions?
    private var heatTold = 0
    private var memoryToldNs: UInt64 = 0

    init(tell: @escaping (NoWait.Conditions) -> Void) { self.tell = tell }

    /// Something is different.
    func changed(_ change: (inout NoWait.Conditions) -> Void) {
        change(&now)
        guard now != told else { return }
        told = now
        tell(now)
    }

    func isHot(_ level: Int) {
        guard level != heatTold else { return }
        heatTold = level
        NoWait.breadcrumb(Self.heat, number: UInt64(level))
    }

    func lacksMemory(nowNs: UInt64) {
        guard memoryToldNs == 0 || nowNs - min(nowNs, memoryToldNs) >= Self.memoryAgainNs else { return }
        memoryToldNs = nowNs
        NoWait.breadcrumb(Self.memory)
    }
}
