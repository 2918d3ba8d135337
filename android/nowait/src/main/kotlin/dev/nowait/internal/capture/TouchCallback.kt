package dev.nowait.internal.capture

import android.os.Handler
import android.os.Looper
import android.view.MotionEvent
import android.view.ViewConfiguration
import android.view.Window
import dev.nowait.internal.AndroidPlatform.Companion.NS_PER_MS
import dev.nowait.internal.Fact
import dev.nowait.internal.Lane
import dev.nowait.internal.Names
import dev.nowait.internal.guarded
import kotlin.math.abs

/**
 * Stands before a window's own callback and tells taps: when the finger went up, on what, and when the app's handler was
 * done with it. Everything else passes through untouched, and nothing of what is shown or typed is read.
 *
 * A tap is a touch of one finger that hardly moved, on a view that can be clicked: a swipe, or a touch of nothing, asks
 * nothing of the app.
 */
internal open class TouchCallback(
    inner: Window.Callback,
    private val window: Window,
    private val lane: Lane,
    private val names: Names,
    private val nowNs: () -> Long,
) : PassingCallback(inner) {
    private val slop = ViewConfiguration.get(window.context).scaledTouchSlop
    private val main = Handler(Looper.getMainLooper())
    private val handled = Runnable { lane.tell(Fact.TOUCH_HANDLED, atNs = nowNs()) }
    private var downX = 0f
    private var downY = 0f
    private var isTap = false

    override fun dispatchTouchEvent(event: MotionEvent?): Boolean {
        var told = false
        guarded { told = event != null && look(event) }
        val consumed =
            try {
                super.dispatchTouchEvent(event)
            } finally {
                Touch.isSecret = false
            }
        // A view posts its click, so the handler runs after this, and what is posted now runs after the handler: right
        // after it, or with it behind the frame that is due (the framework holds back messages while one is scheduled).
        if (told) main.post(handled)
        return consumed
    }

    /** Whether this was a tap, which is told then. */
    private fun look(event: MotionEvent): Boolean {
        when (event.actionMasked) {
            MotionEvent.ACTION_DOWN -> {
                downX = event.x
                downY = event.y
                isTap = true
            }

            MotionEvent.ACTION_POINTER_DOWN, MotionEvent.ACTION_CANCEL -> {
                isTap = false
            }

            MotionEvent.ACTION_MOVE -> {
                if (hasMoved(event)) isTap = false
            }

            MotionEvent.ACTION_UP -> {
                if (!isTap || hasMoved(event)) return false
                isTap = false
                val decor = window.peekDecorView() ?: return false
                Touch.isSecret = viewAt(decor, event.x, event.y) { true }?.let { isSecret(it, window) } == true
                val target = viewAt(decor, event.x, event.y) { it.isClickable && it.isEnabled } ?: return false
                if (target.isLongClickable && event.eventTime - event.downTime >= ViewConfiguration.getLongPressTimeout()) return false
                val name = if (isSecret(target, window)) null else names.ofTarget(nameOf(target))
                lane.tell(Fact.TOUCH_UP, name, atNs = event.eventTime * NS_PER_MS)
                return true
            }
        }
        return false
    }

    private fun hasMoved(event: MotionEvent): Boolean = abs(event.x - downX) > slop || abs(event.y - downY) > slop
}
