package dev.nowait.internal

import dalvik.annotation.optimization.FastNative

/**
 * The hot lane: one call per fact, primitives only, no garbage; and the names that facts carry.
 *
 * What the arguments mean is said in `bindings/src/hot.rs`. Times are nanoseconds of the uptime clock; [NOW] reads it
 * in the library, which saves a call. What is told before the engine's start waits in it, up to its cap.
 *
 * Touching this object loads the library, which belongs on no main thread: [Face] does it on its own.
 */
internal object Native {
    /** As a time: this moment. */
    const val NOW: Long = -1

    init {
        System.loadLibrary("nowait_ffi")
    }

    /** Registers a name: its id. Takes a lock for a moment, so it is no `FastNative`. */
    @JvmStatic
    external fun registerName(text: String): Int

    /** Registers the target of a tap by its name: the id of what may be told of it, 0 for nothing. No `FastNative` either. */
    @JvmStatic
    external fun registerTarget(text: String): Int

    /** Takes the customer's decision, by [dev.nowait.Consent.ordinal]; survives a kill when it returns 0. No `FastNative` either. */
    @JvmStatic
    external fun consent(decision: Int): Int

    @JvmStatic
    @FastNative
    external fun nowNs(): Long

    /** The face gives out its own ids, see [Face.nextId]: they are wanted before the library is there. */
    @JvmStatic
    @FastNative
    external fun nextId(): Long

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
    external fun mainIdle(atNs: Long)

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
        id: Long,
        screen: Int,
        atNs: Long,
    )

    @JvmStatic
    @FastNative
    external fun screenShown(
        id: Long,
        screen: Int,
        atNs: Long,
    )

    @JvmStatic
    @FastNative
    external fun screenReady(
        id: Long,
        screen: Int,
        atNs: Long,
    )

    @JvmStatic
    @FastNative
    external fun screenLeft(
        id: Long,
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
    external fun actionBegin(
        id: Long,
        action: Int,
        atNs: Long,
    )

    @JvmStatic
    @FastNative
    external fun actionEnd(
        id: Long,
        atNs: Long,
        outcome: Int,
    )

    @JvmStatic
    @FastNative
    external fun actionRecord(
        name: Int,
        startedNs: Long,
        endedNs: Long,
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

    @JvmStatic
    @FastNative
    external fun rated(
        id: Long,
        name: Int,
        atNs: Long,
        rating: Int,
    )

    @JvmStatic
    @FastNative
    external fun handedOver(
        id: Long,
        atNs: Long,
        continuation: Long,
    )

    @JvmStatic
    @FastNative
    external fun crashed(
        name: Int,
        atNs: Long,
    )
}
