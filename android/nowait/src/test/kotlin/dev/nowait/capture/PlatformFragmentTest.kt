@file:Suppress("DEPRECATION", "OVERRIDE_DEPRECATION")

package dev.nowait.capture

import android.app.Activity
import android.app.AlertDialog
import android.app.Dialog
import android.app.DialogFragment
import android.app.Fragment
import android.os.Build
import android.os.Bundle
import android.view.LayoutInflater
import android.view.View
import android.view.ViewGroup
import dev.nowait.testing.Replay
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Assume.assumeTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.android.controller.ActivityController
import org.robolectric.annotation.Config

@Config(sdk = [24], manifest = Config.NONE)
class PlatformFragmentApi24Test : PlatformFragmentTest()

@Config(sdk = [30], manifest = Config.NONE)
class PlatformFragmentApi30Test : PlatformFragmentTest()

@Config(sdk = [35], manifest = Config.NONE)
class PlatformFragmentApi35Test : PlatformFragmentTest()

internal open class OldFragment : Fragment() {
    override fun onCreateView(
        inflater: LayoutInflater?,
        container: ViewGroup?,
        savedInstanceState: Bundle?,
    ): View = View(activity)
}

internal class OldCards : OldFragment()

internal class OldSheet : DialogFragment() {
    override fun onCreateDialog(savedInstanceState: Bundle?): Dialog = AlertDialog.Builder(activity).setMessage("Send?").create()
}

/** Keeps something over a new configuration, as libraries do, and shows nothing. */
internal class OldKeeper : Fragment()

/** The platform's own Fragments, by the real manager of the framework. */
@RunWith(RobolectricTestRunner::class)
abstract class PlatformFragmentTest : CapturedApp() {
    private lateinit var controller: ActivityController<BankActivity>
    private val activity: Activity get() = controller.get()

    private fun opened() {
        controller = shown<BankActivity>()
        idle()
        pass(5_000)
    }

    private fun does(change: android.app.FragmentTransaction.() -> Unit) {
        activity.fragmentManager
            .beginTransaction()
            .apply(change)
            .commit()
        idle()
        pass(20)
        controller.frame(workMs = 10)
    }

    @Test
    fun eachIsAScreenAndOneThatIsHiddenIsWhenItIsShown() {
        assumeTrue(Build.VERSION.SDK_INT >= Build.VERSION_CODES.O)
        opened()
        val (home, cards) = OldFragment() to OldCards()
        does { add(OldKeeper(), "keeper").add(android.R.id.content, home).add(android.R.id.content, cards).hide(cards) }
        assertEquals(listOf("BankActivity", "OldFragment").map(::id), events("screen").map { it.name })
        assertEquals(id("OldFragment"), screenOfARequest())
        pass(40_000)
        Replay.tick(nowNs())
        does { hide(home).show(cards) }
        assertEquals("done", screens("OldCards").single().outcome)
        assertTrue("since it was shown", screens("OldCards").single().durationNs < 1_000_000_000)
        assertEquals(id("OldCards"), screenOfARequest())
        does { hide(cards).show(home) }
        assertEquals("in front again", id("OldFragment"), screenOfARequest())
        assertEquals("which is no wait", 1, screens("OldFragment").size)
    }

    @Test
    fun aDialogIsAScreenInAWindowOfItsOwn() {
        assumeTrue(Build.VERSION.SDK_INT >= Build.VERSION_CODES.O)
        opened()
        val sheet = OldSheet()
        sheet.show(activity.fragmentManager, "sheet")
        idle()
        pass(20)
        sheet.dialog!!.window!!.frame(workMs = 10)
        assertEquals("done", screens("OldSheet").single().outcome)
        assertEquals(id("OldSheet"), screenOfARequest())
        sheet.dismiss()
        idle()
        assertEquals(id("BankActivity"), screenOfARequest())
    }

    @Test
    fun whatNobodyTellsOfHarmsNothing() {
        assumeTrue(Build.VERSION.SDK_INT < Build.VERSION_CODES.O)
        opened()
        does { add(android.R.id.content, OldFragment()) }
        assertEquals(id("BankActivity"), event("screen").name)
    }
}
