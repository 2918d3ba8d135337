package bank

import dev.nowait.NoWait
import dev.nowait.okhttp.Routes
import dev.nowait.okhttp.measured
import okhttp3.OkHttpClient
import okhttp3.Request
import java.io.IOException

private val home = NoWait.screen("Home")

/** What the customer has: asked of the bank, and shown. */
public class Balance(
    private val bank: String,
    client: OkHttpClient = OkHttpClient(),
) {
    private val client = client.measured(Routes.of("/accounts/{id}"))

    /** Opens the screen, which is ready when the balance is there: the balance, or null if the bank does not say it. */
    public fun open(account: String): String? {
        home.created()
        home.shown()
        val request = Request.Builder().url("$bank/accounts/$account").build()
        val balance =
            try {
                client.newCall(request).execute().use { answer -> answer.body?.string().takeIf { answer.isSuccessful } }
            } catch (_: IOException) {
                null
            }
        if (balance == null) home.left() else home.ready()
        return balance
    }
}
