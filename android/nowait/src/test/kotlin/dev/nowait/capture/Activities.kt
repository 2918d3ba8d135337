package dev.nowait.capture

import android.app.Activity
import android.os.Bundle
import android.os.Looper
import android.os.SystemClock
import android.view.Display
import android.view.FrameMetrics
import android.view.MotionEvent
import android.view.View
import android.view.Window
import android.widget.Button
import android.widget.FrameLayout
import dev.nowait.SaysReady
import dev.nowait.internal.Face
import dev.nowait.internal.Fact
import org.robolectric.Robolectric
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import org.robolectric.annotation.Implementation
import org.robolectric.annotation.Implements
import org.robolectric.shadows.FrameMetricsBuilder
import org.robolectric.shadows.ShadowDisplay

/** A screen with one button at the top left. */
open class BankActivity : Activity() {
    lateinit var button: Button
        private set
    var onConfirm: () -> Unit = {}
    var confirmed = 0
        private set

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        button =
            Button(this).apply {
                id = android.R.id.button1
                setOnClickListener {
                    onConfirm()
                    confirmed++
                }
            }
        setContentView(FrameLayout(this).apply { addView(button, FrameLayout.LayoutParams(200, 100)) })
    }
}

/** A screen that waits for the bank before it is of use. */
class SlowActivity :
    BankActivity(),
    SaysReady

/** Passes the customer on to another screen, and shows none. */
class RouterActivity : Activity() {
    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        finish()
    }
}

/** As `Screen.ready`, at a time of the test's. */
internal fun tellReady(
    screen: String,
    atNs: Long,
) {
    val name = Face.names.of(screen)
    Face.lane.tell(Fact.SCREEN_READY, name, atNs = atNs, x = name.visit.current())
}

/** Every display, at a rate of the test's. */
@Implements(Display::class)
class RatedDisplay : ShadowDisplay() {
    @Implementation
    @Suppress("OVERRIDE_DEPRECATION")
    public override fun getRefreshRate(): Float = hz

    companion object {
        var hz = 60f
    }
}

/** Presents a frame now, whose work began so long ago. */
internal fun ActivityController<*>.frame(workMs: Long) = get().window.frame(workMs)

internal fun Window.frame(workMs: Long) {
    val workNs = workMs * 1_000_000
    val metrics =
        FrameMetricsBuilder()
            .setMetric(FrameMetrics.INTENDED_VSYNC_TIMESTAMP, nowNs() - workNs)
            .setMetric(FrameMetrics.DRAW_DURATION, workNs)
            .build()
    shadowOf(this).reportOnFrameMetricsAvailable(metrics)
}

internal inline fun <reified T : Activity> created(): ActivityController<T> = Robolectric.buildActivity(T::class.java).create()

internal inline fun <reified T : Activity> launch(): ActivityController<T> =
    created<T>()
        .start()
        .postCreate(null)
        .resume()
        .visible()

/** Launched, with its first frame presented. */
internal inline fun <reified T : Activity> shown(): ActivityController<T> =
    launch<T>().also {
        pass(50)
        it.frame(workMs = 10)
    }

/** Taps the middle of this view, and returns when the finger went up. */
internal fun Window.tap(view: View): Long {
    val place = IntArray(2).also(view::getLocationInWindow)
    val (x, y) = place[0] + view.width / 2f to place[1] + view.height / 2f
    val tappedNs = nowNs()
    for (action in listOf(MotionEvent.ACTION_DOWN, MotionEvent.ACTION_UP)) {
        val event = MotionEvent.obtain(SystemClock.uptimeMillis(), SystemClock.uptimeMillis(), action, x, y, 0)
        decorView.dispatchTouchEvent(event)
        event.recycle()
    }
    shadowOf(Looper.getMainLooper()).idle()
    return tappedNs
}

/** Taps it, and a frame answers. */
internal fun ActivityController<*>.taps(view: View) {
    pass(300)
    get().window.tap(view)
    pass(20)
    frame(workMs = 10)
}
