// The face: what an app says, in one place.
//
// Owns: the words. Refuses: what they mean (the engine), and everything that takes time (`Face`, on its own queue).
// Invariant: nothing here throws, traps or waits.

/// Measures every moment a customer waits for the app.
///
/// What is told before ``start(endpoint:appKey:_:)`` waits for it in the engine, up to 256 facts; after
/// ``shutdown(timeout:)`` everything does nothing. Screens, actions, routes and journeys may be made at any time, also
/// before the start: make each once and keep it.
///
/// Names are at most 120 bytes, and at most 1,024 of them exist; one that looks personal becomes `redacted`. Never
/// put an id, an amount, or anything that a customer typed into one.
public enum NoWait {
    /// Starts NoWait for this process, once; the place for it is the `init` of the app.
    ///
    /// Takes about a tenth of a millisecond: the engine comes up on a queue of its own, and what is told meanwhile waits with
    /// its own time. Any thread may call it, and a second call changes nothing. A start after the app has launched saw no
    /// launch, and tells none.
    ///
    /// - Parameters:
    ///   - endpoint: The collector, such as `https://telemetry.bank.example`.
    ///   - appKey: What tells the collector whose app this is; no secret.
    ///   - configure: Changes of the defaults.
    /// - Returns: Whether it begins. Whether the engine came up, ``status`` says.
    @discardableResult
    public static func start(
        endpoint: String, appKey: String, _ configure: (inout Settings) -> Void = { _ in }
    ) -> StartResult {
        var settings = Settings()
        configure(&settings)
        let result = Face.shared.start(endpoint: endpoint, appKey: appKey, settings: settings)
        #if canImport(UIKit)
        if result == .started && !Listener.isThere { onMain { UIKitCapture.begin(settings.capture) } }
        #endif
        return result
    }

    /// What became of the start.
    public static var status: Status { Face.shared.status }

    /// A screen of the app.
    public static func screen(_ name: String) -> Screen { Screen(name: nameID(name)) }

    /// A piece of work that the app itself begins and ends.
    public static func action(_ name: String) -> Action { Action(name: nameID(name)) }

    /// A route of the bank's server, without ids: `GET /accounts/{id}`.
    public static func route(_ name: String) -> Route { Route(name: nameID(name)) }

    /// A banking task such as login or transfer.
    public static func journey(_ name: String) -> Journey { Journey(name: nameID(name)) }

    /// The name of a breadcrumb.
    public static func crumb(_ name: String) -> Crumb { Crumb(name: nameID(name)) }

    /// Leaves a breadcrumb. It stays on the device unless this process dies; then the last 128 are sent with the exit.
    ///
    /// - Parameter number: Any number of the app's choice that says nothing about a customer.
    public static func breadcrumb(_ name: String, number: UInt64 = 0) {
        Fact.breadcrumb(name: nameID(name), number: number).tell()
    }

    /// The same for a breadcrumb that was made once and kept, which spares looking its name up.
    public static func breadcrumb(_ crumb: Crumb, number: UInt64 = 0) {
        Fact.breadcrumb(name: crumb.name, number: number).tell()
    }

    /// The customer rated a journey or a touchpoint: the one under way, if it is a journey. See ``Journey/rate(_:of:)`` for
    /// one that ended.
    ///
    /// - Parameter rating: 1 (worst) to 5 (best); anything else is no rating.
    public static func rate(_ name: String, _ rating: Int) {
        tellRating(rating, name: nameID(name), journey: 0)
    }

    /// Whether this is the moment to ask the customer for a rating: NoWait runs, they agreed to be measured, and nobody asked for so
    /// many days, in any process or run of the app. True counts as having asked. While a test listens, true.
    ///
    /// - Parameter everyDays: How often is the bank's to say; 0 is each time. Apple shows its own request for a review at most three
    ///   times in 365 days, which is once in 122.
    public static func mayAsk(everyDays: Int = 122) -> Bool {
        Face.shared.mayAsk(everyDays: everyDays)
    }

    /// Takes the customer's decision and remembers it on the device, before the start and after the shutdown too. Once
    /// NoWait runs, the decision survives whatever ends the process as soon as this returns. Nothing leaves the device
    /// before it is granted, and no exchange with the collector begins after a refusal.
    public static func consent(_ decision: Consent) { Face.shared.consent(decision) }

    /// Tells how network and power are, in place of what NoWait asks the system itself.
    public static func conditions(_ now: Conditions) { Face.shared.conditions(now) }

    /// Why nothing arrives, in words: asks nobody, sends nothing, and takes some microseconds once NoWait runs. For a debug menu
    /// or the log of a test build.
    public static func doctor() -> Diagnosis { Face.shared.doctor() }

    /// Seals and sends everything now. Four may be under way at once; one more is answered at once, as not complete.
    ///
    /// - Parameter timeout: When to answer at the latest; what is left then stays safe on the device.
    public static func flush(timeout: Duration = .seconds(2)) async -> Flushed {
        await Face.shared.flush(timeout: timeout)
    }

    /// Ends the session for good: nothing more is recorded, everything is sealed and, within `timeout`, sent.
    public static func shutdown(timeout: Duration = .seconds(2)) async -> Flushed {
        await Face.shared.shutdown(timeout: timeout)
    }

    /// NoWait's own account of this session so far; nil when it is not running.
    public static func selfReport() async -> SelfReport? { await Face.shared.selfReport() }
}
