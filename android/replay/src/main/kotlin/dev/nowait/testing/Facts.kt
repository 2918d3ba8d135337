package dev.nowait.testing

/** The facts of a script, as a face tells them; see `core/src/record/fact.rs` for what they mean. */
public interface Facts {
    public fun processStarted(
        atNs: Long,
        visible: Boolean,
    )

    public fun mainIdle(atNs: Long)

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
        id: Long,
        screen: Int,
        atNs: Long,
    )

    public fun screenShown(
        id: Long,
        screen: Int,
        atNs: Long,
    )

    public fun screenReady(
        id: Long,
        screen: Int,
        atNs: Long,
    )

    public fun screenLeft(
        id: Long,
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

    public fun actionStarted(
        id: Long,
        action: Int,
        atNs: Long,
    )

    public fun actionEnded(
        id: Long,
        atNs: Long,
        outcome: Int,
    )

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

    public fun rated(
        id: Long,
        name: Int,
        atNs: Long,
        rating: Int,
    )

    public fun handedOver(
        id: Long,
        atNs: Long,
        continuation: Long,
    )

    public fun breadcrumb(
        name: Int,
        atNs: Long,
        number: Long,
    )
}
