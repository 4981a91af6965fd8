package io.fenrun;

/**
 * One order: commands in, events out, all as JSON; docs/reference/orders.md lists them. One thread at a time. Close it,
 * or its memory stays until the collector finds that nobody holds it.
 */
public final class Order implements AutoCloseable {
    private final Handle handle;

    private Order(com.sun.jna.ptr.PointerByReference made) {
        this.handle = new Handle("order", made.getValue(), Native.library()::fenrun_order_free);
    }

    /** An order to which nothing has happened; the tenant is empty for a host with one shop. */
    public static Order create(String tenant, String id) {
        byte[] shop = Native.utf8(tenant, "tenant");
        byte[] name = Native.utf8(id, "order id");
        return new Order(Native.made((out, error) ->
                Native.library().fenrun_order_new(shop, shop.length, name, name.length, out, error)));
    }

    /** An order from its log, one event a line. */
    public static Order replay(String log) {
        byte[] bytes = Native.utf8(log, "log");
        return new Order(Native.made((out, error) ->
                Native.library().fenrun_order_replay(bytes, bytes.length, out, error)));
    }

    /**
     * Applies a command and gives {@code {events, order, repeat}}. The same command again changes nothing: its
     * {@code repeat} is true and its events are those of the first time, which the log has already. A rejected
     * one leaves the order as it was.
     */
    public String apply(String command) {
        byte[] bytes = Native.utf8(command, "command");
        return handle.use(order -> Native.text((out, error) ->
                Native.library().fenrun_order_apply(order, bytes, bytes.length, out, error)));
    }

    /** The state. */
    public String state() {
        return handle.use(order -> Native.text((out, error) -> Native.library().fenrun_order_state(order, out, error)));
    }

    /** The log, one event a line. */
    public String events() {
        return events(0);
    }

    /** The log without its first {@code from} events, one event a line: what is new since so many were stored. */
    public String events(long from) {
        Native.notNegative("from", FenrunException.NO_INDEX, from);
        return handle.use(order -> Native.text((out, error) ->
                Native.library().fenrun_order_events(order, from, out, error)));
    }

    /** The sale of a placed order: what {@link Plan#settleOne} takes. */
    public String sale() {
        return handle.use(order -> Native.text((out, error) -> Native.library().fenrun_order_sale(order, out, error)));
    }

    @Override
    public void close() {
        handle.close();
    }
}
