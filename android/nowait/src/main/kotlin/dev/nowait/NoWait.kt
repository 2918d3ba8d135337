package dev.nowait

import android.app.Application
import dev.nowait.internal.AndroidPlatform
import dev.nowait.internal.Face
import dev.nowait.internal.Fact
import dev.nowait.internal.capture.ActivityCapture
import java.util.concurrent.Future
import kotlin.time.Duration
import kotlin.time.Duration.Companion.seconds

/**
 * Measures every moment a customer waits for the app.
 *
 * Nothing here throws, blocks or takes time on the caller's thread. What is told before the engine is up waits for it, up
 * to 256 facts; after [shutdown], and after a start that failed, everything is a no-op. Screens, actions, routes and
 * journeys may be made at any time, also before [start]: make each once, keep it.
 *
 * Names are at most 120 bytes, and at most 1,024 of them exist; one that looks personal becomes `redacted`. So never put
 * an id, an amount or anything that a customer typed into one.
 */
public object NoWait {
    /**
     * Starts NoWait for this process, once; the place for it is `Application.onCreate`. Activities and taps are
     * captured from here on, and an own thread brings the engine up.
     *
     * @param endpoint the collector, such as `https://telemetry.bank.example`
     * @param appKey what tells the collector whose app this is; no secret
     * @param configure changes of the defaults
     * @return whether it begins; whether the engine came up says [status]
     */
    public fun start(
        application: Application,
        endpoint: String,
        appKey: String,
        configure: Settings.() -> Unit = {},
    ): StartResult =
        try {
            val settings = Settings().apply(configure)
            val result = Face.start(AndroidPlatform(application), endpoint, appKey, settings)
            if (result == StartResult.Started && settings.captureActivities) {
                ActivityCapture(Face.lane, Face.names, settings.screenName).install(application)
            }
            result
        } catch (problem: Throwable) {
            StartResult.Refused(problem.javaClass.name)
        }

    /** What became of [start]. */
    public val status: Status get() = Face.status

    /** A screen of the app. An Activity is captured by itself, under the name that `Settings.screenName` gives it. */
    public fun screen(name: String): Screen = Screen(Face.names.of(name))

    /** A piece of work that the app itself begins and ends. */
    public fun action(name: String): Action = Action(Face.names.of(name))

    /** A route of the bank's server, without ids: `GET /accounts/{id}`. */
    public fun route(name: String): Route = Route(Face.names.of(name))

    /** A banking task such as login or transfer. */
    public fun journey(name: String): Journey = Journey(Face.names.of(name))

    /**
     * Leaves a breadcrumb. It stays on the device unless this process dies; then the last 128 are sent with the exit.
     *
     * @param number of the app's choice
     */
    public fun breadcrumb(
        name: String,
        number: Long = 0,
    ) {
        Face.lane.tell(Fact.BREADCRUMB, Face.names.of(name), x = number)
    }

    /**
     * Takes the customer's decision and remembers it on the device, before [start] and after [shutdown] too. Once NoWait
     * runs, the decision survives whatever ends the process as soon as this returns. Nothing leaves the device before it is
     * granted, and no exchange with the collector begins after a refusal.
     */
    public fun consent(consent: Consent) {
        Face.consent(consent)
    }

    /**
     * Seals and sends everything now. Returns at once; the future says what was achieved, at the latest when [timeout]
     * has passed. What is left stays safe on the device. Never wait for it on the main thread.
     */
    public fun flush(timeout: Duration = 2.seconds): Future<Flushed> = Face.flush(timeout)

    /**
     * Ends the session for good: nothing is recorded from this call on, also if the engine is still being brought up; what
     * was told before is sealed and, within [timeout], sent.
     */
    public fun shutdown(timeout: Duration = 2.seconds): Future<Flushed> = Face.shutdown(timeout)

    /** NoWait's own account of this session so far; null when it is not running. */
    public fun selfReport(): Future<SelfReport?> = Face.selfReport()
}
