package bank

import org.json.JSONArray
import org.json.JSONObject

/**
 * The report held against what the app itself knows of its waits: every wait counted, none that was not, and each time what
 * it was.
 *
 * @param said all that the app said, with a line for each wait (see [Truth])
 */
internal class Held(
    said: String,
    report: String,
) {
    /** The waits of one touchpoint: each took so many nanoseconds, between two bounds. */
    private class Waits(
        val atLeast: List<Long>,
        val atMost: List<Long>,
    )

    private val truth: Map<Pair<String, String>, Waits> =
        LINE
            .findAll(said)
            .map { it.destructured }
            .groupBy { (kind, _, _, name) -> kind to name }
            .mapValues { (_, lines) ->
                Waits(lines.map { (_, least) -> least.toLong() }.sorted(), lines.map { (_, _, most) -> most.toLong() }.sorted())
            }

    private val latencies: Map<Pair<String, String>, JSONObject> =
        JSONObject(report).run {
            ROWS
                .flatMap { (kind, rows, latency) ->
                    objects(getJSONArray(rows)).map { (kind to it.getString("name")) to it.getJSONObject(latency) }
                }.toMap() +
                objects(getJSONArray("touchpoints"))
                    .filter { it.getString("kind") == "action" }
                    .associate { ("action" to it.getString("name")) to it.getJSONObject("latency") }
        }

    /** What is not as it was, a line each. */
    val faults: List<String> = (truth.keys + latencies.keys).filter { it.second != NAMELESS }.flatMap(::faultsOf) + faultsOfTaps()

    private fun faultsOf(touchpoint: Pair<String, String>): List<String> {
        val said = latencies[touchpoint]
        val waits = truth[touchpoint]
        val counted = said?.getLong("count") ?: 0
        if (waits == null) return listOf("$touchpoint: $counted waits that the app knows nothing of").filter { counted > 0 && touchpoint.first != "tap" }
        if (said == null || counted != waits.atLeast.size.toLong()) return listOf("$touchpoint: $counted waits, of ${waits.atLeast.size}")
        return listOf(
            Triple("mean", waits.atLeast.average() to waits.atMost.average(), ROUNDING),
            Triple("max", waits.atLeast.last().toDouble() to waits.atMost.last().toDouble(), ROUNDING),
            Triple("p50", waits.atLeast.median() to waits.atMost.median(), BUCKET + ROUNDING),
        ).mapNotNull { (figure, bounds, error) ->
            if (said.isNull("${figure}_ns")) return@mapNotNull null
            val (least, most) = bounds.first * (1 - error) to bounds.second * (1 + error)
            val reported = said.getLong("${figure}_ns").toDouble()
            "$touchpoint: $figure is $reported, not $least to $most".takeIf { reported !in least..most }
        }
    }

    /** Which key was tapped nobody may learn; that one was, everybody. */
    private fun faultsOfTaps(): List<String> {
        val taps = truth.filterKeys { it.first == "tap" }.values.sumOf { it.atLeast.size }
        val counted = latencies.filterKeys { it.first == "tap" }.values.sumOf { it.getLong("count") }
        return listOf("$counted taps, of $taps").filter { counted != taps.toLong() }
    }

    /** How many waits of how many touchpoints, and how far apart the bounds are at most. */
    override fun toString(): String {
        val width = truth.values.maxOf { (it.atMost.average() - it.atLeast.average()) / it.atLeast.average() }
        return "${truth.values.sumOf { it.atLeast.size }} waits at ${truth.size} touchpoints, each known to %.2f %% or better".format(100 * width)
    }

    private fun List<Long>.median(): Double = this[(size - 1) / 2].toDouble()

    private fun objects(array: JSONArray): List<JSONObject> = (0 until array.length()).map(array::getJSONObject)

    private companion object {
        val LINE = Regex("truth: (\\S+) (-?\\d+) (\\d+) (.+)")
        const val NAMELESS = "-"

        /** Of what the wire carries, and of the buckets of a histogram (docs/report.md). */
        const val ROUNDING = 0.002
        const val BUCKET = 0.0055

        /** A kind of wait, where a report has it, and where in a row the latency is. */
        val ROWS =
            listOf(
                Triple("screen", "screens", "ready"),
                Triple("tap", "taps", "latency"),
                Triple("request", "requests", "latency"),
                Triple("journey", "journeys", "duration"),
                Triple("step", "steps", "duration"),
            )
    }
}
