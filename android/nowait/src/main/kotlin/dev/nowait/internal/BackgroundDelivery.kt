package dev.nowait.internal

import android.app.Application
import android.app.job.JobInfo
import android.app.job.JobParameters
import android.app.job.JobScheduler
import android.app.job.JobService
import android.content.ComponentName
import android.content.Context
import android.os.Build
import android.os.Handler
import android.os.Looper
import android.os.PowerManager

/**
 * Asks the system for one later moment to send what a trip to the background left on the device: there was no network, or the
 * exchange failed.
 *
 * At most one job a trip, and none where everything left: starting an app's process for it costs a customer's battery more than the batch is
 * worth. It is called off when the app is in front again, which sends for itself.
 *
 * @param there where the system is asked from: any thread but the main one
 * @param isLeft whether something stays that could be sent later
 */
internal class BackgroundDelivery(
    private val application: Application,
    there: Looper,
    private val isLeft: () -> Boolean = Face::isLeft,
) {
    private val there = Handler(there)
    private val ask = Runnable { guarded { if (isLeft()) schedule() } }
    private val callOff = Runnable { guarded { scheduler()?.cancel(JOB_ID) } }

    /** Nothing of the app is in front any more; on the main thread. */
    fun start() {
        there.postDelayed(ask, RUN_MS)
    }

    /** The app is in front; on the main thread. */
    fun stop() {
        there.removeCallbacks(ask)
        there.post(callOff)
    }

    private fun scheduler(): JobScheduler? = application.getSystemService(Context.JOB_SCHEDULER_SERVICE) as? JobScheduler

    @ChecksApiLevel
    private fun schedule() {
        val job =
            JobInfo
                .Builder(JOB_ID, ComponentName(application, DeliveryJob::class.java))
                // A customer's data saver blocks it, too.
                .setRequiredNetworkType(JobInfo.NETWORK_TYPE_NOT_ROAMING)
                .setMinimumLatency(LATENCY_MS)
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.O) job.setRequiresBatteryNotLow(true)
        scheduler()?.schedule(job.build())
    }

    internal companion object {
        /** The number of the job among the app's own: "NoWa". */
        const val JOB_ID = 0x4E6F_5761

        /** The engine's own run of exchanges on the way to the background is over by then, or hangs. */
        const val RUN_MS = 5_000L

        /** Networks that are gone are rarely back sooner, and who comes back to the app does so. */
        private const val LATENCY_MS = 15 * 60_000L
    }
}

/** The moment that [BackgroundDelivery] asked for. Made by the system, in the app's main process. */
internal class DeliveryJob : JobService() {
    override fun onStartJob(params: JobParameters?): Boolean {
        guarded {
            if (isPowerSaved()) return false
            return Face.deliver { guarded { jobFinished(params, false) } }
        }
        return false
    }

    /** The network went away: what is under way ends by itself, and what is left waits for the next time. */
    override fun onStopJob(params: JobParameters?): Boolean = false

    private fun isPowerSaved(): Boolean = (getSystemService(Context.POWER_SERVICE) as? PowerManager)?.isPowerSaveMode == true
}
