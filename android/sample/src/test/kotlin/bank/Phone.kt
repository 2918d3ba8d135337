package bank

import android.app.Activity
import android.app.Application
import android.content.Intent
import android.os.Bundle
import android.os.Looper
import android.view.FrameMetrics
import android.view.MotionEvent
import android.view.View
import org.robolectric.Robolectric
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import org.robolectric.shadows.FrameMetricsBuilder
import org.robolectric.shadows.ShadowSystemClock
import java.time.Duration

/** All of the callbacks, which do nothing. */
private abstract class SomeLifecycleCallbacks : Application.ActivityLifecycleCallbacks {
    override fun onActivityCreated(
        activity: Activity,
        savedInstanceState: Bundle?,
    ) = Unit

    override fun onActivityStarted(activity: Activity) = Unit

    override fun onActivityResumed(activity: Activity) = Unit

    override fun onActivityPaused(activity: Activity) = Unit

    override fun onActivityStopped(activity: Activity) = Unit

    override fun onActivitySaveInstanceState(
        activity: Activity,
        outState: Bundle,
    ) = Unit

    override fun onActivityDestroyed(activity: Activity) = Unit
}

/**
 * What a phone does around an app: its clock, which is the real one here, the main thread, the stack of Activities, frames and a finger.
 *
 * Owns: when all of that happens. Refuses: to know what the app is (see [Walk]). Runs on the main thread, which is the test's.
 */
internal class Phone {
    private val stack = ArrayDeque<ActivityController<out Activity>>()
    val front: Activity get() = stack.last().get()

    /** When the latest Activity began to be created: after this phone asked for it, and before the second one that listens hears of it. */
    var created = Moment(0, 0)
        private set

    init {
        val after =
            object : SomeLifecycleCallbacks() {
                override fun onActivityPreCreated(
                    activity: Activity,
                    savedInstanceState: Bundle?,
                ) {
                    created = Moment(created.notBefore, System.nanoTime())
                }
            }
        RuntimeEnvironment.getApplication().registerActivityLifecycleCallbacks(after)
    }

    /** Opens the app, with its first frame. Returns when that was presented. */
    fun launch(activity: Class<out Activity>): Long {
        open(Intent().setClassName("bank", activity.name), activity)
        return frame()
    }

    private fun open(
        intent: Intent,
        activity: Class<out Activity>,
    ) {
        val before = stack.lastOrNull()?.pause()
        val controller = Robolectric.buildActivity(activity, intent)
        stack += controller
        created = Moment(System.nanoTime(), Long.MAX_VALUE)
        controller
            .create()
            .start()
            .postCreate(null)
            .resume()
            .visible()
        before?.stop()
        if (before?.get()?.isFinishing == true) {
            before.destroy()
            stack -= before
        }
    }

    /** The customer goes back to the Activity below. */
    fun back() {
        val closed = stack.removeLast()
        closed.get().finish()
        closed.pause()
        stack
            .last()
            .restart()
            .start()
            .resume()
        closed.stop().destroy()
        turn()
        frame()
    }

    /** The customer goes elsewhere. */
    fun leave() {
        stack.last().pause().stop()
        turn()
    }

    /** Lets the main thread do what there is to do, then opens what it asked for. Returns when that was. */
    private fun turn(): Moment {
        val aheadMs = System.nanoTime() / NS_PER_MS - ShadowSystemClock.currentTimeMillis()
        if (aheadMs > 0) ShadowSystemClock.advanceBy(Duration.ofMillis(aheadMs))
        val turned = Moment.of { shadowOf(Looper.getMainLooper()).idle() }
        shadowOf(front).nextStartedActivity?.let { intent ->
            open(intent, Class.forName(intent.component!!.className).asSubclass(Activity::class.java))
        }
        return turned
    }

    /** Waits until [what] is so. Returns when it came to be. */
    fun await(
        what: String,
        isSo: () -> Boolean,
    ): Moment {
        val until = System.nanoTime() + PATIENCE_NS
        while (System.nanoTime() < until) {
            val turned = turn()
            if (isSo()) return turned
            Thread.sleep(1)
        }
        error("$what never came")
    }

    /** Presents a frame, and returns when it was. */
    fun frame(): Long {
        val beganNs = System.nanoTime()
        Thread.sleep(FRAME_MS)
        val workNs = System.nanoTime() - beganNs
        val metrics =
            FrameMetricsBuilder()
                .setMetric(FrameMetrics.INTENDED_VSYNC_TIMESTAMP, beganNs)
                .setMetric(FrameMetrics.DRAW_DURATION, workNs)
                .build()
        shadowOf(front.window).reportOnFrameMetricsAvailable(metrics)
        return beganNs + workNs
    }

    /**
     * Taps this view, whose handler runs; then presents a frame. Returns when the finger went up, and when the frame was presented. A person
     * sees first what there is, so that no frame is due any more.
     */
    fun tap(view: View): Pair<Long, Long> {
        val looked = System.nanoTime() + LOOK_NS
        await("the finger") { System.nanoTime() > looked }
        val place = IntArray(2).also(view::getLocationInWindow)
        val (x, y) = place[0] + view.width / 2f to place[1] + view.height / 2f
        val downMs = System.nanoTime() / NS_PER_MS
        val window = front.window
        var upMs = downMs
        for (action in listOf(MotionEvent.ACTION_DOWN, MotionEvent.ACTION_UP)) {
            upMs = System.nanoTime() / NS_PER_MS
            val event = MotionEvent.obtain(downMs, upMs, action, x, y, 0)
            window.decorView.dispatchTouchEvent(event)
            event.recycle()
            if (action == MotionEvent.ACTION_DOWN) Thread.sleep(FINGER_MS)
        }
        shadowOf(Looper.getMainLooper()).idle()
        return upMs * NS_PER_MS to frame()
    }

    private companion object {
        const val NS_PER_MS = 1_000_000L
        const val FRAME_MS = 6L
        const val FINGER_MS = 40L
        const val LOOK_NS = 150_000_000L
        const val PATIENCE_NS = 20_000_000_000L
    }
}
