package dev.nowait;

import android.app.Application;

/** What the guides show of Java stands between the marks; SnippetTest compares them. */
final class Snippets extends Application {
    private static final String KEY = "the key that nowait serve made";

    private interface Bank {
        String submit(String order) throws Exception;
    }

    private void told(Bank bank, String order) throws Exception {
        // snippet begins
        NoWait.start(this, "https://telemetry.bank.example", KEY, settings -> settings.setFlushIntervalMs(30_000));

        Action pay = NoWait.action("Pay.Confirm");
        String receipt = pay.measure(() -> bank.submit(order)); // a Callable; rethrows untouched
        Span span = pay.begin(); // an object here; in Kotlin a number
        span.end();
        NoWait.flush(2_000); // milliseconds
        // snippet ends
    }
}
