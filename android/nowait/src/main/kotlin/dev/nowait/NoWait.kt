package dev.nowait

import android.app.Application
import android.content.Context
import android.os.Looper
import android.view.View
import dev.nowait.internal.AndroidPlatform
import dev.nowait.internal.BackgroundDelivery
import dev.nowait.internal.Face
import dev.nowait.internal.Fact
import dev.nowait.internal.capture.ActivityCapture
import dev.nowait.internal.capture.HangWatch
import dev.nowait.internal.capture.hideTargets
import dev.nowait.internal.guarded
import java.util.concurrent.Future
import java.util.function.Consumer
import kotlin.time.Duration
import kotlin.time.Duration.Companion.milliseconds
import kotlin.time.Duration.Companion.seconds

/**
 * Measures every moment a customer waits for the app.
 *
 * Nothing here throws, blocks or takes time on the caller's thread. What is told before the engine is up waits for it, up
 * to 256 facts; after [shutdown], and after a start that failed, everything is a no-op. Screens, actions, routes and
 * journeys may be made at any time, also before [start]: make each once, keep it. All of it can be called from Java, and
 * no null from there throws.
 *
 * Names are at most 120 bytes, and at most 1,024 of them exist; one that looks personal becomes `redacted`. So never put
 * an id, an amount or anything that a customer typed into one.
 */
public object NoWait {
    /**
     * Starts NoWait for this process, once; the place for it is `Application.onCreate`, but any process, thread and time will do.
     * Activities and taps are captured from here on, and an own thread brings the engine up.
     *
     * Only the app's main process records, unless [Settings.allProcesses] says otherwise: in any other this answers `Refused`, nothing
     * is loaded, and what is told there goes nowhere but [consent], which holds for all processes.
     *
     * @param context any of the app's
     * @param endpoint the collector, such as `https://telemetry.bank.example`
     * @param appKey what tells the collector whose app this is; no secret
     * @param configure changes of the defaults
     * @return whether it begins; whether the engine came up says [status]
     */
    @JvmSynthetic
    public fun start(
        context: Context,
        endpoint: String,
        appKey: String,
        configure: Settings.() -> Unit,
    ): StartResult =
        try {
            val settings = Settings().apply(configure)
            // Before the app's own `onCreate`, as in a content provider, there may be none.
            when (val application = context as? Application ?: context.applicationContext as? Application) {
                null -> StartResult.Refused("the context has no application yet")
                else -> start(application, endpoint, appKey, settings)
            }
        } catch (problem: Throwable) {
            StartResult.Refused(problem.javaClass.name)
        }

    private fun start(
        application: Application,
        endpoint: String,
        appKey: String,
        settings: Settings,
    ): StartResult {
        val platform = AndroidPlatform(application)
        if (!settings.allProcesses && !platform.isMainProcess()) return Face.standBy(platform, endpoint, appKey, settings)
        val result = Face.start(platform, endpoint, appKey, settings)
        if (result == StartResult.Started && settings.captureActivities && Face.lane.standIn == null) {
            val hangWatch = if (settings.captureHangs) { looper: Looper -> HangWatch(Face.lane, looper) } else null
            ActivityCapture(
                Face.lane,
                Face.names,
                settings.screenName,
                withFragments = settings.captureFragments,
                hangWatch = hangWatch,
                delivery = if (settings.deliverInBackground) { looper -> BackgroundDelivery(application, looper) } else null,
            ).install(application)
        }
        return result
    }

    /** As above, with the defaults. */
    @JvmStatic
    public fun start(
        context: Context,
        endpoint: String,
        appKey: String,
    ): StartResult = start(context, endpoint, appKey) { }

    /** As above, for Java. */
    @JvmStatic
    public fun start(
        context: Context,
        endpoint: String,
        appKey: String,
        configure: Consumer<Settings>,
    ): StartResult = start(context, endpoint, appKey) { configure.accept(this) }

    /** What became of [start]. */
    @JvmStatic
    public val status: Status get() = Face.status

    /** A screen of the app. Activities and Fragments are captured by themselves, under the names that `Settings.screenName` gives them. */
    @JvmStatic
    public fun screen(name: String): Screen = Screen(Face.names.of(name))

    /** A piece of work that the app itself begins and ends. */
    @JvmStatic
    public fun action(name: String): Action = Action(Face.names.of(name))

    /** A route of the bank's server, without ids: `GET /accounts/{id}`. */
    @JvmStatic
    public fun route(name: String): Route = Route(Face.names.of(name))

    /** A banking task such as login or transfer. */
    @JvmStatic
    public fun journey(name: String): Journey = Journey(Face.names.of(name))

    /**
     * Leaves a breadcrumb. It stays on the device unless this process dies; then the last 128 are sent with the exit.
     *
     * @param number of the app's choice
     */
    @JvmStatic
    @JvmOverloads
    public fun breadcrumb(
        name: String,
        number: Long = 0,
    ) {
        Face.lane.tell(Fact.BREADCRUMB, Face.names.of(name), x = number)
    }

    /**
     * From here on nothing tells which part of this view was tapped: a tap on it, or on anything in it, keeps its times and has no target. For a
     * keypad, whose keys one after the other are what the customer types, and for what nobody is to know of. A layout says the same by
     * `android:tag="nowait-excluded"`.
     *
     * Windows with `FLAG_SECURE` need none of it, and neither does a window while a field for a password or a PIN has the focus. Call it on
     * the main thread, with all of a window for its `decorView`.
     */
    @JvmStatic
    public fun exclude(view: View): Unit = guarded { hideTargets(view) }

    /**
     * The customer rated a journey or a touchpoint: the one under way, if it is a journey. See [Journey.rate] for one that ended.
     *
     * @param rating 1 (worst) to 5 (best); anything else is no rating
     */
    @JvmStatic
    public fun rate(
        name: String,
        rating: Int,
    ): Unit = Face.rate(Face.names.of(name), rating)

    /**
     * Whether this is the moment to ask the customer for a rating: NoWait runs, they agreed to be measured, and nobody asked for so
     * many days, in any process or run of the app. True counts as having asked.
     *
     * @param everyDays how often is the bank's to say; 0 is each time. Apple shows its own request for a review at most three times in 365
     *   days, which is once in 122
     */
    @JvmStatic
    @JvmOverloads
    public fun mayAsk(everyDays: Int = 122): Boolean = Face.mayAsk(everyDays)

    /**
     * Takes the customer's decision and remembers it on the device, before [start] and after [shutdown] too. Once NoWait
     * runs, the decision survives whatever ends the process as soon as this returns. Nothing leaves the device before it is
     * granted, and no exchange with the collector begins after a refusal.
     */
    @JvmStatic
    public fun consent(consent: Consent) {
        Face.consent(consent)
    }

    /**
     * Seals and sends everything now. Returns at once; the future says what was achieved, at the latest when [timeout]
     * has passed. What is left stays safe on the device. Never wait for it on the main thread. Four may be under way at once;
     * one more is answered at once, as not complete.
     */
    public fun flush(timeout: Duration): Future<Flushed> = Face.flush(timeout)

    /** As above, within two seconds. */
    @JvmStatic
    public fun flush(): Future<Flushed> = flush(TIMEOUT)

    /** As above, for Java: within so many milliseconds. */
    @JvmStatic
    public fun flush(timeoutMs: Long): Future<Flushed> = flush(timeoutMs.milliseconds)

    /**
     * Ends the session for good: nothing is recorded from this call on, also if the engine is still being brought up; what
     * was told before is sealed and, within [timeout], sent.
     */
    public fun shutdown(timeout: Duration): Future<Flushed> = Face.shutdown(timeout)

    /** As above, within two seconds. */
    @JvmStatic
    public fun shutdown(): Future<Flushed> = shutdown(TIMEOUT)

    /** As above, for Java: within so many milliseconds. */
    @JvmStatic
    public fun shutdown(timeoutMs: Long): Future<Flushed> = shutdown(timeoutMs.milliseconds)

    /**
     * Why nothing arrives, in words: asks nobody, sends nothing, and takes some microseconds once NoWait runs. For a debug menu or the
     * log of a test build.
     */
    @JvmStatic
    public fun doctor(): Diagnosis = Face.doctor()

    /** NoWait's own account of this session so far; null when it is not running. */
    @JvmStatic
    public fun selfReport(): Future<SelfReport?> = Face.selfReport()

    /** Long enough for an answer over a mobile network, and short enough for a test or a job that waits for it. */
    private val TIMEOUT = 2.seconds
}
