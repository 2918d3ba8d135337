package dev.nowait.capture

import android.os.Looper
import android.view.MotionEvent
import android.view.View
import android.view.WindowManager
import android.widget.FrameLayout
import dev.nowait.NoWait
import dev.nowait.internal.capture.Touch
import dev.nowait.testing.RecordedEvent
import dev.nowait.testing.Replay
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import org.robolectric.annotation.Config

@Config(sdk = [24], manifest = Config.NONE)
class KeypadApi24Test : KeypadTest()

@Config(sdk = [30], manifest = Config.NONE)
class KeypadApi30Test : KeypadTest()

@Config(sdk = [35], manifest = Config.NONE)
class KeypadApi35Test : KeypadTest()

/** Whoever has all that is told of a keypad cannot tell one PIN from another. */
@RunWith(RobolectricTestRunner::class)
abstract class KeypadTest : CapturedApp() {
    /** Everything that is told of somebody who types this, but for its times. */
    private fun told(
        pin: String,
        protection: Protection,
    ): List<RecordedEvent> {
        Replay.end()
        Replay.begin()
        KeypadActivity.protection = protection
        KeypadActivity.secrets = Secrets(pin, "4111 1111 1111 1111", "Ana Calçada")
        val activity = shown<KeypadActivity>()
        with(activity.get()) {
            activity.taps(card)
            pin(activity, pin)
            activity.taps(confirm)
            assertEquals("the app got it", pin, typed)
            finish()
        }
        activity.pause().stop().destroy()
        return Replay.events()
    }

    private fun KeypadActivity.pin(
        activity: ActivityController<KeypadActivity>,
        pin: String,
    ) {
        this.pin.requestFocus()
        for (digit in pin) activity.taps(keys[digit.digitToInt()])
    }

    /** Each customer has a pace of their own, and each frame a length. */
    private fun List<RecordedEvent>.withoutTimes() = map { it.copy(startedNs = 0, durationNs = 0, a = 0, b = 0) }

    private fun List<RecordedEvent>.taps() = filter { it.kind == "tap" }

    @Test
    fun twoPinsAreToldAlike() {
        for (protection in Protection.entries - Protection.NONE) {
            val told = told("471104", protection)
            assertEquals("$protection", told.withoutTimes(), told("290358", protection).withoutTimes())
            assertEquals("$protection: each tap is a wait all the same", 8, told.taps().size)
            assertTrue("$protection: with its end", told.taps().all { it.outcome == "done" && it.durationNs > 0 })
        }
    }

    /** What the others are protected from. */
    @Test
    fun keysThatNothingProtectsSpellThePin() =
        assertNotEquals(told("471104", Protection.NONE).withoutTimes(), told("290358", Protection.NONE).withoutTimes())

    @Test
    fun whatIsExcludedHasNoTarget() {
        for (protection in listOf(Protection.EXCLUDED, Protection.TAGGED)) {
            val told = told("471104", protection)
            val (card, confirm) = listOf("card_number", "confirm_button").map(::target)
            assertEquals("$protection", listOf(card, 0, 0, 0, 0, 0, 0, confirm), told.taps().map { it.name })
        }
    }

    @Test
    fun whileAPinIsTypedAndWhereNothingMayBeSeenNoTapHasATarget() {
        for (protection in listOf(Protection.PIN_FIELD, Protection.HIDDEN_FIELD)) {
            // The focus is in the field from the beginning.
            assertEquals("$protection", listOf(0), told("471104", protection).taps().map { it.name }.distinct())
        }
        assertEquals(listOf(0), told("471104", Protection.SECURE).taps().map { it.name }.distinct())
        assertEquals(target("card_number"), told("471104", Protection.NAMES).taps().first().name)
        assertEquals(target("pin_key"), told("471104", Protection.NAMES).taps()[3].name)
    }

    @Test
    fun aFieldForAPasswordIsNoTargetWhoeverHasTheFocus() {
        KeypadActivity.protection = Protection.PIN_FIELD
        val activity = shown<KeypadActivity>()
        activity.get().name.requestFocus()
        activity.taps(activity.get().pin)
        activity.get().name.requestFocus()
        activity.taps(activity.get().name)
        assertEquals(listOf(0, target("holder_name")), events("tap").map { it.name })
    }

    /** Draws what it has itself, as Compose does, and asks while a touch is handled whether that may be told. */
    private class Drawn(
        activity: KeypadActivity,
    ) : View(activity) {
        val heard = ArrayList<Boolean>()

        override fun onTouchEvent(event: MotionEvent): Boolean {
            heard += Touch.isSecret
            return true
        }
    }

    @Test
    fun whatDrawsItselfLearnsWhetherATapMayBeTold() {
        KeypadActivity.protection = Protection.NONE
        val activity = shown<KeypadActivity>()
        val parent = FrameLayout(activity.get())
        val drawn = Drawn(activity.get())
        parent.addView(drawn)
        activity.get().addContentView(parent, FrameLayout.LayoutParams(100, 100))
        // It gets its place with the next frame.
        shadowOf(Looper.getMainLooper()).idle()
        activity.taps(drawn)
        activity.get().window.addFlags(WindowManager.LayoutParams.FLAG_SECURE)
        activity.taps(drawn)
        activity.get().window.clearFlags(WindowManager.LayoutParams.FLAG_SECURE)
        activity.taps(drawn)
        NoWait.exclude(parent)
        activity.taps(drawn)
        val atEachUp = drawn.heard.filterIndexed { index, _ -> index % 2 == 1 }
        assertEquals(listOf(false, true, false, true), atEachUp)
        assertFalse("it was of that touch alone", Touch.isSecret)
    }

    @Test
    fun whatIsExcludedWithAllOfItsWindowHasNoTarget() {
        KeypadActivity.protection = Protection.NONE
        val activity = shown<KeypadActivity>()
        NoWait.exclude(activity.get().window.decorView)
        activity.get().name.requestFocus()
        activity.taps(activity.get().confirm)
        assertEquals(0, event("tap").name)
        // As from Java.
        NoWait::class.java.getMethod("exclude", View::class.java).invoke(null, null)
    }
}
