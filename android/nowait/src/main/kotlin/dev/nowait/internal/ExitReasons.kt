package dev.nowait.internal

import android.app.ActivityManager
import android.app.ApplicationExitInfo
import android.content.Context
import android.os.Build
import dev.nowait.ffi.ExitCause
import dev.nowait.ffi.SystemExit
import dev.nowait.ffi.SystemExits

/**
 * What Android remembers of the ends of this app's processes, from Android 11 on.
 *
 * Asked by the engine, on its own thread and only where a dead process left something. Refuses: which of them is whose, and what was
 * told before; the engine knows.
 */
internal class ExitReasons private constructor(
    private val manager: ActivityManager,
) : SystemExits {
    // An exception, or an Error, would reach the engine as nonsense: the bridge does not carry it.
    @ChecksApiLevel
    override fun recent(): List<SystemExit> =
        try {
            manager.getHistoricalProcessExitReasons(null, 0, EXITS_MAX).map(::exit)
        } catch (_: Throwable) {
            emptyList()
        }

    @ChecksApiLevel
    private fun exit(info: ApplicationExitInfo): SystemExit =
        SystemExit(process = info.pid.toUInt(), endedUnixMs = info.timestamp.toULong(), cause = causeOf(info.reason))

    companion object {
        /** Null where Android does not tell. */
        fun of(context: Context): ExitReasons? {
            if (Build.VERSION.SDK_INT < Build.VERSION_CODES.R) return null
            return context.getSystemService(ActivityManager::class.java)?.let(::ExitReasons)
        }

        /** `SYSTEM_EXITS_MAX` in `core/src/limits.rs`; Android remembers 16. */
        private const val EXITS_MAX = 32

        /** Before Android 14 an update of the app counts as requested by the user; nothing else tells them apart. */
        internal fun causeOf(reason: Int): ExitCause =
            when (reason) {
                ApplicationExitInfo.REASON_UNKNOWN -> ExitCause.UNKNOWN
                ApplicationExitInfo.REASON_EXIT_SELF -> ExitCause.EXITED
                ApplicationExitInfo.REASON_SIGNALED -> ExitCause.SIGNAL
                ApplicationExitInfo.REASON_LOW_MEMORY -> ExitCause.LOW_MEMORY
                ApplicationExitInfo.REASON_CRASH -> ExitCause.CRASH
                ApplicationExitInfo.REASON_CRASH_NATIVE -> ExitCause.NATIVE_CRASH
                ApplicationExitInfo.REASON_ANR -> ExitCause.NOT_RESPONDING
                ApplicationExitInfo.REASON_INITIALIZATION_FAILURE -> ExitCause.INITIALIZATION
                ApplicationExitInfo.REASON_PERMISSION_CHANGE -> ExitCause.PERMISSION
                ApplicationExitInfo.REASON_EXCESSIVE_RESOURCE_USAGE -> ExitCause.RESOURCES
                ApplicationExitInfo.REASON_USER_REQUESTED, ApplicationExitInfo.REASON_USER_STOPPED -> ExitCause.USER
                ApplicationExitInfo.REASON_DEPENDENCY_DIED -> ExitCause.DEPENDENCY
                ApplicationExitInfo.REASON_FREEZER -> ExitCause.FREEZER
                ApplicationExitInfo.REASON_PACKAGE_UPDATED -> ExitCause.UPDATE
                else -> ExitCause.OTHER
            }
    }
}
