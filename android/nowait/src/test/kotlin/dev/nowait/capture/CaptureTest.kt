package dev.nowait.capture

import android.os.Build
import android.os.Handler
import android.os.Looper
import android.view.Display
import android.view.MotionEvent
import android.view.Window
import android.view.WindowManager
import dev.nowait.internal.Face
import dev.nowait.internal.Fact
import dev.nowait.internal.capture.TouchCallback
import dev.nowait.testing.Replay
import org.junit.Assert.assertEquals
import org.junit.Assert.assertSame
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Assume.assumeTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import org.robolectric.shadows.ShadowDisplayManager
import org.robolectric.shadows.ShadowLooper
import java.lang.reflect.Method
import java.lang.reflect.Proxy

@Config(sdk = [24], manifest = Config.NONE)
class CaptureApi24Test : CaptureTest()

@Config(sdk = [30], manifest = Config.NONE)
class CaptureApi30Test : CaptureTest()

@Config(sdk = [35], manifest = Config.NONE)
class CaptureApi35Test : CaptureTest()

/** What real framework classes do, captured by the face, told through the real library: the waits that come of it. */
@RunWith(RobolectricTestRunner::class)
@Config(shadows = [RatedDisplay::class])
abstract class CaptureTest : CapturedApp() {
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
        assertEquals(target("button"), tap.name)
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
    fun aTapInASecureWindowHasNoTarget() {
        val activity = shown<BankActivity>()
        activity.get().window.addFlags(WindowManager.LayoutParams.FLAG_SECURE)
        pass(2_000)
        activity.tap()
        pass(10)
        activity.frame(workMs = 5)
        assertEquals("done", event("tap").outcome)
        assertEquals("nothing of what was touched", 0, event("tap").name)
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

    private companion object {
        /** `NameId` in `wire/src/event.rs`. */
        const val COLD = 3
        const val WARM = 4
        const val HOT = 5
    }
}
