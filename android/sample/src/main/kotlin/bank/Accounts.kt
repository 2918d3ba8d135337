package bank

import dev.nowait.NoWait

private val screen = NoWait.screen("Accounts")

/** The customer's accounts, from the bank to the screen; apart from that, so that a unit test can have it. */
public class Accounts(
    private val bank: Bank,
) {
    /** Hands the balances to [show]: then the screen is ready. Without an answer it never is. */
    public fun load(show: (String) -> Unit) {
        bank.ask("GET /home") { answer ->
            if (answer != null) {
                show(answer)
                screen.ready()
            }
        }
    }
}
