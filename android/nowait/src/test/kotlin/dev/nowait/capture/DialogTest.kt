package dev.nowait.capture

import android.app.AlertDialog
import android.app.Dialog
import android.widget.Button
import android.widget.FrameLayout
import dev.nowait.NoWait
import dev.nowait.SaysReady
import dev.nowait.await
import dev.nowait.internal.capture.DialogCapture
import dev.nowait.testing.Replay
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.android.controller.ActivityController
import org.robolectric.annotation.Config
import java.lang.ref.WeakReference

@Config(sdk = [24], manifest = Config.NONE)
class DialogApi24Test : DialogTest()

@Config(sdk = [30], manifest = Config.NONE)
class DialogApi30Test : DialogTest()

@Config(sdk = [35], manifest = Config.NONE)
class DialogApi35Test : DialogTest()

/** Real dialogs of the framework, told to be screens. */
@RunWith(RobolectricTestRunner::class)
abstract class DialogTest : CapturedApp() {
    private lateinit var activity: ActivityController<BankActivity>

    private fun opened() {
        activity = shown<BankActivity>()
        pass(5_000)
    }

    @Test
    fun aDialogThatIsThereIsAScreenUntilItIsDismissed() {
        opened()
        val tapped = activity.tap()
        pass(30)
        val dialog = AlertDialog.Builder(activity.get()).setMessage("Send?").show()
        NoWait.screen("Confirm").follow(dialog)
        idle()
        pass(20)
        dialog.window!!.frame(workMs = 10)
        val screen = screens("Confirm").single()
        assertEquals("done", screen.outcome)
        assertEquals("its cause is the tap", tapped, screen.startedNs)
        assertEquals("which its frame answered", "done", event("tap").outcome)
        assertEquals(id("Confirm"), screenOfARequest())
        dialog.dismiss()
        idle()
        assertEquals(id("BankActivity"), screenOfARequest())
    }

    @Test
    fun aDialogIsFollowedFromBeforeItIsShownAndEachTimeAnew() {
        opened()
        val dialog = Dialog(activity.get())
        NoWait.screen("Confirm").follow(dialog)
        NoWait.screen("Other").follow(dialog)
        pass(60_000)
        assertEquals("not there yet", 1, events("screen").size)
        repeat(2) {
            val shown = nowNs()
            dialog.show()
            idle()
            pass(20)
            dialog.window!!.frame(workMs = 10)
            assertTrue(screens("Confirm").last().startedNs >= shown)
            dialog.dismiss()
            idle()
        }
        assertEquals(listOf("done", "done"), screens("Confirm").map { it.outcome })
    }

    @Test
    fun aDialogThatIsDismissedAtOnceIsNone() {
        opened()
        val dialog = Dialog(activity.get())
        dialog.show()
        NoWait.screen("Confirm").follow(dialog)
        dialog.dismiss()
        idle()
        pass(60_000)
        Replay.tick(nowNs())
        assertEquals(1, events("screen").size)
    }

    @Test
    fun aTapInADialogIsATap() {
        opened()
        val dialog = Dialog(activity.get())
        var confirmed = 0
        val button =
            Button(activity.get()).apply {
                id = android.R.id.button2
                setOnClickListener { confirmed++ }
            }
        dialog.setContentView(FrameLayout(activity.get()).apply { addView(button, FrameLayout.LayoutParams(200, 100)) })
        NoWait.screen("Confirm").follow(dialog)
        dialog.show()
        idle()
        pass(20)
        dialog.window!!.frame(workMs = 10)
        pass(2_000)
        dialog.window!!.tap(button)
        pass(20)
        dialog.window!!.frame(workMs = 10)
        assertEquals(1, confirmed)
        val tap = event("tap")
        assertEquals(listOf(target("button"), id("Confirm")), listOf(tap.name, tap.screen))
        assertEquals("done", tap.outcome)
    }

    private class SlowDialog(
        activity: BankActivity,
    ) : Dialog(activity),
        SaysReady

    @Test
    fun aDialogThatSaysReadyMayBeGivenUpBefore() {
        opened()
        val dialog = SlowDialog(activity.get())
        NoWait.screen("Confirm").follow(dialog)
        dialog.show()
        idle()
        pass(20)
        dialog.window!!.frame(workMs = 10)
        pass(500)
        dialog.dismiss()
        idle()
        assertEquals("abandoned", screens("Confirm").single().outcome)
    }

    /** In a function of its own, so that nothing here holds it. */
    private fun followedAndForgotten(): WeakReference<Dialog> {
        val dialog = Dialog(activity.get())
        NoWait.screen("Confirm").follow(dialog)
        return WeakReference(dialog)
    }

    @Test
    fun aFollowedDialogIsKeptNoLongerThanTheAppKeepsIt() {
        opened()
        val dialog = followedAndForgotten()
        await("its end") {
            System.gc()
            dialog.get() == null
        }
    }

    @Test
    fun whereNothingIsCapturedAFollowedDialogIsJustADialog() {
        opened()
        DialogCapture.stage = null
        val dialog = Dialog(activity.get())
        NoWait.screen("Confirm").follow(dialog)
        val none: Dialog? = null
        NoWait::class.java.getMethod("screen", String::class.java).invoke(null, "Confirm").let {
            it.javaClass.getMethod("follow", Dialog::class.java).invoke(it, none)
        }
        dialog.show()
        dialog.dismiss()
        assertEquals("the Activity alone", 1, events("screen").size)
    }
}
