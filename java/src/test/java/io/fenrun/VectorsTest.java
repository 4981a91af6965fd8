package io.fenrun;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonArray;
import com.eclipsesource.json.JsonObject;
import com.eclipsesource.json.JsonValue;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The golden vectors, through the classes a user calls, or through Fenrun.run where there is none. */
class VectorsTest {
    interface Operation {
        JsonValue run(JsonValue plan, JsonObject input);
    }

    private static final Map<String, Operation> OPERATIONS = new LinkedHashMap<>();

    static {
        OPERATIONS.put("allocate", (plan, input) -> allocate(input));
        OPERATIONS.put("telescope", (plan, input) -> telescope(input));
        OPERATIONS.put("parse_money", (plan, input) -> parseMoney(input));
        OPERATIONS.put("settle_one", VectorsTest::settleOne);
        OPERATIONS.put("reverse", VectorsTest::reverse);
        OPERATIONS.put("settle", VectorsTest::settle);
    }

    @TestFactory
    Stream<DynamicTest> vectors() throws IOException {
        List<DynamicTest> tests = new ArrayList<>();
        for (JsonObject vector : all()) {
            Operation own = speaks(vector) ? OPERATIONS.get(vector.getString("op", "")) : null;
            Operation operation = own != null ? own : (plan, input) -> run(vector.getString("op", ""), plan, input);
            tests.add(DynamicTest.dynamicTest(vector.getString("id", ""), () -> holds(vector, operation)));
        }
        assertTrue(tests.size() > 1000, "only " + tests.size() + " vectors were found");
        return tests.stream();
    }

    @Test
    void aChangedNumberIsNoticed() throws IOException {
        JsonObject vector = all().stream()
                .filter(each -> each.getString("op", "").equals("allocate") && each.get("expect") != null)
                .findFirst().get();
        JsonObject changed = Json.parse(vector.toString()).asObject();
        JsonArray shares = changed.get("expect").asObject().get("shares").asArray();
        shares.set(0, shares.get(0).asLong() + 1);
        assertThrows(AssertionError.class, () -> holds(changed, OPERATIONS.get("allocate")));
    }

    /** Weights as rates, ids of text and unknown modes are forms of the JSON door that these types cannot say. */
    private static boolean speaks(JsonObject vector) {
        JsonObject input = vector.get("input").asObject();
        if (vector.getString("error", "").equals("unknown_word")) {
            return false;
        }
        JsonValue weights = input.get("weights");
        if (weights != null && weights.isArray()) {
            for (JsonValue weight : weights.asArray()) {
                if (!weight.isNumber()) {
                    return false;
                }
            }
        }
        return !vector.getString("op", "").equals("settle") || Batch.fits(input);
    }

    static List<JsonObject> all() throws IOException {
        List<JsonObject> vectors = new ArrayList<>();
        List<Path> files;
        try (Stream<Path> list = Files.list(Paths.get("..", "vectors"))) {
            files = list.filter(path -> path.toString().endsWith(".json")).sorted().collect(Collectors.toList());
        }
        for (Path file : files) {
            JsonObject document = Json.parse(
                    new String(Files.readAllBytes(file), StandardCharsets.UTF_8)).asObject();
            if (document.getString("schema", "").equals("fenrun.vectors/1")) {
                document.get("cases").asArray().forEach(each -> vectors.add(each.asObject()));
            }
        }
        return vectors;
    }

    private static void holds(JsonObject vector, Operation operation) {
        JsonObject input = vector.get("input").asObject();
        JsonValue expect = vector.get("expect");
        if (expect == null) {
            FenrunException error =
                    assertThrows(FenrunException.class, () -> operation.run(vector.get("plan"), input));
            assertEquals(vector.getString("error", ""), error.codeName(), error.getMessage());
        } else {
            matches(expect, operation.run(vector.get("plan"), input), "");
        }
    }

    /** The expected document is a part of the answer. */
    private static void matches(JsonValue expect, JsonValue actual, String path) {
        if (expect.isObject()) {
            assertTrue(actual != null && actual.isObject(), path + " is no map: " + actual);
            for (JsonObject.Member member : expect.asObject()) {
                matches(member.getValue(), actual.asObject().get(member.getName()), path + "." + member.getName());
            }
        } else if (expect.isArray()) {
            assertTrue(actual != null && actual.isArray(), path + " is no list: " + actual);
            assertEquals(expect.asArray().size(), actual.asArray().size(), path + ": length, " + actual);
            for (int at = 0; at < expect.asArray().size(); at++) {
                matches(expect.asArray().get(at), actual.asArray().get(at), path + "[" + at + "]");
            }
        } else {
            assertEquals(expect, actual, path);
        }
    }

    private static Plan plan(JsonValue plan) {
        return plan.isString() ? Plan.preset(plan.asString()) : Plan.parse(plan.toString());
    }

    private static JsonValue settleOne(JsonValue plan, JsonObject input) {
        try (Plan parsed = plan(plan)) {
            Outcome outcome = parsed.settleOne(input.get("sale").toString());
            long sum = outcome.rows().stream().mapToLong(Row::amount).sum()
                    + outcome.retained().values().stream().mapToLong(Long::longValue).sum();
            assertEquals(outcome.pool(), sum, "every cent is paid or retained");
            return Json.parse(outcome.toJson());
        }
    }

    private static JsonValue reverse(JsonValue plan, JsonObject input) {
        Frozen frozen;
        try (Plan parsed = plan(plan)) {
            frozen = parsed.settleOne(input.get("sale").toString()).frozen();
        }
        JsonArray before = new JsonArray();
        JsonArray steps = new JsonArray();
        JsonValue left = standing(frozen, "[]");
        for (JsonValue refund : input.get("refunds").asArray()) {
            JsonObject answer = Json.parse(frozen.reverse(before.toString(), refund.toString()).toJson()).asObject();
            steps.add(answer.get("rows"));
            left = answer.get("left");
            before.add(refund);
        }
        return new JsonObject().add("steps", steps).add("left", left);
    }

    /** A refund of nothing says what stands. */
    private static JsonValue standing(Frozen frozen, String before) {
        return Json.parse(frozen.reverse(before, "{\"id\": \"nothing\", \"lines\": []}").toJson()).asObject().get("left");
    }

    private static JsonValue run(String operation, JsonValue plan, JsonObject input) {
        if (plan == null) {
            return Json.parse(Fenrun.run(operation, null, input.toString()));
        }
        try (Plan parsed = plan(plan)) {
            return Json.parse(Fenrun.run(operation, parsed, input.toString()));
        }
    }

    private static JsonValue settle(JsonValue plan, JsonObject input) {
        try (Plan parsed = plan(plan)) {
            return Batch.settle(parsed, input);
        }
    }

    private static JsonValue allocate(JsonObject input) {
        Money.Rounding rounding = Money.Rounding.valueOf(input.getString("share_round", "floor").toUpperCase());
        Money.Mode mode = Money.Mode.valueOf(input.getString("mode", "largest_remainder").toUpperCase());
        Money.Allocation split = Money.allocate(input.get("total").asLong(), longs(input.get("weights")),
                longs(input.get("caps")), longs(input.get("ids")), mode, rounding);
        JsonArray shares = new JsonArray();
        for (long share : split.shares()) {
            shares.add(share);
        }
        return new JsonObject().add("shares", shares).add("unallocated", split.unallocated());
    }

    private static JsonValue telescope(JsonObject input) {
        long total = input.get("total").asLong();
        long units = input.get("units").asLong();
        JsonArray parts = new JsonArray();
        long gone = 0;
        long left = total;
        for (JsonValue part : input.get("parts").asArray()) {
            long amount = Money.telescope(total, gone, gone + part.asLong(), units);
            gone += part.asLong();
            left -= amount;
            parts.add(amount);
        }
        return new JsonObject().add("parts", parts).add("left", left);
    }

    private static JsonValue parseMoney(JsonObject input) {
        String currency = input.getString("currency", "");
        long minor = Money.minor(input.getString("text", ""), currency);
        return new JsonObject().add("minor", minor)
                .add("text", Money.amount(minor, currency).toPlainString());
    }

    static long[] longs(JsonValue list) {
        if (list == null) {
            return null;
        }
        long[] values = new long[list.asArray().size()];
        for (int at = 0; at < values.length; at++) {
            values[at] = list.asArray().get(at).asLong();
        }
        return values;
    }
}
