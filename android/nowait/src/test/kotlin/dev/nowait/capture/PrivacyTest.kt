package dev.nowait.capture

import android.app.Application
import android.view.KeyEvent
import android.widget.EditText
import dev.nowait.Answer
import dev.nowait.Consent
import dev.nowait.NoWait
import dev.nowait.Parcel
import dev.nowait.Status
import dev.nowait.Transport
import dev.nowait.await
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.android.controller.ActivityController
import org.robolectric.annotation.Config
import org.robolectric.shadows.ShadowLog
import java.io.File
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.TimeUnit
import java.util.zip.Inflater
import kotlin.time.Duration.Companion.seconds

/**
 * A customer types a PIN, a card number and a name, and the app says them where it must not: nothing of it is in what NoWait sent, wrote or logged.
 *
 * The real start, recorder and spool in a process of their own.
 */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], manifest = Config.NONE)
class PrivacyTest {
    private val application: Application get() = RuntimeEnvironment.getApplication()
    private val parcels = CopyOnWriteArrayList<Parcel>()

    @Test
    fun nothingThatACustomerTypesLeavesTheAppOrIsWrittenDown() {
        KeypadActivity.secrets = SECRETS
        KeypadActivity.protection = Protection.EXCLUDED
        NoWait.start(application, "https://telemetry.bank.example", "key") {
            appVersion = "8.2.0"
            consent = Consent.GRANTED
            transport =
                Transport {
                    parcels += it
                    Answer(503)
                }
        }
        await("running") { NoWait.status == Status.Running }
        val activity = shown<KeypadActivity>()
        fillIn(activity)
        sayItWhereItMustNotBe()
        // The recorder is searched while what it holds is not sealed, and once that is.
        assertNothingIn("the recorder", written(), "KeypadActivity", "card_number", "confirm_button")
        NoWait.flush(5.seconds).get(10, TimeUnit.SECONDS)
        NoWait.shutdown(5.seconds).get(10, TimeUnit.SECONDS)
        val sent = parcels.map { it.body }
        assertNothingIn("what was sent", sent.map(::textsOf), "KeypadActivity", "card_number", "confirm_button")
        assertNothingIn("what was sent, as it is", sent + parcels.map { "${it.url} ${it.headers}".toByteArray() }, "NWB", "Bearer key")
        assertNothingIn("what was written", written(), "NWB")
        val spooled = written().filter { "NWB".toByteArray() in it }
        assertTrue("a batch that was not taken is kept", spooled.isNotEmpty())
        val logged = ShadowLog.getLogs().map { "${it.tag} ${it.msg} ${it.throwable?.stackTraceToString()}".toByteArray() }
        assertNothingIn("the log", logged)
    }

    /** Shown and typed, key by key. */
    private fun fillIn(activity: ActivityController<KeypadActivity>) {
        with(activity.get()) {
            type(card, SECRETS.card)
            type(name, SECRETS.name)
            pin.requestFocus()
            for (digit in SECRETS.pin) activity.taps(keys[digit.digitToInt()])
            pin.setText(typed)
            activity.taps(confirm)
            assertEquals(SECRETS, Secrets(typed, card.text.toString(), name.text.toString()))
        }
    }

    private fun KeypadActivity.type(
        field: EditText,
        text: String,
    ) {
        field.requestFocus()
        window.tap(field)
        for (c in text) {
            val key = if (c.isDigit()) KeyEvent.KEYCODE_0 + c.digitToInt() else KeyEvent.KEYCODE_A + (c.lowercaseChar() - 'a').mod(26)
            for (action in listOf(KeyEvent.ACTION_DOWN, KeyEvent.ACTION_UP)) window.decorView.dispatchKeyEvent(KeyEvent(action, key))
        }
        field.setText(text)
    }

    /** What looks personal is none of the names that it was given as. What does not look so, a person's name, is the app's to keep out. */
    private fun sayItWhereItMustNotBe() {
        val bare = SECRETS.card.filter(Char::isDigit)
        for (secret in listOf(SECRETS.pin, SECRETS.card, "pin ${SECRETS.pin}", "card ${SECRETS.card}", "pan=$bare")) {
            NoWait.breadcrumb(secret)
            NoWait.screen(secret).created()
            NoWait.action(secret).measure { }
            NoWait.journey(secret).begin().step(secret)
            NoWait.rate(secret, 3)
        }
        NoWait.route("GET /cards/$bare").begin().end(status = 200)
        NoWait.route("GET /pin/${SECRETS.pin}?name=${SECRETS.name}").begin().end(status = 200)
    }

    private fun assertNothingIn(
        what: String,
        content: List<ByteArray>,
        vararg there: String,
    ) {
        for (name in there) assertTrue("$what says $name", content.any { name.toByteArray() in it })
        val bare = SECRETS.card.filter(Char::isDigit)
        val typed = listOf(SECRETS.pin, SECRETS.card, bare, SECRETS.name, SECRETS.name.substringAfter(' ')) + bare.chunked(8)
        // A key by itself is none of the customer's secrets, but some of them one after the other are.
        val keys = KeypadActivity.WORDS.map { "tecla_$it" }
        for (secret in typed + keys) {
            for (charset in listOf(Charsets.UTF_8, Charsets.UTF_16LE, Charsets.UTF_16BE)) {
                assertTrue("$what says $secret in $charset", content.none { secret.toByteArray(charset) in it })
            }
        }
    }

    /** Every file of the app. */
    private fun written(): List<ByteArray> =
        File(application.dataDir.path)
            .walk()
            .filter { it.isFile }
            .map { it.readBytes() }
            .toList()

    /** The texts of a batch, which are all that it has of texts: a deflate stream behind a head, after the words that both sides know. */
    private fun textsOf(batch: ByteArray): ByteArray {
        var at = MAGIC_VERSION_AND_SUITE + SESSION_BYTES
        var length = 0
        repeat(3) {
            var shift = 0
            length = 0
            do {
                length = length or (batch[at].toInt() and 0x7f shl shift)
                shift += 7
            } while (batch[at++] < 0)
        }
        val inflater = Inflater(true)
        inflater.setDictionary(knownWords())
        inflater.setInput(batch, at, batch.size - at)
        val texts = ByteArray(length)
        assertEquals("all of it", length, inflater.inflate(texts))
        return texts
    }

    /** `DICTIONARY` in `wire/src/dictionary.rs`. */
    private fun knownWords(): ByteArray {
        val file = File(System.getProperty("nowait.root"), "wire/src/dictionary.rs").readText()
        val source = file.substringAfter("concat!(").substringBefore("\n);")
        val words = Regex("^ *\"(.*)\",$", RegexOption.MULTILINE).findAll(source).joinToString("") { it.groupValues[1] }
        return words.replace("\\0", "\u0000").toByteArray()
    }

    private operator fun ByteArray.contains(part: ByteArray): Boolean =
        (0..size - part.size).any { at -> part.indices.all { this[at + it] == part[it] } }

    private companion object {
        val SECRETS = Secrets(pin = "471104", card = "4111 1111 1111 1111", name = "Ana Calçada")
        const val MAGIC_VERSION_AND_SUITE = 5
        const val SESSION_BYTES = 16
    }
}
