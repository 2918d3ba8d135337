package dev.nowait

import android.app.job.JobInfo
import android.app.job.JobScheduler
import android.app.job.JobService
import android.net.ConnectivityManager
import android.net.NetworkCapabilities
import android.net.NetworkCapabilities.NET_CAPABILITY_NOT_METERED
import android.net.NetworkCapabilities.NET_CAPABILITY_NOT_ROAMING
import android.os.Build
import android.os.HandlerThread
import android.os.PowerManager
import dev.nowait.internal.BackgroundDelivery
import dev.nowait.internal.DeliveryJob
import dev.nowait.internal.Face
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import org.robolectric.shadows.ShadowLooper
import org.robolectric.shadows.ShadowNetworkCapabilities
import java.nio.file.Files
import java.time.Duration

@Config(sdk = [24], manifest = Config.NONE)
class BackgroundDeliveryApi24Test : BackgroundDeliveryTest()

@Config(sdk = [30], manifest = Config.NONE)
class BackgroundDeliveryApi30Test : BackgroundDeliveryTest()

@Config(sdk = [35], manifest = Config.NONE)
class BackgroundDeliveryApi35Test : BackgroundDeliveryTest()

/** What is left on the way to the background, the job that is asked for, and what it delivers to a real `nowait serve`. */
@RunWith(RobolectricTestRunner::class)
abstract class BackgroundDeliveryTest {
    private val application = RuntimeEnvironment.getApplication()
    private val scheduler = checkNotNull(application.getSystemService(JobScheduler::class.java))
    private val thread = HandlerThread("there").apply { start() }
    private var isLeft = true
    private val delivery = BackgroundDelivery(application, thread.looper) { isLeft }

    @After
    fun end() {
        thread.quit()
    }

    private fun pass(ms: Long) = shadowOf(thread.looper).idleFor(Duration.ofMillis(ms))

    private fun jobs(): List<JobInfo> = scheduler.allPendingJobs

    @Test
    fun oneJobIsAskedForAfterATripThatLeftSomething() {
        delivery.start()
        pass(4_999)
        assertTrue("the engine may still send", jobs().isEmpty())
        pass(1)
        delivery.start()
        pass(5_000)
        val job = jobs().single()
        @Suppress("DEPRECATION")
        assertEquals(JobInfo.NETWORK_TYPE_NOT_ROAMING, job.networkType)
        assertEquals(15 * 60_000L, job.minLatencyMillis)
        assertEquals(DeliveryJob::class.java.name, job.service.className)
        assertFalse("it is not repeated", job.isPeriodic)
        assertFalse("and gone with the device's restart", job.isPersisted)
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.O) assertTrue(job.isRequireBatteryNotLow)
        delivery.stop()
        pass(0)
        assertTrue("in front NoWait sends for itself", jobs().isEmpty())
    }

    @Test
    fun noneIsAskedForWhereNothingIsLeftOrTheAppIsBack() {
        isLeft = false
        delivery.start()
        pass(60_000)
        isLeft = true
        delivery.start()
        pass(3_000)
        delivery.stop()
        pass(60_000)
        assertTrue(jobs().isEmpty())
    }

    private fun job(): JobService = Robolectric.buildService(DeliveryJob::class.java).create().get()

    private val connectivity = checkNotNull(application.getSystemService(ConnectivityManager::class.java))

    /** Told to the engine when this returns. */
    private fun network(isThere: Boolean) {
        val watch = ShadowLooper.getAllLoopers().single { it.thread.name == "nowait-conditions" && it.thread.isAlive }
        // It listens by then.
        shadowOf(watch).idle()
        val network = checkNotNull(connectivity.activeNetwork)
        val said = ShadowNetworkCapabilities.newInstance()
        shadowOf(said).addTransportType(NetworkCapabilities.TRANSPORT_WIFI)
        shadowOf(said).addCapability(NET_CAPABILITY_NOT_METERED)
        // Before Android 9 no network says it, and none is a foreign one.
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.P) shadowOf(said).addCapability(NET_CAPABILITY_NOT_ROAMING)
        shadowOf(connectivity).setNetworkCapabilities(network, said)
        for (callback in shadowOf(connectivity).networkCallbacks) {
            if (isThere) callback.onCapabilitiesChanged(network, said) else callback.onLost(network)
        }
        shadowOf(watch).idle()
    }

    @Test
    fun whatWasLeftWithoutANetworkLeavesWithTheJob() {
        assertEquals(Status.Off, NoWait.status)
        assertFalse("without NoWait a job is over at once", job().onStartJob(null) || Face.isLeft())
        val folder = Files.createTempDirectory("nowait-job").toFile()
        Collector(folder).use { collector ->
            NoWait.start(application, collector.url, collector.appKey) {
                appVersion = "8.2.0"
                consent = Consent.GRANTED
            }
            await("running") { NoWait.status == Status.Running }
            network(isThere = false)
            NoWait.action("Pay.Confirm").measure { }
            assertFalse("nothing is tried", NoWait.flush(1_000).get().complete)
            await("it is held") { Face.isLeft() }
            val power = shadowOf(application.getSystemService(PowerManager::class.java))
            power.setIsPowerSaveMode(true)
            assertFalse("the customer asked all apps to wait", job().onStartJob(null))
            power.setIsPowerSaveMode(false)
            network(isThere = true)
            val job = job()
            assertTrue("it takes a while", job.onStartJob(null))
            await("delivered") { !Face.isLeft() && "\"Pay.Confirm\"" in collector.report() }
            assertFalse("and is not started again", job.onStopJob(null))
        }
        folder.deleteRecursively()
    }
}
