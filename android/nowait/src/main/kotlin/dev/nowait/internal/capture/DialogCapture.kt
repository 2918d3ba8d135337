package dev.nowait.internal.capture

import android.os.Looper
import android.view.Window
import dev.nowait.internal.Face
import dev.nowait.internal.Fact
import dev.nowait.internal.Lane
import dev.nowait.internal.Name
import dev.nowait.internal.Names
import dev.nowait.internal.guarded
import java.util.Collections
import java.util.WeakHashMap

/**
 * A dialog as a screen of its own, in a window of its own: from when it is put on the display until it is taken off, each time anew.
 *
 * The window's own callback hears of both, so that the app's listeners for showing and dismissing stay what they are. Everything on the
 * main thread.
 */
internal class DialogCapture private constructor(
    private val window: Window,
    private val name: Name,
    private val readyWhenShown: Boolean,
    private val stage: Stage,
) {
    /** What all captures of an app share. */
    internal class Stage(
        val lane: Lane,
        val names: Names,
        val frames: Looper,
        val nowNs: () -> Long,
    )

    private inner class Callback(
        inner: Window.Callback,
    ) : TouchCallback(inner, window, stage.lane, stage.names, stage.nowNs) {
        override fun onAttachedToWindow() {
            guarded { begin(beganNs ?: stage.nowNs()) }
            super.onAttachedToWindow()
        }

        override fun onDetachedFromWindow() {
            guarded { end() }
            super.onDetachedFromWindow()
        }
    }

    private var capture: WindowCapture? = null
    private var screenId = 0L

    /** When the customer began to wait for what is about to be there. */
    private var beganNs: Long? = null

    private fun install(beganNs: Long) {
        window.callback = Callback(window.callback ?: return)
        val decor = window.peekDecorView() ?: return
        if (decor.isAttachedToWindow) {
            begin(beganNs)
        } else if (decor.parent != null) {
            // It has a parent as soon as it is shown, and is attached just before its first frame, if it is not dismissed before.
            this.beganNs = beganNs
        }
    }

    private fun begin(atNs: Long) {
        beganNs = null
        screenId = name.visit.created()
        stage.lane.tell(Fact.SCREEN_CREATED, name, atNs = atNs, x = screenId)
        val capture = WindowCapture(stage.lane, stage.nowNs)
        this.capture = capture
        capture.await(WindowScreen(name, screenId, readyWhenShown, sinceNs = Long.MIN_VALUE))
        capture.install(window, stage.frames)
    }

    private fun end() {
        capture?.uninstall()
        capture = null
        if (screenId != 0L) stage.lane.tell(Fact.SCREEN_LEFT, atNs = stage.nowNs(), x = screenId)
        screenId = 0
    }

    internal companion object {
        /** Where dialogs are told, while Activities are captured. */
        @Volatile
        var stage: Stage? = null

        /** Weak, so that none is kept longer than its dialog; what captures it lives in its callback. */
        private val followed: MutableSet<Window> = Collections.newSetFromMap(WeakHashMap())

        /**
         * From here on this window is this screen; the first name that it is given counts.
         *
         * @param beganNs when the customer began to wait, if it is on the display already; left out, now
         */
        fun follow(
            window: Window,
            name: Name,
            readyWhenShown: Boolean,
            beganNs: Long? = null,
        ) {
            val stage = stage ?: return
            if (!followed.add(window)) return
            DialogCapture(window, name, readyWhenShown, stage).install(beganNs ?: stage.nowNs())
        }
    }
}
