package dev.nowait.testing

/**
 * A script of facts and of the events that must come of them; the format is in `core/testdata/README.md`.
 *
 * @property written the script in normal form
 */
public class FactScript(
    text: String,
) {
    private val lines = text.lines().map(String::trim).filter(String::isNotEmpty)
    private val names = ScriptNames()

    public val written: List<String> = lines.map { if (it.startsWith('>')) names.line(event(wordsOf(it).drop(1))) else it }

    /** Tells [facts] what the script says, and returns the script as it really went, in normal form. */
    public fun play(facts: Facts): List<String> {
        val real = mutableListOf<String>()
        var seen = 0
        Replay.begin()
        for (line in lines.filterNot { it.startsWith('>') }) {
            real += play(facts, line)
            while (true) {
                real += names.line(RecordedEvent.at(seen) ?: break)
                seen++
            }
        }
        Replay.end()
        return real
    }

    /** Plays a line that is no event, and returns it as it really went. */
    private fun play(
        facts: Facts,
        line: String,
    ): String {
        val words = wordsOf(line)
        when {
            line.startsWith('#') -> Unit
            words[0] == "=" -> return "= lost ${Replay.lost}"
            words[0] != "!" -> tell(facts, words)
            words[1] == "presence" -> return "! presence ${Replay.presence}"
            words[1] == "refused" -> Replay.refused()
            words[1] == "died" -> Replay.died(nsOf(words[2]))
            else -> throw IllegalArgumentException("no such line: $line")
        }
        return line
    }

    /** An event of these words: its kind, and `key=value`. */
    private fun event(words: List<String>): RecordedEvent {
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
        facts: Facts,
        words: List<String>,
    ) {
        val at = nsOf(words[0])
        if (words[1] == "measured") return Replay.measured(event(words.drop(2)))
        val fields = Fields(words.drop(2))

        fun name(key: String): Int = names.id(fields.text(key))

        fun id(): Long = fields.number("id")

        fun outcome(): Int = RecordedEvent.OUTCOMES.indexOf(fields.text("outcome", default = "done"))
        when (words[1]) {
            "process_started" -> facts.processStarted(at, fields.text("visible") == "true")
            "main_idle" -> facts.mainIdle(at)
            "foreground" -> facts.foreground(at, fields.text("restored") == "true")
            "background" -> facts.background(at)
            "touch_up" -> facts.touchUp(name("target"), at)
            "touch_handled" -> facts.touchHandled(at)
            "frame" -> facts.frame(fields.time("started"), fields.time("deadline"), at)
            "navigation" -> facts.navigation(at)
            "screen_created" -> facts.screenCreated(id(), name("screen"), at)
            "screen_shown" -> facts.screenShown(id(), name("screen"), at)
            "screen_ready" -> facts.screenReady(id(), name("screen"), at)
            "screen_left" -> facts.screenLeft(id(), at)
            "request_started" -> facts.requestStarted(id(), name("route"), at)
            "request_ended" -> facts.requestEnded(id(), at, fields.number("status").toInt(), outcome())
            "action_started" -> facts.actionStarted(id(), name("action"), at)
            "action_ended" -> facts.actionEnded(id(), at, outcome())
            "main_ping" -> facts.mainPing(at)
            "main_pong" -> facts.mainPong(at)
            "journey_started" -> facts.journeyStarted(id(), name("journey"), at)
            "step_started" -> facts.stepStarted(id(), name("step"), at)
            "journey_ended" -> facts.journeyEnded(id(), at, outcome())
            "rated" -> facts.rated(fields.number("id", default = 0), name("name"), at, fields.number("rating").toInt())
            "handed_over" -> facts.handedOver(id(), at, fields.number("continuation"))
            "breadcrumb" -> facts.breadcrumb(name("name"), at, fields.number("number", default = 0))
            "tick" -> tick(at, fields)
            else -> throw IllegalArgumentException("no such fact: ${words[1]}")
        }
    }

    private fun tick(
        at: Long,
        fields: Fields,
    ) {
        val wallUnixMs = fields.number("wall", default = 0)
        val boot = fields.text("boot", default = "")
        if (boot.isEmpty()) Replay.tick(at, wallUnixMs = wallUnixMs) else Replay.tick(at, nsOf(boot), wallUnixMs)
    }
}

private fun wordsOf(line: String): List<String> = line.split(' ').filter(String::isNotEmpty)

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
