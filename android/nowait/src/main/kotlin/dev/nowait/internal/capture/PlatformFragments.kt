@file:Suppress("DEPRECATION", "OVERRIDE_DEPRECATION")

package dev.nowait.internal.capture

import android.app.Activity
import android.app.DialogFragment
import android.app.Fragment
import android.app.FragmentManager
import android.os.Build
import android.os.Bundle
import android.view.View
import dev.nowait.internal.ChecksApiLevel
import dev.nowait.internal.guarded

/**
 * Hears of the platform's own Fragments of one Activity, which apps from before androidx have.
 *
 * Owns: which callback means what. Refuses: what a screen is (see [FragmentCapture]), and systems before Android 8, which tell nobody.
 */
@ChecksApiLevel
internal class PlatformFragments private constructor(
    private val activity: Activity,
    private val fragments: FragmentCapture,
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
    ) = guarded { fragment?.let(fragments::viewCreated) }

    override fun onFragmentResumed(
        manager: FragmentManager?,
        fragment: Fragment?,
    ) = guarded {
        if (fragment == null) return
        val dialog = (fragment as? DialogFragment)?.dialog?.window
        fragments.resumed(fragment, null, fragment.view, dialog, window() ?: return)
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
    ) = guarded { fragment?.let(fragments::destroyed) }

    companion object {
        /** As [Androidx.watch]. */
        @ChecksApiLevel
        fun watch(
            activity: Activity,
            fragments: FragmentCapture,
            window: () -> WindowCapture?,
        ) {
            if (Build.VERSION.SDK_INT < Build.VERSION_CODES.O) return
            activity.fragmentManager?.registerFragmentLifecycleCallbacks(PlatformFragments(activity, fragments, window), true)
        }
    }
}
