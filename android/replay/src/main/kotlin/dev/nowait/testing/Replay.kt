package dev.nowait.testing

/**
 * The facts of the hot lane, taken away from the recorder and given to fresh trackers, so that a test sees exactly
 * the events that come of them. Works with a library built with the feature `testing`; one at a time in a process.
 */
public object Replay {
    /** Begins with fresh trackers. */
    public fun begin() {
        Native.replayBegin()
    }

    /**
     * Time passed, as the worker tells it: limits that are over by [atNs] expire.
     *
     * @param bootNs the clock that runs in sleep; left out, the device did not sleep since the last time
     * @param wallUnixMs the time of day, in milliseconds since 1970 UTC
     */
    public fun tick(
        atNs: Long,
        bootNs: Long = NO_MORE_SLEEP,
        wallUnixMs: Long = 0,
    ) {
        Native.replayTick(atNs, bootNs, wallUnixMs)
    }

    /** The app measured this itself, from begin to end. */
    public fun measured(event: RecordedEvent) {
        with(event) {
            val (kind, outcome) = RecordedEvent.KINDS.indexOf(kind) to RecordedEvent.OUTCOMES.indexOf(outcome)
            Native.replayMeasured(kind, outcome, flags, name, screen, startedNs, durationNs, journey, a, b)
        }
    }

    /** Facts were refused here, because the recorder was full. */
    public fun refused() {
        Native.replayRefused()
    }

    /** The process ended at this time; its last events come of that. */
    public fun died(atNs: Long) {
        Native.replayDied(atNs)
    }

    /** Where the app is: `starting`, `in_front` or in the `background`. */
    public val presence: String get() = PRESENCES[Native.replayPresence()]

    /** How many waits were lost so far, because a table was full. */
    public val lost: Long get() = Native.replayLost()

    /** The events so far, in the order in which they were made. */
    public fun events(): List<RecordedEvent> =
        generateSequence(0) {
            it + 1
        }.map(RecordedEvent::at).takeWhile { it != null }.filterNotNull().toList()

    /** Ends it: the events of all of it. From here on, facts reach the recorder again. */
    public fun end(): List<RecordedEvent> {
        Native.replayEnd()
        return events()
    }

    private val PRESENCES = listOf("starting", "in_front", "background")

    private const val NO_MORE_SLEEP = -1L
}

/** The next call of either lane, on whichever thread, panics inside the library, which must catch and count it. */
public fun panicNext() {
    Native.panicNext()
}
