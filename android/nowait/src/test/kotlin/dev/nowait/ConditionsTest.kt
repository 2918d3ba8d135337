package dev.nowait

import android.content.Intent
import android.net.ConnectivityManager
import android.net.Network
import android.net.NetworkCapabilities
import android.net.NetworkCapabilities.NET_CAPABILITY_NOT_METERED
import android.net.NetworkCapabilities.NET_CAPABILITY_NOT_ROAMING
import android.net.NetworkCapabilities.TRANSPORT_CELLULAR
import android.net.NetworkCapabilities.TRANSPORT_ETHERNET
import android.net.NetworkCapabilities.TRANSPORT_VPN
import android.net.NetworkCapabilities.TRANSPORT_WIFI
import android.os.Build
import android.os.Looper
import android.os.PowerManager
import dev.nowait.ffi.Conditions
import dev.nowait.internal.ConditionsWatch
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import org.robolectric.shadows.ShadowLooper
import org.robolectric.shadows.ShadowNetworkCapabilities
import java.nio.file.Files
import dev.nowait.ffi.Network as Kind

@Config(sdk = [24], manifest = Config.NONE)
class ConditionsApi24Test : ConditionsTest()

@Config(sdk = [30], manifest = Config.NONE)
class ConditionsApi30Test : ConditionsTest()

@Config(sdk = [35], manifest = Config.NONE)
class ConditionsApi35Test : ConditionsTest()

/** What the framework says of network and power, as the engine hears it, and what comes of it in a report. */
@RunWith(RobolectricTestRunner::class)
abstract class ConditionsTest {
    private val application = RuntimeEnvironment.getApplication()
    private val connectivity = checkNotNull(application.getSystemService(ConnectivityManager::class.java))
    private val network: Network = checkNotNull(connectivity.activeNetwork)

    /** Everything that the system told is heard by this watch. */
    private fun heard(watch: Looper) = shadowOf(watch).idle()

    /** The one of NoWait itself: those of other tests are over. */
    private fun watchOfNoWait() = ShadowLooper.getAllLoopers().single { it.thread.name == "nowait-conditions" && it.thread.isAlive }

    private fun end(
        watch: ConditionsWatch,
        looper: Looper,
    ) {
        watch.close()
        await("the end of its thread") { !looper.thread.isAlive }
    }

    private fun say(
        vararg transports: Int,
        capabilities: List<Int> = emptyList(),
    ) {
        val said = ShadowNetworkCapabilities.newInstance()
        shadowOf(said).clearCapabilities()
        transports.forEach { shadowOf(said).addTransportType(it) }
        for (capability in capabilities) if (isKnown(capability)) shadowOf(said).addCapability(capability)
        shadowOf(connectivity).setNetworkCapabilities(network, said)
        shadowOf(connectivity).networkCallbacks.forEach { it.onCapabilitiesChanged(network, said) }
    }

    /** Before Android 9 no network says whether it is a foreign one. */
    private fun isKnown(capability: Int): Boolean =
        capability != NET_CAPABILITY_NOT_ROAMING || Build.VERSION.SDK_INT >= Build.VERSION_CODES.P

    private fun lose() = shadowOf(connectivity).networkCallbacks.forEach { it.onLost(network) }

    @Test
    fun whatTheSystemSaysIsToldOnce() {
        val told = mutableListOf<Conditions>()
        say(TRANSPORT_WIFI, capabilities = listOf(NET_CAPABILITY_NOT_METERED, NET_CAPABILITY_NOT_ROAMING))
        val watch = ConditionsWatch(application) { told += it }.apply { start() }
        val looper = watch.looper
        heard(looper)
        val wifi = Conditions(Kind.WIFI, metered = false, dataSaver = false, batterySaver = false, roaming = false)
        assertEquals("at once", listOf(wifi), told)

        say(TRANSPORT_VPN, TRANSPORT_CELLULAR, capabilities = listOf(NET_CAPABILITY_NOT_ROAMING))
        heard(looper)
        assertEquals(wifi.copy(network = Kind.CELLULAR, metered = true), told.last())
        say(TRANSPORT_VPN, TRANSPORT_CELLULAR, capabilities = listOf(NET_CAPABILITY_NOT_ROAMING))
        heard(looper)
        assertEquals("nothing new", 2, told.size)

        shadowOf(connectivity).setRestrictBackgroundStatus(ConnectivityManager.RESTRICT_BACKGROUND_STATUS_ENABLED)
        application.sendBroadcast(Intent(ConnectivityManager.ACTION_RESTRICT_BACKGROUND_CHANGED))
        ShadowLooper.idleMainLooper()
        heard(looper)
        assertTrue("${told.last()}", told.last().dataSaver)
        say(TRANSPORT_ETHERNET, capabilities = listOf(NET_CAPABILITY_NOT_METERED, NET_CAPABILITY_NOT_ROAMING))
        heard(looper)
        assertEquals("it covers metered networks", wifi.copy(network = Kind.WIRED), told.last())

        shadowOf(application.getSystemService(PowerManager::class.java)).setIsPowerSaveMode(true)
        application.sendBroadcast(Intent(PowerManager.ACTION_POWER_SAVE_MODE_CHANGED))
        ShadowLooper.idleMainLooper()
        heard(looper)
        assertTrue("${told.last()}", told.last().batterySaver)
        lose()
        heard(looper)
        assertEquals(wifi.copy(network = Kind.OFFLINE, batterySaver = true), told.last())

        val before = told.size
        end(watch, looper)
        say(TRANSPORT_WIFI)
        assertEquals("closed", before, told.size)
        assertTrue(shadowOf(connectivity).networkCallbacks.isEmpty())
    }

    @Test
    fun roamingIsToldWhereTheSystemSaysIt() {
        val told = mutableListOf<Conditions>()
        say(TRANSPORT_CELLULAR)
        val watch = ConditionsWatch(application) { told += it }.apply { start() }
        val looper = watch.looper
        heard(looper)
        end(watch, looper)
        assertEquals(isKnown(NET_CAPABILITY_NOT_ROAMING), told.single().roaming)
    }

    @Test
    fun eventsCarryTheNetworkAndNothingIsTriedWithoutOne() {
        val folder = Files.createTempDirectory("nowait-conditions").toFile()
        Collector(folder).use { collector ->
            say(TRANSPORT_CELLULAR, capabilities = listOf(NET_CAPABILITY_NOT_ROAMING))
            NoWait.start(application, collector.url, collector.appKey) {
                appVersion = "8.2.0"
                consent = Consent.GRANTED
            }
            await("running") { NoWait.status == Status.Running }
            heard(watchOfNoWait())
            NoWait.action("On.Cellular").measure { }
            assertTrue(NoWait.flush(FLUSH_MS).get().complete)
            say(TRANSPORT_WIFI, capabilities = listOf(NET_CAPABILITY_NOT_METERED, NET_CAPABILITY_NOT_ROAMING))
            heard(watchOfNoWait())
            NoWait.action("On.Wifi").measure { }
            assertTrue(NoWait.flush(FLUSH_MS).get().complete)
            lose()
            heard(watchOfNoWait())
            NoWait.action("On.Nothing").measure { }
            assertFalse("nothing is tried", NoWait.flush(1_000).get().complete)

            for ((kind, action) in listOf("cellular" to "On.Cellular", "wifi" to "On.Wifi")) {
                val report = collector.report("--network", kind)
                assertEquals("$kind:\n$report", listOf(action), ACTIONS.filter { "\"$it\"" in report })
            }
        }
        folder.deleteRecursively()
    }

    private companion object {
        const val FLUSH_MS = 10_000L
        val ACTIONS = listOf("On.Cellular", "On.Wifi", "On.Nothing")
    }
}
