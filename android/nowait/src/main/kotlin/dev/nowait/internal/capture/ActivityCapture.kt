package dev.nowait.internal.capture

import android.app.Activity
import android.app.Application
import android.os.Bundle
import android.os.HandlerThread
import android.os.Looper
import dev.nowait.SaysReady
import dev.nowait.internal.BackgroundDelivery
import dev.nowait.internal.Fact
import dev.nowait.internal.Lane
import dev.nowait.internal.Name
import dev.nowait.internal.Names
import dev.nowait.internal.guarded
import java.util.Collections
import java.util.IdentityHashMap

/**
 * Turns the lifecycle of Activities into facts: screens, foreground and background, and when the main
 * thread was idle first.
 *
 * Owns: which Activities live, and which of them are there for the customer; and what a screen is called. Refuses: taps and frames (see
 * [WindowCapture]), what is in an Activity (see [FragmentCapture], [DialogCapture]), and rules: what a launch or a screen is, decides the engine. Everything happens on the main thread,
 * and no defect of ours, nor of what the app gave us to call, leaves it.
 *
 * @param screenName the app's word for an Activity or a Fragment: null to leave it to its class, empty for no screen
 * @param nowNs the uptime clock
 * @param withFragments whether Fragments are screens, too
 * @param hangWatch what asks the main thread for signs of life while the app is in front, from the thread of this looper
 * @param delivery what sees to it that batches leave while the app is not in front, from that thread, too
 */
internal class ActivityCapture(
    private val lane: Lane,
    private val names: Names,
    private val screenName: (Any) -> String?,
    private val nowNs: () -> Long = System::nanoTime,
    withFragments: Boolean = true,
    private val hangWatch: ((Looper) -> HangWatch)? = null,
    private val delivery: ((Looper) -> BackgroundDelivery)? = null,
) : Application.ActivityLifecycleCallbacks {
    /** One captured Activity. */
    private class Captured(
        /** Null for what the app calls no screen. */
        val screen: WindowScreen?,
    ) {
        var isLeft = false
        var window: WindowCapture? = null
    }

    private val living = IdentityHashMap<Activity, Captured>()

    /**
     * Those that were created or came back, and were neither stopped nor destroyed since. The app is in front while there
     * are any. No counter: of an Activity from before the start of NoWait, the first word may be that it stops.
     */
    private val present: MutableSet<Activity> = Collections.newSetFromMap(IdentityHashMap())
    private var inForeground = false

    /** The last one that came to the front. */
    private var front: Captured? = null

    /** Frames are told here, so that the main thread has nothing to do with them. */
    private val frames = HandlerThread("nowait-frames")

    /** Beside the frames: neither takes long. */
    private var hangs: HangWatch? = null
    private var later: BackgroundDelivery? = null

    private val fragments = if (withFragments) FragmentCapture(lane, nowNs, ::nameOf) else null

    fun install(application: Application) {
        frames.start()
        DialogCapture.stage = DialogCapture.Stage(lane, names, frames.looper, nowNs)
        hangs = hangWatch?.invoke(frames.looper)
        later = delivery?.invoke(frames.looper)
        application.registerActivityLifecycleCallbacks(this)
        // A process that a person started makes its first Activity before the main thread has nothing to do.
        Looper.getMainLooper().queue.addIdleHandler {
            guarded { lane.tell(Fact.MAIN_IDLE, atNs = nowNs()) }
            false
        }
    }

    /** Called from Android 10 on, before the Activity's own `onCreate`. */
    override fun onActivityPreCreated(
        activity: Activity,
        savedInstanceState: Bundle?,
    ) = guarded { created(activity) }

    override fun onActivityCreated(
        activity: Activity,
        savedInstanceState: Bundle?,
    ) = guarded { created(activity) }

    private fun created(activity: Activity) {
        if (activity in living) return
        val captured = enter(activity, isOld = false)
        fragments?.let {
            Androidx.watch(activity, it) { captured.window }
            PlatformFragments.watch(activity, it) { captured.window }
        }
    }

    override fun onActivityStarted(activity: Activity) = guarded { seen(activity) }

    override fun onActivityResumed(activity: Activity) =
        guarded {
            val captured = seen(activity)
            // In front again without a creation: it was reordered, or what lay on it is gone.
            if (captured !== front && captured.screen?.isShown == true) cameBack(activity, captured.screen)
            front = captured
        }

    private fun cameBack(
        activity: Activity,
        screen: WindowScreen,
    ) {
        screen.name.visit.cameBack(screen.id)
        lane.tell(Fact.SCREEN_SHOWN, screen.name, atNs = nowNs(), x = screen.id)
        WebTab.cameBack(activity.window.decorView, nowNs())
    }

    override fun onActivityPaused(activity: Activity) =
        guarded {
            // Of an Activity from before the start of NoWait this may be the first word, and it is there still.
            seen(activity)
            // The Activity below comes back now; its destruction may be seconds away.
            if (activity.isFinishing) left(activity)
        }

    override fun onActivityStopped(activity: Activity) = guarded { gone(activity) }

    override fun onActivityDestroyed(activity: Activity) =
        guarded {
            left(activity)
            living.remove(activity)?.window?.uninstall()
            // It never started: one that only passes a customer on, or ends in `onCreate`.
            gone(activity)
        }

    override fun onActivitySaveInstanceState(
        activity: Activity,
        outState: Bundle,
    ) = Unit

    /** The Activity is there, with its content. */
    private fun seen(activity: Activity): Captured {
        // One that nobody told us of is from before the start of NoWait, or that was in its `onCreate`.
        val isOld = activity !in living && activity.window.peekDecorView()?.isAttachedToWindow == true
        val captured = enter(activity, isOld)
        if (captured.window == null) {
            val window = WindowCapture(lane, nowNs)
            // First, so that a window at which that fails is not tried, and its callback not wrapped, again.
            captured.window = window
            captured.screen?.let(window::await)
            with(activity.window) { callback?.let { callback = TouchCallback(it, this, lane, names, nowNs) } }
            window.install(activity.window, frames.looper)
        }
        return captured
    }

    private fun enter(
        activity: Activity,
        isOld: Boolean,
    ): Captured {
        val atNs = nowNs()
        present += activity
        living[activity]?.let { known ->
            if (!inForeground) foreground(atNs, restored = true)
            return known
        }
        val screen =
            nameOf(activity)?.let {
                // Its first frame is that of its window, whenever that is.
                WindowScreen(it, it.visit.created(), readyWhenShown = activity !is SaysReady, sinceNs = Long.MIN_VALUE, wasShown = isOld)
            }
        val captured = Captured(screen)
        living[activity] = captured
        if (isOld) {
            front = captured
            // Before the foreground: a screen that is there already means that the launch is over.
            if (screen != null) lane.tell(Fact.SCREEN_SHOWN, screen.name, atNs = atNs, x = screen.id)
        }
        if (!inForeground) foreground(atNs, restored = isOld)
        if (!isOld && screen != null) lane.tell(Fact.SCREEN_CREATED, screen.name, atNs = atNs, x = screen.id)
        return captured
    }

    /**
     * By the app; where it does not say, or that fails, by [default] or the class. Null where the app says that it is no screen. Never
     * fails itself, which `simpleName` does for some classes.
     */
    private fun nameOf(
        screen: Any,
        default: String? = null,
    ): Name? {
        val said =
            try {
                screenName(screen)
            } catch (_: Throwable) {
                null
            }
        if (said != null) return if (said.isEmpty()) null else names.of(said)
        return names.of(default ?: classOf(screen))
    }

    private fun classOf(screen: Any): String =
        try {
            screen.javaClass.simpleName.ifEmpty { "screen" }
        } catch (_: Throwable) {
            screen.javaClass.name.substringAfterLast('.')
        }

    private fun gone(activity: Activity) {
        // A new configuration makes the Activity anew at once: the customer never left.
        if (present.remove(activity) && present.isEmpty() && !activity.isChangingConfigurations) background()
    }

    private fun left(activity: Activity) {
        val captured = living[activity] ?: return
        if (captured.isLeft) return
        captured.isLeft = true
        if (front === captured) front = null
        val screen = captured.screen ?: return
        val earlier =
            living.values
                .filter { !it.isLeft }
                .mapNotNull { it.screen }
                .filter { it.name === screen.name }
                .maxOfOrNull { it.id }
        if (earlier != null) screen.name.visit.backTo(earlier, gone = screen.id)
        lane.tell(Fact.SCREEN_LEFT, atNs = nowNs(), x = screen.id)
    }

    private fun foreground(
        atNs: Long,
        restored: Boolean,
    ) {
        inForeground = true
        lane.tell(Fact.FOREGROUND, small = if (restored) 1 else 0, atNs = atNs)
        hangs?.start()
        later?.stop()
    }

    private fun background() {
        inForeground = false
        hangs?.stop()
        lane.tell(Fact.BACKGROUND, atNs = nowNs())
        later?.start()
    }
}
