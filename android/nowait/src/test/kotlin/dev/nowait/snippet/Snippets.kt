@file:Suppress("unused", "UNUSED_PARAMETER", "UNUSED_VARIABLE", "ktlint:standard:filename")

package dev.nowait.snippet

import android.app.Application
import android.app.Dialog
import android.os.Bundle
import android.util.Log
import android.webkit.WebView
import android.webkit.WebViewClient
import dev.nowait.Consent
import dev.nowait.NoWait
import dev.nowait.Pages
import dev.nowait.SaysReady
import dev.nowait.capture.BankActivity
import dev.nowait.measured

// What the guides show stands between the marks; SnippetTest compares them.

private fun told() {
    // snippet begins
    val submit = NoWait.action("Transfer.Submit") // measured by the app: begin/end, or measure { }
    val span = submit.begin()
    span.end() // or fail(), or abandon(); once

    val transfer = NoWait.journey("Transfer").begin() // a banking task
    transfer.step("Transfer.Form")
    transfer.end()

    val request = NoWait.route("GET /accounts/{id}").begin()
    request.end(status = 200)

    NoWait.breadcrumb("biometric.prompt") // stays on the device unless the process dies
    NoWait.consent(Consent.GRANTED) // nothing leaves the device before this; holds when it returns
    NoWait.flush() // returns at once; its Future says what was achieved
    // snippet ends
}

private fun asked() {
    // snippet begins
    Log.i("Bank", NoWait.doctor().toString())
    // NoWait: the collector refuses the app key (status 401); it is tried again in about an hour
    // snippet ends
}

private fun followed(dialog: Dialog) {
    // snippet begins
    NoWait.screen("Transfer.Confirm").follow(dialog)
    // snippet ends
}

private class BankClient : WebViewClient()

private fun shown(webView: WebView) {
    // snippet begins
    webView.webViewClient = BankClient().measured(Pages.of("/loans/{id}", "/cards"))
    // snippet ends
}

// snippet begins
class HomeActivity :
    BankActivity(),
    SaysReady {
    private val home = NoWait.screen("HomeActivity")

    private fun onBalance(balance: String) {
        button.text = balance
        home.ready() // what the customer came for is there
    }
}
// snippet ends

private class TransferFragment

private fun started(application: Application) {
    // snippet begins
    NoWait.start(application, endpoint = "https://telemetry.bank.example", appKey = KEY) {
        captureHangs = false // each automatic part has a switch
        // The app's own name always wins; an empty one is no screen; null leaves it to NoWait.
        screenName = { if (it is TransferFragment) "Transfer" else null }
    }
    // snippet ends
}

private fun tried(application: Application) {
    // snippet begins
    NoWait.start(application, endpoint = "http://127.0.0.1:4600", appKey = KEY) { consent = Consent.GRANTED }
    // snippet ends
}

private const val KEY = "the key that nowait serve made"
