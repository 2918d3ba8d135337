package dev.nowait.benchmarks;

import dev.nowait.internal.Native;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.trace.ReadWriteSpan;
import io.opentelemetry.sdk.trace.ReadableSpan;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.SpanProcessor;
import io.sentry.Sentry;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** The calls of the table that {@link CostTable} prints; each runs a block of them. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(Meter.CALLS)
@Fork(2)
@Warmup(iterations = 2, time = 700, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 3, time = 1)
public class Costs {
    private static final int DONE = 0;

    /** Far from those that the face gives out. */
    private static final long FIRST_ID = 1L << 40;

    @Benchmark
    public long clockByJvm(Meter meter) {
        long sum = 0;
        for (int call = 0; call < Meter.CALLS; call++) {
            sum += System.nanoTime();
        }
        return sum;
    }

    /** The least that the library does for a call: an addition. */
    @Benchmark
    public long jniEmpty(Meter meter) {
        long sum = 0;
        for (int call = 0; call < Meter.CALLS; call++) {
            sum += Native.nextId();
        }
        return sum;
    }

    @Benchmark
    public long jniClock(Meter meter) {
        long sum = 0;
        for (int call = 0; call < Meter.CALLS; call++) {
            sum += Native.nowNs();
        }
        return sum;
    }

    @Benchmark
    public void jniBareSlot(Meter meter) {
        for (int call = 0; call < Meter.CALLS; call++) {
            BareSlot.store(1, Native.NOW, call);
        }
    }

    @Benchmark
    public void jniBreadcrumb(Meter meter, Engine engine) {
        for (int call = 0; call < Meter.CALLS; call++) {
            Native.breadcrumb(engine.name, Native.NOW, call);
        }
    }

    @Benchmark
    public void jniAction(Meter meter, Engine engine) {
        for (int call = 0; call < Meter.CALLS; call++) {
            Native.actionRecord(engine.name, 1, Native.NOW, DONE);
        }
    }

    @Benchmark
    public void jniSpan(Meter meter, Engine engine) {
        for (int call = 0; call < Meter.CALLS; call++) {
            // Not the face's ids, but any that differ do.
            Native.actionBegin(FIRST_ID + call, engine.name, Native.NOW);
            Native.actionEnd(FIRST_ID + call, Native.NOW, DONE);
        }
    }

    @Benchmark
    public void faceBreadcrumb(Meter meter, Engine engine) {
        Calls.breadcrumbs(Engine.CRUMB, Meter.CALLS);
    }

    @Benchmark
    public void faceSpan(Meter meter, Engine engine) {
        Calls.beginAndEnd(engine.pay, Meter.CALLS);
    }

    @Benchmark
    public int faceMeasure(Meter meter, Engine engine) {
        return Calls.measure(engine.pay, Meter.CALLS);
    }

    @Benchmark
    public long uniffiClock(Meter meter) {
        return Calls.uniffiClock(Meter.CALLS);
    }

    @Benchmark
    public void uniffiAction(Meter meter, Engine engine) {
        Calls.uniffiRecords(engine.name, Meter.CALLS);
    }

    @Benchmark
    public void micrometerTimer(Meter meter, Micrometer micrometer) {
        for (int call = 0; call < Meter.CALLS; call++) {
            micrometer.timer.record(System.nanoTime() - micrometer.startedNs, TimeUnit.NANOSECONDS);
        }
    }

    @Benchmark
    public void micrometerSpan(Meter meter, Micrometer micrometer) {
        for (int call = 0; call < Meter.CALLS; call++) {
            Timer.start(micrometer.registry).stop(micrometer.timer);
        }
    }

    @Benchmark
    public void sentryBreadcrumb(Meter meter, SentryOn sentry) {
        for (int call = 0; call < Meter.CALLS; call++) {
            Sentry.addBreadcrumb(Engine.CRUMB);
        }
    }

    @Benchmark
    public void openTelemetrySpan(Meter meter, OpenTelemetry telemetry) {
        for (int call = 0; call < Meter.CALLS; call++) {
            telemetry.tracer.spanBuilder("Pay.Confirm").startSpan().end();
        }
    }

    /** In memory only: nothing is exported. */
    @State(Scope.Benchmark)
    public static class Micrometer {
        final SimpleMeterRegistry registry = new SimpleMeterRegistry();
        final Timer timer = registry.timer("Pay.Confirm");
        final long startedNs = System.nanoTime();
    }

    /** Every span is sampled and goes nowhere. Without a processor the SDK would make no spans at all. */
    @State(Scope.Benchmark)
    public static class OpenTelemetry {
        final Tracer tracer = SdkTracerProvider.builder().addSpanProcessor(new Nowhere()).build().get("bench");
    }

    private static final class Nowhere implements SpanProcessor {
        @Override
        public void onStart(Context parent, ReadWriteSpan span) {}

        @Override
        public boolean isStartRequired() {
            return false;
        }

        @Override
        public void onEnd(ReadableSpan span) {}

        @Override
        public boolean isEndRequired() {
            return true;
        }
    }

    /** As an app has it; nobody listens where reports would go, and none is made. */
    @State(Scope.Benchmark)
    public static class SentryOn {
        @Setup
        public void start() {
            Sentry.init(options -> options.setDsn("http://bench@127.0.0.1:1/1"));
        }

        @TearDown
        public void stop() {
            Sentry.close();
        }
    }
}
