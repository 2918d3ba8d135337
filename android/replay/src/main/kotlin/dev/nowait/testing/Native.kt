package dev.nowait.testing

/** What a library built with the feature `testing` exports beside the lanes. */
internal object Native {
    init {
        System.loadLibrary("nowait_ffi")
    }

    @JvmStatic
    external fun panicNext()

    @JvmStatic
    external fun replayBegin()

    @JvmStatic
    external fun replayTick(
        atNs: Long,
        bootNs: Long,
        wallUnixMs: Long,
    )

    @JvmStatic
    external fun replayMeasured(
        kind: Int,
        outcome: Int,
        flags: Int,
        name: Int,
        screen: Int,
        startedNs: Long,
        durationNs: Long,
        journey: Long,
        a: Long,
        b: Long,
    )

    @JvmStatic
    external fun replayRefused()

    @JvmStatic
    external fun replayDied(atNs: Long)

    @JvmStatic
    external fun replayPresence(): Int

    @JvmStatic
    external fun replayLost(): Long

    @JvmStatic
    external fun replayEnd(): Long

    @JvmStatic
    external fun replayEvent(
        index: Long,
        field: Int,
    ): Long
}
