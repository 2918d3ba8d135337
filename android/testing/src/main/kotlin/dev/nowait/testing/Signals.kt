package dev.nowait.testing

/** The raw signals of a script, as a face tells them; see `core/src/tracker/signal.rs` for what they mean. */
public interface Signals {
    public fun processStarted(
        atNs: Long,
        visible: Boolean,
    )

    public fun foreground(
        atNs: Long,
        restored: Boolean,
    )

    public fun background(atNs: Long)

    public fun touchUp(
        target: Int,
        atNs: Long,
    )

    public fun touchHandled(atNs: Long)

    public fun frame(
        startedNs: Long,
        deadlineNs: Long,
        atNs: Long,
    )

    public fun navigation(atNs: Long)

    public fun screenCreated(
        screen: Int,
        atNs: Long,
    )

    public fun screenShown(
        screen: Int,
        atNs: Long,
    )

    public fun screenReady(
        screen: Int,
        atNs: Long,
    )

    public fun screenLeft(
        screen: Int,
        atNs: Long,
    )

    public fun requestStarted(
        id: Long,
        route: Int,
        atNs: Long,
    )

    public fun requestEnded(
        id: Long,
        atNs: Long,
        status: Int,
        outcome: Int,
    )

    public fun actionStarted(atNs: Long)

    public fun actionEnded(atNs: Long)

    public fun mainPing(atNs: Long)

    public fun mainPong(atNs: Long)

    public fun journeyStarted(
        id: Long,
        journey: Int,
        atNs: Long,
    )

    public fun stepStarted(
        id: Long,
        step: Int,
        atNs: Long,
    )

    public fun journeyEnded(
        id: Long,
        atNs: Long,
        outcome: Int,
    )
}
