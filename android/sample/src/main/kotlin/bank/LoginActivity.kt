package bank

import android.app.Activity
import android.content.Intent
import android.os.Bundle
import android.view.WindowManager

/** Where the customer types a PIN. Of taps in this window nobody learns the target. */
public class LoginActivity : Activity() {
    private var pin = ""

    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        window.addFlags(WindowManager.LayoutParams.FLAG_SECURE)
        setContentView(column(keypad { pin += it }, button(android.R.id.button1, "Sign in", ::signIn)))
    }

    private fun signIn() {
        app.bank.ask("POST /login") { answer ->
            if (answer != null) {
                startActivity(Intent(this, HomeActivity::class.java))
                finish()
            }
        }
    }
}
