package dev.nowait.capture

import android.app.Application
import android.os.Looper
import android.os.SystemClock
import android.view.MotionEvent
import dev.nowait.NoWait
import dev.nowait.Status
import dev.nowait.await
import dev.nowait.internal.Face
import dev.nowait.internal.Fact
import dev.nowait.internal.Native
import dev.nowait.internal.capture.ActivityCapture
import dev.nowait.internal.capture.HangWatch
import dev.nowait.testing.RecordedEvent
import dev.nowait.testing.Replay
import org.junit.After
import org.junit.Assert.assertTrue
import org.junit.Before
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import org.robolectric.shadows.ShadowSystemClock
import java.time.Duration

/**
 * An app whose Activities are captured, and what a test does with it: open, touch, present a frame, ask for the events.
 * Time stands still but for [pass], on the framework's clock and on ours.
 */
abstract class CapturedApp {
    internal val application: Application get() = RuntimeEnvironment.getApplication()

    @Before
    fun begin() {
        if (NoWait.status == Status.Off) {
            // Nobody listens there: what is recorded stays on the device.
            NoWait.start(application, "http://127.0.0.1:9", "key") {
                appVersion = "8.2.0"
                captureActivities = false
            }
            await("running") { NoWait.status == Status.Running }
        }
        Replay.begin()
        startCapture()
    }

    @After
    fun end() {
        application.unregisterActivityLifecycleCallbacks(capture)
        Replay.end()
    }

    internal lateinit var capture: ActivityCapture

    /** What asks the main thread for signs of life, where a test wants one. */
    internal open val hangWatch: ((Looper) -> HangWatch)? = null

    internal fun startCapture(screenName: (Any) -> String? = { null }) {
        capture = ActivityCapture(Face.lane, Face.names, screenName, ::nowNs, withFragments = true, hangWatch)
        capture.install(application)
    }

    /** Where a request that the app makes now belongs to. */
    internal fun screenOfARequest(): Int {
        val request = Face.nextId()
        Face.lane.tell(Fact.REQUEST_STARTED, Face.names.of("GET /home"), atNs = nowNs(), x = request)
        pass(50)
        Face.lane.tell(Fact.REQUEST_ENDED, small = 200, atNs = nowNs(), x = request)
        return events("request").last().screen
    }

    internal fun events(kind: String): List<RecordedEvent> = Replay.events().filter { it.kind == kind }

    /** The waits for the screen of this name. */
    internal fun screens(name: String): List<RecordedEvent> = events("screen").filter { it.name == id(name) }

    /** The main thread does all that it has to do now. */
    internal fun idle() = shadowOf(Looper.getMainLooper()).idle()

    internal fun event(kind: String): RecordedEvent = events(kind).single()

    /** Of what may be told of a target. */
    internal fun target(name: String): Int = Native.registerTarget(name)

    internal fun id(name: String): Int =
        Face.names
            .of(name)
            .id
            .also { assertTrue("$name is registered", it != 0) }

    /** Taps the button, and returns when the finger went up. The framework may wait for a frame before it calls the handler. */
    internal fun ActivityController<out BankActivity>.tap(): Long {
        touchDown()
        val touchUp = nowNs()
        touchUp()
        idle()
        return touchUp
    }

    private var downMs = 0L

    internal fun ActivityController<out BankActivity>.touchDown(downMoved: Float = 0f) {
        downMs = SystemClock.uptimeMillis()
        touch(MotionEvent.ACTION_DOWN, downMoved)
    }

    internal fun ActivityController<out BankActivity>.touchUp(downMoved: Float = 0f) = touch(MotionEvent.ACTION_UP, downMoved)

    /** Touches the middle of the button, or a place so far below it. */
    internal fun ActivityController<out BankActivity>.touch(
        action: Int,
        downMoved: Float = 0f,
    ) {
        val button = get().button
        val place = IntArray(2).also(button::getLocationInWindow)
        val (x, y) = place[0] + button.width / 2f to place[1] + button.height / 2f + downMoved
        val event = MotionEvent.obtain(downMs, SystemClock.uptimeMillis(), action, x, y, 0)
        get().window.decorView.dispatchTouchEvent(event)
        event.recycle()
    }
}

internal fun nowNs(): Long = SystemClock.uptimeMillis() * 1_000_000

internal fun pass(ms: Long) {
    ShadowSystemClock.advanceBy(Duration.ofMillis(ms))
}
