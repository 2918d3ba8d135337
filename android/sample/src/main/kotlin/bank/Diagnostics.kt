package bank

import dev.nowait.NoWait
import dev.nowait.Status
import kotlin.time.Duration.Companion.seconds

/** A page of the debug menu: sends what there is, and says what NoWait says of itself. */
public object Diagnostics {
    @JvmStatic
    public fun say(): String {
        val flushed = NoWait.flush(20.seconds).get()
        val status = NoWait.status
        if (status is Status.Failed) return "failed: ${status.problem}"
        val report = NoWait.selfReport().get() ?: return "no report"
        return "complete: ${flushed.complete}, produced: ${report.produced}, dropped: ${report.dropped.values.sum()}"
    }
}
