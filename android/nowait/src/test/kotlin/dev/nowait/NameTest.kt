package dev.nowait

import dev.nowait.internal.Native
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotEquals
import org.junit.Test

/** What a JVM may hand over as a name, through the hot lane; under `-Xcheck:jni`, and before any start. */
class NameTest {
    private fun textOf(name: String): String =
        dev.nowait.ffi
            .nameText(Native.registerName(name).toUInt())

    @Test
    fun aNameIsRegisteredAsItIs() {
        for (name in listOf("Pay.Confirm", "", "轉帳確認", "GET /accounts/{id}", "emoji 🏦 beyond the first plane")) {
            assertEquals(name, textOf(name))
            assertEquals(Native.registerName(name), Native.registerName(name))
        }
        assertNotEquals(Native.registerName("Pay.Confirm"), Native.registerName("Pay.Cancel"))
    }

    @Test
    fun halfACharacterDoesNoHarm() {
        assertEquals("half \uFFFD of it", textOf("half \uD83C of it"))
        assertEquals("\uFFFD", textOf("\uDFE6"))
    }

    @Test
    fun whatIsTooLongOrLooksPersonalIsRedacted() {
        assertEquals("x".repeat(120), textOf("x".repeat(120)))
        for (name in listOf("x".repeat(121), "轉".repeat(41), "🏦".repeat(1_000_000), "4111 1111 1111 1111", "control \u0000 character")) {
            assertEquals("redacted", textOf(name))
        }
    }
}
