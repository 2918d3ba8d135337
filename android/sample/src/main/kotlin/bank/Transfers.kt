package bank

import dev.nowait.NoWait
import dev.nowait.Travel

private val transfer = NoWait.journey("Transfer")
private val submit = NoWait.action("Transfer.Submit")

/** The transfer that the customer is at: a journey over two screens, and what is submitted in it. */
public class Transfers {
    private var way: Travel? = null
    private var begun = NEVER
    private var step = FORM
    private var stepBegun = NEVER

    /** The customer sets out. */
    internal fun begin() {
        way?.abandon()
        begun = Moment.of { way = transfer.begin() }
        step(FORM)
    }

    /** The customer has filled in everything, and [work] hands it to the bank, which calls what it is given. */
    internal fun submit(work: ((Boolean) -> Unit) -> Unit) {
        Truth.tell("step", FORM, stepBegun, step(CONFIRM))
        val began = System.nanoTime()
        val span = submit.begin()
        val spanBegun = Moment(began, System.nanoTime())
        work { taken ->
            Truth.tell("action", "Transfer.Submit", spanBegun, Moment.of { if (taken) span.end() else span.fail() })
        }
    }

    private fun step(name: String): Moment {
        step = name
        stepBegun = Moment.of { way?.step(name) }
        return stepBegun
    }

    /** The customer has the receipt. */
    public fun end() {
        val ended = Moment.of { way?.end() }
        way = null
        Truth.tell("step", step, stepBegun, ended)
        Truth.tell("journey", "Transfer", begun, ended)
        NoWait.breadcrumb("transfer.done")
    }

    private companion object {
        const val FORM = "Transfer.Form"
        const val CONFIRM = "Transfer.Confirm"
        val NEVER = Moment(0, 0)
    }
}
