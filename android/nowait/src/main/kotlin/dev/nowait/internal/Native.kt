package dev.nowait.internal

import dalvik.annotation.optimization.FastNative

/**
 * The hot lane: one call per raw signal or finished fact, primitives only, no garbage.
 *
 * What the arguments mean is said in `bindings/src/hot.rs`. Times are nanoseconds of the uptime clock; [NOW] reads it
 * in the library, which saves a call. Before a start of the engine every function does nothing.
 *
 * Touching this object loads the library, which belongs on no main thread: [Face] does it on its own.
 */
internal object Native {
    /** As a time: this moment. */
    const val NOW: Long = -1

    init {
        System.loadLibrary("nowait_ffi")
    }

    @JvmStatic
    @FastNative
    external fun breadcrumb(
        name: Int,
        atNs: Long,
        number: Long,
    )

    @JvmStatic
    @FastNative
    external fun processStarted(
        atNs: Long,
        visible: Boolean,
    )

    @JvmStatic
    @FastNative
    external fun foreground(
        atNs: Long,
        restored: Boolean,
    )

    @JvmStatic
    @FastNative
    external fun background(atNs: Long)

    @JvmStatic
    @FastNative
    external fun touchUp(
        target: Int,
        atNs: Long,
    )

    @JvmStatic
    @FastNative
    external fun touchHandled(atNs: Long)

    @JvmStatic
    @FastNative
    external fun frame(
        startedNs: Long,
        deadlineNs: Long,
        atNs: Long,
    )

    @JvmStatic
    @FastNative
    external fun navigation(atNs: Long)

    @JvmStatic
    @FastNative
    external fun screenCreated(
        screen: Int,
        atNs: Long,
    )

    @JvmStatic
    @FastNative
    external fun screenShown(
        screen: Int,
        atNs: Long,
    )

    @JvmStatic
    @FastNative
    external fun screenReady(
        screen: Int,
        atNs: Long,
    )

    @JvmStatic
    @FastNative
    external fun screenLeft(
        screen: Int,
        atNs: Long,
    )

    @JvmStatic
    @FastNative
    external fun requestStarted(
        id: Long,
        route: Int,
        atNs: Long,
    )

    @JvmStatic
    @FastNative
    external fun requestEnded(
        id: Long,
        atNs: Long,
        status: Int,
        outcome: Int,
    )

    @JvmStatic
    @FastNative
    external fun actionBegin(atNs: Long): Long

    @JvmStatic
    @FastNative
    external fun actionEnd(
        name: Int,
        startedNs: Long,
        atNs: Long,
        outcome: Int,
    )

    @JvmStatic
    @FastNative
    external fun mainPing(atNs: Long)

    @JvmStatic
    @FastNative
    external fun mainPong(atNs: Long)

    @JvmStatic
    @FastNative
    external fun journeyStarted(
        id: Long,
        journey: Int,
        atNs: Long,
    )

    @JvmStatic
    @FastNative
    external fun stepStarted(
        id: Long,
        step: Int,
        atNs: Long,
    )

    @JvmStatic
    @FastNative
    external fun journeyEnded(
        id: Long,
        atNs: Long,
        outcome: Int,
    )
}
