package bank

import android.app.Application
import dev.nowait.Consent
import dev.nowait.NoWait
import dev.nowait.Status
import kotlin.time.Duration.Companion.seconds

private val transfer = NoWait.journey("Transfer")
private val submit = NoWait.action("Transfer.Submit")

/** What a customer of the sample bank does, with all that NoWait is told of it. */
public object Teller {
    /** Opens the app, transfers, and says what became of it. */
    @JvmStatic
    public fun serve(
        application: Application,
        collector: String,
        appKey: String,
        bank: String,
    ): String {
        NoWait.consent(Consent.GRANTED)
        NoWait.start(application, collector, appKey) { appVersion = "8.2.0" }
        Balance(bank).open("4711") ?: return "no balance"
        val way = transfer.begin()
        way.step("Transfer.Form")
        submit.measure { check(collector.isNotEmpty()) }
        runCatching { submit.measure { error("the bank said no") } }
        way.end()
        NoWait.breadcrumb("transfer.done")
        val flushed = NoWait.flush(20.seconds).get()
        val status = NoWait.status
        if (status is Status.Failed) return "failed: ${status.problem}"
        val report = NoWait.selfReport().get() ?: return "no report"
        return "complete: ${flushed.complete}, produced: ${report.produced}, dropped: ${report.dropped.values.sum()}"
    }
}
