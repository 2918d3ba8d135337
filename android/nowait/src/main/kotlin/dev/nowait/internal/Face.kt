package dev.nowait.internal

import dev.nowait.Consent
import dev.nowait.Flushed
import dev.nowait.SelfReport
import dev.nowait.Settings
import dev.nowait.StartResult
import dev.nowait.Status
import dev.nowait.ffi.StartException
import dev.nowait.ffi.registerNames
import java.util.concurrent.Future
import java.util.concurrent.FutureTask
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.RejectedExecutionException
import java.util.concurrent.ThreadPoolExecutor
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicBoolean
import java.util.concurrent.atomic.AtomicLong
import kotlin.time.Duration

/**
 * The state of this process's NoWait, and the one thread on which everything that takes time happens.
 *
 * Owns the order of things: open the lane, bring the engine up, tell it the names, hand over what waited. Refuses
 * rules (the engine has them) and Android (see [Platform]).
 */
internal object Face {
    val names: Names = Names()
    val lane: Lane = Lane(names, ::catchUp)

    /** Ids of requests and journeys: never 0, never used twice. */
    private val ids = AtomicLong(1)
    private val claimed = AtomicBoolean()
    private val catchingUp = AtomicBoolean()

    @Volatile
    var status: Status = Status.Off
        private set

    fun nextId(): Long = ids.getAndIncrement()

    /** Begins to take signals and asks for the engine; takes no time on the caller's thread. */
    fun start(
        platform: Platform,
        endpoint: String,
        appKey: String,
        settings: Settings,
    ): StartResult {
        if (!claimed.compareAndSet(false, true)) return StartResult.AlreadyStarted
        status = Status.Starting
        lane.open()
        return try {
            thread.execute { bringUp(platform, endpoint, appKey, settings) }
            StartResult.Started
        } catch (problem: Throwable) {
            // No thread is to be had, so little memory is left: the app has other worries.
            lane.close()
            status = Status.Failed("no thread: ${problem.javaClass.simpleName}")
            StartResult.Refused("no thread")
        }
    }

    private fun bringUp(
        platform: Platform,
        endpoint: String,
        appKey: String,
        settings: Settings,
    ) {
        try {
            val processStart = platform.processStart()
            dev.nowait.ffi.start(platform.config(endpoint, appKey, settings), null)
            if (processStart != null) Native.processStarted(processStart.atNs, processStart.visible)
            status = Status.Running
            introduce()
        } catch (problem: Throwable) {
            lane.close()
            val why = if (problem is StartException) problem.message.orEmpty() else problem.javaClass.name
            status = Status.Failed(why)
            platform.warn(why)
        }
    }

    /** New names were spoken while the engine is up; signals may wait for their ids. */
    private fun catchUp() {
        if (!catchingUp.compareAndSet(false, true)) return
        val asked =
            later(Unit) {
                catchingUp.set(false)
                introduce()
            }
        // Too much was asked already; the next signal tries again.
        if (asked.isCancelled) catchingUp.set(false)
    }

    /** Tells the engine the names it does not know, and then what waited for them. */
    private fun introduce() {
        do {
            val new = names.unregistered()
            val ids = if (new.isEmpty()) emptyList() else registerNames(new.map(Name::text))
            // Without an answer, which only a defect of ours gives, they are `other`: nothing must wait for ever.
            new.forEachIndexed { index, name -> name.id = ids.getOrNull(index)?.toInt() ?: Names.OTHER_ID }
        } while (!lane.handOver())
    }

    /** The name of this text; the engine hears of it before it is used, if there is time. */
    fun name(text: String): Name = names.of(text).also { if (it.id == 0 && status == Status.Running) catchUp() }

    fun consent(consent: Consent) {
        later(Unit) { dev.nowait.ffi.consent(consent.ffi) }
    }

    fun flush(timeout: Duration): Future<Flushed> =
        later(NOTHING_SENT) { flushed(dev.nowait.ffi.flush(timeout.inWholeMilliseconds.toULong())) }

    fun shutdown(timeout: Duration): Future<Flushed> =
        later(NOTHING_SENT) {
            lane.close()
            status = Status.Stopped
            flushed(dev.nowait.ffi.shutdown(timeout.inWholeMilliseconds.toULong()))
        }

    fun selfReport(): Future<SelfReport?> =
        later(null) {
            dev.nowait.ffi.selfReport()?.let {
                SelfReport(
                    session = it.session,
                    produced = it.produced.toLong(),
                    dropped = it.dropped.mapValues { (_, count) -> count.toLong() },
                    signalsLost = it.signalsLost.toLong() + lane.lost,
                    panicsCaught = it.panicsCaught.toLong(),
                )
            }
        }

    private fun flushed(from: dev.nowait.ffi.Flushed): Flushed = Flushed(from.complete, from.batchesLeft.toLong())

    /** Does [work] on the face's thread, after what was asked before; [otherwise] if the engine is not running. */
    private fun <T> later(
        otherwise: T,
        work: () -> T,
    ): Future<T> {
        val task =
            FutureTask {
                try {
                    if (status == Status.Running) work() else otherwise
                } catch (_: Throwable) {
                    // Whatever went wrong in the bridge is not the app's problem.
                    otherwise
                }
            }
        try {
            thread.execute(task)
        } catch (_: RejectedExecutionException) {
            task.cancel(false)
        } catch (_: OutOfMemoryError) {
            task.cancel(false)
        }
        return task
    }

    private val thread =
        ThreadPoolExecutor(1, 1, IDLE_SECONDS, TimeUnit.SECONDS, LinkedBlockingQueue(ASKED_MAX)) { work ->
            Thread(work, "nowait-face").apply { isDaemon = true }
        }.apply { allowCoreThreadTimeOut(true) }

    private val NOTHING_SENT = Flushed(complete = false, batchesLeft = 0)

    /** Nobody asks for more at once; what comes beyond is cancelled. */
    private const val ASKED_MAX = 64

    /** An idle thread costs memory; a new one costs 100 µs. */
    private const val IDLE_SECONDS = 5L
}
