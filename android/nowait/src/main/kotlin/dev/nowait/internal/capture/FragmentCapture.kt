package dev.nowait.internal.capture

import android.os.Handler
import android.os.Looper
import android.view.View
import android.view.ViewTreeObserver
import android.view.Window
import dev.nowait.SaysReady
import dev.nowait.internal.Fact
import dev.nowait.internal.Lane
import dev.nowait.internal.Name
import dev.nowait.internal.guarded
import java.util.IdentityHashMap

/**
 * Turns the lifecycle of Fragments into screens: each view that a Fragment makes is one, from when it comes to the front for the first time
 * until it is gone. One that is hidden comes to the front when it is shown.
 *
 * Knows no androidx (see [AndroidxFragments]): a Fragment is any object here. Refuses those that are never in front, as pages of a
 * pager beside the one that is shown. Everything on the main thread.
 *
 * @param nameOf null for what is no screen
 */
internal class FragmentCapture(
    private val lane: Lane,
    private val nowNs: () -> Long,
    private val nameOf: (fragment: Any, default: String?) -> Name?,
) {
    /** One Fragment, and the view that it has now. */
    private class Captured(
        var beganNs: Long,
    ) {
        /** Whether the main thread did nothing else since. */
        var isInOneGo = true
        var hasSeenView = false
        var screen: WindowScreen? = null

        /** What sees its view hidden and shown. */
        var sight: Sight? = null
    }

    /** Hears whether a view is there to be seen: of a Fragment that is hidden and shown again, nobody else tells. */
    private class Sight(
        private val view: View,
        private val cameInSight: () -> Unit,
    ) : ViewTreeObserver.OnGlobalLayoutListener {
        var isInSight = isVisible()
            private set

        init {
            view.viewTreeObserver.addOnGlobalLayoutListener(this)
        }

        override fun onGlobalLayout() =
            guarded {
                val was = isInSight
                isInSight = isVisible()
                if (isInSight && !was) cameInSight()
            }

        /** The window's own root is no part of it: the framework shows it after all that is in it. */
        private fun isVisible() = generateSequence(view) { it.parent as? View }.all { it.visibility == View.VISIBLE || it.parent !is View }

        fun end() = view.viewTreeObserver.removeOnGlobalLayoutListener(this)
    }

    private val living = IdentityHashMap<Any, Captured>()
    private val main = Handler(Looper.getMainLooper())

    /** It begins to exist. */
    fun created(fragment: Any) {
        living[fragment] = Captured(nowNs()).also(::watch)
    }

    /** It made a view, the first one or another one after it had lost that. */
    fun viewCreated(fragment: Any) {
        val captured = living[fragment] ?: return created(fragment)
        if (captured.hasSeenView) {
            captured.beganNs = nowNs()
            captured.isInOneGo = true
            watch(captured)
        }
        captured.hasSeenView = true
    }

    /** What is prepared in advance keeps nobody waiting: the main thread does other things before it comes to the front. */
    private fun watch(captured: Captured) {
        main.post { captured.isInOneGo = false }
    }

    /**
     * It is in front, for the first time or again.
     *
     * @param default what it is called unless the app says otherwise
     * @param view what it shows; null for a dialog without a view of its own
     * @param dialog the window that it shows itself in, if that is its own
     */
    fun resumed(
        fragment: Any,
        default: String?,
        view: View?,
        dialog: Window?,
        activity: WindowCapture,
    ) {
        if (view == null && dialog == null) return
        val captured = living.getOrPut(fragment) { Captured(nowNs()) }
        captured.hasSeenView = true
        if (view != null && dialog == null) {
            captured.sight?.end()
            captured.sight = Sight(view) { enter(fragment, captured, default, view, null, activity) }
            // One that is hidden is a screen when it is shown.
            if (captured.sight?.isInSight == false) return
        }
        enter(fragment, captured, default, view, dialog, activity)
    }

    private fun enter(
        fragment: Any,
        captured: Captured,
        default: String?,
        view: View?,
        dialog: Window?,
        activity: WindowCapture,
    ) {
        val known = captured.screen
        if (known != null) return cameBack(known, view)
        val name = nameOf(fragment, default) ?: return
        val beganNs = if (captured.isInOneGo) captured.beganNs else nowNs()
        val readyWhenShown = fragment !is SaysReady
        if (dialog != null) return DialogCapture.follow(dialog, name, readyWhenShown, beganNs)
        val screen = WindowScreen(name, name.visit.created(), readyWhenShown, sinceNs = nowNs())
        captured.screen = screen
        lane.tell(Fact.SCREEN_CREATED, name, atNs = beganNs, x = screen.id)
        activity.await(screen)
    }

    private fun cameBack(
        screen: WindowScreen,
        view: View?,
    ) {
        if (!screen.isShown) return
        screen.name.visit.cameBack(screen.id)
        lane.tell(Fact.SCREEN_SHOWN, screen.name, atNs = nowNs(), x = screen.id)
        view?.let { WebTab.cameBack(it, nowNs()) }
    }

    /** Its view is gone, or will not come back. */
    fun left(fragment: Any) {
        val captured = living[fragment] ?: return
        captured.sight?.end()
        captured.sight = null
        captured.screen?.let { lane.tell(Fact.SCREEN_LEFT, atNs = nowNs(), x = it.id) }
        captured.screen = null
    }

    /**
     * It is not in front any more, whatever of it is to be seen.
     *
     * @param isFinishing whether its Activity ends, so that it does not come back
     */
    fun paused(
        fragment: Any,
        isFinishing: Boolean,
    ) {
        if (isFinishing) return left(fragment)
        living[fragment]?.let {
            it.sight?.end()
            it.sight = null
        }
    }

    fun destroyed(fragment: Any) {
        left(fragment)
        living.remove(fragment)
    }

    /** The app goes to another place: what comes to be within half a second has this cause. */
    fun navigated() {
        lane.tell(Fact.NAVIGATION, atNs = nowNs())
    }
}
