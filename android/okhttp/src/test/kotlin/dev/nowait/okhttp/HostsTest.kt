package dev.nowait.okhttp

import okhttp3.OkHttpClient
import okhttp3.Request
import org.junit.Assert.assertEquals
import org.junit.Test
import java.net.UnknownHostException

/** Addresses that are not the bank's do not fill the table of names. The only test of its process, which remembers hosts. */
class HostsTest : MeasuredCalls() {
    @Test
    fun theFirstAreNamedAndTheRestIsOther() {
        val client =
            OkHttpClient
                .Builder()
                .dns { throw UnknownHostException(it) }
                .build()
                .measured()
        val hosts = ('a'..'z').map { "$it.example" }
        repeat(2) {
            for (host in hosts) client.call(Request.Builder().url("http://$host/").build())
        }
        val expected = List(hosts.size) { if (it < 16) "GET ${hosts[it]}" else "GET other" }
        assertEquals(expected + expected, told().map { it.route })
    }
}
