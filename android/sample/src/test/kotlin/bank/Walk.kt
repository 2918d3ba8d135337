package bank

import android.view.View
import android.view.ViewGroup
import android.webkit.WebView
import android.widget.Button
import android.widget.TextView
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import java.net.HttpURLConnection
import java.net.URI
import java.util.concurrent.CompletableFuture

/**
 * A customer of the sample bank, on Android's framework classes and in real time, in a process of its own: signs in, looks at the
 * accounts, transfers, and looks at the cards. Says what each wait really took (see [Truth]), and at last what NoWait says of
 * itself. Of the app it knows only what a shrinker leaves: what the system makes by name, and views by their ids.
 */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], manifest = Config.NONE, application = BankApp::class)
internal class Walk {
    private val phone = Phone()

    @Test
    fun aCustomerIsServed() {
        if (System.getProperty("walk") != "start") serve()
        println("said: ${renamed() ?: Diagnostics.say()}")
    }

    /** Whether the Fragment has another name, by which nobody would know its screen. */
    private fun renamed(): String? =
        try {
            Class.forName("bank.AccountsFragment")
            null
        } catch (missing: ClassNotFoundException) {
            "failed: $missing"
        }

    private fun serve() {
        val presented = phone.launch(LoginActivity::class.java)
        tell("screen", "Login", phone.created, presented)
        keys("4711")
        val signedIn = tap(android.R.id.button1, isSeen = false)
        phone.await("Home") { phone.front is HomeActivity }
        tell("screen", "Home", signedIn, phone.frame())
        repeat(TRANSFERS) {
            lookAtTheAccounts()
            transfer()
            lookAtTheCards()
        }
        phone.leave()
    }

    private fun lookAtTheAccounts() {
        val tapped = tap(android.R.id.button1)
        Truth.tell("screen", "Accounts", exactly(tapped), content("the accounts"))
        phone.frame()
    }

    private fun transfer() {
        val tapped = tap(android.R.id.button2)
        phone.await("the form") { phone.front is TransferActivity }
        phone.frame()
        Truth.tell("screen", "Transfer", exactly(tapped), content("the payees"))
        phone.frame()
        keys("125")
        val confirmed = tap(android.R.id.button1)
        phone.await("the receipt") { phone.front is ReceiptActivity }
        phone.frame()
        Truth.tell("screen", "Receipt", exactly(confirmed), content("the receipt's text"))
        phone.frame()
        tap(android.R.id.button1)
        phone.back()
    }

    /** The WebView of Robolectric shows nothing: this loads its page, and tells its client what a WebView tells. */
    private fun lookAtTheCards() {
        val tapped = tap(android.R.id.button3)
        phone.await("the cards") { phone.front is CardsActivity }
        val web = checkNotNull(phone.front.findViewById<WebView>(android.R.id.widget_frame))
        val (url, client) = shadowOf(web).run { lastLoadedUrl to webViewClient }
        val began = Moment.of { client.onPageStarted(web, url, null) }
        val page = CompletableFuture.supplyAsync { load(url) }
        tell("screen", "Cards", tapped, phone.frame())
        phone.await("the page") { page.isDone }
        check(page.get() == HttpURLConnection.HTTP_OK || page.get() == HttpURLConnection.HTTP_UNAVAILABLE) { page.get() }
        client.onPageCommitVisible(web, url)
        phone.frame()
        val ended = Moment.of { client.onPageFinished(web, url) }
        Truth.tell("screen", "/cards", exactly(tapped), ended)
        Truth.tell("request", "/cards", began, ended)
        phone.back()
    }

    private fun load(url: String): Int {
        val connection = URI(url).toURL().openConnection() as HttpURLConnection
        connection.setRequestProperty("x-app-version", "8.2.0")
        return connection.responseCode.also { connection.disconnect() }
    }

    /** When there is something to read. */
    private fun content(what: String): Moment =
        phone.await(what) {
            phone.front
                .findViewById<TextView>(android.R.id.text1)
                ?.text
                ?.isNotEmpty() == true
        }

    /** Types this on the keypad. What a customer types has no name. */
    private fun keys(digits: String) {
        for (digit in digits) tap(checkNotNull(key(phone.front.window.decorView, digit.toString())), name = null)
    }

    private fun key(
        view: View,
        text: String,
    ): View? =
        when {
            view is Button && view.text == text -> view
            view is ViewGroup -> (0 until view.childCount).firstNotNullOfOrNull { key(view.getChildAt(it), text) }
            else -> null
        }

    private fun tap(
        id: Int,
        isSeen: Boolean = true,
    ): Long {
        val button = checkNotNull(phone.front.findViewById<View>(id))
        // As NoWait tells it: without a number at its end.
        val name = button.resources.getResourceEntryName(id).trimEnd { it.isDigit() }
        return tap(button, name.takeIf { isSeen })
    }

    /** Returns when the finger went up. */
    private fun tap(
        view: View,
        name: String?,
    ): Long {
        val (up, presented) = phone.tap(view)
        tell("tap", name ?: NAMELESS, up, presented)
        return up
    }

    private fun tell(
        kind: String,
        name: String,
        from: Long,
        to: Long,
    ): Unit = tell(kind, name, exactly(from), to)

    private fun tell(
        kind: String,
        name: String,
        from: Moment,
        to: Long,
    ): Unit = Truth.tell(kind, name, from, exactly(to))

    private fun exactly(ns: Long) = Moment(ns, ns)

    private companion object {
        const val TRANSFERS = 3

        /** Of a tap in a secure window, or on a keypad. */
        const val NAMELESS = "-"
    }
}
