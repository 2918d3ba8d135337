package dev.nowait.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Runs {@link Costs} and prints one line for each call, and what NoWait says of all events that it was told. */
public final class CostTable {
    private static final Map<String, String> LABELS = labels();

    public static void main(String[] arguments) throws RunnerException, IOException {
        Map<String, RunResult> results = new LinkedHashMap<>();
        var options = new OptionsBuilder()
                .include("^" + Costs.class.getName().replace(".", "\\.") + "\\.")
                .shouldFailOnError(true)
                .verbosity(VerboseMode.SILENT);
        for (RunResult result : new Runner(options.build()).run()) {
            String method = result.getParams().getBenchmark();
            results.put(method.substring(method.lastIndexOf('.') + 1), result);
        }
        if (!LABELS.keySet().equals(results.keySet())) {
            throw new IllegalStateException("the table names " + LABELS.keySet() + ", JMH ran " + results.keySet());
        }
        System.out.printf("%-60s %9s %9s %9s %9s%n", "", "CPU ns", "CPU least", "wall ns", "bytes");
        Map<String, Double> medians = new LinkedHashMap<>();
        LABELS.forEach((method, label) -> medians.put(method, print(label, results.get(method))));
        System.out.println();
        double floor = medians.get("jniBareSlot");
        printRatio("event over its floor, JNI with clock and slot; to be 1.3 at most", medians.get("jniBreadcrumb") / floor);
        printRatio("event over Sentry's; to be below 1", medians.get("faceBreadcrumb") / medians.get("sentryBreadcrumb"));
        printRatio("span over twice that floor; to be 1.5 at most", medians.get("jniSpan") / (2 * floor));
        printRatio("span over OpenTelemetry's; to be below 1", medians.get("faceSpan") / medians.get("openTelemetrySpan"));
        printLedgers();
    }

    private static Map<String, String> labels() {
        Map<String, String> labels = new LinkedHashMap<>();
        labels.put("clockByJvm", "floor: System.nanoTime");
        labels.put("jniEmpty", "floor: JNI, adds one and returns it");
        labels.put("jniClock", "floor: JNI, reads the clock and returns it");
        labels.put("jniBareSlot", "floor: JNI, reads the clock and stores 64 bytes");
        labels.put("uniffiClock", "floor: UniFFI over JNA, reads the clock and returns it");
        labels.put("jniBreadcrumb", "event: NoWait breadcrumb, JNI");
        labels.put("faceBreadcrumb", "event: NoWait breadcrumb, by its text");
        labels.put("jniAction", "event: NoWait finished action, JNI");
        labels.put("uniffiAction", "event: NoWait finished action, UniFFI over JNA");
        labels.put("micrometerTimer", "event: micrometer Timer, a duration that ends now");
        labels.put("sentryBreadcrumb", "event: Sentry breadcrumb");
        labels.put("jniSpan", "span: NoWait begin and end, JNI");
        labels.put("faceSpan", "span: NoWait Action.begin().end()");
        labels.put("faceMeasure", "span: NoWait Action.measure { }");
        labels.put("micrometerSpan", "span: micrometer Timer.start and stop");
        labels.put("openTelemetrySpan", "span: OpenTelemetry start and end");
        return labels;
    }

    private static void printRatio(String what, double ratio) {
        System.out.printf(Locale.ROOT, "%-70s %6.2f%n", what, ratio);
    }

    /** Returns the median of the CPU ns. */
    private static double print(String label, RunResult result) {
        List<Double> cpuNs = new ArrayList<>();
        double bytes = 0;
        double calls = 0;
        for (BenchmarkResult fork : result.getBenchmarkResults()) {
            for (IterationResult iteration : fork.getIterationResults()) {
                double callsOfIteration = count(iteration, "calls");
                cpuNs.add(count(iteration, "cpuNs") / callsOfIteration);
                bytes += count(iteration, "bytes");
                calls += callsOfIteration;
            }
        }
        Collections.sort(cpuNs);
        double median = (cpuNs.get((cpuNs.size() - 1) / 2) + cpuNs.get(cpuNs.size() / 2)) / 2;
        double wallNs = result.getPrimaryResult().getScore();
        System.out.printf(
                Locale.ROOT, "%-60s %9.1f %9.1f %9.1f %9.1f%n", label, median, cpuNs.get(0), wallNs, bytes / calls);
        return median;
    }

    private static double count(IterationResult iteration, String name) {
        return iteration.getSecondaryResults().get(name).getScore();
    }

    private static void printLedgers() throws IOException {
        long[] sums = new long[3];
        List<String> lines = Files.readAllLines(Path.of(System.getProperty(Engine.LEDGERS)));
        for (String line : lines) {
            String[] counts = line.split(" ");
            for (int count = 0; count < sums.length; count++) {
                sums[count] += Long.parseLong(counts[count]);
            }
        }
        System.out.printf(
                "%d JVMs with NoWait: produced %d, dropped %d, refused or not watched %d%n",
                lines.size(), sums[0], sums[1], sums[2]);
    }
}
