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
    external fun replayTick(atNs: Long)

    @JvmStatic
    external fun replayEnd(): Long

    @JvmStatic
    external fun replayEvent(
        index: Long,
        field: Int,
    ): Long
}
