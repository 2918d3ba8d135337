package dev.nowait.testing

/**
 * The signals of the hot lane, taken away from the recorder and given to fresh trackers, so that a test sees exactly
 * the events that come of them. Works with a library built with the feature `testing`; one at a time in a process.
 */
public object Replay {
    /** Begins with fresh trackers. */
    public fun begin() {
        Native.replayBegin()
    }

    /** Time passed, as the worker tells it: limits that are over by [atNs] expire. */
    public fun tick(atNs: Long) {
        Native.replayTick(atNs)
    }

    /** The events so far, in the order in which they were made. */
    public fun events(): List<RecordedEvent> =
        generateSequence(0) {
            it + 1
        }.map(RecordedEvent::at).takeWhile { it != null }.filterNotNull().toList()

    /** Ends it: the events of all of it. From here on, signals reach the recorder again. */
    public fun end(): List<RecordedEvent> {
        Native.replayEnd()
        return events()
    }
}

/** The next call of either lane, on whichever thread, panics inside the library, which must catch and count it. */
public fun panicNext() {
    Native.panicNext()
}
