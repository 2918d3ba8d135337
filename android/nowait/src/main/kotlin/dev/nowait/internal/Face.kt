package dev.nowait.internal

import dev.nowait.Consent
import dev.nowait.Diagnosis
import dev.nowait.Flushed
import dev.nowait.SelfReport
import dev.nowait.Settings
import dev.nowait.StartResult
import dev.nowait.Status
import dev.nowait.Transport
import dev.nowait.ffi.StartException
import dev.nowait.ffi.SystemExits
import dev.nowait.ffi.systemExits
import java.util.concurrent.BlockingQueue
import java.util.concurrent.CountDownLatch
import java.util.concurrent.Future
import java.util.concurrent.FutureTask
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.RejectedExecutionException
import java.util.concurrent.SynchronousQueue
import java.util.concurrent.ThreadPoolExecutor
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicLong
import java.util.concurrent.atomic.AtomicReference
import kotlin.time.Duration
import kotlin.time.Duration.Companion.nanoseconds
import kotlin.time.Duration.Companion.seconds
import dev.nowait.ffi.Consent as FfiConsent

/**
 * The state of this process's NoWait, and the threads on which everything that takes time happens.
 *
 * Owns the order of things: load the library, hand over what waited, start the engine; and that no report and no shutdown
 * stands behind what waits for the network. Refuses rules (the engine has them) and Android (see [Platform]).
 */
internal object Face {
    val names: Names = Names()
    val lane: Lane = Lane()

    /** Ids of screens, requests, actions and journeys: never 0, never used twice. Our own: the library comes later. */
    private val ids = AtomicLong(1)
    private val current = AtomicReference<Status>(Status.Off)

    val status: Status get() = lane.standIn?.status ?: current.get()

    /** Opens when the start has an outcome. */
    private val started = CountDownLatch(1)

    /** Whether there is an engine to ask; only written on the face's thread. */
    @Volatile
    private var isUp = false

    /** How batches leave, unless the library sends them itself. */
    @Volatile
    private var host: HostTransport? = null

    /** Whether another process of the app records. */
    @Volatile
    private var isStandingBy = false

    /** What writes the first decision for all processes, where another one records. */
    private val decide = AtomicReference<Runnable?>()

    /** What tells how network and power are; only touched on the face's thread. */
    private var conditions: AutoCloseable? = null

    fun nextId(): Long = ids.getAndIncrement()

    /** Takes everything away from the engine and tells it to this, or with null gives it back; false where there is one, or NoWait runs. */
    fun replaceWith(standIn: StandIn?): Boolean {
        val now = current.get()
        if (standIn != null && (now == Status.Starting || now == Status.Running)) return false
        return lane.replaceWith(standIn).also { if (it) names.forgetVisits() }
    }

    /** Asks for the engine; takes no time on the caller's thread. */
    fun start(
        platform: Platform,
        endpoint: String,
        appKey: String,
        settings: Settings,
    ): StartResult {
        lane.standIn?.let { return if (it.start()) StartResult.Started else StartResult.AlreadyStarted }
        if (isStandingBy) return STANDS_BY
        if (!current.compareAndSet(Status.Off, Status.Starting)) return StartResult.AlreadyStarted
        // First: what it tells waits like everything else, and a start may crash as well.
        if (settings.captureExits) guarded { CrashHandler(lane, names).install() }
        return try {
            thread.execute { bringUp(platform, endpoint, appKey, settings) }
            StartResult.Started
        } catch (problem: Throwable) {
            // No thread is to be had, so little memory is left: the app has other worries.
            lane.discard()
            started.countDown()
            current.compareAndSet(Status.Starting, Status.Failed("no thread: ${problem.javaClass.simpleName}"))
            StartResult.Refused("no thread")
        }
    }

    /** Another process of the app records: this one only takes the customer's decision, and loads nothing before there is one. */
    fun standBy(
        platform: Platform,
        endpoint: String,
        appKey: String,
        settings: Settings,
    ): StartResult {
        if (status == Status.Off && lane.standIn == null) {
            lane.discard()
            isStandingBy = true
            decide.set { writeDecision(platform, endpoint, appKey, settings) }
            if (lane.hasDecision) decideForAll()
        }
        return STANDS_BY
    }

    /** With the first decision; later ones go straight to the file. */
    private fun decideForAll() {
        decide.getAndSet(null)?.let { later(thread, Unit) { it.run() } }
    }

    /** Starts the engine and ends it: it takes over what waits in memory, and from then on a decision is in the file when it returns. */
    private fun writeDecision(
        platform: Platform,
        endpoint: String,
        appKey: String,
        settings: Settings,
    ) {
        lane.load(processStart = null)
        // What the bank keeps itself is the main process's to say.
        val config = platform.config(endpoint, appKey, settings).copy(consent = FfiConsent.PENDING)
        dev.nowait.ffi.start(config, HostTransport { null })
        dev.nowait.ffi.shutdown(DECISION_MS)
    }

    private fun bringUp(
        platform: Platform,
        endpoint: String,
        appKey: String,
        settings: Settings,
    ) {
        try {
            lane.load(platform.processStart())
            // Before the start, which recovers what earlier processes left. Only the question to the system is guarded: where the library
            // itself is broken, its first call says why.
            var exits: SystemExits? = null
            if (settings.captureExits) guarded { exits = platform.systemExits() }
            exits?.let(::systemExits)
            val transport = settings.transport
            val host = if (transport === Transport.NATIVE) null else HostTransport(transport).also { this.host = it }
            dev.nowait.ffi.start(platform.config(endpoint, appKey, settings), host)
            isUp = true
            if (settings.captureConditions) guarded { conditions = platform.watchConditions() }
            // Unless it was shut down meanwhile: what was told before that is delivered, and it stays off.
            current.compareAndSet(Status.Starting, Status.Running)
        } catch (problem: Throwable) {
            lane.discard()
            val why = if (problem is StartException) problem.message.orEmpty() else problem.javaClass.name
            current.compareAndSet(Status.Starting, Status.Failed(why))
            platform.warn(why)
        } finally {
            started.countDown()
        }
    }

    /** No decision (null in Java) changes nothing. */
    fun consent(consent: Consent?) {
        if (consent == null) return
        lane.standIn?.consent(consent) ?: lane.consent(consent.ordinal)
        decideForAll()
    }

    /** Draws a continuation id and tells it of the journey: its text, or null where there is no engine to know it. */
    fun handOver(journey: Long): String? =
        try {
            lane.standIn?.let { return it.handOver() }
            val drawn = if (isUp) dev.nowait.ffi.drawContinuation() else null
            drawn?.also { lane.tell(Fact.HANDED_OVER, x = journey, y = it.number.toLong()) }?.text
        } catch (_: Throwable) {
            // Whatever went wrong in the bridge is not the app's problem.
            null
        }

    /** Tells a customer's rating; what is none of the five is not told. */
    fun rate(
        name: Name,
        rating: Int,
        journey: Long = 0,
    ) {
        if (rating in RATINGS) lane.tell(Fact.RATED, name, small = rating, x = journey)
    }

    fun mayAsk(everyDays: Int): Boolean =
        try {
            lane.standIn?.let { return it.mayAsk(everyDays) }
            val everyMs = TimeUnit.DAYS.toMillis(everyDays.coerceAtLeast(0).toLong())
            status == Status.Running && dev.nowait.ffi.mayAsk(everyMs.toULong())
        } catch (_: Throwable) {
            // Whatever went wrong in the bridge is not the app's problem.
            false
        }

    fun doctor(): Diagnosis {
        val delivery =
            try {
                if (isUp) dev.nowait.ffi.delivery() else null
            } catch (_: Throwable) {
                // Whatever went wrong in the bridge is not the app's problem.
                null
            }
        if (isStandingBy && status == Status.Off) return Doctor.STANDING_BY
        return Doctor.diagnosis(status, delivery, host?.problem, Visit.hasSeenAny)
    }

    fun flush(timeout: Duration): Future<Flushed> {
        if (lane.standIn != null) return answered(NOTHING_LEFT)
        val askedNs = System.nanoTime()
        return later(flushes, NOTHING_SENT) { flushed(timeout, askedNs) }
    }

    private fun flushed(
        timeout: Duration,
        askedNs: Long,
    ): Flushed {
        if (status == Status.Starting) started.await(timeout.inWholeMilliseconds, TimeUnit.MILLISECONDS)
        val left = timeout - (System.nanoTime() - askedNs).nanoseconds
        return if (isUp) flushed(dev.nowait.ffi.flush(milliseconds(left))) else NOTHING_SENT
    }

    /** Whether something stays on the device that could be sent at another time: batches that wait for a network, or were not taken. */
    fun isLeft(): Boolean {
        val delivery = (if (isUp) dev.nowait.ffi.delivery() else null) ?: return false
        val mayLeave = delivery.consent == FfiConsent.GRANTED && !delivery.isOff && !delivery.isSwitchedOff && !delivery.isLeftOut
        return mayLeave && (delivery.isHeld || (delivery.exchanges > 0u && !delivery.isDelivered))
    }

    /** Sends what is left, within the time of a job, and then does [then]; false, and nothing, if NoWait was not started here. */
    fun deliver(then: () -> Unit): Boolean {
        if (lane.standIn != null || status == Status.Off) return false
        val askedNs = System.nanoTime()
        return try {
            flushes.execute {
                guarded { flushed(JOB, askedNs) }
                then()
            }
            true
        } catch (_: Throwable) {
            // Other flushes are under way, and send the same.
            false
        }
    }

    /** Nothing is taken from now on, whatever is under way; what was taken is sealed and sent on the face's thread. */
    fun shutdown(timeout: Duration): Future<Flushed> {
        lane.standIn?.let {
            it.shutdown()
            return answered(NOTHING_LEFT)
        }
        // In this order, which is that of a start under way.
        val isFirst =
            current.compareAndSet(Status.Starting, Status.Stopped) || current.compareAndSet(Status.Running, Status.Stopped)
        if (!isFirst) return answered(NOTHING_SENT)
        lane.close()
        return later(thread, NOTHING_SENT) {
            val wasUp = isUp
            isUp = false
            conditions?.close()
            if (wasUp) flushed(dev.nowait.ffi.shutdown(milliseconds(timeout))) else NOTHING_SENT
        }
    }

    fun selfReport(): Future<SelfReport?> {
        if (lane.standIn != null) return answered(null)
        if (thread.queue.size >= ASKED_MAX || status == Status.Stopped) return answered(null)
        return later(thread, null) { if (isUp) report() else null }
    }

    private fun report(): SelfReport? =
        dev.nowait.ffi.selfReport()?.let {
            SelfReport(
                session = it.session,
                produced = it.produced.toLong(),
                dropped = it.dropped.mapValues { (_, count) -> count.toLong() },
                signalsLost = (it.signalsLost + it.factsRefused.values.sum()).toLong() + lane.lost,
                panicsCaught = it.panicsCaught.toLong(),
            )
        }

    /** Less than nothing is nothing; as an unsigned number it would be for ever. */
    private fun milliseconds(timeout: Duration): ULong = timeout.coerceAtLeast(Duration.ZERO).inWholeMilliseconds.toULong()

    private fun flushed(from: dev.nowait.ffi.Flushed): Flushed = Flushed(from.complete, from.batchesLeft.toLong())

    private fun <T> answered(answer: T): Future<T> = FutureTask { answer }.apply { run() }

    /** Does [work] there, after what was asked there before; [otherwise] if it fails or there is no room. */
    private fun <T> later(
        there: ThreadPoolExecutor,
        otherwise: T,
        work: () -> T,
    ): Future<T> {
        val task =
            FutureTask {
                try {
                    work()
                } catch (_: Throwable) {
                    // Whatever went wrong in the bridge is not the app's problem.
                    otherwise
                }
            }
        return try {
            there.execute(task)
            task
        } catch (_: RejectedExecutionException) {
            answered(otherwise)
        } catch (_: OutOfMemoryError) {
            answered(otherwise)
        }
    }

    /** Starts, reports and shuts down; only the shutdown, which is the last, waits for the network. */
    private val thread = threads("nowait-face", 1, LinkedBlockingQueue())

    /** A flush waits for the network as long as the app lets it, so each has a thread. */
    private val flushes = threads("nowait-flush", FLUSHES_MAX, SynchronousQueue())

    private fun threads(
        name: String,
        max: Int,
        asked: BlockingQueue<Runnable>,
    ): ThreadPoolExecutor =
        ThreadPoolExecutor(max, max, IDLE_SECONDS, TimeUnit.SECONDS, asked) { work ->
            Thread(work, name).apply { isDaemon = true }
        }.apply { allowCoreThreadTimeOut(true) }

    /** `RATINGS` in `core/src/fold/trackers/rating.rs`; a wider number would be another one in the bridge. */
    private val RATINGS = 1..5

    private val NOTHING_LEFT = Flushed(complete = true, batchesLeft = 0)
    private val NOTHING_SENT = Flushed(complete = false, batchesLeft = 0)

    /** Nobody asks for more reports at once; what comes beyond is answered with none. */
    private const val ASKED_MAX = 64

    /** One that the app waits for, and a few that it forgot; what comes beyond is answered as not complete. */
    private const val FLUSHES_MAX = 4

    private val STANDS_BY = StartResult.Refused("only the app's main process records; see Settings.allProcesses")

    /** Long enough for a disk; nothing is sent there. */
    private const val DECISION_MS: ULong = 2_000u

    /** One exchange that drips, and some that do not; the system gives a job ten minutes. */
    private val JOB = 30.seconds

    /** An idle thread costs memory; a new one costs 100 µs. */
    private const val IDLE_SECONDS = 5L
}
