package dev.nowait.internal.capture

import android.app.Activity
import android.app.Application
import android.os.Bundle
import android.os.HandlerThread
import android.os.Looper
import dev.nowait.SaysReady
import dev.nowait.internal.Fact
import dev.nowait.internal.Lane
import dev.nowait.internal.Name
import dev.nowait.internal.Names
import java.util.IdentityHashMap

/**
 * Turns the lifecycle of Activities into facts: screens, foreground and background, and when the main
 * thread was idle first.
 *
 * Owns: which Activities live, and how many are started. Refuses: taps and frames (see [WindowCapture]), and rules: what
 * a launch or a screen is, decides the engine. Everything happens on the main thread, and no defect of ours leaves it.
 *
 * @param nowNs the uptime clock
 */
internal class ActivityCapture(
    private val lane: Lane,
    private val names: Names,
    private val screenName: (Activity) -> String,
    private val nowNs: () -> Long = System::nanoTime,
) : Application.ActivityLifecycleCallbacks {
    /** One captured Activity. */
    private class Captured(
        val screen: Name,
        val id: Long,
    ) {
        var isLeft = false
        var window: WindowCapture? = null
    }

    private val living = IdentityHashMap<Activity, Captured>()
    private var started = 0
    private var inForeground = false

    /** Frames are told here, so that the main thread has nothing to do with them. */
    private val frames = HandlerThread("nowait-frames")

    fun install(application: Application) {
        frames.start()
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
        val atNs = nowNs()
        if (!inForeground) foreground(atNs, restored = false)
        val screen = names.of(screenName(activity))
        val captured = Captured(screen, screen.visit.created())
        living[activity] = captured
        lane.tell(Fact.SCREEN_CREATED, captured.screen, atNs = atNs, x = captured.id)
    }

    override fun onActivityStarted(activity: Activity) =
        guarded {
            // An Activity from before the start of NoWait.
            created(activity)
            if (!inForeground) foreground(nowNs(), restored = true)
            started++
            val captured = living.getValue(activity)
            if (captured.window == null) {
                val readyWhenShown = activity !is SaysReady
                val window = WindowCapture(lane, names, captured.screen, captured.id, readyWhenShown, nowNs)
                window.install(activity.window, frames.looper)
                captured.window = window
            }
        }

    override fun onActivityPaused(activity: Activity) =
        guarded {
            // The Activity below comes back now; its destruction may be seconds away.
            if (activity.isFinishing) left(activity)
        }

    override fun onActivityStopped(activity: Activity) =
        guarded {
            started = maxOf(0, started - 1)
            // A new configuration makes the Activity anew at once: the customer never left.
            if (started == 0 && !activity.isChangingConfigurations) background()
        }

    override fun onActivityDestroyed(activity: Activity) =
        guarded {
            left(activity)
            living.remove(activity)?.window?.uninstall()
            // It never started: one that only passes a customer on, or ends in `onCreate`.
            if (living.isEmpty() && inForeground && !activity.isChangingConfigurations) background()
        }

    override fun onActivityResumed(activity: Activity) = Unit

    override fun onActivitySaveInstanceState(
        activity: Activity,
        outState: Bundle,
    ) = Unit

    private fun left(activity: Activity) {
        val captured = living[activity] ?: return
        if (captured.isLeft) return
        captured.isLeft = true
        val earlier = living.values.filter { it.screen === captured.screen && !it.isLeft }.maxOfOrNull { it.id }
        if (earlier != null) captured.screen.visit.backTo(earlier, gone = captured.id)
        lane.tell(Fact.SCREEN_LEFT, atNs = nowNs(), x = captured.id)
    }

    private fun foreground(
        atNs: Long,
        restored: Boolean,
    ) {
        inForeground = true
        lane.tell(Fact.FOREGROUND, small = if (restored) 1 else 0, atNs = atNs)
    }

    private fun background() {
        inForeground = false
        lane.tell(Fact.BACKGROUND, atNs = nowNs())
    }
}

/** Does what we do inside a call of the framework; a defect of ours must not become the app's crash. */
internal inline fun guarded(work: () -> Unit) {
    try {
        work()
    } catch (_: Exception) {
        // One fact is missing; the engine's limits end what it began.
    }
}
