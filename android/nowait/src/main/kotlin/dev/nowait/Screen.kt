package dev.nowait

import dev.nowait.internal.Face
import dev.nowait.internal.Name
import dev.nowait.internal.Told

/** A screen of the app; see [NoWait.screen]. */
public class Screen internal constructor(
    private val name: Name,
) {
    /** It began to exist. */
    public fun created(): Unit = Face.lane.signal(Told.SCREEN_CREATED, name)

    /** Its first frame was presented (time to initial display). */
    public fun shown(): Unit = Face.lane.signal(Told.SCREEN_SHOWN, name)

    /** It shows what the customer came for (time to full display). */
    public fun ready(): Unit = Face.lane.signal(Told.SCREEN_READY, name)

    /** It is gone. */
    public fun left(): Unit = Face.lane.signal(Told.SCREEN_LEFT, name)
}

/**
 * An Activity that says itself when it shows what the customer came for, by `NoWait.screen(…).ready()` with its own
 * name, within 30 s. Any other captured Activity is ready with its first frame.
 */
public interface SaysReady
