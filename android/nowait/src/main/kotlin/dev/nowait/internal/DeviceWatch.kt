package dev.nowait.internal

import android.content.ComponentCallbacks2
import android.content.Context
import android.content.res.Configuration
import android.os.Build
import android.os.PowerManager
import java.util.function.LongSupplier

/**
 * Leaves a breadcrumb where the device becomes hot or short of memory, so that it stands in the trail of a process that dies.
 *
 * Breadcrumbs, and no condition: a condition decides what waits on the device, which neither does, and labels a whole batch, while
 * these come and go within one. They stay on the device unless the process dies.
 *
 * @param mark takes the name of a breadcrumb and its number
 */
internal class DeviceWatch(
    private val context: Context,
    private val nowNs: LongSupplier = LongSupplier(System::nanoTime),
    private val mark: (String, Long) -> Unit,
) : ComponentCallbacks2,
    AutoCloseable {
    /** Of a type that Android before 10 does not know. */
    private var thermal: Any? = null
    private var trimLevel = 0
    private var trimmedNs = 0L

    fun start() {
        context.registerComponentCallbacks(this)
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.Q) guarded { watchThermal() }
    }

    override fun close() {
        guarded { context.unregisterComponentCallbacks(this) }
        if (thermal != null) guarded { leaveThermal() }
    }

    @ChecksApiLevel
    private fun watchThermal() {
        val power = context.getSystemService(PowerManager::class.java) ?: return
        var told = PowerManager.THERMAL_STATUS_NONE
        val listener =
            PowerManager.OnThermalStatusChangedListener { status ->
                guarded {
                    if (status != told) mark(THERMAL, status.toLong())
                    told = status
                }
            }
        // Heard on the main thread, seldom; it leaves a breadcrumb there, which is one append.
        power.addThermalStatusListener(listener)
        thermal = listener
    }

    @ChecksApiLevel
    private fun leaveThermal() {
        val listener = thermal as PowerManager.OnThermalStatusChangedListener
        context.getSystemService(PowerManager::class.java)?.removeThermalStatusListener(listener)
    }

    override fun onTrimMemory(level: Int) = guarded { trimmed(level) }

    @Deprecated("Android calls it all the same, where it has no other way to say it.")
    @Suppress("DEPRECATION")
    override fun onLowMemory() = guarded { trimmed(ComponentCallbacks2.TRIM_MEMORY_COMPLETE) }

    override fun onConfigurationChanged(newConfig: Configuration) = Unit

    /** A device that is short of memory says so again and again, which must not wash everything else out of the trail. */
    private fun trimmed(level: Int) {
        // That nothing is in front any more is no lack of memory.
        if (level == ComponentCallbacks2.TRIM_MEMORY_UI_HIDDEN) return
        val now = nowNs.asLong
        if (level <= trimLevel && now - trimmedNs < MEMORY_AGAIN_NS) return
        trimLevel = level
        trimmedNs = now
        mark(MEMORY, level.toLong())
    }

    companion object {
        /** With `PowerManager.THERMAL_STATUS_…`, from Android 10 on. */
        const val THERMAL = "device.thermal"

        /** With `ComponentCallbacks2.TRIM_MEMORY_…`, of which Android 14 and newer tell few. */
        const val MEMORY = "device.memory"

        /** A lack of memory that is no worse is told again after so long, which leaves the trail's 128 breadcrumbs to the app. */
        private const val MEMORY_AGAIN_NS = 60_000_000_000L
    }
}
