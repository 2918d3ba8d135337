package dev.nowait.testing

/**
 * A script of raw signals and of the events that must come of them; the format is in `core/testdata/README.md`.
 *
 * @property written the script in normal form
 */
public class SignalScript(
    text: String,
) {
    private val lines = text.lines().map(String::trim).filter(String::isNotEmpty)
    private val names = ScriptNames()

    public val written: List<String> = lines.map { if (it.startsWith('>')) names.line(expected(it)) else it }

    /** Tells [signals] what the script says, and returns the script as it really went, in normal form. */
    public fun play(signals: Signals): List<String> {
        val real = mutableListOf<String>()
        var seen = 0
        Replay.begin()
        for (line in lines.filterNot { it.startsWith('>') }) {
            real += line
            if (line.startsWith('#') || line.startsWith('=')) continue
            tell(signals, line)
            while (true) {
                real += names.line(RecordedEvent.at(seen) ?: break)
                seen++
            }
        }
        Replay.end()
        return real
    }

    private fun expected(line: String): RecordedEvent {
        val words = line.split(' ').filter(String::isNotEmpty).drop(1)
        val fields = Fields(words.drop(1))
        val journey = fields.number("journey", default = 0)
        return RecordedEvent(
            kind = words.first(),
            outcome = fields.text("outcome", default = "done"),
            flags = if (journey == 0L) 0 else RecordedEvent.IN_JOURNEY,
            name = names.id(fields.text("name", default = "")),
            screen = names.id(fields.text("screen", default = "")),
            startedNs = fields.time("start"),
            durationNs = fields.time("duration"),
            journey = journey,
            a = fields.number("a", default = 0),
            b = fields.number("b", default = 0),
        )
    }

    private fun tell(
        signals: Signals,
        line: String,
    ) {
        val words = line.split(' ').filter(String::isNotEmpty)
        val at = nsOf(words[0])
        val fields = Fields(words.drop(2))

        fun name(key: String): Int = names.id(fields.text(key))

        fun id(): Long = fields.number("id")

        fun outcome(): Int = RecordedEvent.OUTCOMES.indexOf(fields.text("outcome", default = "done"))
        when (words[1]) {
            "process_started" -> signals.processStarted(at, fields.text("visible") == "true")
            "foreground" -> signals.foreground(at, fields.text("restored") == "true")
            "background" -> signals.background(at)
            "touch_up" -> signals.touchUp(name("target"), at)
            "touch_handled" -> signals.touchHandled(at)
            "frame" -> signals.frame(fields.time("started"), fields.time("deadline"), at)
            "navigation" -> signals.navigation(at)
            "screen_created" -> signals.screenCreated(name("screen"), at)
            "screen_shown" -> signals.screenShown(name("screen"), at)
            "screen_ready" -> signals.screenReady(name("screen"), at)
            "screen_left" -> signals.screenLeft(name("screen"), at)
            "request_started" -> signals.requestStarted(id(), name("route"), at)
            "request_ended" -> signals.requestEnded(id(), at, fields.number("status").toInt(), outcome())
            "action_started" -> signals.actionStarted(at)
            "action_ended" -> signals.actionEnded(at)
            "main_ping" -> signals.mainPing(at)
            "main_pong" -> signals.mainPong(at)
            "journey_started" -> signals.journeyStarted(id(), name("journey"), at)
            "step_started" -> signals.stepStarted(id(), name("step"), at)
            "journey_ended" -> signals.journeyEnded(id(), at, outcome())
            "tick" -> Replay.tick(at)
            else -> throw IllegalArgumentException("no such signal: ${words[1]}")
        }
    }
}

/** Names in order of appearance, after the reserved ones. */
private class ScriptNames {
    private val texts = mutableListOf("", "other", "redacted", "cold", "warm", "hot")

    fun id(text: String): Int {
        if (text !in texts) texts += text
        return texts.indexOf(text)
    }

    /** An event as a line of a script. */
    fun line(event: RecordedEvent): String =
        buildString {
            append("> ").append(event.kind)
            if (event.name != 0) append(" name=").append(texts[event.name])
            if (event.screen != 0) append(" screen=").append(texts[event.screen])
            append(" start=")
                .append(event.startedNs)
                .append("ns duration=")
                .append(event.durationNs)
                .append("ns")
            append(" outcome=").append(event.outcome).append(" flags=").append(event.flags)
            append(" journey=")
                .append(event.journey)
                .append(" a=")
                .append(event.a)
                .append(" b=")
                .append(event.b)
        }
}

/** The `key=value` words of a line. */
private class Fields(
    words: List<String>,
) {
    private val values = words.associate { it.substringBefore('=') to it.substringAfter('=') }

    fun text(
        key: String,
        default: String? = null,
    ): String = values[key] ?: default ?: throw IllegalArgumentException("$key= is missing")

    fun number(
        key: String,
        default: Long? = null,
    ): Long = values[key]?.let(::numberOf) ?: default ?: throw IllegalArgumentException("$key= is missing")

    fun time(key: String): Long = nsOf(text(key))
}

/** Milliseconds with up to six decimals, as nanoseconds; the whole range of 64 bits. */
private fun nsOf(text: String): Long {
    val decimals = text.substringAfter('.', "")
    require(decimals.length <= 6) { "more than six decimals: $text" }
    val whole = text.substringBefore('.').toULong() * 1_000_000u
    return (whole + decimals.padEnd(6, '0').toULong()).toLong()
}

/** `12`, `0x1f`, or `low|high` for two 32-bit halves. */
private fun numberOf(text: String): Long {
    if ('|' in text) return numberOf(text.substringBefore('|')) or (numberOf(text.substringAfter('|')) shl 32)
    return (if (text.startsWith("0x")) text.drop(2).toULong(16) else text.toULong()).toLong()
}
