package dev.nowait.compose

import androidx.compose.foundation.clickable
import androidx.compose.foundation.layout.Box
import androidx.compose.foundation.layout.Column
import androidx.compose.foundation.layout.size
import androidx.compose.runtime.Composable
import androidx.compose.ui.Modifier
import androidx.compose.ui.geometry.Offset
import androidx.compose.ui.platform.testTag
import androidx.compose.ui.test.ComposeUiTest
import androidx.compose.ui.test.ExperimentalTestApi
import androidx.compose.ui.test.onNodeWithTag
import androidx.compose.ui.test.performTouchInput
import androidx.compose.ui.unit.dp
import dev.nowait.internal.Native
import dev.nowait.internal.capture.Touch
import dev.nowait.testing.RecordedEvent
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test

/** Taps on composables, by Compose's own events. */
@OptIn(ExperimentalTestApi::class)
class TapsTest : ComposedApp() {
    private var confirmed = 0

    @Composable
    private fun Key(
        name: String,
        tag: String = name,
        modifier: Modifier = Modifier,
    ) = Box(
        modifier
            .trackTap(name)
            .testTag(tag)
            .size(60.dp)
            .clickable { confirmed++ },
    )

    private fun ComposeUiTest.tap(tag: String) {
        onNodeWithTag(tag).performTouchInput {
            down(center)
            advanceEventTime(80)
            up()
        }
        frame()
        frame()
        pass(400)
    }

    private fun taps(): List<RecordedEvent> = events("tap")

    private fun target(name: String) = Native.registerTarget(name)

    @Test
    fun aTapIsToldBeforeItsHandlerAndAnsweredByAFrame() =
        app({ Key("Home.Transfer") }) {
            frame()
            pass(2_000)
            tap("Home.Transfer")
            assertEquals("the app's own handler ran", 1, confirmed)
            val tap = taps().single()
            assertEquals(target("Home.Transfer"), tap.name)
            assertEquals("done", tap.outcome)
            assertTrue("$tap", tap.durationNs in 1..100_000_000)
        }

    @Test
    fun aSwipeALeftFingerAndTwoFingersAreNoTaps() =
        app({ Key("Home.Transfer") }) {
            frame()
            onNodeWithTag("Home.Transfer").performTouchInput {
                down(Offset(5f, 5f))
                moveTo(Offset(50f, 50f))
                up()
            }
            onNodeWithTag("Home.Transfer").performTouchInput {
                down(center)
                moveTo(Offset(500f, 500f))
                up()
            }
            onNodeWithTag("Home.Transfer").performTouchInput {
                down(0, center)
                down(1, Offset(10f, 10f))
                up(1)
                up(0)
            }
            onNodeWithTag("Home.Transfer").performTouchInput {
                down(center)
                cancel()
            }
            frame()
            pass(4_000)
            dev.nowait.testing.Replay
                .tick(nowNs())
            assertEquals(emptyList<RecordedEvent>(), taps())
        }

    @Test
    fun whatIsExcludedHasNoName() =
        app({
            Column {
                Column(Modifier.nowaitExcluded()) {
                    for (digit in listOf("um", "dois")) Key("tecla_$digit")
                }
                Key("own", modifier = Modifier.nowaitExcluded())
                Key("confirm")
            }
        }) {
            frame()
            for (key in listOf("tecla_um", "tecla_dois", "own", "confirm")) tap(key)
            assertEquals(listOf(0, 0, 0, target("confirm")), taps().map { it.name })
            assertEquals(4, confirmed)
        }

    @Test
    fun keysHaveOneName() =
        app({ Column { for (digit in 0..3) Key("pin_key_$digit") } }) {
            frame()
            for (digit in listOf(3, 0, 2)) tap("pin_key_$digit")
            assertEquals(List(3) { target("pin_key") }, taps().map { it.name })
        }

    @Test
    fun inASecretWindowATapHasNoName() =
        app({ Key("confirm") }) {
            frame()
            Touch.isSecret = true
            tap("confirm")
            Touch.isSecret = false
            tap("confirm")
            assertEquals(listOf(0, target("confirm")), taps().map { it.name })
        }
}
