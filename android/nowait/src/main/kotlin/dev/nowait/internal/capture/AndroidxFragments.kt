package dev.nowait.internal.capture

import android.app.Activity
import android.os.Bundle
import android.view.View
import androidx.fragment.app.DialogFragment
import androidx.fragment.app.Fragment
import androidx.fragment.app.FragmentActivity
import androidx.fragment.app.FragmentManager
import androidx.navigation.NavController
import androidx.navigation.NavDestination
import androidx.navigation.NavHost
import dev.nowait.internal.guarded
import java.util.IdentityHashMap

/** What an app has of androidx, which it need not have. With [AndroidxFragments] and [Destinations] the only place that knows it. */
internal object Androidx {
    // A constant in the very call is what shrinkers rename together with the class.
    private val hasFragments = isThere { Class.forName("androidx.fragment.app.FragmentActivity") }
    private val hasNavigation = isThere { Class.forName("androidx.navigation.NavHost") }

    private inline fun isThere(look: () -> Class<*>): Boolean =
        try {
            look()
            true
        } catch (_: Throwable) {
            false
        }

    /**
     * Hears of the Fragments of this Activity from now on, if it can have any.
     *
     * @param window what captures the Activity's window; it is there before a Fragment is in front
     */
    fun watch(
        activity: Activity,
        fragments: FragmentCapture,
        window: () -> WindowCapture?,
    ) {
        if (!hasFragments || activity !is FragmentActivity) return
        val destinations = if (hasNavigation) Destinations(fragments) else null
        activity.supportFragmentManager?.registerFragmentLifecycleCallbacks(
            AndroidxFragments(activity, fragments, destinations, window),
            true,
        )
    }
}

/** Hears of the Fragments of one Activity, and of theirs. */
internal class AndroidxFragments(
    private val activity: Activity,
    private val fragments: FragmentCapture,
    private val destinations: Destinations?,
    private val window: () -> WindowCapture?,
) : FragmentManager.FragmentLifecycleCallbacks() {
    override fun onFragmentPreCreated(
        manager: FragmentManager?,
        fragment: Fragment?,
        savedInstanceState: Bundle?,
    ) = guarded { fragment?.let(fragments::created) }

    override fun onFragmentViewCreated(
        manager: FragmentManager?,
        fragment: Fragment?,
        view: View?,
        savedInstanceState: Bundle?,
    ) = guarded {
        if (fragment == null) return
        destinations?.watch(fragment)
        fragments.viewCreated(fragment)
    }

    override fun onFragmentResumed(
        manager: FragmentManager?,
        fragment: Fragment?,
    ) = guarded {
        // What holds the destinations is none itself.
        if (fragment == null || destinations?.isHost(fragment) == true) return
        val route = fragment.parentFragment?.let { destinations?.routeIn(it) }
        val dialog = (fragment as? DialogFragment)?.dialog?.window
        fragments.resumed(fragment, route, fragment.view, dialog, window() ?: return)
    }

    override fun onFragmentPaused(
        manager: FragmentManager?,
        fragment: Fragment?,
    ) = guarded { fragment?.let { fragments.paused(it, activity.isFinishing) } }

    override fun onFragmentViewDestroyed(
        manager: FragmentManager?,
        fragment: Fragment?,
    ) = guarded { fragment?.let(fragments::left) }

    override fun onFragmentDestroyed(
        manager: FragmentManager?,
        fragment: Fragment?,
    ) = guarded {
        if (fragment == null) return
        destinations?.forget(fragment)
        fragments.destroyed(fragment)
    }
}

/** Where Navigation is in the hosts of one Activity, by the templates of its routes. */
internal class Destinations(
    private val fragments: FragmentCapture,
) {
    private class Host : NavController.OnDestinationChangedListener {
        var isAdded = false
        var route: String? = null
        var navigated: () -> Unit = {}

        override fun onDestinationChanged(
            controller: NavController?,
            destination: NavDestination?,
            arguments: Bundle?,
        ) = guarded {
            // A version before 2.4 has no routes.
            route = null
            // The first one is told at once, and nobody went there.
            if (isAdded) navigated()
            route = destination?.route?.substringBefore('?')
        }
    }

    private val hosts = IdentityHashMap<Any, Host>()

    fun isHost(fragment: Any): Boolean = fragment is NavHost

    fun watch(fragment: Any) {
        if (fragment !is NavHost || fragment in hosts) return
        val host = Host()
        host.navigated = fragments::navigated
        hosts[fragment] = host
        fragment.navController?.addOnDestinationChangedListener(host)
        host.isAdded = true
    }

    /** Null where there is none: destinations that have only a number, and what is no host. */
    fun routeIn(fragment: Any): String? = hosts[fragment]?.route?.takeIf { it.isNotEmpty() }

    fun forget(fragment: Any) {
        hosts.remove(fragment)
    }
}
