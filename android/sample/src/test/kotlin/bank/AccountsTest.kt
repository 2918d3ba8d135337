package bank

import dev.nowait.NoWait
import dev.nowait.testing.FakeNoWait
import dev.nowait.testing.Outcome
import dev.nowait.testing.request
import dev.nowait.testing.screen
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Test
import java.util.concurrent.CountDownLatch
import java.util.concurrent.TimeUnit

/** What a bank's team writes: the app's own unit test, on a JVM without NoWait's library, with the fake. */
class AccountsTest {
    private val answered = CountDownLatch(1)
    private val nowait = FakeNoWait()
    private var shown: String? = null

    @After
    fun end() {
        nowait.close()
    }

    private fun load(server: BankServer) {
        // As the Fragment's life says it where there is one.
        val screen = NoWait.screen("Accounts")
        screen.created()
        screen.shown()
        val bank = Bank(server.url) { it.run().also { answered.countDown() } }
        Accounts(bank).load { shown = it }
        check(answered.await(20, TimeUnit.SECONDS)) { "the bank never answered" }
        if (shown == null) screen.left()
    }

    @Test
    fun theAccountsAreReadyWithTheirBalances() {
        BankServer(failures = 0).use(::load)
        assertEquals("1,204.50", shown)
        assertEquals(Outcome.DONE, nowait.waits(request("GET /home")).single().outcome)
        assertEquals(Outcome.DONE, nowait.waits(screen("Accounts")).single().outcome)
        nowait.checkNothingIsOpen()
    }

    @Test
    fun aBankThatFailsOnceIsAskedAgain() {
        BankServer(failures = 1).use(::load)
        assertEquals("1,204.50", shown)
        assertEquals(listOf(Outcome.FAILED, Outcome.DONE), nowait.waits(request("GET /home")).map { it.outcome })
        assertEquals(Outcome.DONE, nowait.waits(screen("Accounts")).single().outcome)
    }

    @Test
    fun withoutBalancesTheCustomerDidNotGetWhatTheyCameFor() {
        BankServer(failures = 3).use(::load)
        assertNull(shown)
        assertEquals(3, nowait.waits(request("GET /home")).count { it.outcome == Outcome.FAILED })
        assertEquals(Outcome.ABANDONED, nowait.waits(screen("Accounts")).single().outcome)
        nowait.checkNothingIsOpen()
    }
}
