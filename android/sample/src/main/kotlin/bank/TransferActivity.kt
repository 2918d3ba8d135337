package bank

import android.app.Activity
import android.content.Intent
import android.os.Bundle
import android.widget.Button
import android.widget.TextView
import dev.nowait.NoWait
import dev.nowait.SaysReady

private val screen = NoWait.screen("Transfer")

/** Where the customer types an amount. Of use when the form and the payees are there. */
public class TransferActivity :
    Activity(),
    SaysReady {
    private var amount = ""
    private var missing = 2
    private lateinit var payees: TextView
    private lateinit var confirm: Button

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        payees = label(android.R.id.text1)
        confirm = button(android.R.id.button1, "Confirm", ::submit)
        setContentView(column(payees, keypad { amount += it }, confirm))
        for (route in listOf("GET /transfer", "GET /payees")) app.bank.ask(route, ::arrived)
    }

    private fun arrived(answer: String?) {
        if (answer == null || --missing > 0) return
        payees.text = answer
        screen.ready()
    }

    private fun submit() {
        confirm.isEnabled = false
        app.transfers.submit { done ->
            app.bank.ask("POST /confirm") { answer ->
                done(answer != null)
                confirm.isEnabled = true
                if (answer != null) {
                    startActivity(Intent(this, ReceiptActivity::class.java))
                    finish()
                }
            }
        }
    }
}
