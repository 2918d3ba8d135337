package dev.nowait.testing;

import static org.junit.Assert.assertEquals;

import dev.nowait.Consent;
import dev.nowait.NoWait;
import dev.nowait.Span;
import dev.nowait.Travel;
import java.util.List;
import org.junit.Test;

/** The fake in a test in Java. */
public class JavaTest {
    @Test
    public void everythingIsSaidInJava() {
        try (FakeNoWait nowait = new FakeNoWait()) {
            Span pay = NoWait.action("Pay.Confirm").begin();
            Travel transfer = NoWait.journey("Transfer").begin();
            transfer.step("Transfer.Form");
            nowait.passMs(1_200);
            assertEquals(3, nowait.getOpen().size());
            pay.end();
            transfer.abandon();
            NoWait.consent(Consent.GRANTED);
            NoWait.rate("Transfer", 4);

            Wait paid = nowait.waits(Touchpoint.action("Pay.Confirm")).get(0);
            assertEquals(Outcome.DONE, paid.getOutcome());
            assertEquals(1_200, paid.getDurationMs());
            assertEquals(Outcome.ABANDONED, nowait.waits(Touchpoint.step("Transfer.Form")).get(0).getOutcome());
            assertEquals(3, nowait.getWaits().size());
            assertEquals(List.of(new Rating("Transfer", 4)), nowait.getRatings());
            assertEquals(Consent.GRANTED, nowait.getConsent());
            nowait.checkNothingIsOpen();
        }
    }
}
