package dev.nowait

import android.content.ComponentCallbacks2
import android.os.Build
import android.os.PowerManager
import dev.nowait.internal.DeviceWatch
import org.junit.Assert.assertEquals
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config

@Config(sdk = [24], manifest = Config.NONE)
class DeviceWatchApi24Test : DeviceWatchTest()

@Config(sdk = [30], manifest = Config.NONE)
class DeviceWatchApi30Test : DeviceWatchTest()

@Config(sdk = [35], manifest = Config.NONE)
class DeviceWatchApi35Test : DeviceWatchTest()

/** What the framework says of heat and memory, as breadcrumbs. */
@RunWith(RobolectricTestRunner::class)
abstract class DeviceWatchTest {
    private val application = RuntimeEnvironment.getApplication()
    private val marks = mutableListOf<Pair<String, Long>>()
    private var nowNs = 1L
    private val watch = DeviceWatch(application, { nowNs }) { name, number -> marks += name to number }

    @Test
    fun heatIsMarkedWithEveryChange() {
        if (Build.VERSION.SDK_INT < Build.VERSION_CODES.Q) return watch.start()
        val power = shadowOf(application.getSystemService(PowerManager::class.java))
        watch.start()
        for (status in listOf(0, 3, 3, 4, 0)) power.setCurrentThermalStatus(status)
        watch.close()
        power.setCurrentThermalStatus(5)
        assertEquals(listOf(3L, 4L, 0L).map { DeviceWatch.THERMAL to it }, marks)
    }

    @Test
    @Suppress("DEPRECATION")
    fun aLackOfMemoryIsMarkedOnceAMinuteUnlessItBecomesWorse() {
        watch.start()
        val said = application
        said.onTrimMemory(ComponentCallbacks2.TRIM_MEMORY_UI_HIDDEN)
        said.onTrimMemory(ComponentCallbacks2.TRIM_MEMORY_RUNNING_LOW)
        repeat(1_000) { said.onTrimMemory(ComponentCallbacks2.TRIM_MEMORY_RUNNING_LOW) }
        said.onTrimMemory(ComponentCallbacks2.TRIM_MEMORY_RUNNING_CRITICAL)
        nowNs += 60_000_000_000
        said.onTrimMemory(ComponentCallbacks2.TRIM_MEMORY_RUNNING_LOW)
        said.onLowMemory()
        watch.close()
        nowNs += 60_000_000_000
        said.onLowMemory()
        assertEquals(listOf(10L, 15L, 10L, 80L).map { DeviceWatch.MEMORY to it }, marks)
    }
}
