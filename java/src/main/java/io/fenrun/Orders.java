package io.fenrun;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The columns of a batch, one row an order line. Not thread-safe while it is filled. */
public final class Orders {
    /** How many rows there are. */
    private final int size;
    /** Null where buyers are given by their ids. */
    private final long[] buyers;
    private final String[] buyerIds;
    private final long[] paid;
    private long[] ids;
    private long[] lines;
    private int[] units;
    private long[] placedAt;
    private int[] overrides;
    private String overrideTable = "";
    private String tenant = "";
    private final Map<String, long[]> components = new LinkedHashMap<>();

    /** Who bought, and what was paid in minor units. */
    public Orders(long[] buyers, long[] paid) {
        this.size = buyers.length;
        this.buyers = buyers;
        this.buyerIds = null;
        this.paid = column("paid", paid, size);
    }

    /** Who bought, under ids of either kind that the forest finds, and what was paid in minor units. */
    public Orders(String[] buyers, long[] paid) {
        this.size = buyers.length;
        this.buyers = null;
        this.buyerIds = buyers;
        this.paid = column("paid", paid, size);
    }

    /** Order ids; without them the row number from 1. */
    public Orders ids(long[] ids) {
        this.ids = column("ids", ids, size);
        return this;
    }

    /** Line ids, unique within their order, whose rows stand together; without them every row is an order. */
    public Orders lines(long[] lines) {
        this.lines = column("lines", lines, size);
        return this;
    }

    /** Units sold; without them 1. */
    public Orders units(int[] units) {
        if (units.length != size) {
            throw wrongLength("units", units.length, size);
        }
        this.units = units;
        return this;
    }

    /** When each order was placed, in milliseconds of UTC. */
    public Orders placedAt(long[] placedAt) {
        this.placedAt = column("placedAt", placedAt, size);
        return this;
    }

    /** A further amount of every row, such as {@code list} or {@code pv}. */
    public Orders component(String name, long[] values) {
        components.put(name, column(name, values, size));
        return this;
    }

    /**
     * Rates that replace the plan's.
     *
     * @param places for each row its place in the table, from 1, or 0 for none
     * @param table a JSON list of {rule id: rates}
     */
    public Orders overrides(int[] places, String table) {
        if (places.length != size) {
            throw wrongLength("overrides", places.length, size);
        }
        this.overrides = places;
        this.overrideTable = table;
        return this;
    }

    /** The tenant, part of the keys. */
    public Orders tenant(String tenant) {
        this.tenant = tenant;
        return this;
    }

    /** What the library reads during one call; {@code keep} holds the memory until it has. */
    io.fenrun.Native.OrderColumns columns(Forest forest, List<Memory> keep) {
        io.fenrun.Native.OrderColumns columns = new io.fenrun.Native.OrderColumns();
        long[] who = buyerIds == null ? buyers : forest.findAll(buyerIds);
        // Checked here, where they are copied: C would see large numbers.
        io.fenrun.Native.ids("buyers", who);
        if (ids != null) {
            io.fenrun.Native.ids("ids", ids);
        }
        if (lines != null) {
            io.fenrun.Native.ids("lines", lines);
        }
        if (units != null) {
            io.fenrun.Native.notNegative("units", units);
        }
        if (overrides != null) {
            io.fenrun.Native.notNegative("overrides", overrides);
        }
        columns.len = size;
        columns.buyers = memory(keep, who);
        columns.paid = memory(keep, paid);
        columns.ids = memory(keep, ids);
        columns.lines = memory(keep, lines);
        columns.placedAt = memory(keep, placedAt);
        columns.units = memory(keep, units);
        columns.overrides = memory(keep, overrides);
        if (columns.overrides != null) {
            byte[] table = io.fenrun.Native.utf8(overrideTable, "overrides");
            columns.overrideTable = memory(keep, table);
            columns.overrideTableLen = table.length;
        }
        byte[] text = io.fenrun.Native.utf8(tenant, "tenant");
        columns.tenant = memory(keep, text);
        columns.tenantLen = text.length;
        columns.components = components(keep);
        columns.componentsLen = components.size();
        return columns;
    }

    private Pointer components(List<Memory> keep) {
        if (components.isEmpty()) {
            return null;
        }
        long step = 2L * Native.POINTER_SIZE + 8;
        Memory table = keep(keep, step * components.size());
        long at = 0;
        for (Map.Entry<String, long[]> entry : components.entrySet()) {
            byte[] name = io.fenrun.Native.utf8(entry.getKey(), "component name");
            table.setPointer(at, memory(keep, name));
            table.setLong(at + Native.POINTER_SIZE, name.length);
            table.setPointer(at + Native.POINTER_SIZE + 8, memory(keep, entry.getValue()));
            at += step;
        }
        return table;
    }

    private static Memory keep(List<Memory> keep, long bytes) {
        Memory memory = new Memory(bytes);
        keep.add(memory);
        return memory;
    }

    private static Pointer memory(List<Memory> keep, long[] values) {
        if (values == null || values.length == 0) {
            return null;
        }
        Memory memory = keep(keep, 8L * values.length);
        memory.write(0, values, 0, values.length);
        return memory;
    }

    private static Pointer memory(List<Memory> keep, int[] values) {
        if (values == null || values.length == 0) {
            return null;
        }
        Memory memory = keep(keep, 4L * values.length);
        memory.write(0, values, 0, values.length);
        return memory;
    }

    private static Pointer memory(List<Memory> keep, byte[] bytes) {
        if (bytes.length == 0) {
            return null;
        }
        Memory memory = keep(keep, bytes.length);
        memory.write(0, bytes, 0, bytes.length);
        return memory;
    }

    private static long[] column(String what, long[] values, int wanted) {
        if (values.length != wanted) {
            throw wrongLength(what, values.length, wanted);
        }
        return values;
    }

    private static FenrunException wrongLength(String what, int got, int wanted) {
        return FenrunException.of(110, "length_mismatch", FenrunException.NO_INDEX,
                "column " + what + " has " + got + " values for " + wanted + " buyers");
    }

    static List<Memory> room() {
        return new ArrayList<>();
    }
}
