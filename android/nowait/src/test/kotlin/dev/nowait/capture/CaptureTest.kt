package dev.nowait.capture

import android.app.Activity
import android.app.Application
import android.os.Build
import android.os.Handler
import android.os.Looper
import android.os.SystemClock
import android.view.Display
import android.view.MotionEvent
import android.view.Window
import dev.nowait.NoWait
import dev.nowait.Status
import dev.nowait.await
import dev.nowait.internal.Face
import dev.nowait.internal.Fact
import dev.nowait.internal.capture.ActivityCapture
import dev.nowait.internal.capture.TouchCallback
import dev.nowait.testing.RecordedEvent
import dev.nowait.testing.Replay
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertSame
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Assume.assumeTrue
import org.junit.Before
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import org.robolectric.annotation.Config
import org.robolectric.shadows.ShadowDisplayManager
import org.robolectric.shadows.ShadowLooper
import org.robolectric.shadows.ShadowSystemClock
import java.lang.reflect.Method
import java.lang.reflect.Proxy
import java.time.Duration

@Config(sdk = [24], manifest = Config.NONE)
class CaptureApi24Test : CaptureTest()

@Config(sdk = [30], manifest = Config.NONE)
class CaptureApi30Test : CaptureTest()

@Config(sdk = [35], manifest = Config.NONE)
class CaptureApi35Test : CaptureTest()

/**
 * What real framework classes do, captured by the face, told through the real library: the waits that come of it.
 * Time stands still but for [pass], on the framework's clock and on ours.
 */
@RunWith(RobolectricTestRunner::class)
@Config(shadows = [RatedDisplay::class])
abstract class CaptureTest {
    private val application: Application get() = RuntimeEnvironment.getApplication()

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

    private lateinit var capture: ActivityCapture

    private fun startCapture(screenName: (Activity) -> String = { it.javaClass.simpleName }) {
        capture = ActivityCapture(Face.lane, Face.names, screenName, ::nowNs)
        capture.install(application)
    }

    @Test
    fun anActivityIsShownAndReadyWithItsFirstFrame() {
        val created = nowNs()
        val activity = launch<BankActivity>()
        pass(40)
        activity.frame(workMs = 10)
        val screen = event("screen")
        assertEquals(id("BankActivity"), screen.name)
        assertEquals(created, screen.startedNs)
        assertEquals(nowNs() - created, screen.durationNs)
        assertEquals("done", screen.outcome)
        assertEquals("time to initial display, in microseconds", (nowNs() - created) / 1_000, screen.a)
    }

    @Test
    fun anActivityThatSaysReadyIsReadyWhenItSaysSo() {
        val created = nowNs()
        val activity = launch<SlowActivity>()
        pass(40)
        activity.frame(workMs = 10)
        assertTrue("not ready yet", events("screen").isEmpty())
        pass(500)
        Replay.tick(nowNs())
        tellReady("SlowActivity", nowNs())
        val screen = event("screen")
        assertEquals(nowNs() - created, screen.durationNs)
        assertTrue("shown before", screen.a < screen.durationNs / 1_000)
    }

    @Test
    fun aTapLastsFromTouchUpToTheFirstFrameAfterItsHandler() {
        val activity = shown<BankActivity>()
        val bank = activity.get()
        var handled = 0L
        bank.onConfirm = {
            pass(20)
            handled = nowNs()
        }
        pass(2_000)
        activity.touchDown()
        pass(60)
        val touchUp = nowNs()
        activity.touchUp()
        shadowOf(Looper.getMainLooper()).idle()
        assertEquals("the app's own handler ran", 1, bank.confirmed)
        pass(5)
        activity.frame(workMs = 5)
        val tap = event("tap")
        assertEquals(id("button1"), tap.name)
        assertEquals(id("BankActivity"), tap.screen)
        assertEquals("done", tap.outcome)
        assertEquals(touchUp, tap.startedNs)
        assertEquals(nowNs() - touchUp, tap.durationNs)
        val handlerUs = (handled - touchUp) / 1_000
        assertTrue("told after the handler, at most a frame later: ${tap.a}", tap.a in handlerUs..handlerUs + 16_000)
    }

    @Test
    fun aTapThatNothingAnswersHasNoResponse() {
        val activity = shown<BankActivity>()
        pass(2_000)
        activity.tap()
        pass(4_000)
        Replay.tick(nowNs())
        assertEquals("no_response", event("tap").outcome)
    }

    @Test
    fun aSwipeAndATouchOfNothingAreNoTaps() {
        val activity = shown<BankActivity>()
        pass(2_000)
        activity.touchDown()
        activity.touch(MotionEvent.ACTION_MOVE, downMoved = 100f)
        activity.touchUp(downMoved = 100f)
        activity.touchDown(downMoved = 200f)
        activity.touchUp(downMoved = 200f)
        activity.touchDown()
        activity.touch(MotionEvent.ACTION_CANCEL)
        pass(4_000)
        Replay.tick(nowNs())
        assertTrue(events("tap").isEmpty())
    }

    @Test
    fun aLongPressOfWhatTakesOneIsNoTap() {
        val activity = shown<BankActivity>()
        activity.get().button.setOnLongClickListener { true }
        pass(2_000)
        activity.touchDown()
        pass(1_000)
        activity.touchUp()
        pass(4_000)
        Replay.tick(nowNs())
        assertTrue(events("tap").isEmpty())
    }

    @Test
    fun aReturnIsAHotLaunchAndABackgroundTripInterrupts() {
        val activity = shown<BankActivity>()
        pass(2_000)
        activity.tap()
        pass(100)
        activity.pause().stop()
        assertEquals("interrupted", event("tap").outcome)
        pass(60_000)
        val returned = nowNs()
        activity.restart().start().resume()
        pass(80)
        activity.frame(workMs = 10)
        val launch = events("launch").last()
        assertEquals(HOT, launch.name)
        assertEquals(returned, launch.startedNs)
        assertEquals(nowNs() - returned, launch.durationNs)
    }

    @Test
    fun aNewActivityInALivingProcessIsAWarmLaunch() {
        val first = shown<BankActivity>()
        first.get().finish()
        first.pause().stop().destroy()
        pass(60_000)
        val begun = nowNs()
        shown<BankActivity>()
        val launch = events("launch").last()
        assertEquals(WARM, launch.name)
        assertEquals(begun, launch.startedNs)
    }

    @Test
    fun anotherActivityOnTopIsNoTripToTheBackground() {
        val first = shown<BankActivity>()
        pass(2_000)
        val tapped = first.tap()
        pass(30)
        first.pause()
        val second = launch<SlowActivity>()
        first.stop()
        pass(30)
        second.frame(workMs = 10)
        assertEquals("the frame of the second answers the tap", "done", event("tap").outcome)
        pass(100)
        tellReady("SlowActivity", nowNs())
        val screen = events("screen").last()
        assertEquals(id("SlowActivity"), screen.name)
        assertEquals("its cause is the tap", tapped, screen.startedNs)
        assertTrue("no launch", events("launch").isEmpty())
    }

    @Test
    fun twoActivitiesOfOneClassAreTwoScreens() {
        val first = launch<SlowActivity>()
        pass(40)
        first.frame(workMs = 10)
        tellReady("SlowActivity", nowNs())
        first.pause()
        val created = nowNs()
        val second = launch<SlowActivity>()
        first.stop()
        pass(40)
        second.frame(workMs = 10)
        pass(100)
        tellReady("SlowActivity", nowNs())
        val screens = events("screen")
        assertEquals(listOf("done", "done"), screens.map { it.outcome })
        assertEquals(created, screens.last().startedNs)
        assertEquals(nowNs() - created, screens.last().durationNs)
        // Back to the first, which says again that it is ready, and is left.
        second.get().finish()
        second.pause()
        first.restart().start().resume()
        tellReady("SlowActivity", nowNs())
        second.stop().destroy()
        first.get().finish()
        first.pause().stop().destroy()
        pass(1_000)
        launch<BankActivity>()
        assertEquals("neither stays in front", 0, screenOfARequest())
        assertEquals(2, events("screen").size)
    }

    @Test
    fun aProcessThatAPersonStartedMakesItsScreenBeforeTheMainThreadIsIdle() {
        Face.lane.tell(Fact.PROCESS_STARTED, small = 1, atNs = nowNs())
        pass(300)
        shown<BankActivity>()
        val launch = event("launch")
        assertEquals(COLD, launch.name)
        assertEquals(nowNs() - launch.startedNs, launch.durationNs)
    }

    @Test
    fun aProcessThatWasIdleBeforeItsFirstScreenWasOpenedLater() {
        Face.lane.tell(Fact.PROCESS_STARTED, small = 1, atNs = nowNs())
        pass(300)
        Handler(Looper.getMainLooper()).post { }
        shadowOf(Looper.getMainLooper()).idle()
        pass(2_000)
        val opened = nowNs()
        shown<BankActivity>()
        val launch = event("launch")
        assertEquals(WARM, launch.name)
        assertEquals(opened, launch.startedNs)
    }

    @Test
    fun aRouterBelongsToTheLaunch() {
        Face.lane.tell(Fact.PROCESS_STARTED, small = 1, atNs = nowNs())
        val begun = nowNs()
        pass(300)
        val router = created<RouterActivity>()
        pass(10)
        router.destroy()
        pass(400)
        shown<BankActivity>()
        val launch = event("launch")
        assertEquals(COLD, launch.name)
        assertEquals(begun, launch.startedNs)
        assertEquals(nowNs() - begun, launch.durationNs)
        assertEquals("the router is no screen that was abandoned", id("BankActivity"), event("screen").name)
    }

    @Test
    fun aRouterThatIsDestroyedOnlyAfterTheNextBeganBelongsToTheLaunch() {
        val first = shown<BankActivity>()
        first.pause().stop()
        pass(60_000)
        val launches = events("launch").size
        val begun = nowNs()
        val router = created<RouterActivity>()
        pass(100)
        val next = created<SlowActivity>()
        router.destroy()
        pass(100)
        next
            .start()
            .postCreate(null)
            .resume()
            .visible()
        next.frame(workMs = 10)
        val launch = events("launch").drop(launches).single()
        assertEquals(WARM, launch.name)
        assertEquals(begun, launch.startedNs)
        assertEquals(nowNs() - begun, launch.durationNs)
        assertEquals("in_front", Replay.presence)
    }

    @Test
    fun aRouterThatLeadsNowhereLeavesTheAppInTheBackground() {
        val first = shown<BankActivity>()
        first.pause().stop()
        pass(60_000)
        created<RouterActivity>().destroy()
        assertEquals("background", Replay.presence)
    }

    @Test
    fun aStartWithAnActivityInFrontKnowsWhereTheAppIs() {
        Face.lane.tell(Fact.PROCESS_STARTED, small = 1, atNs = nowNs())
        application.unregisterActivityLifecycleCallbacks(capture)
        val first = launch<BankActivity>()
        pass(6_000)
        startCapture()
        shadowOf(Looper.getMainLooper()).idle()
        pass(9_000)
        first.pause()
        val created = nowNs()
        val second = launch<SlowActivity>()
        first.stop()
        assertEquals("the second is there", "in_front", Replay.presence)
        pass(50)
        second.frame(workMs = 10)
        tellReady("SlowActivity", nowNs())
        val screen = event("screen")
        assertEquals("done", screen.outcome)
        assertEquals(created, screen.startedNs)
        assertTrue("its launch was over, and nobody saw it", events("launch").isEmpty())
        second.get().finish()
        second.pause()
        first.restart().start().resume()
        second.stop().destroy()
        assertEquals("the first is there again", "in_front", Replay.presence)
        assertEquals("and so is its screen", id("BankActivity"), screenOfARequest())
        assertEquals("a return is no creation", 1, events("screen").size)
        first.pause().stop()
        assertEquals("background", Replay.presence)
    }

    @Test
    fun aStartUnderADialogKnowsThatItsActivityStays() {
        application.unregisterActivityLifecycleCallbacks(capture)
        val first = launch<BankActivity>()
        startCapture()
        first.pause()
        val dialog = launch<SlowActivity>()
        dialog.get().finish()
        dialog.pause()
        first.resume()
        dialog.stop().destroy()
        assertEquals("in_front", Replay.presence)
        first.pause().stop()
        assertEquals("background", Replay.presence)
    }

    @Test
    fun aNameThatCannotBeHadHidesNoActivity() {
        application.unregisterActivityLifecycleCallbacks(capture)
        startCapture { if (it is SlowActivity) throw NotImplementedError("a bug of the app") else "Bank" }
        val first = shown<BankActivity>()
        first.pause()
        val second = launch<SlowActivity>()
        first.stop()
        assertEquals("in_front", Replay.presence)
        pass(50)
        second.frame(workMs = 10)
        tellReady("SlowActivity", nowNs())
        assertEquals(listOf("Bank", "SlowActivity").map(::id), events("screen").map { it.name })
        second.pause().stop()
        assertEquals("background", Replay.presence)
    }

    @Test
    fun anActivityThatIsReorderedToTheFrontIsTheScreenInFront() {
        val first = shown<SlowActivity>()
        val visit = Face.names.of("SlowActivity").visit
        val id = visit.current()
        first.pause()
        val second = shown<SlowActivity>()
        first.stop()
        second.pause()
        val third = shown<BankActivity>()
        second.stop()
        assertEquals(id("BankActivity"), screenOfARequest())
        third.pause()
        first.restart().start().resume()
        third.stop()
        assertEquals(id("SlowActivity"), screenOfARequest())
        assertEquals("of two, the one that came to the front", id, visit.current())
        first.pause().stop()
        assertEquals("background", Replay.presence)
    }

    @Test
    fun aFrameIsDueByTheRateThatTheDisplayHasThen() {
        // From Android 12 on, each frame says it itself.
        assumeTrue(Build.VERSION.SDK_INT < Build.VERSION_CODES.S)
        val activity = shown<BankActivity>()
        pass(100)
        activity.frame(workMs = 10)
        changeRefreshRate(120f)
        pass(100)
        activity.frame(workMs = 10)
        changeRefreshRate(60f)
        pass(100)
        activity.frame(workMs = 10)
        activity.pause().stop()
        val frames = event("frames").a
        assertEquals("frames", 4, frames and 0xffff_ffff)
        assertEquals("slow ones", 1, frames ushr 32)
        activity.destroy()
    }

    /** The system tells every listener, each on its own thread. */
    private fun changeRefreshRate(hz: Float) {
        RatedDisplay.hz = hz
        ShadowDisplayManager.changeDisplay(Display.DEFAULT_DISPLAY, if (hz > 60) "w400dp" else "w320dp")
        ShadowLooper.getAllLoopers().filter { it.thread.name == "nowait-frames" && it.thread.isAlive }.forEach { shadowOf(it).idle() }
    }

    @Test
    fun aNewConfigurationIsNoTripToTheBackground() {
        val activity = shown<BankActivity>()
        val launches = events("launch").size
        activity.recreate()
        activity.frame(workMs = 10)
        assertEquals(launches, events("launch").size)
        assertTrue(events("tap").isEmpty())
    }

    /** Whatever the interface of this version has: a method that is forgotten would reach nobody. */
    @Test
    fun whateverTheFrameworkCallsPassesThroughUntouched() {
        val activity = shown<BankActivity>()
        val window = activity.get().window
        val called = mutableListOf<Pair<Method, List<Any?>>>()
        val answer = { method: Method -> if (method.returnType == Boolean::class.java) true else null }
        val app =
            Proxy.newProxyInstance(javaClass.classLoader, arrayOf(Window.Callback::class.java)) { _, method, arguments ->
                called += method to arguments.orEmpty().toList()
                answer(method)
            }
        val ours = TouchCallback(app as Window.Callback, window, Face.lane, Face.names, ::nowNs)
        val methods = Window.Callback::class.java.methods
        for (method in methods) {
            val arguments =
                method.parameterTypes.map<Class<*>, Any?> {
                    when (it) {
                        Int::class.java -> 7
                        Boolean::class.java -> true
                        else -> null
                    }
                }
            assertEquals("$method", answer(method), method.invoke(ours, *arguments.toTypedArray()))
            assertEquals(method to arguments, called.last())
        }
        assertEquals(methods.size, called.size)
        activity.pause().stop().destroy()
    }

    @Test
    fun whatTheAppsOwnCallbackThrowsPassesThroughUntouched() {
        val activity = shown<BankActivity>()
        val thrown = IllegalStateException("a bug of the app")
        val app =
            Proxy.newProxyInstance(javaClass.classLoader, arrayOf(Window.Callback::class.java)) { _, _, _ -> throw thrown }
        val ours = TouchCallback(app as Window.Callback, activity.get().window, Face.lane, Face.names, ::nowNs)
        assertSame(thrown, assertThrows(IllegalStateException::class.java) { ours.dispatchTouchEvent(null) })
        activity.pause().stop().destroy()
    }

    private inline fun <reified T : Activity> created(): ActivityController<T> = Robolectric.buildActivity(T::class.java).create()

    private inline fun <reified T : Activity> launch(): ActivityController<T> =
        created<T>()
            .start()
            .postCreate(null)
            .resume()
            .visible()

    /** Launched, with its first frame presented. */
    private inline fun <reified T : Activity> shown(): ActivityController<T> =
        launch<T>().also {
            pass(50)
            it.frame(workMs = 10)
        }

    /** Where a request that the app makes now belongs to. */
    private fun screenOfARequest(): Int {
        val request = Face.nextId()
        Face.lane.tell(Fact.REQUEST_STARTED, Face.names.of("GET /home"), atNs = nowNs(), x = request)
        pass(50)
        Face.lane.tell(Fact.REQUEST_ENDED, small = 200, atNs = nowNs(), x = request)
        return events("request").last().screen
    }

    private fun events(kind: String): List<RecordedEvent> = Replay.events().filter { it.kind == kind }

    private fun event(kind: String): RecordedEvent = events(kind).single()

    private fun id(name: String): Int =
        Face.names
            .of(name)
            .id
            .also { assertTrue("$name is registered", it != 0) }

    /** Taps the button, and returns when the finger went up. The framework may wait for a frame before it calls the handler. */
    private fun ActivityController<out BankActivity>.tap(): Long {
        touchDown()
        val touchUp = nowNs()
        touchUp()
        shadowOf(Looper.getMainLooper()).idle()
        return touchUp
    }

    private var downMs = 0L

    private fun ActivityController<out BankActivity>.touchDown(downMoved: Float = 0f) {
        downMs = SystemClock.uptimeMillis()
        touch(MotionEvent.ACTION_DOWN, downMoved)
    }

    private fun ActivityController<out BankActivity>.touchUp(downMoved: Float = 0f) = touch(MotionEvent.ACTION_UP, downMoved)

    /** Touches the middle of the button, or a place so far below it. */
    private fun ActivityController<out BankActivity>.touch(
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

    private companion object {
        /** `NameId` in `wire/src/event.rs`. */
        const val COLD = 3
        const val WARM = 4
        const val HOT = 5
    }
}

internal fun nowNs(): Long = SystemClock.uptimeMillis() * 1_000_000

internal fun pass(ms: Long) {
    ShadowSystemClock.advanceBy(Duration.ofMillis(ms))
}
