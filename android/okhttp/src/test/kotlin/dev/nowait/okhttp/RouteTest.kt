package dev.nowait.okhttp

import dev.nowait.NoWait
import dev.nowait.Route
import okhttp3.OkHttpClient
import okhttp3.Request
import okhttp3.RequestBody.Companion.toRequestBody
import okhttp3.ResponseBody
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test
import retrofit2.Retrofit
import retrofit2.http.Body
import retrofit2.http.GET
import retrofit2.http.HTTP
import retrofit2.http.Path
import retrofit2.http.Query
import retrofit2.http.Url
import java.io.File
import okhttp3.RequestBody as OkHttpBody
import retrofit2.Call as RetrofitCall

/** What a request is called: never by what the customer is or has. */
class RouteTest : MeasuredCalls() {
    private val host get() = server.hostName

    private fun OkHttpClient.routeOf(request: Request): String {
        answer()
        call(request)
        return told().last().route
    }

    @Test
    fun aTagSaysIt() {
        val accounts = NoWait.route("GET /accounts/{id}")
        assertEquals("GET /accounts/{id}", client.routeOf(request { tag(Route::class.java, accounts) }))
    }

    @Test
    fun templatesSayIt() {
        val client = OkHttpClient().measured(Routes.of("POST /transfers", "/accounts/{id}", "accounts/{id}/cards/{card}/", "/"))
        val body = "order".toRequestBody()
        assertEquals("POST /transfers", client.routeOf(request("/transfers?to=HK1234") { post(body) }))
        assertEquals("GET /accounts/{id}", client.routeOf(request("/accounts/7")))
        assertEquals("GET /accounts/{id}", client.routeOf(request("/accounts/7/?from=today")))
        assertEquals("PUT /accounts/{id}", client.routeOf(request("/accounts/chan-tai-man") { put(body) }))
        assertEquals("GET /accounts/{id}/cards/{card}", client.routeOf(request("/accounts/7/cards/4111")))
        assertEquals("GET /", client.routeOf(request("")))
        for (other in listOf("/transfers", "/accounts", "/accounts//", "/accounts/7/cards", "/cards/7")) {
            assertEquals(other, "GET $host", client.routeOf(request(other)))
        }
    }

    @Test
    fun pathsFitTemplatesAsInAllFaces() {
        val cases = File(System.getProperty("nowait.root"), "core/testdata/paths.txt").readLines().filterNot { it.startsWith("#") }
        assertTrue(cases.size > 20)
        for (case in cases) {
            val (template, path, name) = case.split(Regex(" +"))
            val route = Routes.of(template).of(Request.Builder().url("https://api.bank.example$path?iban=DE02#top").build())
            assertEquals(case, name, route?.name?.text?.removePrefix("GET ") ?: "-")
        }
    }

    @Test
    fun aRuleOfTheAppSaysIt() {
        val client = OkHttpClient().measured { NoWait.route("Bank").takeIf { _ -> it.header("x-bank") != null } }
        assertEquals("Bank", client.routeOf(request { header("x-bank", "1") }))
        assertEquals("GET $host", client.routeOf(request()))
    }

    @Test
    fun aRuleThatThrowsSaysNothingAndEndsNothing() {
        answer()
        assertEquals(200, OkHttpClient().measured { throw StackOverflowError() }.call())
        assertEquals(listOf(Told("GET $host", "done", 200)), told())
    }

    private interface Bank {
        @GET("accounts/{id}?view=short")
        fun account(
            @Path("id") id: String,
            @Query("since") since: String,
        ): RetrofitCall<ResponseBody>

        @HTTP(method = "DELETE", path = "/v2/orders/{id}", hasBody = true)
        fun revoke(
            @Path("id") id: String,
            @Body why: OkHttpBody,
        ): RetrofitCall<ResponseBody>

        @GET
        fun anywhere(
            @Url url: String,
        ): RetrofitCall<ResponseBody>
    }

    @Test
    fun retrofitSaysIt() {
        val bank =
            Retrofit
                .Builder()
                .baseUrl(server.url("/api/"))
                .client(client)
                .build()
                .create(Bank::class.java)
        repeat(3) { answer() }
        bank.account("chan-tai-man", "yesterday").execute()
        bank.revoke("chan-tai-man", "why".toRequestBody()).execute()
        bank.anywhere("chan-tai-man").execute()
        assertEquals(listOf("GET /accounts/{id}", "DELETE /v2/orders/{id}", "GET $host"), told().map { it.route })
    }

    @Test
    fun nothingOfAnAddressThatNobodyNamedIsTold() {
        val secrets = listOf("chan", "4111111111111111", "secret", "fragment", "token")
        val request = request("/users/chan/cards/4111111111111111?q=secret#fragment") { header("authorization", "token") }
        assertEquals("GET $host", client.routeOf(request))
        for (name in 0 until 64) {
            for (secret in secrets) assertFalse("$secret in a name", secret in text(name))
        }
    }

    @Test
    fun whatIsSentIsNoOtherForBeingMeasured() {
        client.routeOf(request("/accounts/7?a=b"))
        val recorded = server.takeRequest()
        assertEquals("/accounts/7?a=b", recorded.path)
        assertEquals(
            setOf("host", "connection", "accept-encoding", "user-agent"),
            recorded.headers
                .names()
                .map { it.lowercase() }
                .toSet(),
        )
    }
}
