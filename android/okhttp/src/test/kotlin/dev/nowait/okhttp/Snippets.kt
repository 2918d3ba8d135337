@file:Suppress("unused", "UNUSED_VARIABLE")

package dev.nowait.okhttp

import dev.nowait.NoWait
import dev.nowait.Route
import okhttp3.OkHttpClient
import okhttp3.Request

// What the guides show stands between the marks; SnippetTest of the face compares them.

private fun measured() {
    // snippet begins
    val client = OkHttpClient.Builder().build().measured(Routes.of("/accounts/{id}", "POST /transfers"))
    // snippet ends
}

private fun tagged() {
    // snippet begins
    val request =
        Request
            .Builder()
            .url("https://api.bank.example/accounts/4711")
            .tag(Route::class.java, NoWait.route("GET /accounts/{id}"))
            .build()
    // snippet ends
}
