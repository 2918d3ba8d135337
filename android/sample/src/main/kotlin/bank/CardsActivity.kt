package bank

import android.app.Activity
import android.os.Bundle
import android.webkit.WebView
import android.webkit.WebViewClient
import dev.nowait.Pages
import dev.nowait.measured

/** The customer's cards, which the bank shows as a page of its own. */
public class CardsActivity : Activity() {
    override fun onCreate(savedInstanceState: Bundle?) {
        super.onCreate(savedInstanceState)
        val web = WebView(this).apply { id = android.R.id.widget_frame }
        web.webViewClient = WebViewClient().measured(Pages.of("/cards"))
        setContentView(column(web))
        web.loadUrl("${Build.BANK}/cards?card=4711")
    }
}
