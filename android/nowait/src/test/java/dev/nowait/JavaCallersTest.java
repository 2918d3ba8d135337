package dev.nowait;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertSame;
import static org.junit.Assert.assertThrows;
import static org.junit.Assert.assertTrue;

import android.app.Application;
import android.app.Dialog;
import android.webkit.WebViewClient;
import dev.nowait.testing.RecordedEvent;
import dev.nowait.testing.Replay;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.RuntimeEnvironment;
import org.robolectric.annotation.Config;

/** All that an app in Java can say, said in Java: what this does not compile, Java cannot call. */
@RunWith(RobolectricTestRunner.class)
@Config(sdk = 35, manifest = Config.NONE)
public class JavaCallersTest {
    private static final String NOBODY = "http://127.0.0.1:9";

    @Test
    public void everythingIsCalledFromJava() throws Exception {
        Replay.INSTANCE.begin();
        Application application = RuntimeEnvironment.getApplication();
        StartResult started = NoWait.start(application, NOBODY, "key", settings -> {
            settings.setFlushIntervalMs(30_000);
            assertEquals(30_000, settings.getFlushIntervalMs());
            settings.setConsent(Consent.PENDING);
            settings.setAppVersion("8.2.0");
            settings.setAppBuild("48211");
            settings.setCountry("PT");
            settings.setDimensions(Map.of("segment", "retail"));
            settings.setScreenName(activity -> "Home");
            settings.setTransport(parcel -> parcel.isCancelled() ? null : new Answer(503, "7"));
            settings.setTransport(Transport.NATIVE);
            settings.setTransport(Transport.PLATFORM);
            settings.setCaptureActivities(true);
            settings.setCaptureConditions(true);
            settings.setCaptureFragments(true);
            settings.setDeliverInBackground(true);
            settings.setAllProcesses(true);
            settings.setCaptureExits(true);
            settings.setCaptureHangs(true);
        });
        assertSame(StartResult.Started.INSTANCE, started);
        assertSame(StartResult.AlreadyStarted.INSTANCE, NoWait.start(application, NOBODY, "key"));
        while (NoWait.getStatus() == Status.Starting.INSTANCE) {
            Thread.sleep(1);
        }
        assertSame(Status.Running.INSTANCE, NoWait.getStatus());

        actions();
        requests();
        journeys();
        screens();
        NoWait.breadcrumb("biometric.prompt");
        NoWait.breadcrumb("biometric.prompt", 3);
        NoWait.consent(Consent.GRANTED);
        List<RecordedEvent> events = Replay.INSTANCE.end();
        assertEquals(List.of("done", "failed", "abandoned", "done", "failed"), outcomes(events, "action"));
        assertEquals(List.of("done", "failed", "failed", "abandoned", "timed_out"), outcomes(events, "request"));
        assertEquals(List.of("done", "failed", "abandoned"), outcomes(events, "journey"));
        assertEquals(List.of("done"), outcomes(events, "step"));
        assertEquals(List.of("done"), outcomes(events, "hand_over"));
        assertEquals(List.of("done", "done"), outcomes(events, "rating"));
        assertEquals(List.of("done"), outcomes(events, "screen"));

        noNullThrows(application);
        assertFalse("nobody listens", NoWait.flush(1).get().getComplete());
        assertNotNull(NoWait.flush().get());
        Diagnosis diagnosis = NoWait.doctor();
        assertFalse(diagnosis.toString(), diagnosis.has(Cause.NOT_STARTED));
        assertTrue(diagnosis.getFindings().stream().noneMatch(finding -> finding.getText().isEmpty()));
        SelfReport report = NoWait.selfReport().get();
        assertEquals(0, report.getSignalsLost() + report.getPanicsCaught());
        assertFalse(NoWait.shutdown(1).get(10, TimeUnit.SECONDS).getComplete());
        assertEquals(new Flushed(false, 0), NoWait.shutdown().get());
        assertSame(Status.Stopped.INSTANCE, NoWait.getStatus());
    }

    private void actions() throws Exception {
        Action pay = NoWait.action("Pay.Confirm");
        pay.begin().end();
        Span span = pay.begin();
        span.fail();
        pay.begin().abandon();
        assertEquals("receipt", pay.measure(() -> "receipt"));
        IOException thrown = new IOException("no network");
        assertSame(thrown, assertThrows(IOException.class, () -> pay.measure(() -> {
            throw thrown;
        })));
    }

    private void requests() {
        Route route = NoWait.route("GET /home");
        Request request = route.begin();
        request.end(200);
        route.begin().end(500);
        route.begin().fail();
        route.begin().abandon();
        route.begin(System.nanoTime()).timeOut();
    }

    private void journeys() {
        Journey journey = NoWait.journey("Transfer");
        Travel transfer = journey.begin();
        transfer.step("Transfer.Form");
        String code = transfer.handOver();
        assertTrue(code, code.matches("([0-9A-HJKMNP-TV-Z]{5}-){2}[0-9A-HJKMNP-TV-Z]{5}"));
        transfer.end();
        journey.rate(transfer, 5);
        NoWait.rate("Transfer.Form", 1);
        assertFalse("NoWait does not run", NoWait.mayAsk() || NoWait.mayAsk(0));
        journey.begin().fail();
        journey.begin().abandon();
    }

    private void screens() {
        Screen home = NoWait.screen("Home");
        home.created();
        home.shown();
        home.ready();
        home.left();
        WebViewClient client = WebPages.measured(new WebViewClient(), Pages.of("/loans/{id}"));
        assertNotNull(WebPages.measured(client));
        assertNotNull(WebPages.measured(client, address -> "/ours".equals(address.getPath()) ? home : null));
        assertNotNull(WebPages.measured(null, Pages.NONE));
        home.follow(new Dialog(RuntimeEnvironment.getApplication()));
    }

    private void noNullThrows(Application application) {
        NoWait.action(null).begin().end();
        NoWait.screen(null).ready();
        NoWait.route(null).begin().fail();
        NoWait.journey(null).begin().step(null);
        NoWait.breadcrumb(null);
        NoWait.exclude(null);
        NoWait.screen("Home").follow(null);
        assertNotNull(WebPages.measured(null, null));
        NoWait.consent(null);
        assertTrue(NoWait.start(application, null, null, null) instanceof StartResult.Refused);
    }

    /** A function with values of Kotlin in its signature has a name with a hyphen; then there is another for Java. */
    @Test
    public void whatJavaCannotNameIsThereUnderAnotherName() throws IOException {
        Path api = Path.of(System.getProperty("nowait.root"), "android/nowait/api/nowait.api");
        int mangled = 0;
        for (String type : Files.readString(api).split("\n}\n")) {
            Set<String> names = new HashSet<>();
            Matcher function = Pattern.compile("public (?!.*synthetic).*fun ([^ ]+) ").matcher(type);
            while (function.find()) {
                names.add(function.group(1));
            }
            for (String name : names.stream().filter(name -> name.contains("-")).collect(Collectors.toList())) {
                String nameable = name.substring(0, name.indexOf('-'));
                assertTrue(name + " in" + type, names.contains(nameable) || names.contains(nameable + "Ms"));
                mangled++;
            }
        }
        assertTrue("they are found", mangled > 10);
    }

    private static List<String> outcomes(List<RecordedEvent> events, String kind) {
        List<String> outcomes = new ArrayList<>();
        for (RecordedEvent event : events) {
            if (event.getKind().equals(kind)) {
                outcomes.add(event.getOutcome());
            }
        }
        return outcomes;
    }
}
