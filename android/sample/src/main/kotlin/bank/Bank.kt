package bank

import dev.nowait.okhttp.Routes
import dev.nowait.okhttp.measured
import okhttp3.Call
import okhttp3.Callback
import okhttp3.OkHttpClient
import okhttp3.Request
import okhttp3.RequestBody.Companion.toRequestBody
import okhttp3.Response
import java.io.IOException
import java.util.concurrent.CompletableFuture
import java.util.concurrent.Executor

/**
 * The bank's server, as the app asks it: by a client that NoWait measures.
 *
 * @param main where answers go
 */
public class Bank(
    private val url: String,
    private val main: Executor,
) {
    private val client = OkHttpClient().measured(Routes.of("/login", "/home", "/transfer", "/payees", "/confirm", "/receipt"))

    /** Asks for `GET /home`, a second and a third time if the bank fails; [then] gets the answer, or null without one. */
    public fun ask(
        route: String,
        then: (String?) -> Unit,
    ): Unit = ask(route, ATTEMPTS, then)

    private fun ask(
        route: String,
        attempts: Int,
        then: (String?) -> Unit,
    ) {
        val (method, path) = route.split(' ')
        val body = if (method == "GET") null else "{}".toRequestBody()
        val request = Request.Builder().url(url + path).method(method, body).header("x-app-version", Build.VERSION).build()
        val begun = CompletableFuture<Moment>()
        val answered =
            object : Callback {
                override fun onResponse(
                    call: Call,
                    response: Response,
                ) {
                    var answer = ""
                    val ended = Moment.of { response.use { answer = it.body?.string().orEmpty() } }
                    Truth.tell("request", route, begun.get(), ended)
                    answered(answer.takeIf { response.isSuccessful })
                }

                override fun onFailure(
                    call: Call,
                    e: IOException,
                ) = answered(null)

                private fun answered(answer: String?) {
                    if (answer == null && attempts > 1) ask(route, attempts - 1, then) else main.execute { then(answer) }
                }
            }
        begun.complete(Moment.of { client.newCall(request).enqueue(answered) })
    }

    private companion object {
        const val ATTEMPTS = 3
    }
}
