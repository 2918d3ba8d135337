package dev.nowait.capture

import android.app.Activity
import android.app.Dialog
import android.view.View
import android.webkit.WebView
import android.webkit.WebViewClient
import android.widget.FrameLayout
import androidx.fragment.app.DialogFragment
import androidx.fragment.app.Fragment
import androidx.fragment.app.FragmentActivity
import androidx.fragment.app.FragmentManager
import androidx.navigation.NavController
import androidx.navigation.NavDestination
import androidx.navigation.NavHost
import dev.nowait.NoWait
import dev.nowait.Pages
import dev.nowait.SaysReady
import dev.nowait.internal.capture.PageClient
import dev.nowait.testing.Replay
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.android.controller.ActivityController
import org.robolectric.annotation.Config

@Config(sdk = [24], manifest = Config.NONE)
class FragmentApi24Test : FragmentTest()

@Config(sdk = [30], manifest = Config.NONE)
class FragmentApi30Test : FragmentTest()

@Config(sdk = [35], manifest = Config.NONE)
class FragmentApi35Test : FragmentTest()

/** The manager of an Activity's Fragments: calls whom androidx would call. */
private class Manager : FragmentManager() {
    val heard = mutableListOf<FragmentLifecycleCallbacks>()

    override fun registerFragmentLifecycleCallbacks(
        callbacks: FragmentLifecycleCallbacks,
        recursive: Boolean,
    ) {
        if (recursive) heard += callbacks
    }
}

class MainActivity : FragmentActivity() {
    private val manager = Manager()

    override fun getSupportFragmentManager(): FragmentManager = manager

    private fun each(tell: FragmentManager.FragmentLifecycleCallbacks.() -> Unit) = manager.heard.forEach(tell)

    fun creates(fragment: Fragment) = each { onFragmentPreCreated(manager, fragment, null) }

    fun views(fragment: Fragment) {
        if (fragment.view != null) each { onFragmentViewCreated(manager, fragment, fragment.view, null) }
    }

    fun resumes(fragment: Fragment) = each { onFragmentResumed(manager, fragment) }

    fun pauses(fragment: Fragment) = each { onFragmentPaused(manager, fragment) }

    fun takesViewOf(fragment: Fragment) = each { onFragmentViewDestroyed(manager, fragment) }

    fun destroys(fragment: Fragment) {
        takesViewOf(fragment)
        each { onFragmentDestroyed(manager, fragment) }
    }

    /** All of it in one message of the main thread, as a transaction does it. */
    fun shows(
        fragment: Fragment,
        inflateMs: Long = 30,
    ) {
        creates(fragment)
        pass(inflateMs)
        views(fragment)
        resumes(fragment)
    }
}

open class HomeFragment(
    private val content: View?,
) : Fragment() {
    override fun getView(): View? = content
}

class SlowFragment(
    content: View,
) : HomeFragment(content),
    SaysReady

private class HostFragment(
    content: View,
) : HomeFragment(content),
    NavHost {
    val navigation = Navigation()

    override fun getNavController(): NavController = navigation
}

private class Navigation : NavController() {
    private val listeners = mutableListOf<OnDestinationChangedListener>()
    private var current: NavDestination = Destination("home")

    override fun addOnDestinationChangedListener(listener: OnDestinationChangedListener) {
        listeners += listener
        listener.onDestinationChanged(this, current, null)
    }

    fun goes(route: String?) {
        current = Destination(route)
        listeners.forEach { it.onDestinationChanged(this, current, null) }
    }
}

private class Destination(
    private val template: String?,
) : NavDestination() {
    override fun getRoute(): String? = template
}

private class SheetFragment(
    private val sheet: Dialog,
) : DialogFragment() {
    override fun getDialog(): Dialog = sheet
}

/** What androidx tells of Fragments, and the screens that come of it. Its classes are stand-ins here. */
@RunWith(RobolectricTestRunner::class)
abstract class FragmentTest : CapturedApp() {
    private lateinit var controller: ActivityController<MainActivity>
    private val activity get() = controller.get()

    /** An Activity that was shown some time ago. */
    private fun opened() {
        controller = shown<MainActivity>()
        idle()
        pass(5_000)
    }

    private fun content() = View(activity)

    private fun frameAfter(ms: Long) {
        pass(ms)
        controller.frame(workMs = 10)
    }

    @Test
    fun aFragmentIsAScreenFromItsCreationToTheFirstFrameWithIt() {
        opened()
        val created = nowNs()
        activity.shows(HomeFragment(content()))
        frameAfter(20)
        val screen = screens("HomeFragment").single()
        assertEquals("done", screen.outcome)
        assertEquals(created, screen.startedNs)
        assertEquals(50_000_000, screen.durationNs)
        assertEquals("it is in front", id("HomeFragment"), screenOfARequest())
    }

    @Test
    fun aFrameFromBeforeItIsThereDoesNotShowIt() {
        opened()
        val fragment = HomeFragment(content())
        activity.creates(fragment)
        val before = { controller.frame(workMs = 10) }
        pass(30)
        activity.views(fragment)
        activity.resumes(fragment)
        before()
        assertTrue(screens("HomeFragment").isEmpty())
        frameAfter(16)
        assertEquals("done", screens("HomeFragment").single().outcome)
    }

    @Test
    fun theFirstFragmentOfAnActivityIsInFrontOfIt() {
        controller = created<MainActivity>()
        val home = HomeFragment(content())
        activity.creates(home)
        activity.views(home)
        controller.start().postCreate(null).resume()
        activity.resumes(home)
        controller.visible()
        frameAfter(40)
        assertEquals(listOf("MainActivity", "HomeFragment").map(::id), events("screen").map { it.name })
        assertEquals(id("HomeFragment"), screenOfARequest())
    }

    @Test
    fun aFragmentThatSaysReadyIsReadyWhenItSaysSo() {
        opened()
        activity.shows(SlowFragment(content()))
        frameAfter(20)
        assertTrue(screens("SlowFragment").isEmpty())
        pass(400)
        tellReady("SlowFragment", nowNs())
        assertEquals(450_000_000, screens("SlowFragment").single().durationNs)
    }

    @Test
    fun whatIsPreparedInAdvanceKeepsNobodyWaiting() {
        opened()
        val next = HomeFragment(content())
        activity.creates(next)
        activity.views(next)
        idle()
        pass(60_000)
        Replay.tick(nowNs())
        assertTrue("nobody saw it", screens("HomeFragment").isEmpty())
        val swiped = nowNs()
        activity.resumes(next)
        frameAfter(20)
        assertEquals(swiped, screens("HomeFragment").single().startedNs)
    }

    @Test
    fun aFragmentThatMakesItsViewAnewIsAnotherVisit() {
        opened()
        val home = HomeFragment(content())
        activity.shows(home)
        frameAfter(20)
        activity.pauses(home)
        activity.takesViewOf(home)
        val slow = SlowFragment(content())
        activity.shows(slow)
        frameAfter(20)
        idle()
        activity.destroys(slow)
        assertEquals("abandoned", screens("SlowFragment").single().outcome)
        pass(10_000)
        val back = nowNs()
        activity.views(home)
        activity.resumes(home)
        frameAfter(20)
        assertEquals(2, screens("HomeFragment").size)
        assertEquals(back, screens("HomeFragment").last().startedNs)
        assertEquals(id("HomeFragment"), screenOfARequest())
    }

    @Test
    fun aFragmentComesBackWithItsActivityAndAPageWithIt() {
        opened()
        val web = WebView(activity)
        val holder = FrameLayout(activity).apply { addView(web) }
        activity.setContentView(holder)
        val client = PageClient(WebViewClient(), Pages.of("/loans/{id}"), ::nowNs)
        val home = HomeFragment(holder)
        activity.shows(home)
        frameAfter(20)
        client.onPageStarted(web, "https://www.bank.example/loans/1", null)
        client.onPageCommitVisible(web, "https://www.bank.example/loans/1")
        client.onPageFinished(web, "https://www.bank.example/loans/1")
        controller.pause()
        activity.pauses(home)
        val next = shown<SlowActivity>()
        controller.stop()
        next.get().finish()
        next.pause()
        controller.restart().start().resume()
        pass(1)
        activity.resumes(home)
        next.stop().destroy()
        assertEquals(id("/loans/{id}"), screenOfARequest())
        holder.removeView(web)
        assertEquals(id("HomeFragment"), screenOfARequest())
        assertEquals("a return is no creation", 1, screens("HomeFragment").size)
    }

    @Test
    fun aFragmentIsLeftWithAnActivityThatIsFinished() {
        opened()
        val slow = SlowFragment(content())
        activity.shows(slow)
        activity.finish()
        controller.pause()
        activity.pauses(slow)
        assertEquals("abandoned", screens("SlowFragment").single().outcome)
    }

    @Test
    fun whatHasNoViewIsNoScreen() {
        opened()
        activity.shows(HomeFragment(content = null))
        frameAfter(20)
        assertEquals("the Activity alone", 1, events("screen").size)
    }

    /** As a bank's bottom bar does it: all of them are there, and one is to be seen. */
    @Test
    fun aFragmentThatIsHiddenIsAScreenWhenItIsShown() {
        opened()
        val content = FrameLayout(activity).also(activity::setContentView)
        val (home, cards) = listOf(FrameLayout(activity), FrameLayout(activity)).onEach(content::addView)
        cards.visibility = View.GONE
        idle()
        activity.shows(HomeFragment(View(activity).also(home::addView)))
        val slow = SlowFragment(View(activity).also(cards::addView))
        activity.shows(slow)
        idle()
        frameAfter(20)
        assertEquals(id("HomeFragment"), screenOfARequest())
        pass(60_000)
        Replay.tick(nowNs())
        assertEquals("nobody saw the other one", 2, events("screen").size)
        val hides = { hidden: View, shown: View ->
            hidden.visibility = View.GONE
            shown.visibility = View.VISIBLE
            idle()
            frameAfter(20)
        }
        val tapped = nowNs()
        hides(home, cards)
        tellReady("SlowFragment", nowNs())
        val screen = screens("SlowFragment").single()
        assertTrue("$screen", screen.startedNs >= tapped && screen.durationNs < 1_000_000_000)
        assertEquals(id("SlowFragment"), screenOfARequest())
        hides(cards, home)
        assertEquals("it is in front again", id("HomeFragment"), screenOfARequest())
        assertEquals("which is no wait", 1, screens("HomeFragment").size)
        activity.destroys(slow)
        hides(home, cards)
        assertEquals("nobody hears of what is gone", id("HomeFragment"), screenOfARequest())
    }

    @Test
    fun aDestinationIsCalledByItsRouteAndBeginsWithTheNavigation() {
        opened()
        val host = HostFragment(content())
        activity.shows(host)
        val home = HomeFragment(content()).also { it.parent = host }
        activity.shows(home)
        frameAfter(20)
        assertEquals("the host is none", listOf("MainActivity", "home").map(::id), events("screen").map { it.name })
        pass(5_000)
        val went = nowNs()
        host.navigation.goes("transfer/{id}?from={iban}")
        pass(40)
        val transfer = HomeFragment(content()).also { it.parent = host }
        activity.shows(transfer)
        frameAfter(20)
        assertEquals(went, screens("transfer/{id}").single().startedNs)
        // A graph of numbers alone, as in XML.
        host.navigation.goes(null)
        activity.shows(HomeFragment(content()).also { it.parent = host })
        frameAfter(20)
        assertEquals("done", screens("HomeFragment").single().outcome)
        activity.destroys(host)
    }

    @Test
    fun theAppsOwnNameWinsAndAnEmptyOneIsNoScreen() {
        application.unregisterActivityLifecycleCallbacks(capture)
        startCapture {
            when (it) {
                is SlowFragment -> ""
                is HomeFragment -> "Start"
                is Activity -> ""
                else -> null
            }
        }
        opened()
        val host = HostFragment(content())
        activity.shows(host)
        activity.shows(HomeFragment(content()).also { it.parent = host })
        frameAfter(20)
        activity.shows(SlowFragment(content()))
        frameAfter(20)
        assertEquals(id("Start"), event("screen").name)
        assertEquals("in_front", Replay.presence)
        controller.pause().stop().destroy()
        assertEquals("background", Replay.presence)
    }

    @Test
    fun aBottomSheetIsAScreenInAWindowOfItsOwn() {
        opened()
        val sheet = Dialog(activity)
        val fragment = SheetFragment(sheet)
        val created = nowNs()
        activity.creates(fragment)
        pass(30)
        sheet.show()
        activity.resumes(fragment)
        idle()
        pass(20)
        sheet.window!!.frame(workMs = 10)
        val screen = screens("SheetFragment").single()
        assertEquals(created, screen.startedNs)
        assertEquals(nowNs() - created, screen.durationNs)
        assertEquals(id("SheetFragment"), screenOfARequest())
        sheet.dismiss()
        idle()
        activity.destroys(fragment)
        assertEquals(id("MainActivity"), screenOfARequest())
    }

    @Test
    fun theNameThatASheetIsGivenInTheAppWins() {
        opened()
        val sheet = Dialog(activity)
        NoWait.screen("Transfer.Confirm").follow(sheet)
        val fragment = SheetFragment(sheet)
        activity.creates(fragment)
        sheet.show()
        activity.resumes(fragment)
        idle()
        pass(20)
        sheet.window!!.frame(workMs = 10)
        assertEquals("done", screens("Transfer.Confirm").single().outcome)
        assertEquals("and no other", 2, events("screen").size)
    }

    @Test
    fun whatAndroidxDoesNotSayThrowsNothing() {
        opened()
        val callbacks = (activity.supportFragmentManager as Manager).heard.single()
        for (method in FragmentManager.FragmentLifecycleCallbacks::class.java.declaredMethods) {
            if (!method.isSynthetic) method.invoke(callbacks, *arrayOfNulls<Any>(method.parameterCount))
        }
    }
}
