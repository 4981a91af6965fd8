package io.fenrun;

import com.eclipsesource.json.Json;
import com.eclipsesource.json.JsonValue;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;

/**
 * A checked commission plan. Immutable: share freely between threads. Close it, or its memory stays until the
 * collector finds that nobody holds it; calls of other threads that run meanwhile come to their end.
 */
public final class Plan implements AutoCloseable {
    private final Handle handle;

    private Plan(PointerByReference made) {
        this.handle = new Handle("plan", made.getValue(), Native.library()::fenrun_plan_free);
    }

    /**
     * Reads a plan from TOML or JSON. Floats, unknown keys and pay above 100 % are refused by name.
     *
     * @throws FenrunException.PlanException for whatever is wrong in it
     */
    public static Plan parse(String text) {
        byte[] bytes = Native.utf8(text, "plan text");
        try {
            return new Plan(Native.made((out, error) ->
                    Native.library().fenrun_plan_new(bytes, bytes.length, out, error)));
        } catch (FenrunException.LibraryException fault) {
            throw fault;
        } catch (FenrunException fault) {
            throw fault.ofPlan();
        }
    }

    /** A plan that comes with the library, such as {@code crmeb} or {@code two_level}. */
    public static Plan preset(String name) {
        byte[] bytes = Native.utf8(name, "preset name");
        return new Plan(Native.made((out, error) ->
                Native.library().fenrun_plan_preset(bytes, bytes.length, out, error)));
    }

    /** The names of the plans that come with the library, sorted. */
    public static List<String> presets() {
        List<String> names = new ArrayList<>();
        for (JsonValue preset : Json.parse(Fenrun.run("presets", null, "{}")).asObject().get("presets").asArray()) {
            names.add(preset.asObject().getString("name", null));
        }
        return Collections.unmodifiableList(names);
    }

    /** SHA-256 of the canonical JSON, 64 hex digits: the identity of the plan. */
    public String hash() {
        return handle.use(plan -> Native.text((out, error) -> Native.library().fenrun_plan_hash(plan, out, error)));
    }

    /** The canonical JSON of the plan. */
    public String toJson() {
        return handle.use(plan -> Native.text((out, error) -> Native.library().fenrun_plan_json(plan, out, error)));
    }

    /** Proven bounds, warnings and what the author allowed, as JSON. */
    public String check() {
        return handle.use(plan -> Native.text((out, error) -> Native.library().fenrun_plan_check(plan, out, error)));
    }

    /**
     * Settles one sale from its own upline: no forest, store or file.
     *
     * @param sale the sale as JSON, see docs/reference/plan.md
     */
    public Outcome settleOne(String sale) {
        byte[] bytes = Native.utf8(sale, "sale");
        String[] frozen = new String[1];
        String json = handle.use(plan -> Native.text((out, error) -> {
            Native.Buffer blob = new Native.Buffer();
            int code = Native.library().fenrun_settle_one(plan, bytes, bytes.length, out, blob, error);
            if (code == 0) {
                frozen[0] = Native.take(blob);
            }
            return code;
        }));
        return new Outcome(json, frozen[0]);
    }

    /**
     * Settles a batch over a forest, equal to the cent to settling each order alone.
     *
     * @param threads how many threads the library may use during the call, at most 256, or 0 for as many as
     *     the machine has; the result does not depend on it
     */
    public Rows settle(Forest forest, Orders orders, int threads) {
        // C would see a large number.
        if (threads < 0) {
            throw FenrunException.of(801, "invalid_argument", FenrunException.NO_INDEX,
                    threads + " threads; at most 256, or 0 for as many as the machine has");
        }
        java.util.List<com.sun.jna.Memory> keep = Orders.room();
        Native.OrderColumns columns = orders.columns(forest, keep);
        try (Handle rows = use(plan -> forest.use(members -> new Handle("batch",
                Native.made((out, error) -> Native.library().fenrun_settle(
                        plan, members, columns, threads, out, error)).getValue(),
                Native.library()::fenrun_rows_free)))) {
            return rows.use(Rows::new);
        } finally {
            keep.clear();
        }
    }

    /** Makes a call that needs the pointer. */
    <T> T use(Function<Pointer, T> call) {
        return handle.use(call);
    }

    @Override
    public void close() {
        handle.close();
    }
}
