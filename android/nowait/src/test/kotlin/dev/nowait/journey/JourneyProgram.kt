package dev.nowait.journey

import dev.nowait.Consent
import dev.nowait.JvmPlatform
import dev.nowait.NoWait
import dev.nowait.SelfReport
import dev.nowait.Settings
import dev.nowait.StartResult
import dev.nowait.Status
import dev.nowait.Travel
import dev.nowait.await
import dev.nowait.internal.Face
import dev.nowait.internal.Fact
import dev.nowait.internal.ProcessStart
import java.net.HttpURLConnection
import java.net.URI
import kotlin.time.Duration.Companion.seconds

/**
 * A customer of the sample bank on a plain JVM: one transfer, from the launch to the receipt, measured by the face.
 * Every time is the moment of its signal; the bank really takes its time.
 */
internal class JourneyProgram(
    private val bank: String,
) {
    private val submit = NoWait.action("Transfer.Submit")

    /** Walks the journey and returns what NoWait says about itself. */
    fun walk(
        collector: String,
        appKey: String,
    ): SelfReport {
        val platform = JvmPlatform(start = ProcessStart(System.nanoTime(), visible = true))
        check(Face.start(platform, collector, appKey, Settings()) == StartResult.Started)
        Face.lane.tell(Fact.FOREGROUND, small = 0)
        NoWait.consent(Consent.GRANTED)
        show("Login")
        await("running") { NoWait.status == Status.Running }
        val transfer = NoWait.journey("Transfer").begin()
        tap("Login.Confirm", "Home", "POST /login", "GET /home")
        step(transfer, "Transfer.Form") { tap("Home.Transfer", "Transfer", "GET /transfer", "GET /payees") }
        step(transfer, "Transfer.Confirm") {
            submit.measure { tap("Transfer.Confirm", "Receipt", "POST /confirm", "GET /receipt") }
        }
        transfer.end()
        NoWait.breadcrumb("transfer.done")
        check(NoWait.flush(10.seconds).get().complete) { "the collector did not take everything" }
        val report = checkNotNull(NoWait.selfReport().get())
        check(NoWait.shutdown(10.seconds).get().complete) { "the last batch did not arrive" }
        return report
    }

    private fun step(
        transfer: Travel,
        name: String,
        work: () -> Unit,
    ) {
        transfer.step(name)
        work()
    }

    /** A tap that leads to a screen, which is ready when the bank has answered what it needs. */
    private fun tap(
        target: String,
        screen: String,
        vararg routes: String,
    ) {
        Face.lane.tell(Fact.TOUCH_UP, Face.names.of(target))
        Face.lane.tell(Fact.TOUCH_HANDLED)
        show(screen, *routes)
    }

    private fun show(
        name: String,
        vararg routes: String,
    ) {
        val screen = NoWait.screen(name)
        screen.created()
        frame()
        screen.shown()
        for (route in routes) ask(route)
        frame()
        screen.ready()
    }

    /** A frame that really takes some milliseconds. */
    private fun frame() {
        val startedNs = System.nanoTime()
        Thread.sleep(4)
        Face.lane.tell(Fact.FRAME, atNs = System.nanoTime(), x = startedNs, y = startedNs + 16_666_667)
    }

    private fun ask(route: String) {
        val (method, path) = route.split(' ')
        val request = NoWait.route(route).begin()
        val connection = URI("$bank$path").toURL().openConnection() as HttpURLConnection
        connection.requestMethod = method
        connection.setRequestProperty("x-app-version", "8.2.0")
        request.end(connection.responseCode)
        connection.disconnect()
    }
}

/** Arguments: the bank's address, the collector's address, the app key. */
internal fun main(args: Array<String>) {
    val (bank, collector, appKey) = args
    val report = JourneyProgram(bank).walk(collector, appKey)
    println("session ${report.session}: ${report.produced} events, ${report.dropped.values.sum()} dropped")
}
