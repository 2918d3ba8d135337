package dev.nowait

import android.app.Dialog
import dev.nowait.internal.Face
import dev.nowait.internal.Fact
import dev.nowait.internal.Name
import dev.nowait.internal.capture.DialogCapture
import dev.nowait.internal.guarded

/**
 * A screen of the app; see [NoWait.screen]. Each `created` begins an instance, and what is said then is about it, up to
 * the next `created`. Of several Activities of one name it is about the one that was created or came back last and is not gone.
 */
public class Screen internal constructor(
    internal val name: Name,
) {
    /** It began to exist. */
    public fun created(): Unit = tell(Fact.SCREEN_CREATED, name.visit.created())

    /** Its first frame was presented (time to initial display). */
    public fun shown(): Unit = tell(Fact.SCREEN_SHOWN, name.visit.current())

    /** It shows what the customer came for (time to full display). */
    public fun ready(): Unit = tell(Fact.SCREEN_READY, name.visit.current())

    /** It is gone. */
    public fun left(): Unit = tell(Fact.SCREEN_LEFT, name.visit.current())

    /**
     * This dialog is this screen from now on: it is shown with the first frame of its window, its taps and frames are captured, and it is left
     * when it is taken off the display; when it is shown again, it is another visit. Call it before or after `show()`, on the main thread. A
     * `DialogFragment` needs none of it, but may have another name by it, from its `onCreateDialog`. Does nothing where Activities are not captured.
     */
    public fun follow(dialog: Dialog) {
        guarded { dialog.window?.let { DialogCapture.follow(it, name, readyWhenShown = dialog !is SaysReady) } }
    }

    private fun tell(
        fact: Int,
        id: Long,
    ): Unit = Face.lane.tell(fact, name, x = id)
}

/**
 * An Activity, a Fragment or a dialog that says itself when it shows what the customer came for, by `NoWait.screen(…).ready()` with its own
 * name, within 30 s. Any other that is captured is ready with its first frame.
 */
public interface SaysReady
