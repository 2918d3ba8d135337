package bank

import dev.nowait.testing.FakeNoWait
import dev.nowait.testing.Outcome
import dev.nowait.testing.request
import dev.nowait.testing.screen
import org.junit.After
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Test

/** What a bank's team writes: the app's own unit test, on a JVM without NoWait's library, with the fake. */
class BalanceTest {
    private val bank = BankServer()
    private val nowait = FakeNoWait()

    @After
    fun end() {
        nowait.close()
        bank.close()
    }

    @Test
    fun theHomeScreenIsReadyWithTheBalance() {
        assertEquals("1,204.50", Balance(bank.url).open("4711"))
        assertEquals(Outcome.DONE, nowait.waits(request("GET /accounts/{id}")).single().outcome)
        assertEquals(Outcome.DONE, nowait.waits(screen("Home")).single().outcome)
        nowait.checkNothingIsOpen()
    }

    @Test
    fun withoutABalanceTheCustomerDidNotGetWhatTheyCameFor() {
        assertNull(Balance(bank.url).open("4712"))
        assertEquals(Outcome.FAILED, nowait.waits(request("GET /accounts/{id}")).single().outcome)
        assertEquals(Outcome.ABANDONED, nowait.waits(screen("Home")).single().outcome)
        nowait.checkNothingIsOpen()
    }
}
